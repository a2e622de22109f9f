"""Waits for the outcomes of commands that this process published."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

from lotse.desk import reads
from lotse.desk.api.models import Outcome
from lotse.runtime.fold import Job, Made
from lotse.runtime.postgres import Tx

EVERY = timedelta(milliseconds=200)
"""How often the table is asked anyway: another replica may have read the outcome."""


class Waiting:
    """Who waits for which command. One query answers all, after each committed fold."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, list[asyncio.Future[Outcome]]] = {}

    @asynccontextmanager
    async def for_outcome(self, command: UUID) -> AsyncGenerator[asyncio.Future[Outcome]]:
        """A future of the command's outcome, to be had before the command is published."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(command, []).append(future)
        try:
            yield future
        finally:
            others = self._waiting[command]
            others.remove(future)
            if not others:
                del self._waiting[command]

    def job(self) -> Job:
        return Job("outcomes", EVERY, after_fold=True, run=self._answer, wanted=lambda: bool(self._waiting))

    async def _answer(self, tx: Tx, now: datetime) -> Made:  # noqa: ARG002
        for outcome in await reads.outcomes(tx, list(self._waiting)):
            for future in self._waiting.get(outcome.command_id, ()):
                if not future.done():
                    future.set_result(outcome)
        return Made()
