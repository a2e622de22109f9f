"""Timers and jobs: what happens because time passes or something changed."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Generic, Protocol, TypeVar

from lotse.contracts.envelope import Event, Fact
from lotse.contracts.frozen import frozen
from lotse.contracts.topics import Topic
from lotse.runtime import outbox, parking, telemetry
from lotse.runtime.fold import Caused, Due, Job, Timer
from lotse.runtime.postgres import Database, Tx, is_transient
from lotse.runtime.writes import Write

S = TypeVar("S")
T = TypeVar("T")
log = logging.getLogger(__name__)

BATCH = 200
GATHER = timedelta(milliseconds=20)
LONGEST_PAUSE = 0.1


def pause(items: float, seconds: float = 1.0) -> float:
    """Seconds to wait before the next round, so that busy times make large rounds instead of many.

    It rises with what comes: 12 ms at 200 items a second, 100 ms from 1,600 on. A round has costs of its own
    (statements, commits, requests) of some milliseconds; a service that is not the bottleneck would otherwise
    spend on tiny rounds what the bottleneck lacks.
    """
    return min(items / max(seconds, 0.001) / 16_000, LONGEST_PAUSE)


@dataclass(slots=True)
class Bell:
    """Rung after every commit; each listener waits for its own."""

    _listeners: list[asyncio.Event] = field(default_factory=list[asyncio.Event])

    def listener(self) -> asyncio.Event:
        made = asyncio.Event()
        self._listeners.append(made)
        return made

    def ring(self) -> None:
        for event in self._listeners:
            event.set()


class Wake(Protocol):
    """Called after a commit: tells the relay of what was published, and jobs and effects where anything is left."""

    async def __call__(self, published: int, *, left: bool = True) -> None: ...


@frozen
class Shell:
    """What runners share: where to write, under which names, by which clock."""

    database: Database
    names: Mapping[Topic, str]
    source: str
    clock: Callable[[], datetime]

    async def append(
        self, tx: Tx, caused: Sequence[Caused], now: datetime, writes: Iterable[Write] = ()
    ) -> list[Fact[Event]]:
        return await outbox.append(tx, self.names, caused, self.source, now, writes=writes)


class TimerRunner(Generic[S, T]):
    """Fires one timer. Owners whose decision raised are parked and stand still until replayed."""

    def __init__(self, timer: Timer[S, T], shell: Shell) -> None:
        self._timer = timer
        self._shell = shell

    async def once(self) -> list[Fact[Event]]:
        """Fire what is due, at most 200 owners; what it published."""
        now = self._shell.clock()
        async with self._shell.database.transaction() as tx:
            owners = await self._timer.due(tx, now, BATCH)
            telemetry.gauge("lotse_timers_due", len(owners), timer=self._timer.name)
            if not owners:
                return []
            stuck = await parking.stuck_owners(tx, self._timer.name)
            if stuck and len(owners) == BATCH:
                owners = await self._timer.due(tx, now, BATCH + len(stuck))
        free = [owner for owner in owners if owner not in stuck]
        if not free:
            return []
        try:
            return await self._fire(free, now)
        except Exception as error:
            if is_transient(error):
                raise
            return await self._one_by_one(free, now)

    async def _one_by_one(self, owners: Sequence[str], now: datetime) -> list[Fact[Event]]:
        published: list[Fact[Event]] = []
        for owner in owners:
            try:
                published += await self._fire([owner], now)
            except Exception as error:
                if is_transient(error):
                    raise
                log.error("timer %s parked: %s", self._timer.name, parking.describe(error))
                async with self._shell.database.transaction() as tx:
                    await parking.park_timer(tx, self._timer.name, owner, None, parking.describe(error))
        return published

    async def _fire(self, owners: Sequence[str], now: datetime) -> list[Fact[Event]]:
        async with self._shell.database.transaction() as tx:
            state, dues = await self._timer.load(tx, owners, now)
            caused: list[Caused] = []
            for due in dues:
                caused += self._decide(state, due, now)
            published = await self._shell.append(tx, caused, now, self._timer.save(state))
        telemetry.count("lotse_timers_fired_total", len(dues), timer=self._timer.name)
        return published

    def _decide(self, state: S, due: Due[T], now: datetime) -> list[Caused]:
        with (
            telemetry.span(f"timer {self._timer.name}", "internal", due.traceparent)
            if telemetry.is_sampled(due.traceparent)
            else contextlib.nullcontext() as span
        ):
            traceparent = span.traceparent if span else due.traceparent
            return [Caused(due.cause, traceparent, event) for event in self._timer.decide(state, due, now)]


class JobRunner:
    """Runs one job in a transaction of its own."""

    def __init__(self, job: Job, shell: Shell) -> None:
        self._job = job
        self._shell = shell

    async def once(self) -> list[Fact[Event]]:
        if self._job.wanted is not None and not self._job.wanted():
            return []
        now = self._shell.clock()
        async with self._shell.database.transaction() as tx:
            made = await self._job.run(tx, now)
            return await self._shell.append(tx, made.events, now, made.writes)


async def wait(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event was set within that time."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


async def repeat(
    once: Callable[[], Awaitable[int | None]],
    every: timedelta,
    stopping: asyncio.Event,
    wake: asyncio.Event,
    name: str,
) -> None:
    """Run `once` every so often and when woken, until told to stop; what fails is logged and tried again.

    `once` may say how much it did: the more, the longer the next round gathers.
    """
    gather, last = 0.0, monotonic()
    while not stopping.is_set():
        woken = await wait(wake, every.total_seconds())
        if stopping.is_set():
            return
        if woken:
            await wait(stopping, max(gather, GATHER.total_seconds()))
        wake.clear()
        begun = monotonic()
        try:
            made = await once()
            gather = pause(made or 0, max(monotonic() - last, 0.02))
            last = begun
            if made and made >= BATCH:
                wake.set()
        except Exception as error:
            if is_transient(error):
                log.warning("%s is tried again after %s", name, type(error).__name__)
            else:
                log.exception("%s failed and is tried again", name)
            await wait(stopping, 0.2)
