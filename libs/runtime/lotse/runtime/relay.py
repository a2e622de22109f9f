"""Carries the outbox to Kafka, in order, one active replica per service.

The connection that holds the advisory lock also stamps. A stamp is durable before its record is
sent and rises in each partition, so whatever is sent twice is dropped by its readers.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from lotse.runtime import telemetry
from lotse.runtime.kafka import producer
from lotse.runtime.postgres import Connection, Row, connect, is_transient
from lotse.runtime.publish import count_published
from lotse.runtime.record import STAMP, headers_from_text
from lotse.runtime.settings import RuntimeSettings
from lotse.runtime.ticking import pause

log = logging.getLogger(__name__)

WINDOW = 500
_IDLE = 0.5
_GATHER = 0.01
"""Least seconds between two windows that were not full: what is decided meanwhile goes out together."""
_BACKOFF = 0.5
_SEND_TIMEOUT = 30.0

_STAMPED = "SELECT id, stamp, topic, key, headers, value FROM outbox WHERE stamp IS NOT NULL ORDER BY stamp LIMIT $1"

_STAMP = """
WITH taken AS (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM (
        SELECT id FROM outbox WHERE stamp IS NULL ORDER BY id LIMIT $1
    ) AS oldest
), base AS (
    SELECT greatest(last_stamp + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) AS first FROM relay
), moved AS (
    UPDATE relay SET last_stamp = base.first + (SELECT count(*) FROM taken) FROM base
    WHERE EXISTS (SELECT 1 FROM taken)
)
UPDATE outbox AS o SET stamp = base.first + taken.n FROM taken, base WHERE o.id = taken.id
RETURNING o.id, o.stamp, o.topic, o.key, o.headers, o.value
"""

_SENT = "DELETE FROM outbox WHERE id = ANY($1::bigint[])"


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    stamp: int
    topic: str
    key: str
    headers: str
    value: bytes


class Relay:
    """The relay of one replica; `run` stands by until it holds the lock, and after every fault."""

    def __init__(self, settings: RuntimeSettings, schema: str) -> None:
        self._settings = settings
        self._schema = schema
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._empty = asyncio.Event()
        self.active = False

    def wake(self) -> None:
        """Something was put into the outbox."""
        self._empty.clear()
        self._wake.set()

    async def stop(self, patience: float) -> None:
        """Let what stands in the outbox go out, for at most `patience` seconds, and end."""
        if self.active:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), patience)
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        """Until `stop`; never raises for what passes."""
        while not self._stopping.is_set():
            try:
                await self._stand()
            except Exception as error:
                if not (is_transient(error) or isinstance(error, KafkaError)):
                    log.exception("relay starts anew")
                else:
                    log.warning("relay starts anew after %s", type(error).__name__)
                await asyncio.sleep(_BACKOFF)
            finally:
                self._set_active(False)

    def _set_active(self, active: bool) -> None:
        self.active = active
        telemetry.gauge("lotse_relay_active", int(active))

    async def _stand(self) -> None:
        connection = await connect(
            self._settings.postgres.get_secret_value(), self._schema, f"lotse-{self._schema}-relay"
        )
        try:
            await connection.add_listener(f"lotse_{self._schema}", lambda *_: self._wake.set())
            if not await self._locked(connection):
                return
            sender = await producer(self._settings, f"lotse-{self._schema}-relay")
            try:
                self._set_active(True)
                await self._work(connection, sender)
            finally:
                self._set_active(False)
                await _close(sender)
        finally:
            connection.terminate()

    async def _locked(self, connection: Connection) -> bool:
        while not self._stopping.is_set():
            if await connection.fetchval(
                "SELECT pg_try_advisory_lock(hashtextextended('relay ' || $1, 0))", self._schema
            ):
                return True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _IDLE)
        return False

    async def _work(self, connection: Connection, sender: AIOKafkaProducer) -> None:
        while rows := await connection.fetch(_STAMPED, WINDOW):
            await self._send(connection, sender, rows)
        begun = monotonic()
        while not self._stopping.is_set():
            self._wake.clear()
            rows = await connection.fetch(_STAMP, WINDOW)
            if rows:
                await self._send(connection, sender, rows)
                if len(rows) < WINDOW:
                    await asyncio.sleep(max(_GATHER, pause(len(rows), monotonic() - begun)))
                begun = monotonic()
            else:
                self._empty.set()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _IDLE)

    async def _send(self, connection: Connection, sender: AIOKafkaProducer, rows: Sequence[Row]) -> None:
        """Send a window in stamp order and forget it once every record is acknowledged."""
        ordered = sorted(
            (_Row(r["id"], r["stamp"], r["topic"], r["key"], r["headers"], r["value"]) for r in rows),
            key=lambda row: row.stamp,
        )
        async with asyncio.timeout(_SEND_TIMEOUT):
            acknowledged = [await self._put(sender, row) for row in ordered]
            await asyncio.gather(*acknowledged)
        await connection.execute(_SENT, [row.id for row in ordered])
        count_published((row.topic, headers_from_text(row.headers)) for row in ordered)

    @staticmethod
    async def _put(sender: AIOKafkaProducer, row: _Row) -> "asyncio.Future[RecordMetadata]":
        headers = [*headers_from_text(row.headers), (STAMP, str(row.stamp).encode())]
        return await sender.send(row.topic, value=row.value, key=row.key.encode(), headers=headers)


async def _close(sender: AIOKafkaProducer) -> None:
    """Drop a producer and what it still holds; the outbox has it."""
    with contextlib.suppress(TimeoutError, KafkaError):
        await asyncio.wait_for(sender.stop(), 5)
