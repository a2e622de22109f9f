"""Reads topics from their start for a command, beside every group: nothing is committed, nothing is moved."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from lotse.runtime import kafka
from lotse.runtime.errors import BrokerUnavailable
from lotse.runtime.inbox import Partition
from lotse.runtime.record import Record
from lotse.runtime.settings import KafkaSettings

_POLL_MS = 1000


async def ends(settings: KafkaSettings, topic: str, name: str) -> dict[Partition, int]:
    """The end of each partition of a topic now; empty where there is no such topic. Raises BrokerUnavailable."""
    secured = kafka.security(settings)
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, client_id=name, **secured)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka, client_id=name, **secured)
    try:
        async with _answering():
            await asyncio.gather(consumer.start(), admin.start())
            (described,) = await admin.describe_topics([topic])
            partitions = cast("Sequence[Mapping[str, int]]", described["partitions"])
            found = await consumer.end_offsets([TopicPartition(topic, part["partition"]) for part in partitions])
    finally:
        await asyncio.gather(consumer.stop(), admin.close())
    return {(partition.topic, partition.partition): end for partition, end in found.items()}


async def until(settings: KafkaSettings, ends: Mapping[Partition, int], name: str) -> AsyncIterator[Record]:
    """What the log still has of each partition below its end, in offset order per partition.

    Raises BrokerUnavailable.
    """
    limits = {TopicPartition(topic, number): end for (topic, number), end in ends.items() if end > 0}
    if not limits:
        return
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka, client_id=name, enable_auto_commit=False, **kafka.security(settings)
    )
    async with _answering():
        await consumer.start()
    try:
        consumer.assign(list(limits))
        await consumer.seek_to_beginning(*limits)
        left = set(limits)
        while left:
            for partition, records in (await consumer.getmany(*left, timeout_ms=_POLL_MS)).items():
                for record in records:
                    if record.offset < limits[partition]:
                        yield cast(Record, record)
            left = {partition for partition in left if await consumer.position(partition) < limits[partition]}
    finally:
        await consumer.stop()


@asynccontextmanager
async def _answering() -> AsyncGenerator[None]:
    try:
        yield
    except (KafkaError, OSError) as error:
        raise BrokerUnavailable(f"Kafka cannot be had: {type(error).__name__}") from error
