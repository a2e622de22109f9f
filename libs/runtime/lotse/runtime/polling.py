"""What comes next from Kafka, though its client fails on a record.

A header whose name is not UTF-8 makes aiokafka raise wherever the record is met, and forget what it had read before
it: the partition, and those behind it, would stand still and say nothing. Such a record is looked for one record at a
time and handed on without its content, to be parked; the log still has it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError

from lotse.contracts.frozen import frozen
from lotse.runtime.record import UNREADABLE, Record

log = logging.getLogger(__name__)

_BETWEEN = 0.02
_IDLE_ROUNDS = 100
"""Looks without a record after which there is nothing more to look through."""

Reached = Callable[[TopicPartition], Awaitable[int]]
"""The offset from which a partition is to be read again."""


@frozen
class Unreadable:
    """A record of which nothing but its place is known."""

    topic: str
    partition: int
    offset: int
    headers: Sequence[tuple[str, bytes]]
    key: None = None
    value: None = None


class Poll:
    """Takes batches; after one failed, single records until the one is found that cannot be read."""

    def __init__(self, reached: Reached, wait_ms: int, most: int) -> None:
        self._reached = reached
        self._wait_ms = wait_ms
        self._most = most
        self._rounds = 0

    async def next(self, consumer: AIOKafkaConsumer) -> Sequence[Record]:
        """The next records, none where none came. Raises KafkaError."""
        if self._rounds:
            return await self._step(consumer)
        try:
            found = await consumer.getmany(timeout_ms=self._wait_ms, max_records=self._most)
            return tuple(chain.from_iterable(found.values()))
        except (KafkaError, ConsumerStoppedError):
            raise
        except Exception as error:
            log.error("Kafka's client cannot read a record (%s): it is looked for", type(error).__name__)
        for partition in consumer.assignment():
            consumer.seek(partition, await self._reached(partition))
        self._rounds = _IDLE_ROUNDS
        return ()

    async def _step(self, consumer: AIOKafkaConsumer) -> Sequence[Record]:
        self._rounds -= 1
        for partition in consumer.assignment():
            at = await consumer.position(partition)
            try:
                found = await consumer.getmany(partition, max_records=1)
            except (KafkaError, ConsumerStoppedError):
                raise
            except Exception as error:
                log.critical("%s/%s at %s cannot be read", partition.topic, partition.partition, at)
                consumer.seek(partition, at + 1)
                self._rounds = 0
                return (_unreadable(partition, at, error),)
            if records := found.get(partition):
                self._rounds = _IDLE_ROUNDS
                return records
        await asyncio.sleep(_BETWEEN)
        return ()


def _unreadable(partition: TopicPartition, offset: int, error: Exception) -> Record:
    return Unreadable(partition.topic, partition.partition, offset, ((UNREADABLE, type(error).__name__.encode()),))
