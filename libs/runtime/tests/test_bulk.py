"""What is sent in bulk lies where and as it would lie had it been sent one by one."""

from uuid import uuid4

import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition

from lotse.contracts.topics import Topic
from lotse.runtime.bulk import Bulk
from lotse.runtime.kafka import producer
from lotse.runtime.settings import RuntimeSettings
from lotse.runtime.topics import create_topics

PARTITIONS = 3


@pytest_asyncio.fixture(loop_scope="session")
async def sender(kafka, prefix, tmp_path):
    await create_topics(kafka, prefix, single=True, partitions=PARTITIONS)
    settings = RuntimeSettings(kafka=kafka, postgres="postgresql://x", topic_prefix=prefix, config=tmp_path)
    made = await producer(settings, "test")
    yield made
    await made.stop()


async def read(kafka: str, topic: str, number: int) -> list:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, partition) for partition in range(PARTITIONS)])
        await consumer.seek_to_beginning()
        return [await consumer.getone() for _ in range(number)]
    finally:
        await consumer.stop()


async def test_a_key_lies_in_the_partition_that_every_client_chooses(kafka, prefix, sender):
    topic, keys = Topic.INBOUND.full_name(prefix), [str(uuid4()).encode() for _ in range(40)]
    chosen = {key: (await sender.send_and_wait(topic, value=b"", key=key)).partition for key in keys}
    bulk = Bulk(sender)
    for key in keys:
        await bulk.add(topic, key, b"x", [("ce_id", b"1")])
    await bulk.send()
    found = [record for record in await read(kafka, topic, 80) if record.value]
    assert {record.key: record.partition for record in found} == chosen
    assert all(list(record.headers) == [("ce_id", b"1")] for record in found)


async def test_more_than_a_request_holds_comes_whole_and_in_order(kafka, prefix, sender):
    topic, bulk = Topic.NOTICES.full_name(prefix), Bulk(sender)
    values = [bytes([number]) * 200_000 for number in range(12)]
    for value in values:
        await bulk.add(topic, b"one", value, [])
    await bulk.send()
    assert [record.value for record in await read(kafka, topic, len(values))] == values
