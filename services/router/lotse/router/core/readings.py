"""How messages read, and what that means for their conversation."""

from datetime import datetime

from lotse.contracts.conversations import ReadingChanged
from lotse.contracts.envelope import Event
from lotse.contracts.frozen import replace
from lotse.contracts.insights import MessageAnalysed
from lotse.contracts.values import Reading, Status, Triage
from lotse.router.core import queueing
from lotse.router.core.queueing import ROUTER
from lotse.router.core.state import Conversation, Message, Read, State, Turn

ASIDE = frozenset({Triage.SPAM, Triage.NOISE})

Text = tuple[int | None, datetime | None]
"""Which text of a message: an edit's number and time, None for the first text."""


def analyse(state: State, event: MessageAnalysed, turn: Turn) -> list[Event]:
    """Apply an analysis: it queues what is new, ranks anew or withdraws what waits, and is shown to who has it."""
    message = state.messages[event.message_id]
    before = state.conversations[message.conversation_id]
    if not _is_newer(event, message) or _is_corrected(event, before):
        return []
    state.messages.put(message.id, replace(message, read=True, read_edit=event.edit, read_edited_at=event.edited_at))
    conversation = state.put(_read(before, message, event))
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
        case Status.SET_ASIDE:
            state.put(settled(conversation, message.occurred_at))
            return []
        case Status.RESOLVED:
            return []


def settled(aside: Conversation, at: datetime) -> Conversation:
    """What was set aside and stays so after the word of that time was read: it awaits no reading of a newer one."""
    newer = aside.last_word_at is not None and aside.last_word_at > at
    return aside if newer else replace(aside, timer_at=None)


def _is_newer(event: MessageAnalysed, message: Message) -> bool:
    """Of two analyses of one message the one of the later edit counts; of the same text, the later one."""
    read, text = (message.read_edit, message.read_edited_at), (event.edit, event.edited_at)
    return not message.read or text == read or _is_later(text, read)


def _is_corrected(event: MessageAnalysed, conversation: Conversation) -> bool:
    """A person said how this text reads, or a later one of the same message."""
    known = conversation.read
    if known is None or known.corrected_by is None or known.message_id != event.message_id:
        return False
    return not _is_later((event.edit, event.edited_at), (known.edit, known.edited_at))


def _is_later(text: Text, known: Text) -> bool:
    """Whether a text was written after another one: its edit's number says so, else its time."""
    (edit, edited_at), (known_edit, known_at) = text, known
    if edited_at is None or known_at is None:
        return edited_at is not None
    if edit is not None and known_edit is not None and edit != known_edit:
        return edit > known_edit
    return edited_at > known_at


def is_latest(conversation: Conversation, message: Message) -> bool:
    """The conversation reads like its latest message that was read."""
    known = conversation.read
    return known is None or (message.occurred_at, message.id) >= (known.occurred_at, known.message_id)


def _read(conversation: Conversation, message: Message, event: MessageAnalysed) -> Conversation:
    read = Read(event.reading, message.id, message.occurred_at, event.edit, event.edited_at)
    serious = event.reading.triage not in ASIDE
    return replace(
        conversation,
        read=read if is_latest(conversation, message) else conversation.read,
        serious=conversation.serious or serious,
        unanswered=True if serious and conversation.unanswered is not None else conversation.unanswered,
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
    if current is None or conversation.demand is None:
        return []
    if before.reading and same(before.reading, current) and (conversation.owed or not _worked_on(conversation)):
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
            edit=event.edit,
            edited_at=event.edited_at,
            required=conversation.demand.required,
            preferred=conversation.demand.preferred,
            team=conversation.demand.team,
            rules=conversation.demand.rules,
            owed=conversation.owed,
        )
    ]


def _worked_on(conversation: Conversation) -> bool:
    """Somebody has it or answered it: it is not set aside by itself, so that more noise must be told of."""
    return conversation.agent_id is not None or conversation.unanswered is not None


def same(one: Reading, other: Reading) -> bool:
    """Alike in what an agent would see; figures and reasons may differ."""
    return _seen(one) == _seen(other)


def _seen(reading: Reading) -> tuple[object, ...]:
    return (reading.language, reading.sentiment, reading.triage, reading.situation, reading.topics, reading.lead)
