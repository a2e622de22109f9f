"""The open deadline of a conversation, which orders the queue."""

from typing import assert_never

from lotse.contracts.deadlines import DeadlineCancelled, DeadlineMet, DeadlineRescheduled, DeadlineStarted
from lotse.contracts.envelope import Event
from lotse.contracts.frozen import replace
from lotse.router.core.state import Conversation, Promise, State

Told = DeadlineStarted | DeadlineRescheduled | DeadlineMet | DeadlineCancelled


def note(state: State, event: Told) -> list[Event]:
    """Remember what was promised; a missed deadline keeps its place until it is met or cancelled."""
    conversation = state.conversations[event.conversation_id]
    state.put(replace(conversation, promise=_promise(conversation, event)))
    return []


def _promise(conversation: Conversation, event: Told) -> Promise | None:
    known = conversation.promise
    match event:
        case DeadlineStarted():
            return Promise(event.deadline_id, event.due_at)
        case DeadlineRescheduled():
            return Promise(event.deadline_id, event.current) if _is(known, event) else known
        case DeadlineMet() | DeadlineCancelled():
            return None if _is(known, event) else known
        case _:
            assert_never(event)


def _is(known: Promise | None, event: Told) -> bool:
    return known is not None and known.deadline_id == event.deadline_id
