"""Many records to Kafka at once: a batch for each partition, so that a record costs no waiting of its own."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata


class Bulk:
    """Records of one round, in order for each partition; nothing of them is acknowledged before `send` has ended."""

    def __init__(self, sender: AIOKafkaProducer) -> None:
        self._sender = sender
        self._open: dict[tuple[str, int], BatchBuilder] = {}
        self._partitions: dict[str, Sequence[int]] = {}
        self._waiting: list[asyncio.Future[RecordMetadata]] = []

    async def add(self, topic: str, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]]) -> None:
        """Raises KafkaError where the topic cannot be had, or a full batch cannot be handed over."""
        partitions = self._partitions.get(topic)
        if partitions is None:
            partitions = self._partitions[topic] = sorted(await self._sender.partitions_for(topic))
        place = topic, partitions[_hashed(key) % len(partitions)]
        batch = self._open.get(place)
        if batch is None:
            batch = self._open[place] = self._sender.create_batch()
        if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
            await self._hand_over(place, batch)
            batch = self._open[place] = self._sender.create_batch()
            batch.append(timestamp=None, key=key, value=value, headers=headers)

    async def send(self) -> None:
        """Send what was added and wait for all of it. Raises KafkaError."""
        for place, batch in self._open.items():
            await self._hand_over(place, batch)
        self._open.clear()
        await asyncio.gather(*self._waiting)

    async def _hand_over(self, place: tuple[str, int], batch: BatchBuilder) -> None:
        topic, partition = place
        self._waiting.append(await self._sender.send_batch(batch, topic, partition=partition))


@lru_cache(maxsize=4096)
def _hashed(key: bytes) -> int:
    """As every Kafka client places a key by default. A conversation's key comes again and again."""
    return murmur2(key) & 0x7FFFFFFF
