"""Measures the limit: what plain aiokafka moves of the same records in the same process layout."""

import asyncio
import sys
import uuid
from collections import Counter
from pathlib import Path
from time import perf_counter

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import RecordMetadata

from bench import plain
from bench.plain import ANSWERS, Wire
from lotse.contracts.topics import TOPICS, Topic
from lotse.local.supervisor import Program, Supervisor
from lotse.runtime.topics import create_topics

PREFIX = "plain"
ROOT = str(Path(__file__).resolve().parents[1])
LAST = ("assignment.changed", "deadline.started", "notice.sent")


async def measure(bootstrap: str, samples: Path, folder: Path, window: int, seconds: float) -> float:
    """Messages a second, at most `window` under way, each finished by its last three records."""
    await create_topics(bootstrap, PREFIX, single=True)
    wires = Wire.load(samples)
    async with Supervisor(folder / "logs", print) as supervisor:
        for name in ANSWERS:
            argv = (sys.executable, "-m", "bench.plain", name, bootstrap, PREFIX, str(samples))
            supervisor.start(Program(f"plain-{name}", argv, {"PYTHONPATH": ROOT}))
        return await _drive(bootstrap, wires, window, seconds)


async def _drive(bootstrap: str, wires: dict[str, Wire], window: int, seconds: float) -> float:
    producer = plain.producer(bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await producer.start()
    await consumer.start()
    topics = (Topic.CONVERSATIONS, Topic.DEADLINES, Topic.NOTICES)
    consumer.assign([TopicPartition(t.full_name(PREFIX), n) for t in topics for n in range(TOPICS[t].partitions)])
    await consumer.seek_to_end(*consumer.assignment())
    inbound = wires["message.received"]
    seen: Counter[bytes] = Counter()
    sent = finished = 0
    begun, counted_from, counted_at = perf_counter(), 0, 0.0
    try:
        while (now := perf_counter()) < begun + seconds + 5:
            if not counted_at and now > begun + 5:
                counted_at, counted_from = now, finished
            waiting: list[asyncio.Future[RecordMetadata]] = []
            while sent - finished < window and len(waiting) < 200:
                key = uuid.uuid4().hex.encode()
                waiting.append(await producer.send(inbound.topic, inbound.value, key, headers=inbound.headers))
                sent += 1
            await asyncio.gather(*waiting)
            for records in (await consumer.getmany(timeout_ms=5)).values():
                for record in records:
                    if plain.kind_of(record.headers) in LAST:
                        seen[record.key or b""] += 1
                        if seen[record.key or b""] == len(LAST):
                            del seen[record.key or b""]
                            finished += 1
        return (finished - counted_from) / (perf_counter() - counted_at)
    finally:
        await consumer.stop()
        await producer.stop()
