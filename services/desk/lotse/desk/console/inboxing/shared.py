# pyright: reportUnknownMemberType=false
"""What all open inboxes need at the same time, asked once: the rows that changed, the counts of the views."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from nicegui import background_tasks

from lotse.desk import reads as lists
from lotse.desk.api.models import Summary
from lotse.desk.api.problems import reading
from lotse.desk.changes import Changes
from lotse.desk.console.inboxing import reads
from lotse.desk.console.inboxing.reads import Counts
from lotse.runtime.postgres import Database
from lotse.runtime.ticking import wait

log = logging.getLogger(__name__)

_EVERY = 5.0
"""Seconds after which the views are counted anyway: time alone brings conversations into "about to miss"."""

_AT_MOST = 1.0
"""Seconds between two counts at the least."""

Told = Callable[[Counts], None]


class ChangedRows:
    """The rows of the last change; pages that keep pace ask for the same one."""

    def __init__(self) -> None:
        self._of: Changes | None = None
        self._reading: asyncio.Task[Mapping[UUID, Summary]] | None = None

    async def read(self, database: Database, told: Changes) -> Mapping[UUID, Summary]:
        """The conversations that changed, as they stand now or stood after the change."""
        if self._reading is None or self._of is not told:
            self._of = told
            self._reading = background_tasks.create(_read(database, told), name="changed rows", handle_exceptions=False)
        return await asyncio.shield(self._reading)


async def _read(database: Database, told: Changes) -> Mapping[UUID, Summary]:
    async with reading(database) as tx:
        return {found.id: found for found in await lists.summaries(tx, list(told.conversations))}


class Counting:
    """Counts the views once a second while they change, for as long as somebody looks."""

    def __init__(self) -> None:
        self._told: set[Told] = set()
        self._due = asyncio.Event()
        self._last: Counts | None = None
        self._running: asyncio.Task[None] | None = None

    def tell(self, database: Database, clock: Callable[[], datetime], told: Told) -> Callable[[], None]:
        """Tell whoever asks, at once and from now on; what is given back ends it."""
        self._told.add(told)
        if self._last is not None:
            told(self._last)
        self._due.set()
        if self._running is None or self._running.done():
            self._running = background_tasks.create(self._run(database, clock), name="counting the views")
        return lambda: self._told.discard(told)

    def due(self) -> None:
        """Something changed."""
        self._due.set()

    async def _run(self, database: Database, clock: Callable[[], datetime]) -> None:
        while self._told:
            self._due.clear()
            try:
                async with reading(database) as tx:
                    self._last = await reads.counts(tx, clock())
            except Exception as error:
                log.warning("the views are counted again after %s", type(error).__name__)
            else:
                for told in tuple(self._told):
                    told(self._last)
            await asyncio.sleep(_AT_MOST)
            await wait(self._due, _EVERY)
        self._last = None
