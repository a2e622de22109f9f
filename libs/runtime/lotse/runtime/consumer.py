"""Takes batches from Kafka through FastStream and hands them to a processor or a stream.

FastStream commits nothing here, decodes nothing and is never shown an exception: it would log and
swallow it. The database says where a service stands; Kafka's committed offset feeds lag monitors.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta
from time import monotonic
from typing import Any, cast

from aiokafka import (
    AIOKafkaConsumer,
    ConsumerRebalanceListener,
    TopicPartition,
)
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import IllegalStateError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage

from lotse.runtime import telemetry
from lotse.runtime.errors import TooManyParked, TopicMadeAnew
from lotse.runtime.inbox import Partition
from lotse.runtime.kafka import broker_security
from lotse.runtime.polling import Poll
from lotse.runtime.processor import Done
from lotse.runtime.record import Record
from lotse.runtime.settings import RuntimeSettings
from lotse.runtime.ticking import pause, wait

log = logging.getLogger(__name__)

BATCH = 500
POLL_MS = 250
"""How long an empty look at Kafka takes; what comes meanwhile is taken at once."""
_METADATA_AGE_MS = 10_000
"""A topic that was away for a while is read again after this; the client's own five minutes would go by unnoticed."""
_COMMIT_EVERY = 1.0
_COMMIT_WITHIN = 2.0
_STOP_WITHIN = 10.0

Handle = Callable[[Sequence[Record]], Awaitable[Done]]
Standing = Callable[[Collection[Partition]], Awaitable[dict[Partition, int] | None]]
"""The next offset of each partition by the database; None where Kafka's own offsets count."""


class Consumer:
    """One group's reader of some topics."""

    def __init__(
        self,
        settings: RuntimeSettings,
        group: str,
        topics: Collection[str],
        handle: Handle,
        standing: Standing,
        gather: timedelta,
    ) -> None:
        self._handle = handle
        self._least = gather.total_seconds()
        self._standing = standing
        self.topics = sorted(topics)
        self._group = group
        self._done: dict[TopicPartition, int] = {}
        self._stopping = asyncio.Event()
        self._positions: dict[Partition, int] = {}
        self._by_database = False
        self._last = monotonic()
        self.fault: Exception | None = None
        self.assigned = False
        self._broker = KafkaBroker(
            settings.kafka,
            client_id=f"lotse-{group}",
            security=broker_security(settings),
            allow_auto_create_topics=False,
            metadata_max_age_ms=_METADATA_AGE_MS,
            apply_types=False,
            logger=None,
            graceful_timeout=settings.drain.total_seconds(),
        )
        self._subscriber = self._broker.subscriber(
            *self.topics,
            group_id=f"{settings.topic_prefix}-{group}",
            batch=True,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(RangePartitionAssignor,),
            session_timeout_ms=6000,
            heartbeat_interval_ms=1500,
            fetch_max_wait_ms=500,
            listener=_Listener(self),
            parser=_whole,
            decoder=_untouched,
            no_reply=True,
        )
        self._subscriber.get_msg = cast(Any, Poll(self._reached, POLL_MS, BATCH).next)
        self._subscriber(self._on_batch)

    async def run(self) -> None:
        """Until `stop`. Raises what ended the consumer: TooManyParked, TopicMadeAnew."""
        await self._start()
        try:
            while not await wait(self._stopping, _COMMIT_EVERY):
                await self._commit()
                self._lag()
        finally:
            await self._commit()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._broker.stop(), _STOP_WITHIN)

    async def _start(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._broker.start()
                return
            except (KafkaError, OSError) as error:
                log.warning("Kafka cannot be had (%s), trying again", type(error).__name__)
                with contextlib.suppress(Exception):
                    await self._broker.stop()
                await wait(self._stopping, 0.5)

    def stop(self) -> None:
        """Take no more; the batch in hand is finished."""
        self._stopping.set()

    @property
    def alive(self) -> bool:
        """Whether the loop that polls still runs."""
        return self.fault is None and (not self._subscriber.tasks or not all(t.done() for t in self._subscriber.tasks))

    @property
    def _consumer(self) -> AIOKafkaConsumer | None:
        return self._subscriber.consumer

    async def _reached(self, partition: TopicPartition) -> int:
        """From where a partition is to be read: by the database, else as far as it was handled here or committed."""
        place = partition.topic, partition.partition
        standing = await self._standing([place])
        if standing is not None:
            return standing[place]
        handled = self._positions.get(place)
        consumer = self._consumer
        if handled is None and consumer is not None:
            handled = await consumer.committed(partition)
            handled = (await consumer.beginning_offsets([partition]))[partition] if handled is None else handled
        return handled or 0

    async def _on_batch(self, records: tuple[Any, ...]) -> None:
        if self.fault is not None:
            await asyncio.sleep(1)
            return
        held = self._hold()
        try:
            await self._take(records)
        finally:
            self._release(held)

    def _hold(self) -> list[TopicPartition]:
        """Ask Kafka for nothing while a batch is in hand, so that the next fetch brings all that came meanwhile."""
        consumer = self._consumer
        held = list(consumer.assignment()) if consumer is not None else []
        if consumer is not None:
            consumer.pause(*held)
        return held

    def _release(self, held: Sequence[TopicPartition]) -> None:
        consumer = self._consumer
        mine = consumer.assignment() if consumer is not None else frozenset[TopicPartition]()
        if consumer is not None:
            consumer.resume(*(partition for partition in held if partition in mine))

    async def _take(self, records: Sequence[Record]) -> None:
        begun = monotonic()
        try:
            await self._check_back(records)
            done = await self._handle(records)
        except (TooManyParked, TopicMadeAnew) as error:
            log.critical("the consumer stops: %s", error)
            self.fault = error
        except Exception:
            log.exception("a batch could not be handled; it is read again")
            await asyncio.sleep(1)
            self._back(records)
        else:
            self._note(done)
            await self._gather(len(records), begun)

    async def _check_back(self, records: Sequence[Record]) -> None:
        """Raise TopicMadeAnew where Kafka went back by itself, since it ends below what was read."""
        consumer = self._consumer
        read = {
            TopicPartition(*place): position
            for record in records
            if record.offset < (position := self._positions.get(place := (record.topic, record.partition), 0))
        }
        if consumer is None or not read or not self._by_database:
            return
        for partition, end in (await consumer.end_offsets(list(read))).items():
            if end < read[partition]:
                raise TopicMadeAnew(partition.topic)

    async def _gather(self, records: int, begun: float) -> None:
        """Let more come before the next batch, the longer the more comes."""
        now = monotonic()
        wanted = max(self._least, pause(records, now - self._last)) if records < BATCH else 0.0
        self._last = begun
        if wanted > now - begun:
            await wait(self._stopping, wanted - (now - begun))

    def _back(self, records: Sequence[Record]) -> None:
        first: dict[Partition, int] = {}
        for record in records:
            first.setdefault((record.topic, record.partition), record.offset)
        self._note(Done(seek=first))

    def _note(self, done: Done) -> None:
        consumer = self._consumer
        self._positions |= done.positions
        for (topic, partition), offset in done.positions.items():
            self._done[TopicPartition(topic, partition)] = offset
        for (topic, partition), offset in done.seek.items():
            if consumer is not None:
                with contextlib.suppress(IllegalStateError):
                    consumer.seek(TopicPartition(topic, partition), offset)

    async def ends(self, topics: Collection[str]) -> dict[Partition, int]:
        """The end of every partition of these topics, whoever reads it. Raises KafkaError."""
        consumer = self._consumer
        if consumer is None:
            raise KafkaError("not started")
        wanted = [TopicPartition(t, p) for t in topics for p in consumer.partitions_for_topic(t) or ()]
        return {(tp.topic, tp.partition): end for tp, end in (await consumer.end_offsets(wanted)).items()}

    async def _commit(self) -> None:
        """Tell Kafka how far we are; a refusal after a rebalance is only counted."""
        consumer, offsets = self._consumer, self._done
        self._done = {}
        if consumer is None or not offsets:
            return
        try:
            mine = consumer.assignment()
            async with asyncio.timeout(_COMMIT_WITHIN):
                await consumer.commit({tp: offset for tp, offset in offsets.items() if tp in mine})
        except (KafkaError, IllegalStateError, ValueError, TimeoutError):
            telemetry.count("lotse_commit_refused_total")

    def lag(self) -> dict[str, int]:
        """Records not yet applied by topic, of the partitions that are assigned; empty where there is no consumer."""
        consumer = self._consumer
        if consumer is None:
            return {}
        lag = dict.fromkeys(self.topics, 0)
        for tp in consumer.assignment():
            end, done = consumer.highwater(tp), self._positions.get((tp.topic, tp.partition))
            if end is not None and done is not None:
                lag[tp.topic] += max(0, end - done)
        return lag

    def _lag(self) -> None:
        for topic, records in self.lag().items():
            telemetry.gauge("lotse_consumer_lag_records", records, topic=topic)

    async def on_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Seek every partition to where the database stands. Sets `fault` for a topic made anew."""
        consumer = self._consumer
        if consumer is None:
            return
        partitions = [(tp.topic, tp.partition) for tp in assigned]
        standing = await self._standing(partitions)
        self._by_database = standing is not None
        ends = await consumer.end_offsets(list(assigned)) if assigned else {}
        for tp, end in ends.items():
            wanted = standing.get((tp.topic, tp.partition), 0) if standing is not None else 0
            if wanted > end:
                self.fault = TopicMadeAnew(tp.topic)
                log.critical("the consumer stops: %s", self.fault)
            if standing is not None:
                consumer.seek(tp, wanted)
                self._positions[tp.topic, tp.partition] = wanted
        self.assigned = True


class _Listener(ConsumerRebalanceListener):
    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        del revoked
        self._consumer.assigned = False

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        while True:
            try:
                await self._consumer.on_assigned(assigned)
                return
            except Exception as error:
                log.warning("partitions wait for their positions: %s", type(error).__name__)
                await asyncio.sleep(0.5)


async def _whole(records: tuple[Record, ...]) -> KafkaMessage:
    """FastStream's own parser decodes every header and drops the batch where one is not UTF-8."""
    return KafkaMessage(body=b"", raw_message=records, consumer=FAKE_CONSUMER)


async def _untouched(message: KafkaMessage) -> object:
    return message.raw_message
