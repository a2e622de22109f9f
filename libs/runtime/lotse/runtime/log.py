"""Reads topics from their start for a command, beside every group: nothing is committed, nothing is moved."""

from collections.abc import AsyncIterator, Mapping
from typing import cast

from aiokafka import AIOKafkaConsumer, TopicPartition

from lotse.runtime import kafka
from lotse.runtime.inbox import Partition
from lotse.runtime.record import Record
from lotse.runtime.settings import RuntimeSettings

_POLL_MS = 1000


async def until(settings: RuntimeSettings, ends: Mapping[Partition, int], name: str) -> AsyncIterator[Record]:
    """What the log still has of each partition below its end, in offset order per partition."""
    limits = {TopicPartition(topic, number): end for (topic, number), end in ends.items() if end > 0}
    if not limits:
        return
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka, client_id=name, enable_auto_commit=False, **kafka.security(settings)
    )
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
