"""`lotse topics`: what stands on Kafka, and how far its readers are."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Annotated, cast

import typer
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from lotse.contracts.frozen import frozen
from lotse.contracts.topics import TOPICS, TopicSpec
from lotse.local.commands.shared import Folder, Kafka, KafkaServers, Prefix, group, kafka_of
from lotse.local.errors import LocalError
from lotse.runtime.topics import create_topics

topics = group("The topics of the installation.")


@frozen
class Stand:
    """One topic: offsets over all partitions, and how many records each group of readers is behind."""

    name: str
    partitions: int
    first: int
    end: int
    lag: Mapping[str, int] = field(default_factory=dict[str, int])


@topics.command("list")
def list_(folder: Folder, kafka: KafkaServers = None, prefix: Prefix = None) -> None:
    """Every topic with its partitions, its records and the lag of each group that reads it."""
    for stand in asyncio.run(_stands(kafka_of(kafka, prefix, folder))):
        if not stand.partitions:
            typer.echo(f"{stand.name}  is not there: make it with `lotse topics create`")
            continue
        typer.echo(f"{stand.name}  {stand.partitions} partitions  {stand.end - stand.first} records (to {stand.end})")
        for name, lag in stand.lag.items():
            typer.echo(f"    {name:20} lag {lag}")


async def _stands(kafka: Kafka) -> list[Stand]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
    reader = AIOKafkaConsumer(bootstrap_servers=kafka.servers)
    try:
        await admin.start()
        await reader.start()
        there = set(await admin.list_topics())
        return [await _stand(admin, reader, spec, kafka.prefix, there) for spec in TOPICS.values()]
    except KafkaError as error:
        raise _away(kafka, error) from error
    finally:
        await reader.stop()
        await admin.close()


async def _stand(
    admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer, spec: TopicSpec, prefix: str, there: set[str]
) -> Stand:
    name = spec.topic.full_name(prefix)
    if name not in there:
        return Stand(name, 0, 0, 0)
    parts = [TopicPartition(name, number) for number in await _partitions(admin, name)]
    first, end = await reader.beginning_offsets(parts), await reader.end_offsets(parts)
    lag = {
        group_id: await _lag(admin, group_id, parts, first, end) for group_id in (f"{prefix}-{r}" for r in spec.readers)
    }
    return Stand(name, len(parts), sum(first.values()), sum(end.values()), lag)


def _away(kafka: Kafka, error: KafkaError) -> LocalError:
    return LocalError(f"Kafka at {kafka.servers} does not answer ({type(error).__name__}): check --kafka.")


async def _partitions(admin: AIOKafkaAdminClient, name: str) -> range:
    described = await admin.describe_topics([name])
    return range(len(cast("list[object]", described[0]["partitions"])))


async def _lag(
    admin: AIOKafkaAdminClient,
    group_id: str,
    parts: Sequence[TopicPartition],
    first: Mapping[TopicPartition, int],
    end: Mapping[TopicPartition, int],
) -> int:
    """By the offsets that the group committed; the service's own inbox is the truth and never behind them."""
    known = await admin.list_consumer_group_offsets(group_id)
    return sum(end[part] - max(known[part].offset if part in known else 0, first[part]) for part in parts)


@topics.command()
def create(
    folder: Folder,
    kafka: KafkaServers = None,
    prefix: Prefix = None,
    single: Annotated[bool, typer.Option("--single", help="One broker: one replica of each partition.")] = False,
    partitions: Annotated[int | None, typer.Option(min=1, help="Instead of the registry's number.")] = None,
) -> None:
    """Make the topics that are missing; what is there stays as it is."""
    where = kafka_of(kafka, prefix, folder)
    try:
        made = asyncio.run(create_topics(where.servers, where.prefix, single=single, partitions=partitions))
    except KafkaError as error:
        raise _away(where, error) from error
    for standing in made:
        typer.echo(f"{standing.name}  {'made' if standing.made else 'was there'}")
