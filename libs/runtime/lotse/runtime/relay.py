"""Carries the outbox to Kafka, in order, one active replica per service.

The connection that holds the advisory lock also stamps. A stamp is durable before its record is
sent and rises in each partition, so whatever is sent twice is dropped by its readers.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from datetime import timedelta
from time import monotonic

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from lotse.runtime import telemetry
from lotse.runtime.bulk import Bulk
from lotse.runtime.kafka import producer
from lotse.runtime.postgres import Connection, Row, connect, is_transient
from lotse.runtime.publish import count_published
from lotse.runtime.record import STAMP, headers_from_text, numbered
from lotse.runtime.settings import RuntimeSettings
from lotse.runtime.ticking import pause

log = logging.getLogger(__name__)

WINDOW = 500
_IDLE = 0.5
_BACKOFF = 0.5
_SEND_TIMEOUT = 30.0

_WINDOW = """
SELECT o.id, r.first + w.n - 1 AS stamp, o.topic, o.key, o.headers, o.value, o.sequence
FROM relay AS r CROSS JOIN unnest(r.ids) WITH ORDINALITY AS w (id, n) JOIN outbox AS o ON o.id = w.id
ORDER BY w.n
"""

_NEXT = """
WITH sent AS (
    DELETE FROM outbox WHERE id = ANY($1::bigint[])
), taken AS (
    SELECT id, topic, key, headers, value, sequence, row_number() OVER (ORDER BY id) - 1 AS n FROM (
        SELECT id, topic, key, headers, value, sequence FROM outbox
        WHERE id <> ALL($1::bigint[]) ORDER BY id LIMIT $2
    ) AS oldest
), base AS (
    SELECT greatest(last_stamp + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) AS first FROM relay
), moved AS (
    UPDATE relay
    SET first = base.first, last_stamp = base.first + (SELECT count(*) FROM taken),
        ids = (SELECT array_agg(id ORDER BY n) FROM taken)
    FROM base WHERE EXISTS (SELECT 1 FROM taken)
)
SELECT t.id, base.first + t.n AS stamp, t.topic, t.key, t.headers, t.value, t.sequence
FROM taken AS t CROSS JOIN base ORDER BY t.n
"""
"""Forgets the window that was sent and stamps the next: one commit a window."""


class Relay:
    """The relay of one replica; `run` stands by until it holds the lock, and after every fault."""

    def __init__(self, settings: RuntimeSettings, schema: str, gather: timedelta) -> None:
        self._settings = settings
        self._gather = gather.total_seconds()
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
        sent = await self._send(sender, await connection.fetch(_WINDOW))
        last = monotonic()
        while not self._stopping.is_set():
            self._wake.clear()
            begun = monotonic()
            rows = await connection.fetch(_NEXT, sent, WINDOW)
            sent = await self._send(sender, rows)
            if not rows:
                self._empty.set()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _IDLE)
            elif len(rows) < WINDOW:
                await asyncio.sleep(max(self._gather, pause(len(rows), begun - last)))
            last = begun

    async def _send(self, sender: AIOKafkaProducer, rows: Sequence[Row]) -> list[int]:
        """Send a window in stamp order; its ids once every record is acknowledged."""
        sent: list[tuple[str, Sequence[tuple[str, bytes]]]] = []
        async with asyncio.timeout(_SEND_TIMEOUT):
            bulk = Bulk(sender)
            for row in rows:
                headers = numbered(headers_from_text(row["headers"]), row["sequence"])
                headers.append((STAMP, str(row["stamp"]).encode()))
                await bulk.add(row["topic"], row["key"].encode(), row["value"], headers)
                sent.append((row["topic"], headers))
            await bulk.send()
        count_published(sent)
        return [row["id"] for row in rows]


async def _close(sender: AIOKafkaProducer) -> None:
    """Drop a producer and what it still holds; the outbox has it."""
    with contextlib.suppress(TimeoutError, KafkaError):
        await asyncio.wait_for(sender.stop(), 5)
