"""Three replicas as processes over Kafka and PostgreSQL; one is killed while deadlines run out."""

import asyncio
import os
import re
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from sla_stories import answer, names, word

from lotse.contracts.deadlines import DeadlineMissed
from lotse.contracts.envelope import Event, Fact, decode
from lotse.contracts.ids import ConversationId
from lotse.contracts.topics import Topic
from lotse.runtime.publish import Publisher
from lotse.runtime.testing import fact_of
from lotse.runtime.topics import create_topics
from lotse.sla.settings import SlaSettings

CONFIG = """
sla:
  version: short
  policies:
    - name: short
      targets: {first_response: 5 s, next_response: 5 s}
      warn_at: 0.5
"""


@pytest.fixture
def settings(kafka, database, prefix, tmp_path) -> SlaSettings:
    config = tmp_path / "lotse.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    return SlaSettings(kafka=kafka, postgres=database, topic_prefix=prefix, config=config, http_port=0)


def environment(settings: SlaSettings) -> dict[str, str]:
    return os.environ | {
        "LOTSE_KAFKA": settings.kafka,
        "LOTSE_POSTGRES": settings.postgres.get_secret_value(),
        "LOTSE_TOPIC_PREFIX": settings.topic_prefix,
        "LOTSE_CONFIG": str(settings.config),
        "LOTSE_HTTP_PORT": "0",
    }


@asynccontextmanager
async def replica(settings: SlaSettings, log: Path) -> AsyncGenerator[asyncio.subprocess.Process]:
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "lotse.sla", env=environment(settings), stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def ready(log: Path) -> None:
    """Until the replica says that it may be given work."""
    async with httpx.AsyncClient() as http:
        for _ in range(600):
            port = port_in(log)
            if port and (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                return
            await asyncio.sleep(0.1)
    raise TimeoutError(log.name)


def port_in(log: Path) -> str | None:
    found = re.search(r"ready for work on port (\d+)", log.read_text(encoding="utf-8"))
    return found[1] if found else None


async def recompute(settings: SlaSettings) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lotse.sla", "recompute", "--from-log"),
        env=environment(settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


class Deadlines:
    """What a reader of `lotse-deadlines` has seen."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self.facts: list[Fact[Event]] = []

    async def count(self, name: str, wanted: int, within: float = 90) -> None:
        async with asyncio.timeout(within):
            while Counter(names(self.facts))[name] < wanted:
                record = await self._consumer.getone()
                fact = decode(record.headers, record.value)
                if fact.id not in {known.id for known in self.facts}:
                    self.facts.append(fact)


@asynccontextmanager
async def deadlines(settings: SlaSettings) -> AsyncGenerator[Deadlines]:
    topic = Topic.DEADLINES.full_name(settings.topic_prefix)
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=settings.kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        yield Deadlines(consumer)
    finally:
        await consumer.stop()


def now_said(event: Event, id: ConversationId, **times: datetime) -> Fact[Event]:
    return fact_of(event.model_copy(update={"conversation_id": id} | times))


@pytest.mark.timeout(300)
async def test_one_of_three_replicas_is_killed_and_every_miss_is_still_published_once_in_time(
    settings: SlaSettings, tmp_path: Path
) -> None:
    conversations = [ConversationId(uuid4()) for _ in range(30)]
    await create_topics(settings.kafka, settings.topic_prefix, single=True, partitions=3)
    publisher = Publisher(settings, "test")
    async with AsyncExitStack() as stack:
        await publisher.connect()
        stack.push_async_callback(publisher.close)
        seen = await stack.enter_async_context(deadlines(settings))
        logs = [tmp_path / f"{number}.log" for number in range(3)]
        killed, *_ = [await stack.enter_async_context(replica(settings, log)) for log in logs]
        await asyncio.gather(*map(ready, logs))
        said = datetime.now(UTC)
        words = [now_said(word(0, str(id)), id, occurred_at=said, received_at=said) for id in conversations]
        await publisher.publish(words)
        await seen.count("started first_response", 30)
        killed.kill()
        await seen.count("missed first_response", 30)
        answered = [now_said(answer(0, name=str(id)), id, sent_at=datetime.now(UTC)) for id in conversations]
        await publisher.publish(answered)
        await seen.count("met first_response", 30)

        assert Counter(names(seen.facts)) == dict.fromkeys(
            [f"{what} first_response" for what in ("started", "warned", "missed", "met")], 30
        )
        missed = [fact.data for fact in seen.facts if isinstance(fact.data, DeadlineMissed)]
        assert max(event.detected_at - event.missed_at for event in missed) < timedelta(seconds=2)
        assert {event.missed_at for event in missed} == {said + timedelta(seconds=5)}
        assert await recompute(settings) == (0, "0 differences\n")

        connection = await asyncpg.connect(settings.postgres.get_secret_value())
        await connection.execute(
            "UPDATE sla.conversation SET history = history::jsonb #- '{entries,0}' WHERE id = $1", conversations[7]
        )
        await connection.close()
        code, text = await recompute(settings)
        assert code == 1
        assert str(conversations[7]) in text
