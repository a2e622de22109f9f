"""Who is writing in which conversation, seen by everybody who has it open, whichever replica serves him.

Replicas tell each other by PostgreSQL's NOTIFY: ids alone, never a word of what is written.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from pydantic import ValidationError

from lotse.desk.model import Model
from lotse.runtime.postgres import Database, connect, is_transient
from lotse.runtime.service import Context
from lotse.runtime.ticking import wait

log = logging.getLogger(__name__)

CHANNEL = "lotse_desk_typing"
FADES = timedelta(seconds=5)
"""Who has not been heard of for this long has stopped."""
RENEWED = timedelta(seconds=2)
"""How often a page says that its agent still writes."""

_LOOK = 5.0
"""Seconds between two looks whether the connection still holds."""


class Sign(Model):
    """An agent has begun or stopped writing in a conversation."""

    conversation: UUID
    agent: str
    what: Literal["writes", "stopped"]


Hears = Callable[[Sign], None]


@dataclass(slots=True)
class TypingSeen:
    """One per process: what it hears goes to the pages that have the conversation open."""

    clock: Callable[[], datetime]
    _pages: dict[UUID, list[Hears]] = field(default_factory=dict[UUID, list[Hears]])
    _heard: dict[UUID, dict[str, datetime]] = field(default_factory=dict[UUID, dict[str, datetime]])

    def follow(self, conversation: UUID, hears: Hears) -> Callable[[], None]:
        """Tell `hears` of every sign from now on, and of who writes already; what is given back ends it."""
        self._pages.setdefault(conversation, []).append(hears)
        for agent, at in self._heard.get(conversation, {}).items():
            if self.clock() - at < FADES:
                hears(Sign(conversation=conversation, agent=agent, what="writes"))

        def leave() -> None:
            pages = self._pages.get(conversation, [])
            if hears in pages:
                pages.remove(hears)
            if not pages:
                self._pages.pop(conversation, None)

        return leave

    async def tell(self, database: Database, sign: Sign) -> None:
        """Tell every replica, this one too. Nothing is said again where the database is away."""
        try:
            async with database.connection() as connection:
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, sign.model_dump_json())
        except Exception as error:
            if not is_transient(error):
                raise
            log.info("a sign of writing was lost (%s)", type(error).__name__)

    def hear(self, payload: str) -> None:
        """A sign by this or another replica; what is none is left aside."""
        try:
            sign = Sign.model_validate_json(payload)
        except ValidationError:
            return
        now = self.clock()
        self._forget(now)
        if sign.what == "writes":
            self._heard.setdefault(sign.conversation, {})[sign.agent] = now
        else:
            self._heard.get(sign.conversation, {}).pop(sign.agent, None)
        for hears in tuple(self._pages.get(sign.conversation, ())):
            hears(sign)

    def _forget(self, now: datetime) -> None:
        for conversation, agents in list(self._heard.items()):
            fresh = {agent: at for agent, at in agents.items() if now - at < FADES}
            if fresh:
                self._heard[conversation] = fresh
            else:
                del self._heard[conversation]

    async def run(self, context: Context) -> None:
        """Listen until the service stops; connect again for as long as it takes."""
        while not context.stopping.is_set():
            try:
                await self._listen(context)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("nobody is seen writing (%s), trying again", type(error).__name__)
                await wait(context.stopping, 1.0)

    async def _listen(self, context: Context) -> None:
        url = context.settings.postgres.get_secret_value()
        connection = await connect(url, context.database.schema, "lotse-desk-typing")
        try:
            await connection.add_listener(CHANNEL, lambda *heard: self.hear(str(heard[-1])))
            while not await wait(context.stopping, _LOOK):
                await connection.fetchval("SELECT 1")
        finally:
            connection.terminate()
