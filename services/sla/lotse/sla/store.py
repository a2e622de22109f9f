"""All SQL of the service."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from lotse.contracts.ids import ConversationId
from lotse.runtime.postgres import Row, Tx
from lotse.runtime.writes import Write
from lotse.sla.core.decide import Conversation, next_alarm
from lotse.sla.core.rules import Rules
from lotse.sla.encoding import (
    deadlines_from_json,
    deadlines_to_json,
    history_from_json,
    history_to_json,
    rules_from_json,
    rules_to_json,
)

GONE_AFTER: Final = timedelta(seconds=30)
"""A replica that has not been seen for this long no longer has a say in which rules are in force."""

_INSERT = """
INSERT INTO conversation (id)
SELECT id FROM unnest($1::uuid[]) AS new (id) ORDER BY id
ON CONFLICT DO NOTHING
"""

_LOCK = """
SELECT id, history, deadlines, rules, traceparent
FROM conversation
WHERE id = ANY($1::uuid[])
ORDER BY id
FOR UPDATE
"""

_LOCK_DUE = """
SELECT id, history, deadlines, rules, traceparent
FROM conversation
WHERE id = ANY($1::uuid[]) AND next_at <= $2
ORDER BY id
FOR UPDATE SKIP LOCKED
"""

_LOCK_OTHERWISE_RULED = """
SELECT id, history, deadlines, rules, traceparent
FROM conversation
WHERE id = ANY($1::uuid[]) AND rules <> $2
ORDER BY id
FOR UPDATE SKIP LOCKED
"""

_SAVE = """
UPDATE conversation AS c
SET history = new.history, deadlines = new.deadlines, rules = new.rules, next_at = new.next_at,
    traceparent = new.traceparent
FROM unnest($1::uuid[], $2::json[], $3::json[], $4::text[], $5::timestamptz[], $6::text[])
    AS new (id, history, deadlines, rules, next_at, traceparent)
WHERE c.id = new.id
"""

DUE = """
SELECT id FROM conversation WHERE next_at <= $1 ORDER BY next_at LIMIT $2
"""

OTHERWISE_RULED = """
SELECT id FROM conversation WHERE rules < $1 OR rules > $1 LIMIT $2
"""

_PAGE = """
SELECT id, history, deadlines, rules, traceparent
FROM conversation
WHERE id > $1 AND history IS NOT NULL
ORDER BY id
LIMIT $2
"""

_REGISTER = """
INSERT INTO rules (version, registered_at, seen_at, body) VALUES ($1, $2, $2, $3)
ON CONFLICT (version) DO UPDATE SET registered_at = excluded.registered_at, seen_at = excluded.seen_at
"""

_SEEN = "UPDATE rules SET seen_at = $2 WHERE version = $1"

_IN_FORCE = """
SELECT version FROM rules WHERE seen_at > $1 ORDER BY registered_at DESC, version DESC LIMIT 1
"""

_READ_SO_FAR = "SELECT topic, partition, next_offset FROM inbox WHERE topic = ANY($1::text[]) AND next_offset > 0"

_RULES = "SELECT body FROM rules WHERE version = ANY($1::text[])"


async def lock(tx: Tx, ids: Collection[ConversationId]) -> dict[ConversationId, Conversation | None]:
    """The conversations, locked in order; None for those that nothing was heard of."""
    ordered = sorted(ids)
    await tx.execute(_INSERT, ordered)
    return {ConversationId(row["id"]): _conversation(row) for row in await tx.fetch(_LOCK, ordered)}


async def lock_due(tx: Tx, ids: Sequence[ConversationId], now: datetime) -> dict[ConversationId, Conversation]:
    """Those whose time has come and that nobody else holds."""
    return _heard(await tx.fetch(_LOCK_DUE, ids, now))


async def lock_otherwise_ruled(
    tx: Tx, ids: Sequence[ConversationId], version: str
) -> dict[ConversationId, Conversation]:
    """Those whose customer waits under other rules and that nobody else holds."""
    return _heard(await tx.fetch(_LOCK_OTHERWISE_RULED, ids, version))


def save(conversations: Mapping[ConversationId, Conversation]) -> Write:
    found = conversations.values()
    return Write(
        _SAVE,
        (
            list(conversations),
            [history_to_json(one.history) for one in found],
            [deadlines_to_json(one.deadlines) for one in found],
            [one.history.rules()[0] if one.waiting else None for one in found],
            [next_alarm(one) for one in found],
            [one.traceparent for one in found],
        ),
    )


async def due(tx: Tx, now: datetime, limit: int) -> Sequence[str]:
    return [str(row["id"]) for row in await tx.fetch(DUE, now, limit)]


async def otherwise_ruled(tx: Tx, version: str, limit: int) -> Sequence[str]:
    return [str(row["id"]) for row in await tx.fetch(OTHERWISE_RULED, version, limit)]


async def page(tx: Tx, after: UUID, limit: int) -> dict[ConversationId, Conversation]:
    """The conversations that follow `after` in order of id, without a lock."""
    return _heard(await tx.fetch(_PAGE, after, limit))


async def register(tx: Tx, rules: Rules, now: datetime) -> None:
    """A replica with these rules begins."""
    await tx.execute(_REGISTER, rules.version, now, rules_to_json(rules))


async def rules_in_force(tx: Tx, version: str, now: datetime) -> str:
    """Say that a replica with this version runs; the version that the last replica to begin has, of those that run."""
    await tx.execute(_SEEN, version, now)
    return await tx.fetchval(_IN_FORCE, now - GONE_AFTER) or version


async def find_rules(tx: Tx, versions: Collection[str]) -> list[Rules]:
    return [rules_from_json(row["body"]) for row in await tx.fetch(_RULES, list(versions))]


async def read_so_far(tx: Tx, topics: Sequence[str]) -> dict[tuple[str, int], int]:
    """The next offset of each partition that anything was read of."""
    rows = await tx.fetch(_READ_SO_FAR, topics)
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


def _heard(rows: Sequence[Row]) -> dict[ConversationId, Conversation]:
    found = ((ConversationId(row["id"]), _conversation(row)) for row in rows)
    return {id: conversation for id, conversation in found if conversation}


def _conversation(row: Row) -> Conversation | None:
    if row["history"] is None:
        return None
    return Conversation(
        history=history_from_json(row["history"]),
        deadlines=deadlines_from_json(row["deadlines"]),
        waiting=row["rules"] is not None,
        traceparent=row["traceparent"],
    )
