"""What the boards are read from."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from lotse.contracts.frozen import frozen
from lotse.runtime.postgres import Row, Tx

_BOUNDED = "SET LOCAL statement_timeout = '5s'"
"""A board never holds a connection long."""

_QUEUED = """
    c.id, c.channel, c.team, c.demand, c.queued_at, c.waiting_since, c.reading ->> 'situation' = 'crisis' AS crisis
"""

_QUEUE = f"""
SELECT {_QUEUED}
FROM conversation AS c
LEFT JOIN LATERAL (
    SELECT min(due_at) AS due_at FROM deadline WHERE conversation_id = c.id AND state = 'open'
) AS d ON true
WHERE c.status = 'queued' AND c.status IN ('new', 'queued', 'assigned')
ORDER BY (c.reading ->> 'situation' = 'crisis') IS NOT TRUE,
    date_trunc('minute', coalesce(d.due_at, c.waiting_since + interval '1 day', c.opened_at + interval '1 day')),
    coalesce(c.waiting_since, c.opened_at) - coalesce(c.priority, 5) * interval '10 minutes', c.id
"""  # noqa: S608
"""As the router ranks what waits. The condition that says less lets the index of what is unanswered be used."""

_ONE = f"SELECT {_QUEUED} FROM conversation AS c WHERE c.id = $1 AND c.status = 'queued'"  # noqa: S608

_DEMAND = "SELECT demand FROM conversation WHERE id = $1"

_IN_HAND = """
SELECT c.assignee, c.id::text AS id, c.channel, u.name AS customer_name, c.waiting_since, c.priority, d.due_at
FROM conversation AS c
LEFT JOIN customer AS u ON u.id = c.customer_id
LEFT JOIN LATERAL (
    SELECT min(due_at) AS due_at FROM deadline WHERE conversation_id = c.id AND state = 'open'
) AS d ON true
WHERE c.status = 'assigned' AND c.assignee IS NOT NULL
ORDER BY d.due_at NULLS LAST, c.waiting_since NULLS LAST, c.id
"""

_DECIDED = """
SELECT channel, count(*) FILTER (WHERE kept) AS kept, count(*) FILTER (WHERE NOT kept) AS missed
FROM (
    SELECT channel, true AS kept FROM deadline
    WHERE met_at >= $1 AND met_at < $2 AND state = 'met' AND missed_at IS NULL
    UNION ALL
    SELECT channel, false FROM deadline
    WHERE missed_at >= $1 AND missed_at < $2 AND (state <> 'cancelled' OR end_reason = 'resolved')
) AS decided
GROUP BY channel
"""

_OPEN = """
SELECT channel, count(*) AS open, count(*) FILTER (WHERE due_at <= $1) AS overdue
FROM deadline WHERE state = 'open' GROUP BY channel
"""

_READ_UP_TO = "SELECT to_timestamp(max(last_stamp) / 1e6) FROM inbox WHERE last_stamp > 0"

_ACCOUNTS = """
SELECT account, max(updated_at) AS at FROM (
    SELECT account, updated_at FROM conversation ORDER BY opened_at DESC, id DESC LIMIT 20000
) AS youngest
WHERE account IS NOT NULL GROUP BY account
"""


@frozen
class InLine:
    """A conversation that waits for an agent."""

    id: UUID
    channel: str | None
    team: str | None
    demand: str | None
    queued_at: datetime | None
    waiting_since: datetime | None
    crisis: bool


async def queue(tx: Tx) -> list[InLine]:
    """Everything that waits, in the router's order."""
    await tx.execute(_BOUNDED)
    return [_in_line(row) for row in await tx.fetch(_QUEUE)]


async def in_line(tx: Tx, conversation: UUID) -> InLine | None:
    """None where it does not wait for an agent."""
    row = await tx.fetchrow(_ONE, conversation)
    return None if row is None else _in_line(row)


def _in_line(row: Row) -> InLine:
    return InLine(
        row["id"],
        row["channel"],
        row["team"],
        row["demand"],
        row["queued_at"],
        row["waiting_since"],
        bool(row["crisis"]),
    )


async def demand(tx: Tx, conversation: UUID) -> str | None:
    """What a conversation calls for, wherever it stands."""
    return await tx.fetchval(_DEMAND, conversation)


async def in_hand(tx: Tx) -> Sequence[Row]:
    """What agents have and a customer waits for, the most urgent first."""
    return await tx.fetch(_IN_HAND)


async def decided(tx: Tx, begin: datetime, end: datetime) -> Sequence[Row]:
    """How many promises were kept and missed in that time, by channel."""
    await tx.execute(_BOUNDED)
    return await tx.fetch(_DECIDED, begin, end)


async def still_open(tx: Tx, now: datetime) -> Sequence[Row]:
    return await tx.fetch(_OPEN, now)


async def read_up_to(tx: Tx) -> datetime | None:
    """When the youngest event that was read was published."""
    return await tx.fetchval(_READ_UP_TO)


async def accounts(tx: Tx) -> dict[str, datetime]:
    """When something last happened on each account, among the twenty thousand youngest conversations."""
    await tx.execute(_BOUNDED)
    return {row["account"]: row["at"] for row in await tx.fetch(_ACCOUNTS)}
