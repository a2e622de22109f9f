"""How messages read, and what that means for their conversation."""

from datetime import datetime

from lotse.contracts.conditions import DEFAULT_PRIORITY
from lotse.contracts.conversations import ReadingChanged
from lotse.contracts.envelope import Event
from lotse.contracts.frozen import replace
from lotse.contracts.insights import MessageAnalysed
from lotse.contracts.values import Actor, Reading, Status, Triage
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
            if aside := _aside(state, conversation, event, turn):
                return aside
            queued = queueing.queue(state, conversation, turn, actor=ROUTER, reason="read")
            return queued + owed_anew(before, state.conversations[conversation.id], turn, "analysed")
        case Status.SET_ASIDE if conversation.serious:
            return queueing.queue(state, conversation, turn, actor=ROUTER, reason="read")
        case Status.QUEUED:
            changed = _changed(state, before, conversation, event, turn)
            waiting = state.put(queueing.timed(state.conversations[conversation.id]))
            return changed + _aside(state, waiting, event, turn)
        case Status.ASSIGNED | Status.WAITING | Status.SNOOZED:
            return _changed(state, before, conversation, event, turn)
        case Status.SET_ASIDE:
            state.put(queueing.aside(state.config, conversation))
            return []
        case Status.RESOLVED:
            return []


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
        serious=conversation.serious or (serious and not conversation.ledger.settles(message.id)),
        ledger=conversation.ledger.read(message.id, serious=serious),
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
    if current is None or (before.reading and same(before.reading, current) and before.owed == conversation.owed):
        return []
    reason = "edited" if event.edited_at else "analysed"
    return [
        told(
            conversation,
            Read(current, event.message_id, event.occurred_at, event.edit, event.edited_at),
            turn,
            ROUTER,
            reason,
            previous=before.reading,
        )
    ]


def owed_anew(before: Conversation, after: Conversation, turn: Turn, reason: str) -> list[Event]:
    """Tell that an answer is owed or no longer, where no analysis says so; what was answered needs no telling."""
    alike = before.owed == after.owed or not any(after.ledger.open)
    if after.read is None or alike or after.status in (Status.NEW, Status.SET_ASIDE):
        return []
    return [told(after, after.read, turn, ROUTER, reason, previous=after.reading)]


def told(
    conversation: Conversation,
    read: Read,
    turn: Turn,
    actor: Actor,
    reason: str,
    *,
    previous: Reading | None,
    comment: str | None = None,
    latest: bool = True,
) -> ReadingChanged:
    """How the conversation reads, or a message of it that is not the latest, and what that calls for."""
    demand = conversation.demand
    says_owed = latest and conversation.status is not Status.SET_ASIDE
    return ReadingChanged(
        conversation_id=conversation.id,
        message_id=read.message_id,
        previous=previous,
        current=read.reading,
        actor=actor,
        reason=reason,
        priority=demand.priority if demand else DEFAULT_PRIORITY,
        at=turn.now,
        latest=latest,
        edit=read.edit,
        edited_at=read.edited_at,
        comment=comment,
        required=demand.required if demand else None,
        preferred=demand.preferred if demand else None,
        team=demand.team if demand else None,
        rules=demand.rules if demand else None,
        owed=conversation.owed if says_owed else None,
        owed_since=conversation.ledger.owed_since if says_owed else None,
    )


def same(one: Reading, other: Reading) -> bool:
    """Alike in what an agent would see; figures and reasons may differ."""
    return _seen(one) == _seen(other)


def _seen(reading: Reading) -> tuple[object, ...]:
    return (reading.language, reading.sentiment, reading.triage, reading.situation, reading.topics, reading.lead)
