"""The limit: the same records over the same hops through aiokafka alone, with no state and no checks.

Each role is a process of its own, as the service of that name is. A role reads what its service
reads, and writes, for each record of a type that its service answers, records of the size that the
service's had in the same run.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from lotse.contracts.topics import TOPICS, Topic

ANSWERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sentiment": {"message.received": ("message.analysed",)},
    "router": {
        "message.received": ("conversation.opened", "message.added"),
        "message.analysed": ("conversation.queued", "assignment.changed"),
    },
    "sla": {"message.added": ("deadline.started",)},
    "notifier": {"conversation.queued": ("notice.sent",)},
    "desk": {},
}
"""What each role writes for what it reads; other events of the run are not played."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A record of the run as it stood on the wire."""

    topic: str
    value: bytes
    headers: Sequence[tuple[str, bytes]]

    @classmethod
    def load(cls, path: Path) -> "dict[str, Wire]":
        made = json.loads(path.read_text(encoding="utf-8"))
        return {
            kind: cls(topic, value.encode("latin-1"), [(k, v.encode("latin-1")) for k, v in headers])
            for kind, (topic, value, headers) in made.items()
        }


def save(samples: Mapping[str, tuple[str, bytes, list[tuple[str, bytes]]]], prefix: str, path: Path) -> None:
    """Keep the run's samples for the roles, under topics of their own."""
    made = {
        kind: (
            Topic(topic.partition("-")[2]).full_name(prefix),
            value.decode("latin-1"),
            [(k, v.decode("latin-1")) for k, v in headers],
        )
        for kind, (topic, value, headers) in samples.items()
    }
    path.write_text(json.dumps(made), encoding="utf-8")


def kind_of(headers: Sequence[tuple[str, bytes]]) -> str:
    return next(value for key, value in headers if key == "ce_type").decode()[9:].rpartition(".")[0]


def producer(bootstrap: str) -> AIOKafkaProducer:
    """With the guarantees that the services ask for."""
    return AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, max_batch_size=512 * 1024)


async def role(name: str, bootstrap: str, prefix: str, samples: Path) -> None:
    """Run until SIGTERM."""
    wires, answers = Wire.load(samples), ANSWERS[name]
    topics = [spec.topic.full_name(prefix) for spec in TOPICS.values() if name in spec.readers]
    consumer = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=bootstrap,
        group_id=f"{prefix}-{name}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    sender = producer(bootstrap)
    await sender.start()
    await consumer.start()
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    try:
        while not stopping.is_set():
            batch = await consumer.getmany(timeout_ms=20, max_records=500)
            waiting = [
                await sender.send(wires[answer].topic, wires[answer].value, record.key, headers=wires[answer].headers)
                for records in batch.values()
                for record in records
                for answer in answers.get(kind_of(record.headers), ())
            ]
            await asyncio.gather(*waiting)
    finally:
        await consumer.stop()
        await sender.stop()


if __name__ == "__main__":
    uvloop.run(role(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4])))
