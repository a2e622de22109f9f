"""How far every group of readers is behind, as Kafka knows it: for people who watch, never for a service's own work."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypedDict, cast

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from lotse.contracts.frozen import frozen
from lotse.contracts.topics import TOPICS
from lotse.runtime.errors import BrokerUnavailable
from lotse.runtime.kafka import security
from lotse.runtime.settings import KafkaSettings

PATIENCE = 5.0
"""Seconds for one look, all questions together."""


@frozen
class Extent:
    """What a partition holds: offsets from `begin` up to, not including, `end`."""

    begin: int
    end: int


@frozen
class PartitionLag:
    """One partition and one group. `committed` None: the group never said how far it is."""

    partition: int
    end: int
    committed: int | None
    behind: int


@frozen
class GroupLag:
    """A group on one topic. `partitions` None: Kafka did not say, for the reason `fault`."""

    group: str
    partitions: tuple[PartitionLag, ...] | None
    fault: str | None = None

    @property
    def behind(self) -> int | None:
        """Records not yet read, over all partitions."""
        return None if self.partitions is None else sum(one.behind for one in self.partitions)


@frozen
class TopicLag:
    """A topic with everybody whom the registry names as its reader. `extents` empty: the topic is not there."""

    topic: str
    extents: Mapping[int, Extent]
    groups: tuple[GroupLag, ...]

    @property
    def records(self) -> int:
        """What retention has left of it."""
        return sum(extent.end - extent.begin for extent in self.extents.values())


async def look(settings: KafkaSettings) -> tuple[TopicLag, ...]:
    """Every topic of the registry in its order. Raises BrokerUnavailable."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await _look(settings)
    except (TimeoutError, KafkaError, OSError) as error:
        raise BrokerUnavailable(f"Kafka did not answer: {type(error).__name__}") from error


async def _look(settings: KafkaSettings) -> tuple[TopicLag, ...]:
    secured = security(settings)
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, client_id="lotse-lag", **secured)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka, client_id="lotse-lag", **secured)
    try:
        await asyncio.gather(consumer.start(), admin.start())
        topics = [spec.topic.full_name(settings.topic_prefix) for spec in TOPICS.values()]
        extents = await _extents(consumer, await _partitions(admin, topics))
        readers = sorted({reader for spec in TOPICS.values() for reader in spec.readers})
        standing = {reader: await _committed(admin, f"{settings.topic_prefix}-{reader}") for reader in readers}
    finally:
        await asyncio.gather(consumer.stop(), admin.close(), return_exceptions=True)
    return tuple(
        TopicLag(
            topic,
            extents[topic],
            tuple(
                group(topic, extents[topic], *standing[r])
                for r in spec.readers
                if reads(topic, extents[topic], standing[r][1])
            ),
        )
        for topic, spec in zip(topics, TOPICS.values(), strict=True)
    )


class _Partition(TypedDict):
    partition: int


class _Topic(TypedDict):
    topic: str
    partitions: Sequence[_Partition]


async def _partitions(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> dict[str, list[TopicPartition]]:
    """In the order of `topics`; none for a topic that is not there."""
    told = cast("list[_Topic]", await admin.describe_topics(topics))
    known = {one["topic"]: sorted(part["partition"] for part in one["partitions"]) for one in told}
    return {topic: [TopicPartition(topic, number) for number in known.get(topic, ())] for topic in topics}


async def _extents(
    consumer: AIOKafkaConsumer, partitions: Mapping[str, Sequence[TopicPartition]]
) -> dict[str, dict[int, Extent]]:
    every = [tp for found in partitions.values() for tp in found]
    begins, ends = await asyncio.gather(consumer.beginning_offsets(every), consumer.end_offsets(every))
    return {topic: {tp.partition: Extent(begins[tp], ends[tp]) for tp in found} for topic, found in partitions.items()}


Committed = Mapping[tuple[str, int], int]


async def _committed(admin: AIOKafkaAdminClient, name: str) -> tuple[str, Committed | str]:
    """The group and where it stands, or a word on why that cannot be told."""
    try:
        offsets = await admin.list_consumer_group_offsets(name)
    except KafkaError as error:
        return name, type(error).__name__
    return name, {(tp.topic, tp.partition): found.offset for tp, found in offsets.items()}


def reads(topic: str, extents: Mapping[int, Extent], committed: Committed | str) -> bool:
    """A group that stands somewhere, and nowhere on a topic that has records, is not set up to read it."""
    if isinstance(committed, str) or not committed or not any(extent.end for extent in extents.values()):
        return True
    return any(known == topic for known, _ in committed)


def group(topic: str, extents: Mapping[int, Extent], name: str, committed: Committed | str) -> GroupLag:
    """How far behind a group is: what retention took is no lag, and what it never spoke of is all of it."""
    if isinstance(committed, str):
        return GroupLag(name, None, committed)
    found: list[PartitionLag] = []
    for number, extent in extents.items():
        told = committed.get((topic, number), -1)
        reached = min(max(told, extent.begin), extent.end)
        found.append(PartitionLag(number, extent.end, told if told >= 0 else None, extent.end - reached))
    return GroupLag(name, tuple(found))
