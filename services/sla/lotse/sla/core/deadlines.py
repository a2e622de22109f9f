"""Deadlines as they were published, and what has to be published next."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from lotse.contracts.envelope import Event
from lotse.contracts.frozen import frozen, replace
from lotse.contracts.ids import ConversationId, derive
from lotse.sla.core import announce
from lotse.sla.core.waits import ClockState, Reason, Status


@frozen
class Deadline:
    """One deadline as its readers know it."""

    state: ClockState
    warned: bool = False
    missed: bool = False


class Ring(StrEnum):
    """What time can bring."""

    WARN = "warn"
    MISS = "miss"


@frozen
class Alarm:
    """A moment that a deadline has come to."""

    conversation: ConversationId
    deadline_id: UUID
    ring: Ring
    at: datetime

    @property
    def cause(self) -> UUID:
        """The cause of what is published: the same each time."""
        return derive(self.ring, self.deadline_id)


def ahead(deadline: Deadline) -> Iterator[tuple[Ring, datetime]]:
    """What time will bring that nobody was told, and when."""
    state = deadline.state
    if state.status is not Status.OPEN:
        return
    if state.warn_at and not deadline.warned:
        yield Ring.WARN, state.warn_at
    if not deadline.missed:
        yield Ring.MISS, state.due_at


def rung(alarm: Alarm, deadline: Deadline, now: datetime) -> tuple[Deadline, list[Event]]:
    """Say once that the deadline is near or was missed; nothing where it is not, any more."""
    id, state = alarm.conversation, deadline.state
    at = dict(ahead(deadline)).get(alarm.ring)
    if alarm.deadline_id != state.deadline_id or at is None or at > now:
        return deadline, []
    if alarm.ring is Ring.WARN:
        return replace(deadline, warned=True), [announce.warned(id, state, at)]
    return replace(deadline, missed=True), [announce.missed(id, state, now)]


def compare(
    id: ConversationId, before: Sequence[Deadline], after: Sequence[ClockState], now: datetime
) -> tuple[tuple[Deadline, ...], list[Event]]:
    """The deadlines as they are now, and the events that take their readers there.

    One that no longer follows from the history stays, cancelled: should it come back, nothing of it is said twice.
    """
    known = {deadline.state.deadline_id: deadline for deadline in before}
    still = {state.deadline_id for state in after}
    gone = [deadline for deadline in before if deadline.state.deadline_id not in still]
    events: list[Event] = [
        announce.cancelled(id, deadline.state, Reason.SUPERSEDED, now)
        for deadline in gone
        if deadline.state.status is not Status.CANCELLED
    ]
    deadlines = [_superseded(deadline, now) for deadline in gone]
    for state in after:
        deadline, news = _moved(id, known.get(state.deadline_id), state, now)
        deadlines.append(deadline)
        events += news
    return tuple(deadlines), events


def _superseded(deadline: Deadline, now: datetime) -> Deadline:
    if deadline.state.reason is Reason.SUPERSEDED:
        return deadline
    state = replace(deadline.state, status=Status.CANCELLED, reason=Reason.SUPERSEDED, ended_at=now)
    return replace(deadline, state=state)


def _moved(
    id: ConversationId, before: Deadline | None, after: ClockState, now: datetime
) -> tuple[Deadline, list[Event]]:
    """What one deadline has become, and how to say so."""
    if before is None:
        deadline, ending = _ended(id, Deadline(after), None, now)
        return deadline, [announce.started(id, after), *ending]
    deadline, ending = _ended(id, replace(before, state=after), before.state, now)
    if after.status is Status.OPEN and before.state.status is not Status.OPEN:
        return deadline, [announce.started(id, after), *ending]
    if after.due_at != before.state.due_at:
        return deadline, [announce.rescheduled(id, before.state, after), *ending]
    return deadline, ending


def _ended(
    id: ConversationId, deadline: Deadline, before: ClockState | None, now: datetime
) -> tuple[Deadline, list[Event]]:
    """What is to be said of a deadline that is over, or was over otherwise before."""
    state = deadline.state
    if state.ended_at is None or (before and _ending(before) == _ending(state)):
        return deadline, []
    events: list[Event] = []
    if state.overrun and not deadline.missed and state.reason is not Reason.SET_ASIDE:
        deadline = replace(deadline, missed=True)
        events.append(announce.missed(id, state, now))
    if state.reason:
        return deadline, [*events, announce.cancelled(id, state, state.reason, state.ended_at)]
    if deadline.missed and not state.overrun and not (before and _met_in_time(before)):
        events.append(announce.corrected(id, state, state.ended_at))
    return deadline, [*events, announce.met(id, state, state.ended_at)]


def _ending(state: ClockState) -> tuple[object, ...]:
    return state.status, state.ended_at, state.overrun, state.business_time


def _met_in_time(state: ClockState) -> bool:
    return state.status is Status.MET and not state.overrun
