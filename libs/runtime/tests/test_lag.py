"""How far behind each group is, told by a real broker."""

from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from counting import note

from lotse.contracts.topics import TOPICS, Topic
from lotse.runtime import lag
from lotse.runtime.errors import BrokerUnavailable
from lotse.runtime.lag import Extent, PartitionLag
from lotse.runtime.publish import Publisher
from lotse.runtime.settings import RuntimeSettings
from lotse.runtime.testing import fact_of
from lotse.runtime.topics import create_topics


@pytest.mark.parametrize(
    ("extent", "committed", "expected"),
    [
        (Extent(0, 0), {}, (None, 0)),
        (Extent(0, 9), {}, (None, 9)),
        (Extent(4, 9), {}, (None, 5)),
        (Extent(0, 9), {("t", 0): 6}, (6, 3)),
        (Extent(0, 9), {("t", 0): 9}, (9, 0)),
        (Extent(4, 9), {("t", 0): 2}, (2, 5)),
        (Extent(0, 9), {("t", 0): -1}, (None, 9)),
        (Extent(0, 3), {("t", 0): 9}, (9, 0)),
        (Extent(0, 9), {("other", 0): 6}, (None, 9)),
    ],
)
def test_what_is_behind_is_what_can_still_be_read(extent, committed, expected):
    found = lag.group("t", {0: extent}, "g", committed)
    assert found.partitions == (PartitionLag(0, extent.end, *expected),)
    assert found.behind == expected[1]


def test_a_group_that_kafka_does_not_speak_of_is_not_said_to_be_up_to_date():
    found = lag.group("t", {0: Extent(0, 9)}, "g", "GroupAuthorizationFailedError")
    assert (found.behind, found.fault) == (None, "GroupAuthorizationFailedError")


@pytest.fixture
def settings(prefix, tmp_path) -> RuntimeSettings:
    return RuntimeSettings(kafka="127.0.0.1:1", postgres="postgresql://x", topic_prefix=prefix, config=tmp_path)


async def test_every_reader_of_the_registry_is_looked_at_on_each_of_its_topics(kafka, settings, prefix):
    settings = settings.model_copy(update={"kafka": kafka})
    await create_topics(kafka, prefix, single=True, partitions=2)
    publisher = Publisher(settings, "test")
    try:
        await publisher.publish([fact_of(note(uuid4(), str(n))) for n in range(30)])
    finally:
        await publisher.close()
    read = await read_some(kafka, Topic.COMMANDS.full_name(prefix), f"{prefix}-router", 12)
    found = {topic.topic: topic for topic in await lag.look(settings)}
    assert list(found) == [spec.topic.full_name(prefix) for spec in TOPICS.values()]
    commands = found[Topic.COMMANDS.full_name(prefix)]
    assert (commands.records, len(commands.extents)) == (30, 2)
    (router,) = commands.groups
    assert (router.group, router.behind) == (f"{prefix}-router", 30 - read)
    quiet = found[Topic.NOTICES.full_name(prefix)]
    assert {one.group: one.behind for one in quiet.groups} == {
        f"{prefix}-{reader}": 0 for reader in TOPICS[Topic.NOTICES].readers
    }


async def read_some(kafka: str, topic: str, group: str, number: int) -> int:
    """Commit to have read so many records."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, p) for p in (0, 1)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        wanted = {}
        for partition in partitions:
            wanted[partition] = min(ends[partition], number - sum(wanted.values()))
        await consumer.commit(wanted)
        return sum(wanted.values())
    finally:
        await consumer.stop()


async def test_a_topic_that_is_not_there_has_no_partitions(kafka, settings):
    found = await lag.look(settings.model_copy(update={"kafka": kafka}))
    assert {len(topic.extents) for topic in found} == {0}


async def test_where_kafka_is_away_that_is_said(settings):
    with pytest.raises(BrokerUnavailable):
        await lag.look(settings)


def test_a_group_that_stands_elsewhere_alone_does_not_read_the_topic():
    written, quiet = {0: Extent(0, 9)}, {0: Extent(0, 0)}
    assert not lag.reads("a", written, {("b", 0): 5})
    assert lag.reads("a", written, {("a", 0): 5})
    assert lag.reads("a", quiet, {("b", 0): 5})
    assert lag.reads("a", written, {})
    assert lag.reads("a", written, "GroupAuthorizationFailedError")
