"""What a service does beside its work, again and again."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from lotse.contracts.frozen import frozen
from lotse.runtime import clock, inbox, parking, telemetry
from lotse.runtime.ops import standing
from lotse.runtime.postgres import Database
from lotse.runtime.processor import Processor
from lotse.runtime.streaming import StreamProcessor
from lotse.runtime.ticking import Bell

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=5)


@frozen
class Housekeeping:
    """Replays what may be replayed, forgets old ids and what stayed parked, measures outbox and parked."""

    processors: Sequence[Processor[Any] | StreamProcessor]
    database: Database
    bell: Bell

    async def once(self) -> None:
        for processor in self.processors:
            if await processor.replay():
                self.bell.ring()
        async with self.database.transaction() as tx:
            expired = await parking.expire(tx, clock.now())
            await parking.unmark(tx)
        if expired:
            log.error("%s parked records were mended by nobody and are removed", expired)
        async with self.database.connection() as connection:
            await inbox.forget_seen(connection, clock.now())
            found = await standing(connection, clock.now())
        telemetry.gauge("lotse_outbox_rows", found.waiting)
        telemetry.gauge("lotse_outbox_age_seconds", found.age)
        telemetry.gauge("lotse_parked_rows", found.parked)
