"""A reader without state: what it makes of a batch is published, then the batch acknowledged."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from lotse.contracts.envelope import EnvelopeError, Event, Fact, decode
from lotse.runtime import clock, outbox, parking, reading, telemetry
from lotse.runtime.errors import BrokerUnavailable
from lotse.runtime.fold import Stream
from lotse.runtime.parking import Parked, Reason
from lotse.runtime.processor import Done
from lotse.runtime.publish import Ready
from lotse.runtime.record import Record

if TYPE_CHECKING:
    from lotse.runtime.service import Context

log = logging.getLogger(__name__)


class StreamProcessor:
    """Runs one stream over records. What it publishes twice bears the same id."""

    def __init__(self, stream: Stream, context: "Context", service: str) -> None:
        self._stream = stream
        self._context = context
        self._source = f"/{service}"
        prefix = context.settings.topic_prefix
        self._types = {reads.topic.full_name(prefix): frozenset(t.TYPE for t in reads.types) for reads in stream.reads}

    @property
    def topics(self) -> Collection[str]:
        return self._types.keys()

    async def process(self, records: Sequence[Record]) -> Done:
        """Publish what follows from a batch, for as long as Kafka or PostgreSQL take to be had."""
        telemetry.count("lotse_records_read_total", len(records), topic=records[0].topic)
        read, refused = self._read(records)
        for record, reason, error in refused:
            await self._park(record, reason, error)
        if gone := reading.taken_back(records):
            await self._context.database.lasting(lambda tx: parking.take_back(tx, gone))
        await self._publish([fact for fact, _ in read], {fact.id: record for fact, record in read})
        return Done(positions={(record.topic, record.partition): record.offset + 1 for record in records})

    def _read(
        self, records: Sequence[Record]
    ) -> tuple[list[tuple[Fact[Event], Record]], list[tuple[Record, Reason, str]]]:
        facts: list[tuple[Fact[Event], Record]] = []
        refused: list[tuple[Record, Reason, str]] = []
        for record in records:
            try:
                fact = reading.read(record, self._types[record.topic])
            except EnvelopeError as error:
                refused.append((record, *reading.refusal(error)))
            else:
                if fact is not None:
                    facts.append((fact, record))
        return facts, refused

    async def _publish(self, facts: Sequence[Fact[Event]], records: dict[UUID, Record]) -> None:
        if not facts:
            return
        spans = [_open(fact) for fact in facts]
        under = [
            Fact(f.id, f.source, f.time, f.data, f.causation_id, f.sequence, span.traceparent)
            for f, span in zip(facts, spans, strict=True)
        ]
        try:
            await self._send(await self._handled(under, records))
        finally:
            for span in spans:
                span.end()

    async def _handled(self, facts: Sequence[Fact[Event]], records: dict[UUID, Record]) -> list[Ready]:
        """The batch at once; where it raises, one by one, and what fails alone is parked."""
        try:
            return self._made(facts)
        except Exception:
            log.exception("the batch is handled one by one")
        ready: list[Ready] = []
        for fact in facts:
            try:
                ready += self._made([fact])
            except Exception as error:
                await self._park(records[fact.id], Reason.FAILED, parking.describe(error))
        return ready

    def _made(self, facts: Sequence[Fact[Event]]) -> list[Ready]:
        """What follows from them, ready to be sent. Raises whatever the stream does, and RecordTooLarge."""
        made = outbox.facts_of(self._stream.handle(facts), self._source, clock.now())
        return [self._context.publisher.ready(fact) for fact in made]

    async def _send(self, ready: Sequence[Ready]) -> None:
        while True:
            try:
                await self._context.publisher.send(ready)
                return
            except BrokerUnavailable:
                log.warning("Kafka cannot be had, publishing again")
                await asyncio.sleep(0.5)

    async def _park(self, record: Record, reason: Reason, error: str) -> None:
        await self._context.database.lasting(lambda tx: parking.park(tx, record, reason, error))

    async def replay(self) -> int:
        """Try parked records again that may be."""
        async with self._context.database.connection() as connection:
            found = await parking.replayable(connection, list(reading.KNOWN), sequenced=False)
        ours = [item for item in found if item.topic in self._types]
        for item in ours:
            await self._replay(item)
        return len(ours)

    async def _replay(self, item: Parked) -> None:
        try:
            ready = self._made([decode(item.headers, item.value)])
        except Exception as error:
            async with self._context.database.transaction() as tx:
                await parking.keep_failed(tx, item.id, parking.describe(error))
            return
        await self._send(ready)
        async with self._context.database.transaction() as tx:
            await parking.remove(tx, item.id)


def _open(fact: Fact[Event]) -> telemetry.Span:
    if not telemetry.is_sampled(fact.traceparent):
        return telemetry.Span(fact.traceparent, None)
    return telemetry.start(
        f"process {fact.data.TOPIC}", "consumer", fact.traceparent, {"cloudevents.event_type": fact.data.TYPE}
    )
