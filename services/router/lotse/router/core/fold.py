"""One event at a time: what each kind of fact means, and what is kept for later."""

from datetime import datetime
from typing import assert_never
from uuid import UUID

from lotse.contracts.commands import (
    AgentHeartbeat,
    AgentStatusRequested,
    NoteWritten,
    ReadingCorrectRequested,
    ReopenRequested,
    ReplyRequested,
    ResolveRequested,
    SnoozeRequested,
    TransferRequested,
)
from lotse.contracts.deadlines import DeadlineCancelled, DeadlineMet, DeadlineRescheduled, DeadlineStarted
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.inbound import MessageDeleted, MessageEdited, MessageReceived
from lotse.contracts.insights import MessageAnalysed
from lotse.contracts.notices import ReplyFailed, ReplySent
from lotse.router.core import commands, deadlines, messages, notices, presence, readings
from lotse.router.core.names import conversation_of
from lotse.router.core.state import State, Turn

Inbound = MessageReceived | MessageEdited | MessageDeleted
Handled = (
    Inbound
    | MessageAnalysed
    | commands.Asked
    | AgentStatusRequested
    | AgentHeartbeat
    | deadlines.Told
    | ReplySent
    | ReplyFailed
)


def decide(state: State, fact: Fact[Event], now: datetime) -> list[Event]:
    """Apply one fact, and after it what was kept for it; keep it if it speaks of something not yet known."""
    event = handled(fact)
    unknown = _unknown(state, event)
    if unknown is not None:
        state.kept.add(unknown, fact)
        return []
    turn = Turn(now, fact.id, fact.traceparent)
    events = _apply(state, event, turn)
    for about in _made_known(event):
        for kept in state.kept.take(about):
            events += _apply(state, handled(kept), turn)
    return events


def handled(fact: Fact[Event]) -> Handled:
    """The fact's data, which must be of a type that router reads."""
    if isinstance(fact.data, Handled):
        return fact.data
    raise TypeError(f"router does not read {fact.data.TYPE}")


def _unknown(state: State, event: Handled) -> UUID | None:
    """What the event is about and must wait for. A command is refused instead."""
    match event:
        case MessageEdited() | MessageDeleted() | MessageAnalysed():
            return None if event.message_id in state.messages else event.message_id
        case (
            DeadlineStarted()
            | DeadlineRescheduled()
            | DeadlineMet()
            | DeadlineCancelled()
            | ReplySent()
            | ReplyFailed()
        ):
            return None if event.conversation_id in state.conversations else event.conversation_id
        case _:
            return None


def _made_known(event: Handled) -> tuple[UUID, ...]:
    if isinstance(event, MessageReceived):
        return conversation_of(event.message_id), event.message_id
    return ()


def _apply(state: State, event: Handled, turn: Turn) -> list[Event]:
    match event:
        case MessageReceived():
            return messages.receive(state, event, turn)
        case MessageEdited():
            return messages.edit(state, event)
        case MessageDeleted():
            return messages.remove(state, event, turn)
        case MessageAnalysed():
            return readings.analyse(state, event, turn)
        case DeadlineStarted() | DeadlineRescheduled() | DeadlineMet() | DeadlineCancelled():
            return deadlines.note(state, event)
        case ReplySent():
            return notices.sent(state, event, turn)
        case ReplyFailed():
            return notices.failed(state, event, turn)
        case AgentStatusRequested():
            return presence.change(state, event, turn)
        case AgentHeartbeat():
            return presence.seen(state, event, turn)
        case (
            ReplyRequested()
            | ResolveRequested()
            | SnoozeRequested()
            | ReopenRequested()
            | TransferRequested()
            | NoteWritten()
            | ReadingCorrectRequested()
        ):
            return commands.obey(state, event, turn)
        case _:
            assert_never(event)
