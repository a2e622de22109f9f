"""The app over a real broker and a real database, called in process."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from ingest_worlds import API, API_CONFIG, MAIL, MAIL_CONFIG, META, META_CONFIG
from pydantic import SecretStr

from lotse.contracts.config import Config
from lotse.contracts.envelope import Event, Fact, decode
from lotse.contracts.topics import Topic
from lotse.ingest.accounts import Accounts
from lotse.ingest.edge import Edge
from lotse.ingest.settings import IngestSettings
from lotse.ingest.web.api import build
from lotse.ingest.web.calls import Calls
from lotse.runtime import clock, migrate
from lotse.runtime.postgres import Database
from lotse.runtime.publish import Publisher

CONFIG = Config(accounts={META: META_CONFIG, MAIL: MAIL_CONFIG, API: API_CONFIG})
ACCOUNTS = Accounts.of(CONFIG, lambda ref: SecretStr(ref.removeprefix("env:").lower()))
BEARER = {"mail": "Bearer mail_token", "letters": "Bearer api_token", "blobs": "Bearer service"}


def settings(kafka: str = "127.0.0.1:1", database: str = "postgresql://nobody@127.0.0.1:1/x", prefix: str = "t"):
    return IngestSettings(
        kafka=kafka,
        postgres=SecretStr(database),
        config=Path("lotse.yaml"),
        service_token=SecretStr("service"),
        topic_prefix=prefix,
        meta_limit=100_000,
        mail_limit=200_000,
        typed_limit=200_000,
    )


def signed(body: bytes) -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(b"app_secret", body, hashlib.sha256).hexdigest()}


def client(calls: Calls) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(build(ACCOUNTS, calls))
    return httpx.AsyncClient(transport=transport, base_url="http://ingest")


@asynccontextmanager
async def opened(given: IngestSettings) -> AsyncIterator[Calls]:
    """Calls that lead to the broker and the database of the settings."""
    url = given.postgres.get_secret_value()
    await migrate.migrate(url, "ingest", ("lotse.runtime", "lotse.ingest"))
    database = await Database.open(url, "ingest")
    publisher = Publisher(given, "ingest-test")
    try:
        yield Calls(given, Edge(publisher, database, clock.now))
    finally:
        await publisher.close()
        await database.close()


@asynccontextmanager
async def topic(kafka: str, prefix: str) -> AsyncIterator[str]:
    """The inbound topic under this prefix."""
    name = Topic.INBOUND.full_name(prefix)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=2, replication_factor=1)])
        yield name
        await admin.delete_topics([name])
    finally:
        await admin.close()


async def published(kafka: str, name: str) -> list[Fact[Event]]:
    """Everything on the topic now, partition by partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(name, number) for number in (0, 1)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[Fact[Event]] = []
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                batch = await consumer.getmany(partition, timeout_ms=1000)
                found += [decode(record.headers, record.value) for record in batch.get(partition, [])]
        return found
    finally:
        await consumer.stop()
