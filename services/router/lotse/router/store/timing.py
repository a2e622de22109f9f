"""What is due, found without a lock and read again under it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from lotse.contracts.config import Config
from lotse.contracts.ids import AgentId, ConversationId, derive
from lotse.contracts.values import Presence
from lotse.router.core.state import Rows, State
from lotse.router.store import batch, conversations, tables
from lotse.runtime.fold import Due
from lotse.runtime.postgres import Tx

_ELAPSED = "SELECT id FROM conversation WHERE timer_at <= $1 ORDER BY timer_at LIMIT $2"

_ABSENT = "SELECT id FROM agent WHERE presence <> 'offline' AND last_seen <= $1 ORDER BY id LIMIT $2"

_LEFT = """
SELECT c.id FROM agent AS a JOIN conversation AS c ON c.agent_id = a.id
WHERE c.active AND c.status = 'assigned' AND least(a.release_live_at, a.release_at) <= $1
    AND CASE WHEN c.live THEN a.release_live_at ELSE a.release_at END <= $1
UNION ALL
SELECT c.id FROM conversation AS c JOIN agent AS a ON a.id = c.held_for
WHERE c.held_for IS NOT NULL AND a.presence <> 'online'
LIMIT $2
"""

_WAITING = """
SELECT count(*) AS waiting, min((record->>'waiting_since')::timestamptz) AS since FROM conversation
WHERE status = 'queued'
"""

_FORGET_KEPT = "DELETE FROM kept WHERE kept_at < $1"


async def elapsed(tx: Tx, now: datetime, limit: int) -> Sequence[str]:
    """Conversations whose status has run out."""
    return [str(row["id"]) for row in await tx.fetch(_ELAPSED, now, limit)]


async def load_elapsed(
    config: Config, tx: Tx, owners: Sequence[str], now: datetime
) -> tuple[State, Sequence[Due[ConversationId]]]:
    locked = await conversations.lock_free(tx, [UUID(owner) for owner in owners])
    state = await batch.with_agents(config, tx, locked, batch.last_agents(locked.values()))
    return state, [
        Due(str(c.id), derive("elapsed", c.id, c.queued_by, c.status.value, c.timer_at), c.traceparent, c.id)
        for c in locked.values()
        if c.timer_at is not None and c.timer_at <= now
    ]


async def absent(config: Config, tx: Tx, now: datetime, limit: int) -> Sequence[str]:
    """Agents whose last sign of life is too long ago."""
    return [row["id"] for row in await tx.fetch(_ABSENT, now - config.routing.offline_after, limit)]


async def load_absent(
    config: Config, tx: Tx, owners: Sequence[str], now: datetime
) -> tuple[State, Sequence[Due[AgentId]]]:
    found = await tables.lock_free_agents(tx, owners)
    since = now - config.routing.offline_after
    return State(config, agents=Rows(found)), [
        Due(agent.id, derive("absent", agent.id, agent.last_seen), None, agent.id)
        for agent in found.values()
        if agent.presence is not Presence.OFFLINE and agent.last_seen is not None and agent.last_seen <= since
    ]


async def left(tx: Tx, now: datetime, limit: int) -> Sequence[str]:
    """Conversations that an agent who left has or is waited for."""
    return [str(row["id"]) for row in await tx.fetch(_LEFT, now, limit)]


async def load_left(
    config: Config, tx: Tx, owners: Sequence[str], _: datetime
) -> tuple[State, Sequence[Due[ConversationId]]]:
    """The core looks again whether the agent's time is over, since it has his row."""
    locked = await conversations.lock_free(tx, [UUID(owner) for owner in owners])
    state = await batch.with_agents(config, tx, locked, batch.last_agents(locked.values()))
    return state, [
        Due(str(c.id), derive("left", c.id, c.queued_by, c.agent_id, _since(state, c.agent_id)), c.traceparent, c.id)
        for c in locked.values()
    ]


def _since(state: State, agent_id: AgentId | None) -> datetime | None:
    agent = state.agents.get(agent_id) if agent_id else None
    return agent.since if agent else None


async def forget_kept(tx: Tx, before: datetime) -> None:
    """Drop what waited for something that never came."""
    await tx.execute(_FORGET_KEPT, before)


async def waiting(tx: Tx) -> tuple[int, datetime | None]:
    """How many conversations wait for an agent, and since when the oldest."""
    row = await tx.fetchrow(_WAITING)
    return (row["waiting"], row["since"]) if row else (0, None)
