"""A stream's record that cannot be handled is parked alone; what it publishes bears the same id again."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from counting import note

from lotse.contracts.commands import NoteWritten
from lotse.contracts.envelope import Event, Fact, decode
from lotse.contracts.frozen import replace
from lotse.contracts.topics import Topic
from lotse.runtime import migrate
from lotse.runtime.fold import Caused, Reads, Stream
from lotse.runtime.health import Health
from lotse.runtime.postgres import Database
from lotse.runtime.publish import Publisher
from lotse.runtime.service import Context
from lotse.runtime.settings import RuntimeSettings
from lotse.runtime.streaming import StreamProcessor
from lotse.runtime.testing import FakeRecord, Log, fact_of
from lotse.runtime.ticking import Bell
from lotse.runtime.topics import create_topics

LARGE = 300_000


def handle(facts: Sequence[Fact[Event]]) -> list[Caused]:
    """Says every note again, as loud as it asks for."""
    made: list[Caused] = []
    for fact in facts:
        assert isinstance(fact.data, NoteWritten)
        if fact.data.text == "poison":
            raise ValueError("what the customer wrote")
        text = "x" * LARGE if fact.data.text == "loud" else fact.data.text
        made.append(Caused(fact.id, fact.traceparent, fact.data.model_copy(update={"text": text})))
    return made


STREAM = Stream((Reads(Topic.COMMANDS, (NoteWritten,)),), handle)


@pytest.fixture
async def context(kafka, database, prefix, tmp_path) -> AsyncGenerator[Context]:
    settings = RuntimeSettings(kafka=kafka, postgres=database, topic_prefix=prefix, config=tmp_path / "none.yaml")
    await create_topics(kafka, prefix, single=True)
    await migrate.migrate(database, "counting", ("lotse.runtime",))
    made = Context(
        settings,
        await Database.open(database, "counting"),
        Publisher(settings, "test"),
        Health(),
        Bell(),
        asyncio.Event(),
    )
    yield made
    await made.publisher.close()
    await made.database.close()


def records(context: Context, *texts: str) -> list[FakeRecord]:
    log = Log()
    facts = [fact_of(note(UUID(int=1), text), id=UUID(int=number)) for number, text in enumerate(texts, 1)]
    topic = Topic.COMMANDS.full_name(context.settings.topic_prefix)
    return [replace(log.record(fact), topic=topic) for fact in facts]


async def said(context: Context) -> list[tuple[UUID, str]]:
    topic = Topic.COMMANDS.full_name(context.settings.topic_prefix)
    consumer = AIOKafkaConsumer(bootstrap_servers=context.settings.kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(6)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[tuple[UUID, str]] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                facts = [decode(record.headers, record.value) for record in batch]
                found += [(fact.causation_id, fact.data.text) for fact in facts]
        return found
    finally:
        await consumer.stop()


@pytest.mark.parametrize("bad", ["poison", "loud"])
async def test_a_record_that_cannot_be_handled_is_parked_alone(context: Context, bad: str):
    """`loud` makes an event that no topic takes."""
    processor = StreamProcessor(STREAM, context, "counting")
    for _ in range(2):
        await processor.process(records(context, "a", bad, "b"))
    assert sorted(await said(context)) == [(UUID(int=1), "a")] * 2 + [(UUID(int=3), "b")] * 2
    async with context.database.connection() as connection:
        (parked,) = await connection.fetch("SELECT reason, error FROM parked")
        assert parked["reason"] == "failed"
        assert "customer" not in parked["error"]
        await connection.execute("UPDATE parked SET replay_requested = true")
        assert await processor.replay() == 1
        assert await connection.fetchval("SELECT count(*) FROM parked WHERE NOT replay_requested") == 1
        statement = (
            "UPDATE parked SET replay_requested = true, value = replace(encode(value, 'escape'), $1, 'c')::bytea"
        )
        await connection.execute(statement, bad)
        assert await processor.replay() == 1
        assert await connection.fetchval("SELECT count(*) FROM parked") == 0
    assert (UUID(int=2), "c") in await said(context)
