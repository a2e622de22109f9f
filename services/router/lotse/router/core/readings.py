"""How messages read, and what that means for their conversation."""

from dataclasses import replace

from lotse.contracts.conversations import ReadingChanged
from lotse.contracts.envelope import Event
from lotse.contracts.insights import MessageAnalysed
from lotse.contracts.values import Reading, Status, Triage
from lotse.router.core import queueing
from lotse.router.core.queueing import ROUTER
from lotse.router.core.state import Conversation, Message, Read, State, Turn

ASIDE = frozenset({Triage.SPAM, Triage.NOISE})


def analyse(state: State, event: MessageAnalysed, turn: Turn) -> list[Event]:
    """Apply an analysis: it queues what is new, ranks anew or withdraws what waits, and is shown to who has it."""
    message = state.messages[event.message_id]
    if not _is_newer(event, message):
        return []
    state.messages.put(message.id, replace(message, read=True, read_edit=event.edit, read_edited_at=event.edited_at))
    before = state.conversations[message.conversation_id]
    conversation = state.put(_read(before, message, event.reading))
    match conversation.status:
        case Status.NEW:
            return _aside(state, conversation, event, turn) or queueing.queue(
                state, conversation, turn, actor=ROUTER, reason="read"
            )
        case Status.SET_ASIDE if conversation.serious:
            return queueing.queue(state, conversation, turn, actor=ROUTER, reason="read")
        case Status.QUEUED:
            changed = _changed(state, before, conversation, event, turn)
            waiting = state.put(queueing.timed(state.conversations[conversation.id]))
            return changed + _aside(state, waiting, event, turn)
        case Status.ASSIGNED | Status.WAITING | Status.SNOOZED:
            return _changed(state, before, conversation, event, turn)
        case Status.RESOLVED | Status.SET_ASIDE:
            return []


def _is_newer(event: MessageAnalysed, message: Message) -> bool:
    """Of two analyses of one message the one of the later edit counts; of the same text, the later one."""
    if not message.read or message.read_edited_at is None:
        return True
    if event.edited_at is None:
        return False
    if event.edit is not None and message.read_edit is not None and event.edit != message.read_edit:
        return event.edit > message.read_edit
    return event.edited_at >= message.read_edited_at


def _read(conversation: Conversation, message: Message, reading: Reading) -> Conversation:
    """The conversation reads like its latest message that was read."""
    known = conversation.read
    latest = known is None or (message.occurred_at, message.id) >= (known.occurred_at, known.message_id)
    return replace(
        conversation,
        read=Read(reading, message.id, message.occurred_at) if latest else known,
        serious=conversation.serious or reading.triage not in ASIDE,
    )


def _aside(state: State, conversation: Conversation, event: MessageAnalysed, turn: Turn) -> list[Event]:
    """Set aside what is spam or noise and nothing else."""
    if conversation.serious or event.reading.triage not in ASIDE:
        return []
    return queueing.set_aside(state, conversation, event.reading, turn)


def _changed(
    state: State, before: Conversation, conversation: Conversation, event: MessageAnalysed, turn: Turn
) -> list[Event]:
    conversation = state.put(queueing.redemand(state.config, conversation))
    current = conversation.reading
    if current is None or conversation.demand is None or (before.reading and _same(before.reading, current)):
        return []
    return [
        ReadingChanged(
            conversation_id=conversation.id,
            message_id=event.message_id,
            previous=before.reading,
            current=current,
            actor=ROUTER,
            reason="edited" if event.edited_at else "analysed",
            priority=conversation.demand.priority,
            at=turn.now,
        )
    ]


def _same(one: Reading, other: Reading) -> bool:
    """Alike in what an agent would see; figures and reasons may differ."""
    return _seen(one) == _seen(other)


def _seen(reading: Reading) -> tuple[object, ...]:
    return (reading.language, reading.sentiment, reading.triage, reading.situation, reading.topics, reading.lead)
