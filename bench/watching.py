"""Watches the topics as a subscriber would and says when each message had what it is owed."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from bench.load import Links, Sample
from lotse.contracts.topics import TOPICS, Topic

OWED = ("message.added", "assignment.changed", "deadline.started", "message.analysed", "notice.sent")

_TIMED = (Topic.CONVERSATIONS,)
"""Seen at once, since the assignment's moment is measured."""
_COUNTED = (Topic.DEADLINES, Topic.INSIGHTS, Topic.NOTICES, Topic.INBOUND)
_GATHER_MS = 100
"""How often the others are looked at; more often would cost what the services are to be measured with."""


@dataclass(slots=True)
class Progress:
    """What one message has so far, and when it was accepted and assigned."""

    accepted: float | None = None
    has: set[str] = field(default_factory=set[str])
    assigned: float | None = None


@dataclass(slots=True)
class Watch:
    """Everything that was sent in a run, and what became of it."""

    messages: dict[str, Progress] = field(default_factory=dict[str, Progress])
    samples: dict[str, tuple[str, bytes, list[tuple[str, bytes]]]] = field(
        default_factory=dict[str, tuple[str, bytes, list[tuple[str, bytes]]]]
    )
    """One record of each type as it stood on the wire: topic, value, headers."""
    conversation: dict[str, str] = field(default_factory=dict[str, str])
    early: dict[str, list[tuple[str, float]]] = field(default_factory=dict[str, list[tuple[str, float]]])
    completed: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def sent(self, message: str) -> None:
        """The webhook is on its way; its records may be seen before its answer."""
        self.messages[message] = Progress()

    def accepted(self, message: str) -> None:
        """The webhook was answered with 2xx."""
        self.messages[message].accepted = perf_counter()

    @property
    def in_flight(self) -> int:
        return len(self.messages) - self.completed

    def take(self, record: ConsumerRecord[bytes, bytes]) -> None:
        kind = next(value for key, value in record.headers if key == "ce_type").decode()[9:].rpartition(".")[0]
        if kind not in self.samples:
            self.samples[kind] = (record.topic, record.value or b"", list(record.headers))
        if kind not in OWED:
            return
        now = perf_counter()
        if kind in ("message.added", "message.analysed"):
            data = json.loads(record.value or b"{}")
            if kind == "message.added":
                self._opened(data["conversation_id"], data["message_id"])
            self._mark(data["message_id"], kind, now)
        else:
            self._of_conversation((record.key or b"").decode(), kind, now)

    def _opened(self, conversation: str, message: str) -> None:
        self.conversation[conversation] = message
        for kind, at in self.early.pop(conversation, ()):
            self._mark(message, kind, at)

    def _of_conversation(self, conversation: str, kind: str, now: float) -> None:
        message = self.conversation.get(conversation)
        if message is None:
            self.early.setdefault(conversation, []).append((kind, now))
        else:
            self._mark(message, kind, now)

    def _mark(self, message: str, kind: str, now: float) -> None:
        progress = self.messages.get(message)
        if progress is None or kind in progress.has:
            return
        progress.has.add(kind)
        if kind == "assignment.changed":
            progress.assigned = now
        if len(progress.has) == len(OWED):
            self.completed += 1
            self.changed.set()

    def missing(self) -> str:
        """What is owed and has not come, counted, with an example of each."""
        lacking = {id: frozenset(OWED) - p.has for id, p in self.messages.items() if len(p.has) < len(OWED)}
        examples = {lack: id for id, lack in lacking.items()}
        counted = Counter(lacking.values())
        return "; ".join(f"{n} lack {', '.join(sorted(lack))}, as {examples[lack]}" for lack, n in counted.items())

    def forget(self) -> None:
        """Begin a new run: what is complete is dropped."""
        self.messages.clear()
        self.conversation.clear()
        self.completed = 0

    def latencies(self) -> list[float]:
        """Seconds from the accepted webhook to the assignment, sorted."""
        return sorted(
            max(0.0, p.assigned - p.accepted) for p in self.messages.values() if p.assigned is not None and p.accepted
        )


async def send(to: Links, watch: Watch, sample: Sample) -> None:
    """Post one webhook; anything but 200 raises RuntimeError."""
    watch.sent(sample.id)
    status = await to.post(sample.call)
    if status != 200:
        raise RuntimeError(f"ingest answered {status}")
    watch.accepted(sample.id)


@asynccontextmanager
async def watching(bootstrap: str, prefix: str) -> AsyncGenerator[Watch]:
    """Read every topic from its end on, in a task of its own."""
    watch = Watch()
    async with (
        _reading(watch, bootstrap, prefix, _TIMED, 1, 500),
        _reading(watch, bootstrap, prefix, _COUNTED, 1_000_000, _GATHER_MS),
    ):
        yield watch


@asynccontextmanager
async def _reading(
    watch: Watch, bootstrap: str, prefix: str, topics: Sequence[Topic], least: int, within_ms: int
) -> AsyncGenerator[None]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id="bench",
        enable_auto_commit=False,
        fetch_min_bytes=least,
        fetch_max_wait_ms=within_ms,
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(t.full_name(prefix), n) for t in topics for n in range(TOPICS[t].partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_end(*partitions)
        for partition in partitions:
            await consumer.position(partition)
        task = asyncio.create_task(_read(consumer, watch))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    finally:
        await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, watch: Watch) -> None:
    while True:
        for records in (await consumer.getmany(timeout_ms=500)).values():
            for record in records:
                watch.take(record)
