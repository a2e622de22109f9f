"""Conversations: the record as JSON, and beside it what queue, load and timers are found by."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from pydantic import TypeAdapter

from lotse.contracts.ids import AgentId, ConversationId
from lotse.contracts.values import Status
from lotse.router.core import queueing
from lotse.router.core.state import Conversation
from lotse.runtime.postgres import Row, Tx
from lotse.runtime.writes import Write

_RECORD = TypeAdapter(Conversation)

_LOCK = "SELECT id, record FROM conversation WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"

_LOCK_FREE = "SELECT id, record FROM conversation WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED"

_SAVE = """
INSERT INTO conversation AS c
    (id, status, agent_id, held_for, active, live, units, kind, due_minute, aged_since, timer_at, record)
SELECT id, status, agent_id, held_for, active, live, units, kind, due_minute, aged_since, timer_at, record::jsonb
FROM unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::boolean[], $7::integer[],
    $8::uuid[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::text[]
) AS new (id, status, agent_id, held_for, active, live, units, kind, due_minute, aged_since, timer_at, record)
ON CONFLICT (id) DO UPDATE SET
    status = EXCLUDED.status, agent_id = EXCLUDED.agent_id, held_for = EXCLUDED.held_for, active = EXCLUDED.active,
    kind = EXCLUDED.kind, due_minute = EXCLUDED.due_minute, aged_since = EXCLUDED.aged_since,
    timer_at = EXCLUDED.timer_at, record = EXCLUDED.record
"""

_USED = """
SELECT agent_id, sum(units) AS units FROM conversation
WHERE agent_id = ANY($1::text[]) AND active AND units > 0 AND id <> ALL($2::uuid[])
GROUP BY agent_id
"""


def record(row: Row) -> Conversation:
    """The conversation that a row's `record` holds."""
    return _RECORD.validate_json(row["record"])


async def lock(tx: Tx, ids: Collection[UUID]) -> dict[ConversationId, Conversation]:
    """Those that exist, locked in the order of their ids."""
    return _by_id(await tx.fetch(_LOCK, sorted(ids))) if ids else {}


async def lock_free(tx: Tx, ids: Collection[UUID]) -> dict[ConversationId, Conversation]:
    """Those that exist and that nobody else has locked."""
    return _by_id(await tx.fetch(_LOCK_FREE, sorted(ids))) if ids else {}


def _by_id(rows: Iterable[Row]) -> dict[ConversationId, Conversation]:
    return {conversation.id: conversation for conversation in map(record, rows)}


async def used(tx: Tx, agents: Collection[AgentId], beside: Collection[ConversationId]) -> Mapping[AgentId, int]:
    """Units that these agents' conversations take, without those named. Counts only under the agents' locks."""
    if not agents:
        return {}
    rows = await tx.fetch(_USED, sorted(agents), list(beside))
    return {AgentId(row["agent_id"]): row["units"] for row in rows}


def save(conversations: Collection[Conversation]) -> Write:
    ranks = [queueing.rank(c) if c.status is Status.QUEUED else None for c in conversations]
    return Write(
        _SAVE,
        (
            [c.id for c in conversations],
            [c.status.value for c in conversations],
            [c.agent_id for c in conversations],
            [c.hold and c.hold.agent_id for c in conversations],
            [c.active for c in conversations],
            [c.profile.live for c in conversations],
            [c.units for c in conversations],
            [queueing.kind(c) if c.status is Status.QUEUED else None for c in conversations],
            [rank and rank.due_minute for rank in ranks],
            [rank and rank.aged_since for rank in ranks],
            [c.timer_at for c in conversations],
            [_RECORD.dump_json(c, exclude_none=True).decode() for c in conversations],
        ),
    )
