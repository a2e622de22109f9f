"""Whole processes over real Kafka and PostgreSQL: killed, doubled, stopped; nothing lost, nothing twice."""

import asyncio
import os
import random
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from counting import note

from lotse.contracts.envelope import decode
from lotse.contracts.topics import Topic
from lotse.runtime.errors import BrokerUnavailable, RecordTooLarge
from lotse.runtime.publish import Publisher
from lotse.runtime.settings import RuntimeSettings
from lotse.runtime.testing import fact_of
from lotse.runtime.topics import create_topics

KEYS = [uuid4() for _ in range(40)]


@pytest.fixture
def settings(kafka, database, prefix, tmp_path) -> RuntimeSettings:
    return RuntimeSettings(
        kafka=kafka, postgres=database, topic_prefix=prefix, config=tmp_path / "none.yaml", http_port=0, sample_ratio=0
    )


async def start(settings: RuntimeSettings, log: Path) -> asyncio.subprocess.Process:
    env = os.environ | {
        "LOTSE_KAFKA": settings.kafka,
        "LOTSE_POSTGRES": settings.postgres.get_secret_value(),
        "LOTSE_TOPIC_PREFIX": settings.topic_prefix,
        "LOTSE_CONFIG": str(settings.config),
        "LOTSE_HTTP_PORT": "0",
    }
    script = str(Path(__file__).parent / "counting_service.py")
    with log.open("ab") as out:
        return await asyncio.create_subprocess_exec(sys.executable, script, env=env, stdout=out, stderr=out)


@asynccontextmanager
async def replicas(
    settings: RuntimeSettings, number: int, log: Path
) -> AsyncGenerator[list[asyncio.subprocess.Process]]:
    running = [await start(settings, log) for _ in range(number)]
    try:
        yield running
    finally:
        for process in running:
            if process.returncode is None:
                process.terminate()
        codes = [await asyncio.wait_for(process.wait(), 40) for process in running]
    assert all(code in (0, -signal.SIGKILL) for code in codes), log.read_text()[-3000:]


async def produce(settings: RuntimeSettings, number: int, doubled: float = 0.2) -> set[UUID]:
    publisher = Publisher(settings, "test")
    chosen, ids = random.Random(number), set()
    try:
        for n in range(0, number, 20):
            facts = [fact_of(note(chosen.choice(KEYS), str(n + i)), id=uuid4()) for i in range(20)]
            await publisher.publish(facts)
            await publisher.publish([fact for fact in facts if chosen.random() < doubled])
            ids |= {fact.id for fact in facts}
            await asyncio.sleep(0.005)
    finally:
        await publisher.close()
    return ids


async def read_all(settings: RuntimeSettings, topic: Topic) -> list[tuple[int | None, object]]:
    """Every record of a topic as a subscriber sees it, repeats dropped by the stamp."""
    name = topic.full_name(settings.topic_prefix)
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(name, p) for p in range(6)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        found, last = [], Counter()
        while any([await consumer.position(tp) < ends[tp] for tp in partitions]):
            for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    stamp = int(dict(record.headers)["lotse-stamp"])
                    if stamp > last[tp]:
                        last[tp] = stamp
                        found.append(decode(record.headers, record.value))
        return found
    finally:
        await consumer.stop()


async def until(check, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.1)


async def tallied(settings: RuntimeSettings) -> int:
    connection = await asyncpg.connect(settings.postgres.get_secret_value())
    try:
        return await connection.fetchval("SELECT coalesce(sum(notes), 0) FROM counting.tally")
    except asyncpg.PostgresError:
        return 0
    finally:
        await connection.close()


async def emptied(settings: RuntimeSettings) -> bool:
    connection = await asyncpg.connect(settings.postgres.get_secret_value())
    try:
        return await connection.fetchval("SELECT count(*) FROM counting.outbox") == 0
    finally:
        await connection.close()


async def check_effects(settings: RuntimeSettings, ids: set[UUID]) -> None:
    async def all_counted() -> bool:
        return await tallied(settings) >= len(ids)

    await until(all_counted)
    await until(lambda: emptied(settings))
    facts = await read_all(settings, Topic.CONVERSATIONS)
    assert Counter(fact.causation_id for fact in facts) == Counter(ids)
    by_key: dict[str, list[int]] = {}
    for fact in facts:
        by_key.setdefault(fact.key, []).append(fact.sequence)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_key.values())
    assert await tallied(settings) == len(ids)


async def test_processes_killed_at_random_lose_nothing_and_double_nothing(settings, tmp_path):
    await create_topics(settings.kafka, settings.topic_prefix, single=True)
    log = tmp_path / "log"
    async with replicas(settings, 2, log) as running:
        producing = asyncio.create_task(produce(settings, 3000))
        chosen = random.Random(1)
        for _ in range(4):
            await asyncio.sleep(0.4 + chosen.random())
            victim = running.pop(0)
            victim.kill()
            await victim.wait()
            running.append(await start(settings, log))
        ids = await producing
        await check_effects(settings, ids)


async def test_sigterm_finishes_what_is_in_hand_and_sends_what_was_decided(settings, tmp_path):
    await create_topics(settings.kafka, settings.topic_prefix, single=True)
    log = tmp_path / "log"
    async with replicas(settings, 1, log) as (process,):
        ids = await produce(settings, 200)

        async def some_counted() -> bool:
            return await tallied(settings) >= len(ids)

        await until(some_counted)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
        assert await emptied(settings)


async def test_a_process_stopped_while_it_catches_up_does_not_wait_for_kafka(settings, tmp_path):
    """Whoever asks Kafka for the ends of topics is not answered once the connection closes."""
    await create_topics(settings.kafka, settings.topic_prefix, single=True)
    log = tmp_path / "log"
    async with replicas(settings, 1, log) as (process,):

        async def is_ready() -> bool:
            found = re.search(r"ready for work on port (\d+)", log.read_text())
            async with httpx.AsyncClient() as asking:
                return found is not None and (await asking.get(f"http://127.0.0.1:{found[1]}/readyz")).is_success

        await until(is_ready)
        process.terminate()
        await process.wait()
    assert "did not end in time" not in log.read_text()


async def test_what_waited_for_the_start_is_behind_before_a_batch_went_through(settings, tmp_path):
    """The dashboards would otherwise say that a service which cannot apply anything has read everything."""
    await create_topics(settings.kafka, settings.topic_prefix, single=True)
    log = tmp_path / "log"
    async with replicas(settings, 1, log):
        await check_effects(settings, await produce(settings, 40))
    await produce(settings, 60, doubled=0)
    holding = await asyncpg.connect(settings.postgres.get_secret_value())
    await holding.execute("BEGIN; LOCK TABLE counting.tally")
    log = tmp_path / "again"
    try:
        async with replicas(settings, 1, log):

            async def is_behind() -> bool:
                found = re.search(r"ready for work on port (\d+)", log.read_text())
                if found is None:
                    return False
                async with httpx.AsyncClient() as asking:
                    told = (await asking.get(f"http://127.0.0.1:{found[1]}/metrics")).text
                name = Topic.COMMANDS.full_name(settings.topic_prefix)
                return f'lotse_consumer_lag_records{{topic="{name}"}} 60.0' in told

            await until(is_behind)
            await holding.execute("ROLLBACK")
    finally:
        await holding.close()


async def test_an_edge_says_in_two_seconds_that_kafka_is_away(settings, unused_tcp_port):
    away = settings.model_copy(update={"kafka": f"127.0.0.1:{unused_tcp_port}"})
    publisher = Publisher(away, "test")
    begun = asyncio.get_running_loop().time()
    with pytest.raises(BrokerUnavailable):
        await publisher.publish([fact_of(note(KEYS[0], "x"))])
    assert asyncio.get_running_loop().time() - begun < 4
    await publisher.close()


async def test_a_record_too_large_is_refused_before_it_harms_the_producer(settings):
    await create_topics(settings.kafka, settings.topic_prefix, single=True)
    publisher = Publisher(settings, "test")
    with pytest.raises(RecordTooLarge):
        await publisher.publish([fact_of(note(KEYS[0], "x")), fact_of(note(KEYS[0], "x" * 300_000))])
    await publisher.publish([fact_of(note(KEYS[0], "still well"))])
    await publisher.close()
