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
from lotse.router.core import messages, queueing, readings, replies
from lotse.router.core.commands import closed
from lotse.router.core.ledger import Settled
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
    if not event.human:
        return []
    before = state.conversations[event.conversation_id]
    seen_by = event.sent_at if event.answers_until else None
    settled = Settled(event.answers_until or event.sent_at, seen_by, event.reply_id)
    conversation = state.put(replace(before, ledger=before.ledger.settle(settled)))
    if since := conversation.ledger.owed_since:
        return _go_on(state, conversation, turn, messages.CUSTOMER) if since != before.ledger.owed_since else []
    if event.resolves or reply.resolves:
        closed = _resolved(state, conversation, event, turn)
    else:
        closed = _waiting(state, conversation, event, turn) if conversation.status in _ANSWERABLE else []
    return closed + readings.owed_anew(before, conversation, turn, "answered")


def _go_on(
    state: State, conversation: Conversation, turn: Turn, actor: Actor, reason: str = "customer_wrote"
) -> list[Event]:
    """What is worked on goes on with another word that the customer waits on."""
    if conversation.status not in _ANSWERABLE:
        return []
    on = state.put(replace(conversation, waiting_since=conversation.waits_since(turn.now)))
    if on.status is not Status.ASSIGNED or on.waiting_since == conversation.waiting_since:
        return []
    return [
        ConversationResumed(
            conversation_id=on.id,
            previous=Status.ASSIGNED,
            current=Status.ASSIGNED,
            actor=actor,
            reason=reason,
            at=turn.now,
            waiting_since=on.waiting_since,
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
    state.put(closed(conversation, turn, event.reply_id))
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
    before = state.conversations[event.conversation_id]
    if event.reason != _UNDELIVERED:
        return []
    after = state.put(replace(before, ledger=before.ledger.unsettle(event.reply_id)))
    if after.ledger == before.ledger or (after.ledger.words and not after.owed):
        return []
    return _unanswered(state, after, turn) + readings.owed_anew(before, after, turn, _UNDELIVERED)


def _unanswered(state: State, conversation: Conversation, turn: Turn) -> list[Event]:
    """The customer never got what was taken for his answer."""
    match conversation.status:
        case Status.WAITING | Status.SNOOZED:
            return messages.resume(state, conversation, turn, _UNDELIVERED, ROUTER, since=True)
        case Status.RESOLVED:
            again = queueing.anew(state.config, conversation, turn)
            since = conversation.waits_since(turn.now)
            state.put(replace(again, serious=True, waiting_since=since, timer_at=turn.now))
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
        case Status.SET_ASIDE:
            owed = replace(conversation, serious=True)
            return queueing.queue(state, owed, turn, actor=ROUTER, reason=_UNDELIVERED)
        case Status.NEW | Status.QUEUED | Status.ASSIGNED:
            return _go_on(state, conversation, turn, ROUTER, _UNDELIVERED)
