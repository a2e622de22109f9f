"""Whether all of a topic is read as it comes: what was not read yet, nobody may call missing."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from lotse.runtime import inbox
from lotse.runtime.consumer import Consumer
from lotse.runtime.fold import Abreast
from lotse.runtime.postgres import Database

_EVERY = timedelta(seconds=1)
_AGAIN = 0.1


@dataclass(slots=True)
class Stretch:
    """The time in which a topic was read as it came: from `since` up to the last look at it, `until`.

    `reach` ends once all has been applied that the topic held when it was called. Kafka or the database away, a fold
    that stands still or lags, a process that slept: each begins a new stretch.
    """

    asked: Abreast
    reach: Callable[[], Awaitable[None]]
    clock: Callable[[], datetime]
    since: datetime | None = None
    until: datetime | None = None

    @property
    def patience(self) -> timedelta:
        """How far behind is still abreast."""
        return self.asked.lasting / 3

    @property
    def lasts(self) -> bool:
        """Whether it goes on, and has lasted as long as is asked for."""
        if self.since is None or self.until is None:
            return False
        return self.until - self.since >= self.asked.lasting and self._near(self.until, self.clock())

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            await self.look()
            await asyncio.sleep(_EVERY.total_seconds())

    async def look(self) -> None:
        """Look whether it goes on; ends within `patience`."""
        begun = self.clock()
        try:
            async with asyncio.timeout(self.patience.total_seconds()):
                await self.reach()
        except TimeoutError:
            self.since = self.until = None
            return
        if self.until is None or not self._near(self.until, begun):
            self.since = begun
        self.until = begun

    def _near(self, before: datetime, now: datetime) -> bool:
        return timedelta() <= now - before <= self.patience + 2 * _EVERY


async def reach(consumer: Consumer, database: Database, topics: Collection[str]) -> None:
    """Return once what these topics hold now has been applied, by whichever replica; tries for as long as it takes."""
    ends: dict[inbox.Partition, int] = {}
    while True:
        with contextlib.suppress(Exception):
            ends = ends or (await consumer.ends(topics) if consumer.assigned else {})
            if ends:
                async with database.connection() as connection:
                    standing = await inbox.positions(connection, ends)
                if all(standing[partition] >= end for partition, end in ends.items()):
                    return
        await asyncio.sleep(_AGAIN)
