"""What a service does beside its work, again and again."""

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

EVERY = timedelta(seconds=5)


@frozen
class Housekeeping:
    """Replays what may be replayed, forgets old ids, measures outbox and parked."""

    processors: Sequence[Processor[Any] | StreamProcessor]
    database: Database
    bell: Bell

    async def once(self) -> None:
        for processor in self.processors:
            if await processor.replay():
                self.bell.ring()
        async with self.database.transaction() as tx:
            await parking.unmark(tx)
        async with self.database.connection() as connection:
            await inbox.forget_seen(connection, clock.now())
            found = await standing(connection, clock.now())
        telemetry.gauge("lotse_outbox_rows", found.waiting)
        telemetry.gauge("lotse_outbox_age_seconds", found.age)
        telemetry.gauge("lotse_parked_rows", found.parked)
