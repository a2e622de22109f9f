"""One customer's wait for an answer: which promises held while it lasted, and what they come to."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from lotse.contracts.calendars import Calendar, add, between
from lotse.contracts.channels import Channel
from lotse.contracts.config import Policy
from lotse.contracts.deadlines import Clock
from lotse.contracts.frozen import frozen, replace
from lotse.sla.core.rules import Rulebook

_NONE = timedelta(0)


class Status(StrEnum):
    """What became of a promise."""

    OPEN = "open"
    MET = "met"
    CANCELLED = "cancelled"


class Reason(StrEnum):
    """Why nobody waits any more."""

    SET_ASIDE = "set_aside"
    DELETED = "deleted"
    RESOLVED = "resolved"
    NO_POLICY = "no_policy"
    SUPERSEDED = "superseded"
    """A fact heard of late showed that there was no such wait."""


@frozen
class ClockState:
    """One deadline as the history has it. `business_time` is what was used of it when it ended."""

    deadline_id: UUID
    clock: Clock
    channel: Channel
    started_at: datetime
    due_at: datetime
    warn_at: datetime | None
    target: timedelta
    policy: str
    policy_version: str
    calendar: str
    calendar_version: str
    status: Status = Status.OPEN
    ended_at: datetime | None = None
    reason: Reason | None = None
    business_time: timedelta = _NONE

    @property
    def overrun(self) -> bool:
        """It ended after it was due."""
        return self.ended_at is not None and self.ended_at > self.due_at


@frozen
class Promise:
    """From `since` on the policy at this place of its rules counts; the first counts from the word itself."""

    since: datetime
    rules: str
    policy: int


@frozen
class Wait:
    """A customer waits. `deadline_id` is derived from what ended the wait before, so an earlier word keeps it."""

    deadline_id: UUID
    clock: Clock
    promises: tuple[Promise, ...] = ()
    withdrawn_at: datetime | None = None
    """Since when no policy holds any more."""


@frozen
class _Stretch:
    """Part of a wait that one calendar counts; the last one has no end."""

    calendar: Calendar
    since: datetime
    until: datetime | None


def promised(rulebook: Rulebook, wait: Wait, rules: str, policy: int | None, at: datetime) -> Wait:
    """The wait with what counts from `at` on. Only a change of calendar needs to remember when it came."""
    if policy is None:
        return replace(wait, withdrawn_at=wait.withdrawn_at or at) if wait.promises else wait
    promise, before = Promise(at, rules, policy), wait.promises
    if before and _calendar(rulebook, before[-1]) == _calendar(rulebook, promise):
        promise, before = replace(promise, since=before[-1].since), before[:-1]
    return replace(wait, promises=(*before, promise), withdrawn_at=None)


def assess(rulebook: Rulebook, wait: Wait, started_at: datetime, channel: Channel) -> ClockState | None:
    """The open deadline of a wait since `started_at`; cancelled where its promise was withdrawn, None without any."""
    if not wait.promises:
        return None
    last = wait.promises[-1]
    policy, calendar = _policy(rulebook, last), _calendar(rulebook, last)
    stretches = tuple(_stretches(rulebook, wait, started_at))
    target = policy.targets[wait.clock]
    state = ClockState(
        deadline_id=wait.deadline_id,
        clock=wait.clock,
        channel=channel,
        started_at=started_at,
        due_at=_reach(stretches, target),
        warn_at=_reach(stretches, target * policy.warn_at) if policy.warn_at else None,
        target=target,
        policy=policy.name,
        policy_version=last.rules,
        calendar=policy.calendar,
        calendar_version=calendar.version,
    )
    if wait.withdrawn_at is None:
        return state
    return end(rulebook, wait, state, max(wait.withdrawn_at, started_at), Reason.NO_POLICY)


def end(rulebook: Rulebook, wait: Wait, state: ClockState, at: datetime, reason: Reason | None) -> ClockState:
    """The deadline of a wait that is over: met, unless for a reason; one that was withdrawn before stays so."""
    if state.status is not Status.OPEN:
        return state
    used = _used(tuple(_stretches(rulebook, wait, state.started_at)), at)
    status = Status.CANCELLED if reason else Status.MET
    return replace(state, status=status, reason=reason, ended_at=at, business_time=used)


def answered_after_all(rulebook: Rulebook, state: ClockState, at: datetime) -> ClockState:
    """A deadline that ended without an answer, met by one that followed in time."""
    calendar = rulebook[state.policy_version].calendars[state.calendar]
    more = between(calendar, state.ended_at, at) if state.ended_at else _NONE
    return replace(state, status=Status.MET, reason=None, ended_at=at, business_time=state.business_time + more)


def _policy(rulebook: Rulebook, promise: Promise) -> Policy:
    return rulebook[promise.rules].policies[promise.policy]


def _calendar(rulebook: Rulebook, promise: Promise) -> Calendar:
    return rulebook[promise.rules].calendars[_policy(rulebook, promise).calendar]


def _stretches(rulebook: Rulebook, wait: Wait, started_at: datetime) -> Iterator[_Stretch]:
    """The calendars that count the time from `started_at`, each until the next takes over."""
    since = started_at
    for promise, following in zip(wait.promises, (*wait.promises[1:], None), strict=True):
        until = max(following.since, since) if following else None
        yield _Stretch(_calendar(rulebook, promise), since, until)
        since = until or since


def _reach(stretches: tuple[_Stretch, ...], amount: timedelta) -> datetime:
    """When that much time has been used."""
    *ended, last = stretches
    for stretch in ended:
        used = between(stretch.calendar, stretch.since, stretch.until or stretch.since)
        if used >= amount:
            return add(stretch.calendar, stretch.since, amount)
        amount -= used
    return add(last.calendar, last.since, amount)


def _used(stretches: tuple[_Stretch, ...], at: datetime) -> timedelta:
    return sum(
        (
            between(stretch.calendar, stretch.since, min(at, stretch.until) if stretch.until else at)
            for stretch in stretches
        ),
        _NONE,
    )
