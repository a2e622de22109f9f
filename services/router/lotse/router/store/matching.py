"""The matching run: one at a time, over the heads of the queue that somebody could take.

A batch matches what it put in the queue itself, where nobody else is at it; a job does the rest.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from lotse.contracts.config import Config
from lotse.contracts.ids import AgentId
from lotse.contracts.values import Status
from lotse.router.core import queueing
from lotse.router.core.matching import Call, Match, Waiting, Worker, assign, call_of, match, room_for
from lotse.router.core.queueing import Rank
from lotse.router.core.state import Agent, Conversation, State
from lotse.router.store import batch, conversations, tables
from lotse.runtime import telemetry
from lotse.runtime.fold import Caused, Made
from lotse.runtime.postgres import Row, Tx

AT_ONCE = 500
"""Conversations of one kind that a run looks at."""

_LOCK = "(hashtextextended('matching ' || current_schema(), 0))"
_ONE_AT_A_TIME = f"SELECT pg_advisory_xact_lock {_LOCK}"
UNLESS_TAKEN = f"SELECT pg_try_advisory_xact_lock {_LOCK} AS mine"

_WORKERS = """
SELECT a.id, a.last_assigned_at, coalesce(sum(c.units), 0) AS used
FROM agent AS a LEFT JOIN conversation AS c ON c.agent_id = a.id AND c.active AND c.units > 0
WHERE a.presence = 'online'
GROUP BY a.id
"""

_KINDS = """
WITH RECURSIVE kinds (kind) AS (
    (SELECT kind FROM conversation WHERE status = 'queued' ORDER BY kind LIMIT 1)
    UNION ALL
    SELECT (
        SELECT c.kind FROM conversation AS c WHERE c.status = 'queued' AND c.kind > k.kind ORDER BY c.kind LIMIT 1
    )
    FROM kinds AS k WHERE k.kind IS NOT NULL
)
SELECT head.record
FROM kinds AS k
CROSS JOIN LATERAL (
    SELECT c.record FROM conversation AS c WHERE c.status = 'queued' AND c.kind = k.kind LIMIT 1
) AS head
"""

_HEADS = """
SELECT head.id, head.kind, head.due_minute, head.aged_since
FROM unnest($1::uuid[], $2::integer[]) AS wanted (kind, n)
CROSS JOIN LATERAL (
    SELECT c.id, c.kind, c.due_minute, c.aged_since FROM conversation AS c
    WHERE c.status = 'queued' AND c.kind = wanted.kind
    ORDER BY c.kind, c.due_minute, c.aged_since, c.id
    LIMIT wanted.n
) AS head
"""


async def run(config: Config, tx: Tx, now: datetime) -> Made:
    """Give waiting conversations to agents with room, once nobody else does."""
    await tx.execute(_ONE_AT_A_TIME)
    return await _matched(config, tx, now, patient=True)


def wanted(state: State) -> bool:
    """Whether a batch put anything in the queue or gave anybody room."""
    return any(_came_or_went(state.agents.before(a.id), a) for a in state.agents.changed().values()) or any(
        _waits_or_lets_go(state.conversations.before(c.id), c) for c in state.conversations.changed().values()
    )


def _came_or_went(before: Agent | None, now: Agent) -> bool:
    """A sign of life alone gives nobody room."""
    return before is None or before.presence is not now.presence


def _waits_or_lets_go(before: Conversation | None, now: Conversation) -> bool:
    if now.status is Status.QUEUED:
        return before is None or before.status is not Status.QUEUED or queueing.kind(before) != queueing.kind(now)
    return before is not None and before.active and (not now.active or now.agent_id != before.agent_id)


async def go_on(config: Config, tx: Tx, asked: Sequence[Row], now: datetime) -> Made:
    """The same within a batch, which waits for nobody."""
    if not asked[0]["mine"]:
        return Made(left=True)
    return await _matched(config, tx, now, patient=False)


async def _matched(config: Config, tx: Tx, now: datetime, *, patient: bool) -> Made:
    """With nobody free it costs two small queries. `patient`: waits for agents whom somebody else has locked."""
    workers = await _workers(config, tx)
    calls = await _calls(tx) if workers else {}
    heads = {kind: min(room_for(call, workers), AT_ONCE) for kind, call in calls.items()}
    queue = await _queue(tx, calls, {kind: n for kind, n in heads.items() if n})
    pairs = match(queue, calls, workers)
    if not pairs:
        return Made()
    kinds = {waiting.rank.id: waiting.kind for waiting in queue}
    locked = await conversations.lock_free(tx, [pair.conversation_id for pair in pairs])
    chosen = {pair.agent_id for pair in pairs}
    agents = await (tables.lock_agents(tx, chosen) if patient else tables.lock_free_agents(tx, chosen))
    state = await batch.beside(config, tx, locked, agents)
    caused = [made for pair in pairs if (made := _assign(state, pair, kinds[pair.conversation_id], now))]
    return Made(caused, batch.save(state), left=len(caused) < len(pairs))


async def _workers(config: Config, tx: Tx) -> list[Worker]:
    """Agents who take work and are not full."""
    found = [
        Worker(AgentId(row["id"]), config.agents[row["id"]], row["used"], row["last_assigned_at"])
        for row in await tx.fetch(_WORKERS)
        if row["id"] in config.agents
    ]
    return [worker for worker in found if worker.used < worker.card.capacity.hard]


async def _calls(tx: Tx) -> dict[UUID, Call]:
    """What the kinds in the queue call for. One step of the index for each kind, however many wait."""
    calls = [call_of(conversations.record(row)) for row in await tx.fetch(_KINDS)]
    return {call.kind: call for call in calls}


async def _queue(tx: Tx, calls: Mapping[UUID, Call], heads: Mapping[UUID, int]) -> list[Waiting]:
    if not heads:
        return []
    rows = await tx.fetch(_HEADS, list(heads), list(heads.values()))
    return [
        Waiting(
            Rank(not calls[row["kind"]].crisis, row["due_minute"], row["aged_since"], row["id"]),
            row["kind"],
        )
        for row in rows
    ]


def _assign(state: State, pair: Match, kind: UUID, now: datetime) -> Caused | None:
    """The assignment, following from what put the conversation in the queue."""
    waiting = state.conversations.get(pair.conversation_id)
    event = assign(state, pair, kind, now)
    if waiting is None or waiting.queued_by is None or event is None:
        return None
    _measure(waiting, now)
    with telemetry.span("match", "internal", waiting.traceparent) as span:
        return Caused(waiting.queued_by, span.traceparent, event)


def _measure(waiting: Conversation, now: datetime) -> None:
    if waiting.last_agent_id is None:
        seconds = (now - waiting.received_at).total_seconds()
        telemetry.observe("lotse_webhook_to_assignment_seconds", seconds, channel=waiting.address.channel.value)
