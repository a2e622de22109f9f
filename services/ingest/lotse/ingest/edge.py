"""From what was parsed to 2xx: blobs stored, events on all in-sync replicas, the rest parked."""

import logging
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from lotse.contracts.envelope import Fact, encode_value
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AccountId
from lotse.contracts.inbound import InboundEvent, MessageDeleted, MessageEdited, MessageReceived
from lotse.ingest import store
from lotse.ingest.channels.parsed import Blob, Parsed, Unparsed
from lotse.ingest.store import Link, Parked, Whereabouts
from lotse.runtime import telemetry
from lotse.runtime.postgres import Database, Tx, is_transient
from lotse.runtime.publish import Publisher, Ready, RecordTooLarge

log = logging.getLogger(__name__)

TOO_LARGE = "record too large"
"""Why an event is kept instead of published; its body is the event's data."""


class StoreUnavailable(Exception):
    """PostgreSQL cannot be had; the caller should send the same again."""


@frozen
class Edge:
    """The way in. Safe to call for the same body again and from many replicas at once."""

    publisher: Publisher
    database: Database
    clock: Callable[[], datetime]

    async def accept(
        self, kind: str, account: AccountId, parsed: Parsed, traceparent: str | None
    ) -> Sequence[Unparsed]:
        """Return once nothing of it can be lost; what was parked, because unknown or larger than a record takes.

        Raises:
            StoreUnavailable, lotse.runtime.publish.BrokerUnavailable: Nothing may be taken for accepted.
        """
        links = list(_links(parsed.facts)) if kind == "meta" else []
        if parsed.blobs or links:
            await self._store(account, parsed, links)
        ready, refused = self._ready(parsed.facts)
        if ready:
            await self.publisher.send(ready)
        deleted = [fact.data.message_id for fact in parsed.facts if isinstance(fact.data, MessageDeleted)]
        unparsed = (*parsed.unparsed, *refused)
        if deleted or unparsed:
            await self._afterwards(account, deleted, unparsed, traceparent)
        for part in unparsed:
            telemetry.count("lotse_unparsed_total", kind=kind, reason=part.reason)
            log.error("a part of a call was not understood: kind %s, account %s, %s", kind, account, part.reason)
        return unparsed

    async def keep(self, blob: Blob) -> bool:
        """Store a file for another service; whether it is new. Raises StoreUnavailable."""
        async with self._transaction() as tx:
            return await store.keep_upload(tx, blob, self.clock())

    async def blob(self, sha256: str) -> Blob | None:
        """Raises StoreUnavailable."""
        async with self._transaction() as tx:
            return await store.blob(tx, sha256)

    async def unparsed(self, limit: int) -> tuple[list[store.Kept], int]:
        """Raises StoreUnavailable."""
        async with self._transaction() as tx:
            return await store.unparsed(tx, limit)

    async def part(self, id: UUID) -> store.Part | None:
        """A part that was not understood, whole. Raises StoreUnavailable."""
        async with self._transaction() as tx:
            return await store.part(tx, id)

    async def understood(self, id: UUID) -> None:
        """Keep a part no longer. Raises StoreUnavailable."""
        async with self._transaction() as tx:
            await store.understood(tx, id)

    async def gone(self, messages: Collection[UUID]) -> set[UUID]:
        """Those that their customers took back. Raises StoreUnavailable."""
        async with self._transaction() as tx:
            return await store.gone(tx, messages)

    async def media(self, message_id: UUID, number: int) -> Whereabouts | None:
        """Raises StoreUnavailable."""
        async with self._transaction() as tx:
            return await store.whereabouts(tx, message_id, number)

    def _ready(self, facts: Sequence[Fact[InboundEvent]]) -> tuple[list[Ready], list[Unparsed]]:
        ready: list[Ready] = []
        refused: list[Unparsed] = []
        for fact in facts:
            try:
                ready.append(self.publisher.ready(fact))
            except RecordTooLarge:
                refused.append(Unparsed(TOO_LARGE, encode_value(fact.data), _about(fact.data)))
        return ready, refused

    async def _store(self, account: AccountId, parsed: Parsed, links: Sequence[Link]) -> None:
        """What messages bring with them, but for those that were deleted before they came."""
        uses, now = list(uses_of(parsed.facts)), self.clock()
        async with self._transaction() as tx:
            there = await store.still_there(tx, {message for message, _ in uses} | {link.message_id for link in links})
            wanted = {sha256 for message, sha256 in uses if message in there}
            unwanted = {sha256 for _, sha256 in uses} - wanted
            blobs = [blob for blob in parsed.blobs if blob.sha256 not in unwanted]
            await store.keep(tx, blobs, [use for use in uses if use[0] in there], now)
            await store.ask(tx, account, [link for link in links if link.message_id in there], now)

    async def _afterwards(
        self, account: AccountId, deleted: Sequence[UUID], unparsed: Sequence[Unparsed], traceparent: str | None
    ) -> None:
        now = self.clock()
        async with self._transaction() as tx:
            if deleted:
                await store.release(tx, deleted, now)
            await store.park(tx, [Parked(account, part, traceparent, now) for part in unparsed])

    @asynccontextmanager
    async def _transaction(self) -> AsyncGenerator[Tx]:
        try:
            async with self.database.transaction() as tx:
                yield tx
        except Exception as error:
            if is_transient(error):
                raise StoreUnavailable(f"PostgreSQL cannot be had: {type(error).__name__}") from error
            raise


def _about(event: InboundEvent) -> tuple[str, ...]:
    return (event.provider_id,) if isinstance(event, MessageReceived | MessageEdited) else ()


def uses_of(facts: Sequence[Fact[InboundEvent]]) -> Iterator[tuple[UUID, str]]:
    """Which message names which blob."""
    for fact in facts:
        if isinstance(fact.data, MessageReceived | MessageEdited):
            if fact.data.full:
                yield fact.data.message_id, fact.data.full.sha256
            for attachment in fact.data.attachments:
                if attachment.sha256:
                    yield fact.data.message_id, attachment.sha256


def _links(facts: Sequence[Fact[InboundEvent]]) -> Iterator[Link]:
    """The files that still lie with the provider."""
    for fact in facts:
        if isinstance(fact.data, MessageReceived | MessageEdited):
            for number, attachment in enumerate(fact.data.attachments):
                if attachment.url and not attachment.sha256:
                    yield Link(fact.data.message_id, number, fact.data.account, attachment.url, attachment.media_type)
