"""All SQL of ingest. Nothing here runs on the way of an ordinary message."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AccountId, derive, message_id
from lotse.ingest.channels.parsed import Blob, Unparsed
from lotse.runtime.postgres import Tx

_KEEP = """
INSERT INTO blob (sha256, media_type, size, body, created_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (sha256) DO UPDATE SET created_at = greatest(blob.created_at, excluded.created_at)
"""

_KEEP_ONE = """
INSERT INTO blob (sha256, media_type, size, body, created_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (sha256) DO UPDATE SET created_at = greatest(blob.created_at, excluded.created_at)
RETURNING xmax = 0 AS is_new
"""

_USE = """
INSERT INTO blob_use (message_id, sha256)
SELECT message_id, sha256 FROM unnest($1::uuid[], $2::text[]) AS named (message_id, sha256)
WHERE EXISTS (SELECT 1 FROM blob WHERE blob.sha256 = named.sha256)
ON CONFLICT DO NOTHING
"""

_UNUSE = """
DELETE FROM blob_use WHERE message_id = ANY($1::uuid[]) RETURNING sha256
"""

_LOCK = """
SELECT sha256 FROM blob WHERE sha256 = ANY($1::text[]) ORDER BY sha256 FOR UPDATE
"""

_FORGET = """
DELETE FROM blob
WHERE sha256 = ANY($1::text[]) AND NOT EXISTS (SELECT 1 FROM blob_use WHERE blob_use.sha256 = blob.sha256)
"""

_BLOB = """
SELECT sha256, media_type, body FROM blob WHERE sha256 = $1
"""

_PARK = """
INSERT INTO unparsed (id, account, reason, body, traceparent, received_at, messages)
SELECT $1, $2, $3, $4, $5, $6, $7::uuid[]
WHERE NOT EXISTS (SELECT 1 FROM gone WHERE message_id = ANY($7::uuid[]))
ON CONFLICT (id) DO NOTHING
"""

_DROP_UNPARSED = "DELETE FROM unparsed WHERE messages && $1::uuid[]"

_UNPARSED = """
SELECT id, account, reason, length(body) AS size, traceparent, received_at
FROM unparsed ORDER BY received_at DESC LIMIT $1
"""

_ONE_UNPARSED = "SELECT id, account, reason, body, traceparent, received_at FROM unparsed WHERE id = $1"

_UNDERSTOOD = "DELETE FROM unparsed WHERE id = $1"

_IN_ORDER = "SELECT pg_advisory_xact_lock(hashtextextended('lotse ingest ' || $1::text, 0))"
"""Who stores files of a message and who deletes it take turns, whichever comes first."""

_GONE = """
INSERT INTO gone (message_id, at)
SELECT message_id, $2 FROM unnest($1::uuid[]) AS deleted (message_id)
ON CONFLICT (message_id) DO UPDATE SET at = excluded.at
"""

_ARE_GONE = "SELECT message_id FROM gone WHERE message_id = ANY($1::uuid[])"

_EXPIRE_GONE = "DELETE FROM gone WHERE at < $1"

_ASK = """
INSERT INTO media (message_id, number, account, url, media_type, due_at, created_at)
SELECT message_id, number, $1, url, media_type, $2, $2
FROM unnest($3::uuid[], $4::integer[], $5::text[], $6::text[]) AS asked (message_id, number, url, media_type)
ON CONFLICT (message_id, number) DO UPDATE
SET url = excluded.url, media_type = excluded.media_type, due_at = excluded.due_at,
    tries = 0, sha256 = NULL, failure = NULL
WHERE media.url <> excluded.url
"""

_CLAIM = """
UPDATE media SET tries = tries + 1, due_at = $2
WHERE (message_id, number) IN (
    SELECT message_id, number FROM media WHERE due_at <= $1 AND tries < $4
    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
RETURNING message_id, number, account, url, media_type, tries
"""

_GIVE_UP = """
UPDATE media SET due_at = NULL, failure = coalesce(failure, 'given up')
WHERE (message_id, number) IN (
    SELECT message_id, number FROM media WHERE due_at <= $1 AND tries >= $2 FOR UPDATE SKIP LOCKED
)
"""

_FETCHED = """
UPDATE media SET sha256 = $3, failure = NULL, due_at = NULL
WHERE message_id = $1 AND number = $2 AND url = $4
RETURNING number
"""

_NOT_FETCHED = """
UPDATE media SET failure = $3, due_at = $4 WHERE message_id = $1 AND number = $2 AND url = $5
"""

_MEDIA = """
SELECT sha256, failure, due_at FROM media WHERE message_id = $1 AND number = $2
"""

_DROP_MEDIA = """
DELETE FROM media WHERE message_id = ANY($1::uuid[])
"""

_EXPIRE_MEDIA = """
DELETE FROM media WHERE created_at < $1
"""

_EXPIRE_UNPARSED = """
DELETE FROM unparsed WHERE received_at < $1
"""

_EXPIRE_BLOBS = """
DELETE FROM blob WHERE created_at < $1
"""


@frozen
class Link:
    """A file behind a provider's link: attachment `number` of a message."""

    message_id: UUID
    number: int
    account: AccountId
    url: str
    media_type: str
    tries: int = 0


@frozen
class Whereabouts:
    """How far a file behind a link is: stored under its hash, given up, or still to come."""

    sha256: str | None
    failure: str | None
    pending: bool


@frozen
class Kept:
    """A part that was not understood, without what it says."""

    id: UUID
    account: str
    reason: str
    size: int
    traceparent: str | None
    received_at: datetime


@frozen
class Parked:
    """Where a part that was not understood came from."""

    account: AccountId
    part: Unparsed
    traceparent: str | None
    received_at: datetime


@frozen
class Part:
    """A part that was kept, by the id that it is kept under."""

    id: UUID
    parked: Parked


async def still_there(tx: Tx, messages: Collection[UUID]) -> set[UUID]:
    """Those of the messages that were not deleted; nobody deletes one before this transaction ends."""
    for message in sorted(messages):
        await tx.execute(_IN_ORDER, str(message))
    return set(messages) - await gone(tx, messages)


async def gone(tx: Tx, messages: Collection[UUID]) -> set[UUID]:
    """Those of the messages that were deleted."""
    return {row["message_id"] for row in await tx.fetch(_ARE_GONE, sorted(messages))}


async def keep(tx: Tx, blobs: Collection[Blob], uses: Sequence[tuple[UUID, str]], now: datetime) -> None:
    """Store the blobs, locking each in the order of its hash, and which message names which."""
    ordered = sorted({blob.sha256: blob for blob in blobs}.values(), key=lambda blob: blob.sha256)
    await tx.executemany(_KEEP, [(blob.sha256, blob.media_type, len(blob.body), blob.body, now) for blob in ordered])
    await tx.execute(_USE, [message for message, _ in uses], [sha256 for _, sha256 in uses])


async def keep_upload(tx: Tx, blob: Blob, now: datetime) -> bool:
    """Store a file that another service brings, whatever becomes of messages that name it too; whether it is new."""
    row = await tx.fetchrow(_KEEP_ONE, blob.sha256, blob.media_type, len(blob.body), blob.body, now)
    await tx.execute(_USE, [derive("upload", blob.sha256)], [blob.sha256])
    return bool(row and row["is_new"])


async def release(tx: Tx, messages: Sequence[UUID], now: datetime) -> None:
    """Forget what only these messages named, and store nothing more of them, also where they have yet to come."""
    for message in sorted(messages):
        await tx.execute(_IN_ORDER, str(message))
    await tx.execute(_GONE, sorted(set(messages)), now)
    await tx.execute(_DROP_MEDIA, list(messages))
    await tx.execute(_DROP_UNPARSED, list(messages))
    rows = await tx.fetch(_UNUSE, list(messages))
    named: list[str] = sorted({row["sha256"] for row in rows})
    if named:
        await tx.fetch(_LOCK, named)
        await tx.execute(_FORGET, named)


async def blob(tx: Tx, sha256: str) -> Blob | None:
    row = await tx.fetchrow(_BLOB, sha256)
    return None if row is None else Blob(row["sha256"], row["media_type"], row["body"])


async def ask(tx: Tx, account: AccountId, links: Sequence[Link], now: datetime) -> None:
    """Have the files behind these links fetched, each once; an edit's file takes the place of the one before."""
    latest = {(link.message_id, link.number): link for link in links}
    links = [latest[key] for key in sorted(latest)]
    await tx.execute(
        _ASK,
        account,
        now,
        [link.message_id for link in links],
        [link.number for link in links],
        [link.url for link in links],
        [link.media_type for link in links],
    )


async def claim(tx: Tx, now: datetime, until: datetime, limit: int, most_tries: int) -> list[Link]:
    """Files to be fetched now; nobody else gets them before `until`. One whose last try never ended is given up."""
    await tx.execute(_GIVE_UP, now, most_tries)
    rows = await tx.fetch(_CLAIM, now, until, limit, most_tries)
    return [
        Link(row["message_id"], row["number"], row["account"], row["url"], row["media_type"], row["tries"])
        for row in rows
    ]


async def fetched(tx: Tx, link: Link, found: Blob, now: datetime) -> None:
    """Store a file, unless its message was deleted or got another file meanwhile."""
    if await tx.fetchrow(_FETCHED, link.message_id, link.number, found.sha256, link.url) is not None:
        await keep(tx, [found], [(link.message_id, found.sha256)], now)


async def not_fetched(tx: Tx, link: Link, failure: str, again_at: datetime | None) -> None:
    """Note why; without a time it is given up."""
    await tx.execute(_NOT_FETCHED, link.message_id, link.number, failure, again_at, link.url)


async def whereabouts(tx: Tx, message_id: UUID, number: int) -> Whereabouts | None:
    row = await tx.fetchrow(_MEDIA, message_id, number)
    return None if row is None else Whereabouts(row["sha256"], row["failure"], row["due_at"] is not None)


async def park(tx: Tx, parked: Sequence[Parked]) -> None:
    """Keep what was not understood, but of messages that were deleted; the same part sent again is kept once."""
    rows = [_parked(item) for item in parked]
    about = {message for item in parked for message in _messages(item)}
    for message in sorted(about):
        await tx.execute(_IN_ORDER, str(message))
    await tx.executemany(_PARK, rows)


async def unparsed(tx: Tx, limit: int) -> tuple[list[Kept], int]:
    """The youngest parts that were not understood, and how many there are."""
    rows = await tx.fetch(_UNPARSED, limit)
    found = [
        Kept(row["id"], row["account"], row["reason"], row["size"], row["traceparent"], row["received_at"])
        for row in rows
    ]
    return found, await tx.fetchval("SELECT count(*) FROM unparsed")


async def part(tx: Tx, id: UUID) -> Part | None:
    """A part that was not understood, whole."""
    row = await tx.fetchrow(_ONE_UNPARSED, id)
    if row is None:
        return None
    parked = Parked(
        AccountId(row["account"]), Unparsed(row["reason"], row["body"]), row["traceparent"], row["received_at"]
    )
    return Part(row["id"], parked)


async def understood(tx: Tx, id: UUID) -> None:
    await tx.execute(_UNDERSTOOD, id)


async def expire(tx: Tx, unparsed_before: datetime, blobs_before: datetime, gone_before: datetime) -> None:
    await tx.execute(_EXPIRE_UNPARSED, unparsed_before)
    await tx.execute(_EXPIRE_BLOBS, blobs_before)
    await tx.execute(_EXPIRE_MEDIA, blobs_before)
    await tx.execute(_EXPIRE_GONE, gone_before)


def unparsed_id(account: AccountId, part: Unparsed) -> UUID:
    """The same part of the same account has one id, however often it comes."""
    return derive("unparsed", account, hashlib.sha256(part.body).hexdigest())


def _parked(item: Parked) -> tuple[object, ...]:
    return (
        unparsed_id(item.account, item.part),
        item.account,
        item.part.reason,
        item.part.body,
        item.traceparent,
        item.received_at,
        _messages(item),
    )


def _messages(item: Parked) -> list[UUID]:
    return [message_id(item.account, provider_id) for provider_id in item.part.about]
