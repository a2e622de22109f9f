"""What became of answers."""

from lotse.contracts.conversations import (
    ConversationReopened,
    ConversationResolved,
    ConversationResumed,
    ConversationWaiting,
)
from lotse.contracts.envelope import Event
from lotse.contracts.frozen import replace
from lotse.contracts.notices import ReplyFailed, ReplySent
from lotse.contracts.values import Actor, Status
from lotse.router.core import messages, queueing, replies
from lotse.router.core.commands import closed
from lotse.router.core.queueing import ROUTER
from lotse.router.core.replies import mark
from lotse.router.core.state import Conversation, Reply, State, Turn

_ANSWERABLE = (Status.NEW, Status.QUEUED, Status.ASSIGNED)
_UNDELIVERED = "undelivered"


def sent(state: State, event: ReplySent, turn: Turn) -> list[Event]:
    """The customer has an answer: his word is awaited, or all is done. What he wrote meanwhile still waits for one."""
    reply = state.replies.get(event.reply_id) or Reply(
        event.reply_id, event.conversation_id, "sent", event.agent_id, event.resolves
    )
    mark(state, reply, "sent")
    conversation = state.conversations[event.conversation_id]
    if not event.human:
        return []
    last, until = conversation.last_word_at, event.answers_until or event.sent_at
    if last is not None and last > until:
        answered_some = conversation.waiting_since <= until
        return _go_on(state, replace(conversation, waiting_since=min(last, turn.now)), turn) if answered_some else []
    conversation = replace(conversation, answered_by=event.reply_id, unanswered=False)
    if event.resolves or reply.resolves:
        return _resolved(state, conversation, event, turn)
    return _waiting(state, conversation, event, turn) if conversation.status in _ANSWERABLE else []


def _go_on(state: State, conversation: Conversation, turn: Turn) -> list[Event]:
    if conversation.status not in _ANSWERABLE:
        return []
    state.put(conversation)
    if conversation.status is not Status.ASSIGNED:
        return []
    return [
        ConversationResumed(
            conversation_id=conversation.id,
            previous=Status.ASSIGNED,
            current=Status.ASSIGNED,
            actor=messages.CUSTOMER,
            reason="customer_wrote",
            at=turn.now,
            waiting_since=conversation.waiting_since,
        )
    ]


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
            reply_id=event.reply_id,
        )
    ]


def _actor(event: ReplySent) -> Actor:
    return Actor(kind="agent", id=event.agent_id) if event.agent_id else ROUTER


def _reason(event: ReplySent) -> str:
    return "answered_elsewhere" if event.elsewhere else "answered"


def failed(state: State, event: ReplyFailed, turn: Turn) -> list[Event]:
    """Remembered, and what nobody got may be tried again. Who has it keeps it; what seemed answered goes on."""
    reply = state.replies.get(event.reply_id)
    mark(state, reply or Reply(event.reply_id, event.conversation_id, "failed", event.agent_id), "failed")
    if event.reason != "unknown":
        replies.failed(state, state.conversations[event.conversation_id], event.reply_id)
    conversation = state.conversations[event.conversation_id]
    if event.reason != _UNDELIVERED or conversation.answered_by != event.reply_id:
        return []
    return _unanswered(state, replace(conversation, answered_by=None), turn)


def _unanswered(state: State, conversation: Conversation, turn: Turn) -> list[Event]:
    """The customer never got what was taken for his answer."""
    match conversation.status:
        case Status.WAITING:
            since = conversation.waiting_since
            return messages.resume(state, conversation, turn, _UNDELIVERED, ROUTER, waiting_since=since)
        case Status.RESOLVED:
            again = queueing.anew(state.config, conversation, turn)
            state.put(replace(again, serious=True, timer_at=turn.now))
            return [
                ConversationReopened(
                    conversation_id=conversation.id,
                    previous=Status.RESOLVED,
                    current=Status.NEW,
                    actor=ROUTER,
                    reason=_UNDELIVERED,
                    at=turn.now,
                )
            ]
        case _:
            state.put(conversation)
            return []
