"""Calls to the outside: claimed under a lease, made outside any transaction, settled in batches."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Generic, TypeVar

from lotse.contracts.envelope import Event, Fact
from lotse.runtime import telemetry
from lotse.runtime.fold import Effect
from lotse.runtime.journal import Journal
from lotse.runtime.postgres import is_transient
from lotse.runtime.ticking import GATHER, Shell, Wake, pause, wait

T = TypeVar("T")
R = TypeVar("R")
log = logging.getLogger(__name__)

_SETTLE_AT_ONCE = 100


@dataclass(slots=True, eq=False)
class _Call(Generic[T]):
    """One claimed call; `place` is that in the journal, once it has begun."""

    item: T
    place: int | None = None


class EffectRunner(Generic[T, R]):
    """Keeps up to `concurrency` calls under way; a slow one holds nobody else.

    What was claimed and never begun is given back: at the start that of the killed process whose journal this is, and
    after a claim that failed, since it may have been committed nevertheless.
    """

    def __init__(
        self,
        effect: Effect[T, R],
        shell: Shell,
        wake: Wake,
        gather: timedelta = GATHER,
        journal: Journal | None = None,
    ) -> None:
        self._effect = effect
        self._journal = journal or Journal()
        self._doubtful = self._journal.inherited
        self._calls: set[_Call[T]] = set()
        self._least = max(gather, GATHER).total_seconds()
        self._shell = shell
        self._wake = wake
        self._done: asyncio.Queue[tuple[_Call[T], R]] = asyncio.Queue()
        self._freed = asyncio.Event()

    async def once(self) -> list[Fact[Event]]:
        """Claim, perform and settle one round; for tests and for a single shot."""
        calls = await self._claim(self._effect.limit)
        results = await asyncio.gather(*(self._made(call) for call in calls))
        return await self._settle(list(zip(calls, results, strict=True)))

    async def run(self, stopping: asyncio.Event, wake: asyncio.Event) -> None:
        """Until told to stop; then waits for the calls under way and settles them."""
        async with asyncio.TaskGroup() as group:
            settler = group.create_task(self._settle_for_ever())
            last = monotonic()
            while not stopping.is_set():
                claimed = await self._round(group)
                gather, last = pause(claimed, monotonic() - last), monotonic()
                if claimed or await wait(wake, self._effect.every.total_seconds()):
                    await wait(stopping, max(gather, self._least))
                wake.clear()
            await self._drained()
            settler.cancel()

    async def _round(self, group: asyncio.TaskGroup) -> int:
        free = self._effect.concurrency - len(self._calls)
        if free <= 0:
            self._freed.clear()
            await wait(self._freed, 1.0)
            return 1
        try:
            calls = await self._claim(min(free, self._effect.limit))
        except Exception as error:
            self._doubtful = self._effect.give_back is not None
            if is_transient(error):
                log.warning("%s: claim is tried again after %s", self._effect.name, type(error).__name__)
            else:
                log.exception("%s: claim failed and is tried again", self._effect.name)
            await asyncio.sleep(0.5)
            return 0
        for call in calls:
            group.create_task(self._perform(call))
        return len(calls)

    async def _claim(self, limit: int) -> list[_Call[T]]:
        if self._doubtful:
            await self._give_back()
        async with self._shell.database.connection() as connection:
            items = await self._effect.claim(connection, self._shell.clock(), limit, self._journal.id)
        calls = [_Call(item) for item in items]
        self._calls.update(calls)
        return calls

    async def _give_back(self) -> None:
        if (how := self._effect.give_back) is not None:
            kept = {*self._journal.begun, *(how.key(call.item) for call in self._calls)}
            async with self._shell.database.transaction() as tx:
                given = await how.never_begun(tx, self._journal.id, kept)
            if given:
                log.warning("%s: %d calls were claimed and never begun: they are due again", self._effect.name, given)
        if self._journal.inherited:
            self._journal.renew()
        self._doubtful = False

    async def _made(self, call: _Call[T]) -> R:
        def begin() -> None:
            if call.place is None and (how := self._effect.give_back) is not None:
                call.place = self._journal.begin(how.key(call.item))

        return await self._effect.perform(call.item, begin)

    async def _perform(self, call: _Call[T]) -> None:
        """One call. One that raises is left in its lease, to be reconciled like that of a process that died."""
        try:
            result = await self._made(call)
        except Exception:
            log.exception("%s: a call raised and is left to its lease", self._effect.name)
            self._finished(call)
            return
        self._done.put_nowait((call, result))

    def _finished(self, call: _Call[T]) -> None:
        self._calls.discard(call)
        self._freed.set()

    async def _settle_for_ever(self) -> None:
        while True:
            batch = [await self._done.get()]
            await asyncio.sleep(GATHER.total_seconds())
            while not self._done.empty() and len(batch) < _SETTLE_AT_ONCE:
                batch.append(self._done.get_nowait())
            await self._settle_until_done(batch)
            for call, _ in batch:
                self._finished(call)

    async def _settle_until_done(self, batch: list[tuple[_Call[T], R]]) -> None:
        """Try for as long as the fault passes; what cannot be settled is left to its lease."""
        while True:
            try:
                await self._settle(batch)
                return
            except Exception as error:
                if not is_transient(error):
                    log.exception("%s: results could not be settled and are left to their lease", self._effect.name)
                    return
                await asyncio.sleep(0.3)

    async def _settle(self, batch: list[tuple[_Call[T], R]]) -> list[Fact[Event]]:
        if not batch:
            return []
        now = self._shell.clock()
        async with self._shell.database.transaction() as tx:
            done = [(call.item, result) for call, result in batch]
            made = await self._effect.settle(tx, done, now)
            published = await self._shell.append(tx, made.events, now, made.writes)
        for call, _ in batch:
            if call.place is not None:
                self._journal.end(call.place)
        telemetry.count("lotse_effects_total", len(batch), effect=self._effect.name)
        await self._wake(len(published))
        return published

    async def _drained(self) -> None:
        while self._calls:
            self._freed.clear()
            await wait(self._freed, 1.0)
