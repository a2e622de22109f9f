"""A person says how a message reads. His word stands until the text is edited or somebody corrects it again."""

from lotse.contracts.commands import ReadingCorrectRequested
from lotse.contracts.conversations import ReadingChanged
from lotse.contracts.envelope import Event
from lotse.contracts.frozen import replace
from lotse.contracts.values import Reading, Sentiment, Situation, Status, Triage
from lotse.router.core import queueing, readings
from lotse.router.core.refusals import actor_of, refuse
from lotse.router.core.state import Conversation, Message, Read, State, Turn

_SCORES = {Sentiment.POSITIVE: 1.0, Sentiment.NEGATIVE: -1.0}


def correct(state: State, conversation: Conversation, command: ReadingCorrectRequested, turn: Turn) -> list[Event]:
    """Whoever sees the conversation may. What waits is ranked anew or set aside by it, what was set aside put back."""
    message = state.messages.get(command.message_id)
    if message is None or message.conversation_id != conversation.id:
        return refuse(command, "no_message", turn)
    if message.removed:
        return refuse(command, "removed", turn)
    read = _read(conversation, message, command)
    if not readings.is_latest(conversation, message):
        return [_changed(conversation, None, read, command, turn, latest=False)]
    before = conversation.reading if _reads_like(conversation, message) else None
    if before and readings.same(before, read.reading):
        return refuse(command, "reads_so", turn)
    return _follow(state, conversation, read, command, turn)


def _reads_like(conversation: Conversation, message: Message) -> bool:
    return conversation.read is not None and conversation.read.message_id == message.id


def _read(conversation: Conversation, message: Message, command: ReadingCorrectRequested) -> Read:
    """What is not asked stays as it was read; it speaks of the text that was read last, if any was."""
    known = conversation.read if conversation.read and _reads_like(conversation, message) else None
    if known:
        edit, edited_at = known.edit, known.edited_at
    elif message.read:
        edit, edited_at = message.read_edit, message.read_edited_at
    else:
        edit, edited_at = message.edit, message.edited_at
    before = known.reading if known else Reading()
    same_feeling = command.sentiment is before.sentiment
    reading = Reading(
        language=before.language,
        sentiment=command.sentiment,
        score=before.score if same_feeling else _SCORES.get(command.sentiment, 0.0),
        confidence=1.0,
        triage=command.triage,
        situation=command.situation,
        topics=command.topics,
        lead=command.triage is Triage.LEAD or command.situation is Situation.QUOTE_REQUEST,
    )
    return Read(reading, message.id, message.occurred_at, edit, edited_at, corrected_by=command.actor_id)


def _follow(
    state: State, conversation: Conversation, read: Read, command: ReadingCorrectRequested, turn: Turn
) -> list[Event]:
    """The latest word decides how the conversation stands; a person's goes before what earlier ones read like."""
    aside = read.reading.triage in readings.ASIDE
    ledger = conversation.ledger.corrected(read.message_id, serious=not aside)
    now = state.put(replace(conversation, read=read, serious=not aside, ledger=ledger))
    if now.status is not Status.RESOLVED:
        now = state.put(queueing.redemand(state.config, now))
    changed: list[Event] = [_changed(now, conversation.reading, read, command, turn)]
    match now.status:
        case Status.NEW | Status.QUEUED if aside:
            return changed + queueing.set_aside(state, now, read.reading, turn, actor=actor_of(command))
        case Status.NEW:
            return changed + queueing.queue(state, now, turn, actor=actor_of(command), reason="corrected")
        case Status.SET_ASIDE if not aside:
            return changed + queueing.queue(state, now, turn, actor=actor_of(command), reason="corrected")
        case Status.SET_ASIDE:
            state.put(queueing.aside(state.config, now))
            return changed
        case Status.QUEUED:
            state.put(queueing.timed(now))
            return changed
        case _:
            return changed


def _changed(
    conversation: Conversation,
    previous: Reading | None,
    read: Read,
    command: ReadingCorrectRequested,
    turn: Turn,
    *,
    latest: bool = True,
) -> ReadingChanged:
    actor = actor_of(command)
    return readings.told(
        conversation, read, turn, actor, "corrected", previous=previous, comment=command.reason, latest=latest
    )
