"""One batch through a fold: inbox, state, outbox, commit. The heart of the runtime.

Whatever process is killed at whichever moment, and whatever Kafka delivers again, the tables and
the events are the same: everything changes in one transaction, which begins by locking the rows
that say how far each partition was read.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import perf_counter
from typing import Generic, TypeVar
from uuid import UUID

from lotse.contracts.envelope import EnvelopeError, Event, Fact
from lotse.contracts.topics import TOPICS, Topic
from lotse.runtime import inbox, outbox, parking, reading, telemetry
from lotse.runtime.errors import TooManyParked
from lotse.runtime.fold import Applied, Caused, Fold
from lotse.runtime.inbox import Partition, Position
from lotse.runtime.parking import Parked, Reason
from lotse.runtime.postgres import QUERY_CANCELED, UNIQUE_VIOLATION, Database, Tx, is_transient, sqlstate
from lotse.runtime.record import Record, key_of, text_header
from lotse.runtime.writes import send

S = TypeVar("S")
log = logging.getLogger(__name__)

_LIMITED = (UNIQUE_VIOLATION, QUERY_CANCELED)
"""May pass by itself or be the record's own fault."""
_FEW = 5


@dataclass(slots=True)
class Done:
    """What became of a batch: facts published to the outbox, and partitions to seek back to.

    `left`: something in it may be for jobs and effects.
    """

    published: list[Fact[Event]] = field(default_factory=list[Fact[Event]])
    seek: dict[Partition, int] = field(default_factory=dict[Partition, int])
    positions: dict[Partition, int] = field(default_factory=dict[Partition, int])
    left: bool = False


@dataclass(slots=True)
class _Decoded:
    """A batch after decoding: what to decide, in order, and what to park."""

    facts: list[Applied] = field(default_factory=list[Applied])
    spans: list[telemetry.Span] = field(default_factory=list[telemetry.Span])
    park: list[tuple[Record, Reason, str]] = field(default_factory=list[tuple[Record, Reason, str]])


class Processor(Generic[S]):
    """Runs one fold over records, whoever brings them."""

    def __init__(
        self,
        fold: Fold[S],
        database: Database,
        service: str,
        prefix: str,
        clock: Callable[[], datetime],
        park_limit: int = 20,
    ) -> None:
        self._fold = fold
        self._database = database
        self._source = f"/{service}"
        self._clock = clock
        self._park_limit = park_limit
        self._parked_in_row = 0
        self._accepted: dict[Partition, int] = {}
        self._names = {topic: topic.full_name(prefix) for topic in Topic}
        self._reads = {self._names[reads.topic]: reads for reads in fold.reads}
        self._types = {name: frozenset(t.TYPE for t in reads.types) for name, reads in self._reads.items()}
        self._counted_once = {name for name, reads in self._reads.items() if reads.once}
        self._sequenced = {name for name, reads in self._reads.items() if TOPICS[reads.topic].sequenced}

    @property
    def topics(self) -> Collection[str]:
        """The full names of what the fold reads."""
        return self._reads.keys()

    async def process(self, records: Sequence[Record]) -> Done:
        """Apply a batch. Passing faults are tried again for as long as they last; a record that

        fails alone is parked. Raises TooManyParked.
        """
        begun = perf_counter()
        try:
            done = await self._lasting(records)
        except _Faulty:
            done = await self._one_by_one(records)
        for partition, wanted in done.seek.items():
            first = next(r.offset for r in records if (r.topic, r.partition) == partition)
            log.warning("%s/%s begins at %s, %s is wanted", *partition, first, wanted)
            self._accepted[partition] = first
        telemetry.observe("lotse_batch_seconds", perf_counter() - begun, topic=records[0].topic)
        return done

    async def _lasting(self, records: Sequence[Record]) -> Done:
        """Try until it succeeds or the fault does not pass. Raises _Faulty."""
        tries, few = 0, 0
        while True:
            try:
                return await self._batch(records)
            except Exception as error:
                few += (limited := sqlstate(error) in _LIMITED)
                if few >= _FEW if limited else not is_transient(error):
                    raise _Faulty(error) from error
                telemetry.count("lotse_batch_retries_total", reason=type(error).__name__)
                log.info("batch is tried again after %s", type(error).__name__)
                await asyncio.sleep(min(0.02 * 2**tries, 2.0) * (0.5 + random.random()))  # noqa: S311
                tries = min(tries + 1, 8)

    async def _one_by_one(self, records: Sequence[Record]) -> Done:
        whole = Done()
        for record in records:
            if (record.topic, record.partition) in whole.seek:
                continue
            try:
                done = await self._lasting([record])
                self._parked_in_row = 0
            except _Faulty as fault:
                done = await self._park(record, fault.error)
            whole.published += done.published
            whole.seek |= done.seek
            whole.positions |= done.positions
            whole.left |= done.left
        return whole

    async def _park(self, record: Record, error: BaseException) -> Done:
        said = parking.describe(error)
        if self._parked_in_row >= self._park_limit:
            raise TooManyParked(f"{self._parked_in_row + 1} records in a row failed, the last with {said}")
        done = await self._database.lasting(lambda tx: self._park_in(tx, record, said))
        self._parked_in_row += 1
        log.error("record parked: %s", said)
        return done

    async def _park_in(self, tx: Tx, record: Record, error: str) -> Done:
        at, _ = await inbox.lock(tx, [(record.topic, record.partition)])
        sifted = inbox.sift([record], at, self._accepted)
        if sifted.news:
            await parking.park(tx, record, Reason.FAILED, error)
            await self._take_back(tx, sifted.news)
        await inbox.move(tx, sifted.positions)
        return Done(seek=sifted.ahead, positions=_offsets(sifted))

    async def _batch(self, records: Sequence[Record]) -> Done:
        now = self._clock()
        async with self._database.transaction() as tx:
            at, fresh = await inbox.lock(tx, {(r.topic, r.partition) for r in records}, self._ids(records), now)
            sifted = inbox.sift(records, at, self._accepted)
            decoded = await self._decode(tx, sifted.news, at)
            self._once(decoded, fresh)
            if fresh:
                await inbox.forget(tx, fresh)
            try:
                for record, reason, error in decoded.park:
                    await parking.park(tx, record, reason, error)
                if decoded.park or any(position.parked for position in at.values()):
                    await self._take_back(tx, sifted.news)
                done = await self._decide(tx, decoded.facts, now, sifted.positions)
            finally:
                for span in decoded.spans:
                    span.end()
        self._count(records, sifted)
        return replace(done, seek=sifted.ahead, positions=_offsets(sifted))

    def _ids(self, records: Sequence[Record]) -> set[UUID]:
        """The ids of records that count once."""
        found: set[UUID] = set()
        for record in records:
            if record.topic in self._counted_once and text_header(record, "ce_type") in self._types[record.topic]:
                with contextlib.suppress(ValueError):
                    found.add(UUID(text_header(record, "ce_id")))
        return found

    async def _decode(self, tx: Tx, records: Sequence[Record], at: Mapping[Partition, Position]) -> _Decoded:
        behind = await self._behind(tx, [record for record in records if at[record.topic, record.partition].parked])
        found = _Decoded()
        for record in records:
            pair = (record.topic, key_of(record))
            if pair in behind:
                found.park.append((record, Reason.BEHIND, "an earlier record of this key is parked"))
                continue
            try:
                fact = reading.read(record, self._types[record.topic])
            except EnvelopeError as error:
                found.park.append((record, *reading.refusal(error)))
            else:
                if fact is not None:
                    self._open(found, record, fact)
                continue
            if record.topic in self._sequenced:
                behind.add(pair)
        return found

    async def _take_back(self, tx: Tx, records: Sequence[Record]) -> None:
        if gone := reading.taken_back(records):
            await parking.take_back(tx, gone)

    def _open(self, found: _Decoded, record: Record, fact: Fact[Event]) -> None:
        if telemetry.is_sampled(fact.traceparent):
            span = telemetry.start(
                f"process {record.topic}",
                "consumer",
                fact.traceparent,
                {
                    "messaging.system": "kafka",
                    "messaging.operation.type": "process",
                    "messaging.destination.name": record.topic,
                    "messaging.destination.partition.id": str(record.partition),
                    "messaging.kafka.offset": record.offset,
                    "cloudevents.event_type": fact.data.TYPE,
                    "cloudevents.event_subject": fact.key,
                },
            )
            found.spans.append(span)
            fact = _under(fact, span.traceparent)
        found.facts.append(Applied(fact, record.partition, record.offset))

    async def _behind(self, tx: Tx, records: Sequence[Record]) -> set[tuple[str, str]]:
        keys = {key_of(record) for record in records if record.topic in self._sequenced}
        return await parking.parked_keys(tx, self._sequenced, keys) if keys else set()

    def _once(self, decoded: _Decoded, fresh: set[UUID]) -> None:
        """Drop what was applied before, and what the batch itself repeats; what stays in `fresh` is not applied."""
        kept: list[Applied] = []
        for one in decoded.facts:
            topic = self._names[one.fact.data.TOPIC]
            if topic not in self._counted_once or one.fact.id in fresh:
                kept.append(one)
                fresh.discard(one.fact.id)
            else:
                telemetry.count("lotse_records_repeated_total", topic=topic)
        decoded.facts = kept

    async def _decide(
        self, tx: Tx, applied: Sequence[Applied], now: datetime, moved: Mapping[Partition, Position]
    ) -> Done:
        """What is published, and whether anything is left to jobs."""
        if not applied:
            await inbox.move(tx, moved)
            return Done()
        fold, facts = self._fold, [one.fact for one in applied]
        state = await fold.load(tx, facts)
        caused: list[Caused] = []
        for fact in facts:
            caused += outbox.caused_by(fact, fold.decide(state, fact, now))
        writes = [*fold.save(state), *(fold.mark(applied) if fold.mark is not None else ())]
        left = fold.then is None
        if fold.then is not None and fold.then.wanted(state):
            made = await fold.then.run(tx, await send(tx, writes, fold.then.ask), now)
            left, writes = made.left, list(made.writes)
            caused += made.events
        published = await outbox.append(tx, self._names, caused, self._source, now, moved, writes)
        return Done(published, left=left)

    async def replay(self) -> int:
        """Try parked records again that may be: asked for, known by now, or first behind one that went."""
        tried = 0
        while batch := await self._replayable():
            done = [await self._replay(item) for item in batch]
            tried += sum(done)
            if not any(done):  # another replica is at them
                break
        return tried

    async def _replayable(self) -> list[Parked]:
        async with self._database.connection() as connection:
            found = await parking.replayable(connection, list(reading.KNOWN), sequenced=True)
        return [item for item in found if item.topic in self._reads]

    async def _replay(self, item: Parked) -> int:
        try:
            async with self._database.transaction() as tx:
                if not await parking.lock_parked(tx, item.id):
                    return 0
                fact = reading.read(item, self._types[item.topic])
                if fact is not None and await self._is_news(tx, item.topic, fact):
                    await self._decide(tx, [Applied(fact, item.partition, None)], self._clock(), {})
                await parking.remove(tx, item.id)
        except Exception as error:
            if is_transient(error):
                raise
            text = str(error) if isinstance(error, EnvelopeError) else parking.describe(error)
            async with self._database.transaction() as tx:
                await parking.keep_failed(tx, item.id, text)
        return 1

    async def _is_news(self, tx: Tx, topic: str, fact: Fact[Event]) -> bool:
        """Whether what was parked still counts: its like may have been applied meanwhile."""
        if topic not in self._counted_once:
            return True
        _, fresh = await inbox.lock(tx, (), {fact.id}, self._clock())
        return bool(fresh)

    def _count(self, records: Sequence[Record], sifted: inbox.Sifted) -> None:
        topic = records[0].topic
        telemetry.count("lotse_records_read_total", len(records), topic=topic)
        if sifted.repeated:
            telemetry.count("lotse_records_repeated_total", sifted.repeated, topic=topic)
        if sifted.missing:
            telemetry.count("lotse_records_missing_total", sifted.missing, topic=topic)
            log.error("%s records were gone before they were read", sifted.missing)
        self._parked_in_row = 0 if sifted.news else self._parked_in_row


class _Faulty(Exception):
    """A batch failed with an error that does not pass."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


def _offsets(sifted: inbox.Sifted) -> dict[Partition, int]:
    return {partition: position.next_offset for partition, position in sifted.positions.items()}


def _under(fact: Fact[Event], traceparent: str | None) -> Fact[Event]:
    return Fact(fact.id, fact.source, fact.time, fact.data, fact.causation_id, fact.sequence, traceparent)
