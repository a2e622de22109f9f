"""Publishing from an edge: answered once every in-sync replica has the record, or refused in 2 s."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from time import perf_counter

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from lotse.contracts.envelope import MAX_RECORD_BYTES, Event, Fact, encode_headers, encode_value
from lotse.runtime import telemetry
from lotse.runtime.bulk import Bulk
from lotse.runtime.errors import BrokerUnavailable, RecordTooLarge
from lotse.runtime.kafka import producer
from lotse.runtime.settings import RuntimeSettings

__all__ = ["BrokerUnavailable", "Publisher", "RecordTooLarge"]

log = logging.getLogger(__name__)

PATIENCE = 2.0
"""Seconds for one send, all records of it together."""

LINGER_MS = 5
"""How long a record waits for others to share its request."""

_MANY = 10

Ready = tuple[str, bytes, bytes, list[tuple[str, bytes]]]


class Publisher:
    """An edge's way to Kafka. After any send that failed for good it makes a new producer, since an

    idempotent one refuses everything on that partition from then on.
    """

    def __init__(self, settings: RuntimeSettings, name: str) -> None:
        self._settings = settings
        self._name = name
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def publish(self, facts: Sequence[Fact[Event]]) -> None:
        """Send in order and wait for all. Raises RecordTooLarge before anything is sent, BrokerUnavailable."""
        await self.send([self.ready(fact) for fact in facts])

    def ready(self, fact: Fact[Event]) -> Ready:
        """A fact as topic, key, value and headers. Raises RecordTooLarge."""
        value = encode_value(fact.data)
        if len(value) > MAX_RECORD_BYTES:
            raise RecordTooLarge(len(value), MAX_RECORD_BYTES)
        topic = fact.data.TOPIC.full_name(self._settings.topic_prefix)
        return topic, fact.key.encode(), value, encode_headers(fact)

    async def send(self, ready: Sequence[Ready]) -> None:
        """Send what is ready. Raises BrokerUnavailable; what was sent may then still arrive, under the same id."""
        begun = perf_counter()
        sender = self._producer
        try:
            async with asyncio.timeout(PATIENCE):
                sender = sender or await self._connected()
                await _send(sender, ready)
        except (TimeoutError, KafkaError, OSError) as error:
            self._drop(sender)
            raise BrokerUnavailable(f"Kafka did not acknowledge: {type(error).__name__}") from error
        telemetry.observe("lotse_publish_seconds", perf_counter() - begun)
        count_published((topic, headers) for topic, _, _, headers in ready)

    async def _connected(self) -> AIOKafkaProducer:
        async with self._lock:
            if self._producer is None:
                self._producer = await producer(self._settings, self._name, LINGER_MS)
            return self._producer

    def _drop(self, sender: AIOKafkaProducer | None) -> None:
        if sender is None or sender is not self._producer:
            return
        self._producer = None
        log.warning("the producer is replaced")
        task = asyncio.create_task(_stop(sender))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def connect(self) -> bool:
        """Whether Kafka can be had; makes the producer ahead of the first send."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._connected()
        except (TimeoutError, KafkaError, OSError):
            return False
        return True

    async def close(self) -> None:
        sender, self._producer = self._producer, None
        if sender is not None:
            await _stop(sender)
        await asyncio.gather(*self._tasks, return_exceptions=True)


def count_published(acknowledged: Iterable[tuple[str, Sequence[tuple[str, bytes]]]]) -> None:
    """Count records that Kafka has, given as topic and headers."""
    kinds = Counter((topic, dict(headers).get("ce_type", b"").decode()) for topic, headers in acknowledged)
    for (topic, kind), number in kinds.items():
        telemetry.count("lotse_events_published_total", number, topic=topic, type=kind)


async def _send(sender: AIOKafkaProducer, ready: Sequence[Ready]) -> None:
    """A few share a request with those of other calls, many are a request of their own."""
    if len(ready) < _MANY:
        waiting = [
            await sender.send(topic, value=value, key=key, headers=headers) for topic, key, value, headers in ready
        ]
        await asyncio.gather(*waiting)
        return
    bulk = Bulk(sender)
    for topic, key, value, headers in ready:
        await bulk.add(topic, key, value, headers)
    await bulk.send()


async def _stop(sender: AIOKafkaProducer) -> None:
    with contextlib.suppress(TimeoutError, KafkaError):
        await asyncio.wait_for(sender.stop(), 5)
