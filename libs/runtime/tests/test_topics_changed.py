"""What operators do to topics under a running service: make them anew, have the broker compress them."""

import asyncio
import re
import struct
from pathlib import Path

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.record.util import calc_crc32c
from test_service_killed import check_effects, produce, replicas, settings, tallied, until

from lotse.contracts.topics import Topic
from lotse.runtime.settings import RuntimeSettings
from lotse.runtime.topics import create_topics

__all__ = ["settings"]


async def not_ready(log: Path) -> str:
    found = re.search(r"ready for work on port (\d+)", log.read_text())
    if found is None:
        return ""
    async with httpx.AsyncClient() as asking:
        return (await asking.get(f"http://127.0.0.1:{found[1]}/readyz")).text


async def made_anew(settings: RuntimeSettings, topic: Topic, away: float) -> None:
    name = topic.full_name(settings.topic_prefix)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    try:
        await admin.delete_topics([name])
        await asyncio.sleep(away)
        while True:
            answer = await admin.create_topics([NewTopic(name, 6, 1)])
            if answer.topic_errors[0][1] == 0:
                return
            await asyncio.sleep(0.05)
    finally:
        await admin.close()


@pytest.mark.parametrize("away", [0, 3])
async def test_a_topic_made_anew_stops_its_reader_before_a_record_is_taken_for_a_repeat(settings, tmp_path, away):
    await create_topics(settings.kafka, settings.topic_prefix, single=True)
    log = tmp_path / "log"
    async with replicas(settings, 1, log):
        ids = await produce(settings, 600, doubled=0)

        async def all_counted() -> bool:
            return await tallied(settings) >= len(ids)

        await until(all_counted)
        await made_anew(settings, Topic.COMMANDS, away)
        await produce(settings, 100, doubled=0)

        async def is_said() -> bool:
            return "was made anew" in await not_ready(log)

        await until(is_said)
        assert f"lotse inbox reset {settings.topic_prefix}-commands" in await not_ready(log)


@pytest.mark.parametrize("codec", ["zstd", "lz4", "snappy", "gzip"])
async def test_what_the_broker_compresses_is_read(settings, tmp_path, codec):
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    try:
        name = Topic.COMMANDS.full_name(settings.topic_prefix)
        await admin.create_topics([NewTopic(name, 6, 1, topic_configs={"compression.type": codec})])
    finally:
        await admin.close()
    await create_topics(settings.kafka, settings.topic_prefix, single=True)
    async with replicas(settings, 1, tmp_path / "log"):
        await check_effects(settings, await produce(settings, 60))


class _Damaged:
    """A batch whose header's name is no UTF-8, as a client in another language may write it."""

    def __init__(self, inner: object) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def build(self) -> bytearray:
        raw = bytearray(self._inner.build())
        at = raw.index(b"damaged")
        raw[at : at + 7] = b"\xff" * 7
        struct.pack_into(">I", raw, 17, calc_crc32c(bytes(raw[21:])))
        return raw


async def damage(settings: RuntimeSettings, partition: int, records: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka)
    await producer.start()
    try:
        batch = producer.create_batch()
        for number in range(records):
            batch.append(timestamp=None, key=b"k", value=b"v", headers=[("damaged", b"1")] if number == 1 else [])
        batch._builder = _Damaged(batch._builder)
        topic = Topic.COMMANDS.full_name(settings.topic_prefix)
        await (await producer.send_batch(batch, topic, partition=partition))
    finally:
        await producer.stop()


async def test_a_record_that_the_client_cannot_read_is_parked_and_holds_up_nothing(settings, tmp_path):
    await create_topics(settings.kafka, settings.topic_prefix, single=True)
    ids = await produce(settings, 100)
    await damage(settings, 0, 3)
    await damage(settings, 3, 3)
    ids |= await produce(settings, 60)
    log = tmp_path / "log"
    async with replicas(settings, 1, log):
        ids |= await produce(settings, 40)
        await check_effects(settings, ids)
        connection = await asyncpg.connect(settings.postgres.get_secret_value())
        rows = await connection.fetch(
            'SELECT partition, reason, error FROM counting.parked ORDER BY partition, "offset"'
        )
        await connection.close()
        assert [(row["partition"], row["reason"]) for row in rows] == [(n, "invalid") for n in (0, 0, 0, 3, 3, 3)]
        assert {row["error"] for row in rows} == {
            "header ce_type is missing",
            "Kafka's client cannot read it (UnicodeDecodeError); the log still has it",
        }
        assert await not_ready(log) == "ok\n"
