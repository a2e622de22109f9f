"""What became of answers."""

from lotse.contracts.conversations import ConversationResolved, ConversationWaiting
from lotse.contracts.envelope import Event
from lotse.contracts.frozen import replace
from lotse.contracts.notices import ReplyFailed, ReplySent
from lotse.contracts.values import Actor, Status
from lotse.router.core import replies
from lotse.router.core.commands import closed
from lotse.router.core.queueing import ROUTER
from lotse.router.core.replies import mark
from lotse.router.core.state import Conversation, Reply, State, Turn

_ANSWERABLE = (Status.NEW, Status.QUEUED, Status.ASSIGNED)


def sent(state: State, event: ReplySent, turn: Turn) -> list[Event]:
    """The customer has an answer: his word is awaited, or all is done. Nothing if he has written since."""
    reply = state.replies.get(event.reply_id) or Reply(
        event.reply_id, event.conversation_id, "sent", event.agent_id, event.resolves
    )
    mark(state, reply, "sent")
    conversation = state.conversations[event.conversation_id]
    answered = conversation.last_word_at is None or conversation.last_word_at <= event.sent_at
    if not answered or not event.human:
        return []
    if event.resolves or reply.resolves:
        return _resolved(state, conversation, event, turn)
    return _waiting(state, conversation, event, turn) if conversation.status in _ANSWERABLE else []


def _waiting(state: State, conversation: Conversation, event: ReplySent, turn: Turn) -> list[Event]:
    last = conversation.agent_id or event.agent_id or conversation.last_agent_id
    state.put(replace(conversation, status=Status.WAITING, last_agent_id=last, hold=None, timer_at=None))
    return [
        ConversationWaiting(
            conversation_id=conversation.id,
            previous=conversation.status,
            current=Status.WAITING,
            actor=_actor(event),
            reason=_reason(event),
            at=turn.now,
        )
    ]


def _resolved(state: State, conversation: Conversation, event: ReplySent, turn: Turn) -> list[Event]:
    if conversation.status is Status.RESOLVED:
        return []
    state.put(closed(conversation, turn))
    return [
        ConversationResolved(
            conversation_id=conversation.id,
            previous=conversation.status,
            current=Status.RESOLVED,
            actor=_actor(event),
            reason=_reason(event),
            at=turn.now,
        )
    ]


def _actor(event: ReplySent) -> Actor:
    return Actor(kind="agent", id=event.agent_id) if event.agent_id else ROUTER


def _reason(event: ReplySent) -> str:
    return "answered_elsewhere" if event.elsewhere else "answered"


def failed(state: State, event: ReplyFailed) -> list[Event]:
    """Only remembered: the conversation stays with whoever has it, and what nobody got may be tried again."""
    reply = state.replies.get(event.reply_id)
    mark(state, reply or Reply(event.reply_id, event.conversation_id, "failed", event.agent_id), "failed")
    if event.reason != "unknown":
        replies.failed(state, state.conversations[event.conversation_id], event.reply_id)
    return []
