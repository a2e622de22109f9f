"""The queue in the table `outgoing`: what is due, what stands still, what is over."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from lotse.contracts.frozen import frozen
from lotse.notifier.core.delivery import Call
from lotse.notifier.core.model import Sink, Stop, StopReason
from lotse.notifier.store import outgoing_of
from lotse.runtime.postgres import Tx

_STOPPED = "SELECT account, until FROM stopped WHERE reason <> 'gone'"

_CLAIM = """
UPDATE outgoing AS o SET stage = 'sending', attempts = o.attempts + 1, claimed_by = $6,
       lease_until = $4::timestamptz + o.bytes * interval '1 microsecond'
FROM (
    SELECT c.id FROM outgoing AS c
    WHERE c.stage = 'pending' AND c.sink = $1 AND c.due_at <= $2 AND c.expires_at > $2
      AND CASE WHEN $5::text IS NULL THEN c.account <> ALL (ARRAY(SELECT account FROM stopped WHERE reason <> 'gone'))
               ELSE c.account = $5 END
      AND c.ordinal = (
          SELECT min(ahead.ordinal) FROM outgoing AS ahead
          WHERE ahead.conversation_id = c.conversation_id AND ahead.account = c.account
            AND ahead.stage IN ('pending', 'sending'))
    ORDER BY c.due_at, c.id LIMIT $3 FOR UPDATE OF c SKIP LOCKED
) AS chosen
WHERE o.id = chosen.id
RETURNING o.id, o.kind, o.conversation_id, o.ordinal, o.sink, o.account, o.thread, o.content, o.due_at, o.expires_at,
          o.cause, o.traceparent, o.stage, o.done, o.attempts, o.uploaded, o.lease_until, o.provider_ids, o.problem,
          o.sent_at, o.delivered_at, o.read_at
"""

_TRY_OUT = """
UPDATE stopped SET until = $2 + CASE WHEN reason = 'paused' THEN $6::interval ELSE $3::interval END
WHERE until <= $2 AND account IN (
    SELECT DISTINCT account FROM outgoing
    WHERE stage = 'pending' AND sink = $1 AND due_at <= $2 AND account = ANY($4::text[]) LIMIT $5)
RETURNING account
"""

_HOLD = """
UPDATE outgoing AS o SET due_at = held.until
FROM (
    SELECT c.id, s.until FROM outgoing AS c JOIN stopped AS s ON s.account = c.account
    WHERE c.stage = 'pending' AND c.sink = $1 AND c.due_at <= $2 AND s.reason <> 'gone' AND s.until > $2
    ORDER BY c.id LIMIT 1000 FOR UPDATE OF c SKIP LOCKED
) AS held
WHERE o.id = held.id
"""


@frozen
class Claim:
    """Who claims: by which way out, under which journal, for how long; and how often a refused sign-in is tried."""

    sink: Sink
    by: UUID
    lease: timedelta
    try_out: timedelta


async def claim(tx: Tx, how: Claim, now: datetime, limit: int) -> list[Call]:
    """Rows that are due, the next of their conversation, and of no account that stands still."""
    return await _claimed(tx, how, now, limit, None)


async def claim_rested(tx: Tx, how: Claim, now: datetime, limit: int) -> list[Call]:
    """Of every account whose rest is over one row; the others wait for what becomes of it."""
    stopped = {row["account"]: row["until"] for row in await tx.fetch(_STOPPED)}
    return await _one_of_each(tx, how, now, limit, stopped) if stopped else []


async def _claimed(tx: Tx, how: Claim, now: datetime, limit: int, account: str | None) -> list[Call]:
    """Of one account, whether it stands still or not; None: of all that do not."""
    rows = await tx.fetch(_CLAIM, how.sink.value, now, limit, now + how.lease, account, how.by)
    return [Call(outgoing_of(row), trial=account is not None) for row in rows]


async def _one_of_each(tx: Tx, how: Claim, now: datetime, limit: int, stopped: dict[str, datetime]) -> list[Call]:
    rested = [account for account, until in stopped.items() if until <= now]
    tried = await tx.fetch(_TRY_OUT, how.sink.value, now, how.try_out, rested, limit, how.lease) if rested else []
    calls: list[Call] = []
    for row in tried:
        calls += await _claimed(tx, how, now, 1, row["account"])
    await tx.execute(_HOLD, how.sink.value, now)
    return calls


_NEVER_BEGUN = """
UPDATE outgoing SET stage = 'pending', lease_until = NULL, claimed_by = NULL
WHERE lease_until IS NOT NULL AND stage = 'sending' AND sink = $1 AND claimed_by = $2 AND id <> ALL($3::uuid[])
RETURNING id
"""


async def never_begun(tx: Tx, sink: Sink, by: UUID, kept: Collection[UUID]) -> int:
    """Rows claimed under that journal, but for those kept, are due as before; how many they were."""
    return len(await tx.fetch(_NEVER_BEGUN, sink.value, by, list(kept)))


_STOP = """
INSERT INTO stopped (account, reason, since, until)
SELECT account, reason, since, until
FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[]) AS new (account, reason, since, until)
ORDER BY account
ON CONFLICT (account) DO UPDATE SET reason = EXCLUDED.reason, since = EXCLUDED.since, until = EXCLUDED.until
WHERE stopped.reason = 'paused' OR stopped.until <= EXCLUDED.since
RETURNING account, reason, since, until
"""


async def stop(tx: Tx, stops: Sequence[Stop]) -> list[Stop]:
    """Let accounts stand still; which of them do so anew or for longer."""
    if not stops:
        return []
    rows = await tx.fetch(
        _STOP,
        [one.account for one in stops],
        [one.reason.value for one in stops],
        [one.since for one in stops],
        [one.until for one in stops],
    )
    return [Stop(row["account"], StopReason(row["reason"]), row["since"], row["until"]) for row in rows]


_RESUME = """
UPDATE outgoing SET due_at = $2
WHERE id IN (SELECT id FROM outgoing WHERE stage = 'pending' AND account = ANY($1::text[]) AND due_at > $2
             ORDER BY id FOR UPDATE SKIP LOCKED)
"""


async def resume(tx: Tx, accounts: Collection[str], now: datetime) -> None:
    """Let an account's rows go out again."""
    await tx.execute("DELETE FROM stopped WHERE account = ANY($1::text[])", list(accounts))
    await tx.execute(_RESUME, list(accounts), now)


_OVERDUE = """
SELECT DISTINCT conversation_id FROM (
    SELECT conversation_id FROM outgoing WHERE lease_until <= $1
    UNION ALL
    SELECT conversation_id FROM outgoing WHERE stage = 'pending' AND expires_at <= $1
) AS overdue LIMIT $2
"""

_OVERDUE_ROWS = """
SELECT id FROM outgoing
WHERE conversation_id = ANY($2::uuid[])
  AND (lease_until <= $1 OR (stage = 'pending' AND expires_at <= $1))
"""


async def overdue(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Conversations with a row whose lease or time ran out."""
    return [str(row["conversation_id"]) for row in await tx.fetch(_OVERDUE, now, limit)]


async def overdue_rows(tx: Tx, conversations: Sequence[str], now: datetime) -> list[UUID]:
    return [row["id"] for row in await tx.fetch(_OVERDUE_ROWS, now, [UUID(one) for one in conversations])]


_FORGET = (
    """DELETE FROM outgoing WHERE id IN (
        SELECT id FROM outgoing WHERE stage IN ('sent', 'failed', 'unknown') AND due_at <= $1
        ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1""",
    """DELETE FROM provider_message WHERE (account, provider_id) IN (
        SELECT account, provider_id FROM provider_message WHERE kept_at <= $1
        ORDER BY kept_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1""",
)

_FORGET_UNCLAIMED = (
    """DELETE FROM provider_message WHERE (account, provider_id) IN (
        SELECT account, provider_id FROM provider_message WHERE outgoing_id IS NULL AND kept_at <= $1
        ORDER BY kept_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1""",
    """DELETE FROM thread WHERE id IN (
        SELECT id FROM thread WHERE conversation_id IS NULL AND changed_at <= $1
        ORDER BY changed_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1""",
    """DELETE FROM address WHERE id IN (
        SELECT id FROM address WHERE last_at IS NULL OR last_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1""",
)

_AT_ONCE = 5000


async def forget(tx: Tx, now: datetime, keep: timedelta) -> None:
    """Drop all that is over and older than `keep`, and what nobody claimed for a day."""
    for statement in _FORGET:
        await _drop(tx, statement, now - keep)
    for statement in _FORGET_UNCLAIMED:
        await _drop(tx, statement, now - timedelta(days=1))


async def _drop(tx: Tx, statement: str, before: datetime) -> None:
    while len(await tx.fetch(statement, before, _AT_ONCE)) == _AT_ONCE:
        pass
