"""Calls to the outside: claimed under a lease, made outside any transaction, settled in batches."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import monotonic
from typing import Generic, TypeVar

from lotse.contracts.envelope import Event, Fact
from lotse.runtime import telemetry
from lotse.runtime.fold import Effect
from lotse.runtime.postgres import is_transient
from lotse.runtime.ticking import GATHER, Shell, pause, wait

T = TypeVar("T")
R = TypeVar("R")
log = logging.getLogger(__name__)

_SETTLE_AT_ONCE = 100


class EffectRunner(Generic[T, R]):
    """Keeps up to `concurrency` calls under way; a slow one holds nobody else."""

    def __init__(
        self, effect: Effect[T, R], shell: Shell, wake: Callable[[], Awaitable[None]], gather: timedelta = GATHER
    ) -> None:
        self._effect = effect
        self._least = max(gather, GATHER).total_seconds()
        self._shell = shell
        self._wake = wake
        self._done: asyncio.Queue[tuple[T, R]] = asyncio.Queue()
        self._under_way = 0
        self._freed = asyncio.Event()

    async def once(self) -> list[Fact[Event]]:
        """Claim, perform and settle one round; for tests and for a single shot."""
        items = await self._claim(self._effect.limit)
        results = await asyncio.gather(*(self._effect.perform(item) for item in items))
        return await self._settle(list(zip(items, results, strict=True)))

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
        free = self._effect.concurrency - self._under_way
        if free <= 0:
            self._freed.clear()
            await wait(self._freed, 1.0)
            return 1
        try:
            items = await self._claim(min(free, self._effect.limit))
        except Exception as error:
            if is_transient(error):
                log.warning("%s: claim is tried again after %s", self._effect.name, type(error).__name__)
            else:
                log.exception("%s: claim failed and is tried again", self._effect.name)
            await asyncio.sleep(0.5)
            return 0
        for item in items:
            self._under_way += 1
            group.create_task(self._perform(item))
        return len(items)

    async def _claim(self, limit: int) -> list[T]:
        async with self._shell.database.transaction() as tx:
            return list(await self._effect.claim(tx, self._shell.clock(), limit))

    async def _perform(self, item: T) -> None:
        """One call. One that raises is left in its lease, to be reconciled like that of a process that died."""
        try:
            result = await self._effect.perform(item)
        except Exception:
            log.exception("%s: a call raised and is left to its lease", self._effect.name)
            self._finished()
            return
        self._done.put_nowait((item, result))

    def _finished(self) -> None:
        self._under_way -= 1
        self._freed.set()

    async def _settle_for_ever(self) -> None:
        while True:
            batch = [await self._done.get()]
            while not self._done.empty() and len(batch) < _SETTLE_AT_ONCE:
                batch.append(self._done.get_nowait())
            await self._settle_until_done(batch)
            for _ in batch:
                self._finished()

    async def _settle_until_done(self, batch: list[tuple[T, R]]) -> None:
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

    async def _settle(self, batch: list[tuple[T, R]]) -> list[Fact[Event]]:
        if not batch:
            return []
        now = self._shell.clock()
        async with self._shell.database.transaction() as tx:
            published = await self._shell.append(tx, await self._effect.settle(tx, batch, now), now)
        telemetry.count("lotse_effects_total", len(batch), effect=self._effect.name)
        await self._wake()
        return published

    async def _drained(self) -> None:
        while self._under_way:
            self._freed.clear()
            await wait(self._freed, 1.0)
