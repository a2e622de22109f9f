"""Runs a service's parts over real PostgreSQL without Kafka, exactly as the runtime runs them."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID, uuid4

from lotse.contracts.envelope import Event, Fact, Headers, decode, encode_headers, encode_value
from lotse.contracts.frozen import frozen
from lotse.contracts.topics import TOPICS, Topic
from lotse.runtime import migrate
from lotse.runtime.effects import EffectRunner
from lotse.runtime.fold import Effect, Fold, Job, Timer
from lotse.runtime.journal import Journal
from lotse.runtime.postgres import Database, Row
from lotse.runtime.processor import Done, Processor
from lotse.runtime.record import STAMP, headers_from_text, numbered
from lotse.runtime.ticking import JobRunner, Shell, TimerRunner

PREFIX = "test"
NAMES = {topic: topic.full_name(PREFIX) for topic in Topic}


@frozen
class FakeRecord:
    """A record as aiokafka would give it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(slots=True)
class FakeClock:
    """A clock that stands until it is moved."""

    at: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


def fact_of(
    event: Event,
    *,
    id: UUID | None = None,
    time: datetime | None = None,
    traceparent: str | None = None,
    sequence: int | None = None,
) -> Fact[Event]:
    """An event in an envelope of its own."""
    return Fact(
        id or uuid4(), "/test", time or datetime(2026, 3, 2, 9, 0, tzinfo=UTC), event, None, sequence, traceparent
    )


@dataclass(slots=True)
class Log:
    """Offsets and stamps as one broker and one relay would give them; one partition a topic."""

    offsets: dict[str, int] = field(default_factory=dict[str, int])
    stamp: int = 1_000

    def record(self, fact: Fact[Event]) -> FakeRecord:
        topic = NAMES[fact.data.TOPIC]
        offset = self.offsets.get(topic, 0)
        self.offsets[topic] = offset + 1
        headers = encode_headers(fact)
        if TOPICS[fact.data.TOPIC].sequenced:
            self.stamp += 1
            headers.append((STAMP, str(self.stamp).encode()))
        return FakeRecord(topic, 0, offset, fact.key.encode(), encode_value(fact.data), headers)


class Harness:
    """A service's folds, timers, jobs and effects over one schema."""

    def __init__(self, database: Database, service: str, folds: Sequence[Fold[Any]]) -> None:
        self.database = database
        self.clock = FakeClock()
        self.log = Log()
        self.processors = [Processor(fold, database, service, PREFIX, self.clock) for fold in folds]
        self._shell = Shell(database, NAMES, f"/{service}", self.clock)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, service: str, folds: Sequence[Fold[Any]] = (), packages: Sequence[str] | None = None
    ) -> AsyncGenerator[Self]:
        """Migrate the service's schema and hold a pool on it."""
        await migrate.migrate(url, service, packages or ("lotse.runtime", f"lotse.{service}"))
        database = await Database.open(url, service)
        try:
            yield cls(database, service, folds)
        finally:
            await database.close()

    @staticmethod
    def fact(event: Event, **envelope: Any) -> Fact[Event]:
        return fact_of(event, **envelope)

    async def feed(self, *items: Event | Fact[Event], now: datetime | None = None) -> list[Fact[Event]]:
        """Write the events to their topics and let the folds read them in one batch; what they published."""
        facts = [item if isinstance(item, Fact) else fact_of(item) for item in items]
        return await self.feed_records([self.log.record(fact) for fact in facts], now=now)

    async def feed_records(self, records: Sequence[FakeRecord], now: datetime | None = None) -> list[Fact[Event]]:
        """The same with records at hand: to deliver them twice, late or damaged."""
        self._at(now)
        published: list[Fact[Event]] = []
        for processor in self.processors:
            mine = [record for record in records if record.topic in processor.topics]
            if mine:
                done: Done = await processor.process(mine)
                published += done.published
        return published

    async def tick(self, timer: Timer[Any, Any], now: datetime | None = None) -> list[Fact[Event]]:
        self._at(now)
        return await TimerRunner(timer, self._shell).once()

    async def job(self, job: Job, now: datetime | None = None) -> list[Fact[Event]]:
        self._at(now)
        return await JobRunner(job, self._shell).once()

    async def effect(
        self, effect: Effect[Any, Any], now: datetime | None = None, journal: Journal | None = None
    ) -> list[Fact[Event]]:
        """Claim, perform and settle one round."""
        self._at(now)
        return await EffectRunner(effect, self._shell, _nobody_waits, journal=journal).once()

    async def rows(self, query: str, *args: object) -> list[Row]:
        async with self.database.connection() as connection:
            return await connection.fetch(query, *args)

    async def execute(self, query: str, *args: object) -> None:
        async with self.database.connection() as connection:
            await connection.execute(query, *args)

    async def outbox(self) -> list[Fact[Event]]:
        """Everything that was ever put into the outbox and not taken, in order."""
        rows = await self.rows("SELECT headers, value, sequence FROM outbox ORDER BY id")
        return [decode(numbered(headers_from_text(row["headers"]), row["sequence"]), row["value"]) for row in rows]

    def _at(self, now: datetime | None) -> None:
        if now is not None:
            self.clock.at = now


async def _nobody_waits(published: int, *, left: bool = True) -> None:  # noqa: ARG001
    """There is no relay and no job to wake."""
