"""What the pytest plugin gives to a test."""

import asyncio
import re
import sys
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


async def test_a_record_goes_through_kafka(kafka: str, prefix: str):
    topic = f"{prefix}words"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True) as producer:
        await producer.send_and_wait(topic, b"moin")
    async with AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        assert (await consumer.getone()).value == b"moin"


async def test_each_test_has_a_database_of_its_own(database: str):
    connection = await asyncpg.connect(database)
    await connection.execute("CREATE TABLE word (text text)")
    assert await connection.fetchval("SELECT count(*) FROM word") == 0
    assert await connection.fetchval("SELECT lower('ÄÖÜ')") == "äöü"
    await connection.close()


def test_a_prefix_is_a_legal_topic_name_without_dots(prefix: str):
    assert re.fullmatch(r"t[0-9a-f]+", prefix)


async def test_a_run_that_asks_for_no_engine_starts_none(tmp_path: Path):
    (tmp_path / "test_plain.py").write_text("def test_nothing(): pass\n")
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "base"), "."]
    process = await asyncio.create_subprocess_exec(*run, cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0
    assert not list((tmp_path / "base").glob("engines*"))
