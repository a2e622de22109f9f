"""The consumer of docs/subscribe.md does what the page says."""

import asyncio
import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from lotse.contracts.conversations import ConversationOpened
from lotse.contracts.documents import example
from lotse.contracts.envelope import Fact, encode_headers, encode_value
from lotse.contracts.topics import Topic
from lotse.runtime.topics import create_topics

PAGE = Path(__file__).resolve().parents[2] / "docs" / "subscribe.md"


def consumer() -> str:
    (found,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return found


def test_the_consumer_on_the_page_has_twenty_lines_at_most() -> None:
    assert len([line for line in consumer().splitlines() if line.strip()]) <= 20


async def publish(kafka: str, prefix: str, numbers: Sequence[int]) -> None:
    """One conversation's events under these numbers, in this order."""
    event = example(ConversationOpened)
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        for number in numbers:
            fact = Fact(id=uuid4(), source="/router", time=datetime.now(UTC), data=event, sequence=number)
            await producer.send_and_wait(
                Topic.CONVERSATIONS.full_name(prefix),
                value=encode_value(event),
                key=fact.key.encode(),
                headers=encode_headers(fact),
            )


async def line_with(stream: asyncio.StreamReader, word: str) -> str:
    """The first line with a word; the client library says things of its own."""
    async for line in stream:
        if word in line.decode():
            return line.decode()
    raise AssertionError(f"ended without a line with {word}")


async def test_the_consumer_on_the_page_hears_every_event_once_and_tells_a_gap(
    kafka: str, prefix: str, tmp_path: Path
) -> None:
    await create_topics(kafka, prefix, single=True)
    await publish(kafka, prefix, [1, 2, 1, 2, 3, 6])
    script = tmp_path / "consumer.py"
    script.write_text(consumer(), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(script),
        env={**os.environ, "LOTSE_KAFKA": kafka, "LOTSE_TOPIC_PREFIX": prefix, "GROUP": f"{prefix}-crm"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(40):
            heard = [(await process.stdout.readline()).decode().split() for _ in range(4)]
            told = await line_with(process.stderr, "missed")
    finally:
        process.kill()
        await process.wait()
    assert [int(words[0]) for words in heard] == [1, 2, 3, 6]
    assert {words[1] for words in heard} == {ConversationOpened.TYPE}
    assert told.startswith("missed 2 of ")
