"""What was promised, as the desk shows it."""

from datetime import timedelta

from lotse.contracts import deadlines as d
from lotse.contracts.envelope import Event
from lotse.contracts.frozen import replace
from lotse.desk.core.rows import Deadline
from lotse.desk.core.state import State

SOON = timedelta(minutes=15)
"""An open deadline this near is about to be missed, warned of or not."""


def keep(state: State, event: Event) -> None:
    """Apply one fact about a deadline."""
    if not isinstance(event, d.DeadlineEvent):
        return
    pair = (event.conversation_id, event.deadline_id)
    known = state.deadlines.get(pair) or Deadline(*pair, clock=event.clock.value, channel=event.channel.value)
    state.deadlines.put(pair, _applied(known, event))


def _applied(known: Deadline, event: d.DeadlineEvent) -> Deadline:
    match event:
        case d.DeadlineStarted():
            return replace(
                known,
                state="open",
                started_at=event.started_at,
                due_at=event.due_at,
                policy=event.policy,
                met_at=None,
                late=False,
                ended_at=None,
                end_reason=None,
                business_time=None,
            )
        case d.DeadlineRescheduled():
            return replace(known, due_at=event.current, policy=event.policy)
        case d.DeadlineWarned():
            return replace(known, due_at=event.due_at, warned_at=event.warned_at)
        case d.DeadlineMissed():
            return replace(known, missed_at=event.missed_at)
        case d.DeadlineMet():
            return replace(
                known,
                state="met",
                due_at=event.due_at,
                met_at=event.met_at,
                late=event.late,
                business_time=event.business_time,
            )
        case d.DeadlineCorrected():
            return replace(known, state="met", missed_at=None, met_at=event.met_at, late=False, corrected=True)
        case d.DeadlineCancelled():
            return replace(known, state="cancelled", ended_at=event.at, end_reason=event.reason)
        case _:
            return known
