"""The other tables: one statement to load and one to save for a whole batch."""

from collections.abc import Collection, Mapping
from uuid import UUID

from lotse.contracts.config import Config
from lotse.contracts.envelope import Event, Fact, decode, encode_headers, encode_value
from lotse.contracts.ids import AgentId, ConversationId, CustomerId, MessageId, ReplyId
from lotse.contracts.values import Presence
from lotse.router.core.state import Agent, Message, Reply
from lotse.runtime.postgres import Row, Tx, lock_all
from lotse.runtime.record import headers_from_text, headers_to_text
from lotse.runtime.writes import Write

_LOCK_NAMES = """
WITH made AS (
    INSERT INTO name (id) SELECT id FROM unnest($1::uuid[]) AS new (id) ORDER BY id
    ON CONFLICT DO NOTHING RETURNING id
), locked AS (
    SELECT id, thread_id FROM name WHERE id = ANY($1::uuid[]) AND (SELECT count(*) FROM made) >= 0
    ORDER BY id FOR UPDATE
)
SELECT id, thread_id FROM locked UNION ALL SELECT id, NULL FROM made
"""
_SAVE_NAMES = """
UPDATE name AS n SET thread_id = new.thread_id
FROM unnest($1::uuid[], $2::uuid[]) AS new (id, thread_id) WHERE n.id = new.id
"""


async def lock_names(tx: Tx, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Lock these names, making the missing ones; those that lead to a thread."""
    if not ids:
        return {}
    rows = await lock_all(tx, _LOCK_NAMES, len(ids), sorted(ids))
    return {row["id"]: row["thread_id"] for row in rows if row["thread_id"] is not None}


def save_names(names: Mapping[UUID, UUID]) -> Write:
    return Write(_SAVE_NAMES, (list(names), list(names.values())))


_LOCK_THREADS = "SELECT id, conversation_id FROM thread WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
_SAVE_THREADS = """
INSERT INTO thread (id, conversation_id)
SELECT id, conversation_id FROM unnest($1::uuid[], $2::uuid[]) AS new (id, conversation_id)
ON CONFLICT (id) DO UPDATE SET conversation_id = EXCLUDED.conversation_id
"""


async def lock_threads(tx: Tx, ids: Collection[UUID]) -> dict[UUID, ConversationId]:
    if not ids:
        return {}
    return {row["id"]: row["conversation_id"] for row in await tx.fetch(_LOCK_THREADS, sorted(ids))}


def save_threads(threads: Mapping[UUID, ConversationId]) -> Write:
    return Write(_SAVE_THREADS, (list(threads), list(threads.values())))


_LOCK_IDENTIFIERS = """
WITH made AS (
    INSERT INTO identifier (id) SELECT id FROM unnest($1::uuid[]) AS new (id) ORDER BY id
    ON CONFLICT DO NOTHING RETURNING id
), locked AS (
    SELECT id, customer_id FROM identifier WHERE id = ANY($1::uuid[]) AND (SELECT count(*) FROM made) >= 0
    ORDER BY id FOR UPDATE
)
SELECT id, customer_id FROM locked UNION ALL SELECT id, NULL FROM made
"""
_SAVE_IDENTIFIERS = """
UPDATE identifier AS i SET customer_id = new.customer_id
FROM unnest($1::uuid[], $2::uuid[]) AS new (id, customer_id) WHERE i.id = new.id
"""


async def lock_identifiers(tx: Tx, ids: Collection[UUID]) -> dict[UUID, CustomerId]:
    """Lock these customers' names, making the missing ones; those that somebody has."""
    if not ids:
        return {}
    rows = await lock_all(tx, _LOCK_IDENTIFIERS, len(ids), sorted(ids))
    return {row["id"]: row["customer_id"] for row in rows if row["customer_id"] is not None}


def save_identifiers(identifiers: Mapping[UUID, CustomerId]) -> Write:
    return Write(_SAVE_IDENTIFIERS, (list(identifiers), list(identifiers.values())))


_REFERENCES = "SELECT id, conversation_id FROM reference WHERE id = ANY($1::uuid[])"
_SAVE_REFERENCES = """
INSERT INTO reference (id, conversation_id)
SELECT id, conversation_id FROM unnest($1::uuid[], $2::uuid[]) AS new (id, conversation_id)
ON CONFLICT DO NOTHING
"""


async def references(tx: Tx, ids: Collection[UUID]) -> dict[UUID, ConversationId]:
    if not ids:
        return {}
    return {row["id"]: row["conversation_id"] for row in await tx.fetch(_REFERENCES, list(ids))}


def save_references(found: Mapping[UUID, ConversationId]) -> Write:
    return Write(_SAVE_REFERENCES, (list(found), list(found.values())), rare=True)


_MESSAGES = """
SELECT id, conversation_id, occurred_at, length, sha256, edit, edited_at, removed, read, read_edit, read_edited_at
FROM message WHERE id = ANY($1::uuid[])
"""
_SAVE_MESSAGES = """
INSERT INTO message
    (id, conversation_id, occurred_at, length, sha256, edit, edited_at, removed, read, read_edit, read_edited_at)
SELECT id, conversation_id, occurred_at, length, sha256, edit, edited_at, removed, read, read_edit, read_edited_at
FROM unnest(
    $1::uuid[], $2::uuid[], $3::timestamptz[], $4::integer[], $5::text[], $6::integer[], $7::timestamptz[],
    $8::boolean[], $9::boolean[], $10::integer[], $11::timestamptz[]
) AS new (
    id, conversation_id, occurred_at, length, sha256, edit, edited_at, removed, read, read_edit, read_edited_at
)
ON CONFLICT (id) DO UPDATE SET
    length = EXCLUDED.length, sha256 = EXCLUDED.sha256, edit = EXCLUDED.edit, edited_at = EXCLUDED.edited_at,
    removed = EXCLUDED.removed, read = EXCLUDED.read, read_edit = EXCLUDED.read_edit,
    read_edited_at = EXCLUDED.read_edited_at
"""


async def messages(tx: Tx, ids: Collection[MessageId]) -> dict[MessageId, Message]:
    """Without a lock: whoever changes a message holds its thread's name."""
    if not ids:
        return {}
    return {row["id"]: _message(row) for row in await tx.fetch(_MESSAGES, list(ids))}


def _message(row: Row) -> Message:
    return Message(
        id=row["id"],
        conversation_id=row["conversation_id"],
        occurred_at=row["occurred_at"],
        length=row["length"],
        sha256=row["sha256"],
        edit=row["edit"],
        edited_at=row["edited_at"],
        removed=row["removed"],
        read=row["read"],
        read_edit=row["read_edit"],
        read_edited_at=row["read_edited_at"],
    )


def save_messages(found: Collection[Message]) -> Write:
    return Write(
        _SAVE_MESSAGES,
        (
            [m.id for m in found],
            [m.conversation_id for m in found],
            [m.occurred_at for m in found],
            [m.length for m in found],
            [m.sha256 for m in found],
            [m.edit for m in found],
            [m.edited_at for m in found],
            [m.removed for m in found],
            [m.read for m in found],
            [m.read_edit for m in found],
            [m.read_edited_at for m in found],
        ),
    )


_REPLIES = "SELECT id, conversation_id, outcome, agent_id, resolves FROM reply WHERE id = ANY($1::uuid[])"
_SAVE_REPLIES = """
INSERT INTO reply (id, conversation_id, outcome, agent_id, resolves)
SELECT id, conversation_id, outcome, agent_id, resolves
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::boolean[])
    AS new (id, conversation_id, outcome, agent_id, resolves)
ON CONFLICT (id) DO UPDATE SET outcome = EXCLUDED.outcome
"""


async def replies(tx: Tx, ids: Collection[ReplyId]) -> dict[ReplyId, Reply]:
    if not ids:
        return {}
    rows = await tx.fetch(_REPLIES, list(ids))
    return {
        row["id"]: Reply(row["id"], row["conversation_id"], row["outcome"], row["agent_id"], row["resolves"])
        for row in rows
    }


def save_replies(found: Collection[Reply]) -> Write:
    return Write(
        _SAVE_REPLIES,
        (
            [r.id for r in found],
            [r.conversation_id for r in found],
            [r.outcome for r in found],
            [r.agent_id for r in found],
            [r.resolves for r in found],
        ),
    )


_MAKE_AGENTS = """
INSERT INTO agent (id, presence) SELECT id, 'offline' FROM unnest($1::text[]) AS new (id) ON CONFLICT DO NOTHING
"""
_AGENT = "SELECT id, presence, since, last_seen, last_assigned_at, release_live_at, release_at FROM agent"
_LOCK_AGENTS = f"{_AGENT} WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE"
_LOCK_FREE_AGENTS = f"{_AGENT} WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE SKIP LOCKED"
_SAVE_AGENTS = """
UPDATE agent AS a SET
    presence = new.presence, since = new.since, last_seen = new.last_seen, last_assigned_at = new.last_assigned_at,
    release_live_at = new.release_live_at, release_at = new.release_at
FROM unnest(
    $1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
    $7::timestamptz[]
) AS new (id, presence, since, last_seen, last_assigned_at, release_live_at, release_at)
WHERE a.id = new.id
"""


async def make_agents(tx: Tx, config: Config) -> None:
    """A row, offline, for each agent of the configuration who has none."""
    await tx.execute(_MAKE_AGENTS, sorted(config.agents))


async def lock_agents(tx: Tx, ids: Collection[AgentId]) -> dict[AgentId, Agent]:
    """Those that exist, locked in the order of their ids."""
    return _agents(await tx.fetch(_LOCK_AGENTS, sorted(ids))) if ids else {}


async def lock_free_agents(tx: Tx, ids: Collection[str]) -> dict[AgentId, Agent]:
    """Those that exist and that nobody else has locked."""
    return _agents(await tx.fetch(_LOCK_FREE_AGENTS, sorted(ids))) if ids else {}


def _agents(rows: Collection[Row]) -> dict[AgentId, Agent]:
    return {
        AgentId(row["id"]): Agent(
            id=AgentId(row["id"]),
            presence=Presence(row["presence"]),
            since=row["since"],
            last_seen=row["last_seen"],
            last_assigned_at=row["last_assigned_at"],
            release_live_at=row["release_live_at"],
            release_at=row["release_at"],
        )
        for row in rows
    }


def save_agents(found: Collection[Agent]) -> Write:
    return Write(
        _SAVE_AGENTS,
        (
            [a.id for a in found],
            [a.presence.value for a in found],
            [a.since for a in found],
            [a.last_seen for a in found],
            [a.last_assigned_at for a in found],
            [a.release_live_at for a in found],
            [a.release_at for a in found],
        ),
    )


_KEPT = "SELECT about, headers, value FROM kept WHERE about = ANY($1::uuid[]) ORDER BY number"
_KEEP = """
INSERT INTO kept (id, about, headers, value)
SELECT id, about, headers, value FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[])
    WITH ORDINALITY AS new (id, about, headers, value, n)
ORDER BY n
ON CONFLICT DO NOTHING
"""
_FORGET = "DELETE FROM kept WHERE id = ANY($1::uuid[])"


async def kept(tx: Tx, about: Collection[UUID]) -> dict[UUID, list[Fact[Event]]]:
    """Facts that wait for these to be known, in the order of their coming."""
    found: dict[UUID, list[Fact[Event]]] = {}
    for row in await tx.fetch(_KEPT, list(about)) if about else ():
        found.setdefault(row["about"], []).append(decode(headers_from_text(row["headers"]), row["value"]))
    return found


def keep(facts: Collection[tuple[UUID, Fact[Event]]]) -> Write:
    return Write(
        _KEEP,
        (
            [fact.id for _, fact in facts],
            [about for about, _ in facts],
            [headers_to_text(encode_headers(fact)) for _, fact in facts],
            [encode_value(fact.data) for _, fact in facts],
        ),
        rare=True,
    )


def forget(facts: Collection[UUID]) -> Write:
    """What was kept and is needed no more; other facts than those that the same batch keeps."""
    return Write(_FORGET, (list(facts),), rare=True)
