"""Everything that notifier asks of its tables."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from lotse.contracts.channels import Channel
from lotse.contracts.ids import AccountId, ConversationId
from lotse.notifier.core.model import (
    Alarm,
    Conversation,
    Echo,
    Kind,
    Letter,
    Outgoing,
    ProviderKey,
    ProviderMessage,
    Records,
    Sink,
    Stage,
    State,
    Stop,
    StopReason,
    Thread,
    Wanted,
)
from lotse.runtime.postgres import Row, Tx, lock_all
from lotse.runtime.writes import Write, by_column

_PLACES = """
SELECT o.id, o.conversation_id, o.thread FROM outgoing AS o
JOIN (SELECT unnest($1::uuid[]) AS id
      UNION
      SELECT m.outgoing_id FROM provider_message AS m
      JOIN unnest($2::text[], $3::text[]) AS k (account, provider_id)
        ON m.account = k.account AND m.provider_id = k.provider_id) AS wanted ON o.id = wanted.id
"""

_THREAD_ROWS = """
SELECT id, conversation_id, thread FROM outgoing
WHERE thread = ANY($1::uuid[])
  AND (stage IN ('pending', 'sending', 'unknown') OR lease_until IS NOT NULL
       OR (stage = 'sent' AND provider_ids = '{}'))
  AND (stage <> 'pending' OR attempts > 0)
UNION ALL
SELECT id, conversation_id, thread FROM outgoing
WHERE thread = ANY($2::uuid[]) AND stage = 'sent' AND read_at IS NULL
"""


async def load(tx: Tx, wanted: Wanted) -> State:
    """Lock threads, provider's messages, conversations, rows, addresses and stops, in this order."""
    places = await _places(tx, wanted)
    wanted.threads |= {row["thread"] for row in places if row["thread"] is not None}
    state = State(threads=await _threads(tx, wanted.threads))
    wanted.messages |= await _kept_echoes(tx, wanted.threads)
    state.messages = await _messages(tx, wanted.messages)
    places = await _places(tx, wanted)
    if wanted.threads:
        places += await tx.fetch(_THREAD_ROWS, list(wanted.threads), list(wanted.unread))
    known = (thread.conversation_id for thread in state.threads.all())
    wanted.conversations |= {row["conversation_id"] for row in places} | {one for one in known if one is not None}
    state.conversations = await _conversations(tx, wanted.conversations)
    state.outgoing = await _outgoing(tx, {row["id"] for row in places})
    state.addresses = await _addresses(tx, wanted.addresses)
    state.stops = await _stops(tx)
    return state


async def _places(tx: Tx, wanted: Wanted) -> list[Row]:
    """Where the rows stand that ids and provider's ids lead to."""
    if not wanted.outgoing and not wanted.messages:
        return []
    keys = sorted(wanted.messages)
    return await tx.fetch(_PLACES, list(wanted.outgoing), [key[0] for key in keys], [key[1] for key in keys])


_LOCK_THREADS = """
WITH made AS (
    INSERT INTO thread (id) SELECT id FROM unnest($1::uuid[]) AS new (id) ORDER BY id
    ON CONFLICT DO NOTHING RETURNING id
), locked AS (
    SELECT id, conversation_id, opened_at, delivered_up_to, read_up_to FROM thread
    WHERE id = ANY($1::uuid[]) AND (SELECT count(*) FROM made) >= 0 ORDER BY id FOR UPDATE
)
SELECT id, conversation_id, opened_at, delivered_up_to, read_up_to FROM locked
UNION ALL SELECT id, NULL, NULL, NULL, NULL FROM made
"""


async def _threads(tx: Tx, ids: Collection[UUID]) -> Records[UUID, Thread]:
    if not ids:
        return Records()
    rows = await lock_all(tx, _LOCK_THREADS, len(ids), list(ids))
    return Records(
        (
            row["id"],
            Thread(row["id"], row["conversation_id"], row["opened_at"], row["delivered_up_to"], row["read_up_to"]),
        )
        for row in rows
    )


_KEPT_ECHOES = "SELECT account, provider_id FROM provider_message WHERE echo_thread = ANY($1::uuid[])"


async def _kept_echoes(tx: Tx, threads: Collection[UUID]) -> set[ProviderKey]:
    if not threads:
        return set()
    rows = await tx.fetch(_KEPT_ECHOES, list(threads))
    return {(row["account"], row["provider_id"]) for row in rows}


_ADD_MESSAGES = """
INSERT INTO provider_message (account, provider_id)
SELECT account, provider_id FROM unnest($1::text[], $2::text[]) AS new (account, provider_id)
ORDER BY account, provider_id ON CONFLICT DO NOTHING
"""
_LOCK_MESSAGES = """
SELECT m.account, m.provider_id, outgoing_id, delivered_at, read_at, failed_at, failure,
       echo_thread, echo_channel, echo_text, echo_at
FROM provider_message AS m
JOIN unnest($1::text[], $2::text[]) AS k (account, provider_id)
  ON m.account = k.account AND m.provider_id = k.provider_id
ORDER BY m.account, m.provider_id FOR UPDATE OF m
"""


async def _messages(tx: Tx, keys: Collection[ProviderKey]) -> Records[ProviderKey, ProviderMessage]:
    if not keys:
        return Records()
    accounts, ids = [key[0] for key in keys], [key[1] for key in keys]
    await tx.execute(_ADD_MESSAGES, accounts, ids)
    return Records((_key(row), _message(row)) for row in await tx.fetch(_LOCK_MESSAGES, accounts, ids))


def _key(row: Row) -> ProviderKey:
    return AccountId(row["account"]), row["provider_id"]


def _message(row: Row) -> ProviderMessage:
    echo = None
    if row["echo_thread"] is not None:
        echo = Echo(row["echo_thread"], Channel(row["echo_channel"]), row["echo_text"], row["echo_at"])
    return ProviderMessage(
        _key(row), row["outgoing_id"], row["delivered_at"], row["read_at"], row["failed_at"], row["failure"], echo
    )


_LOCK_CONVERSATIONS = """
WITH made AS (
    INSERT INTO conversation (id) SELECT id FROM unnest($1::uuid[]) AS new (id) ORDER BY id
    ON CONFLICT DO NOTHING RETURNING id, next_ordinal, opened_at, customer_name, received
), locked AS (
    SELECT id, next_ordinal, opened_at, customer_name, received FROM conversation
    WHERE id = ANY($1::uuid[]) AND (SELECT count(*) FROM made) >= 0 ORDER BY id FOR UPDATE
)
SELECT id, next_ordinal, opened_at, customer_name, received FROM locked
UNION ALL SELECT id, next_ordinal, opened_at, customer_name, received FROM made
"""


async def _conversations(tx: Tx, ids: Collection[ConversationId]) -> Records[ConversationId, Conversation]:
    if not ids:
        return Records()
    rows = await lock_all(tx, _LOCK_CONVERSATIONS, len(ids), list(ids))
    return Records(
        (
            ConversationId(row["id"]),
            Conversation(row["id"], row["next_ordinal"], row["opened_at"], row["customer_name"], row["received"]),
        )
        for row in rows
    )


_LOCK_OUTGOING = """
SELECT id, kind, conversation_id, ordinal, sink, account, thread, content, due_at, expires_at, cause, traceparent,
       stage, done, attempts, uploaded, lease_until, provider_ids, problem, sent_at, delivered_at, read_at
FROM outgoing WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE
"""


async def _outgoing(tx: Tx, ids: Collection[UUID]) -> Records[UUID, Outgoing]:
    if not ids:
        return Records()
    return Records((row["id"], outgoing_of(row)) for row in await tx.fetch(_LOCK_OUTGOING, list(ids)))


def outgoing_of(row: Row) -> Outgoing:
    kind = Kind(row["kind"])
    model = Alarm if kind is Kind.ALERT else Letter
    return Outgoing(
        id=row["id"],
        kind=kind,
        conversation_id=row["conversation_id"],
        ordinal=row["ordinal"],
        sink=Sink(row["sink"]),
        account=row["account"],
        thread=row["thread"],
        content=model.model_validate_json(row["content"]),
        due_at=row["due_at"],
        expires_at=row["expires_at"],
        cause=row["cause"],
        traceparent=row["traceparent"],
        stage=Stage(row["stage"]),
        done=row["done"],
        attempts=row["attempts"],
        uploaded=row["uploaded"],
        lease_until=row["lease_until"],
        provider_ids=tuple(row["provider_ids"]),
        problem=row["problem"],
        sent_at=row["sent_at"],
        delivered_at=row["delivered_at"],
        read_at=row["read_at"],
    )


_LOCK_ADDRESSES = """
WITH made AS (
    INSERT INTO address (id) SELECT id FROM unnest($1::uuid[]) AS new (id) ORDER BY id
    ON CONFLICT DO NOTHING RETURNING id
), locked AS (
    SELECT id, last_at FROM address WHERE id = ANY($1::uuid[]) AND (SELECT count(*) FROM made) >= 0
    ORDER BY id FOR UPDATE
)
SELECT id, last_at FROM locked UNION ALL SELECT id, NULL FROM made
"""


async def _addresses(tx: Tx, ids: Collection[UUID]) -> Records[UUID, datetime]:
    if not ids:
        return Records()
    rows = await lock_all(tx, _LOCK_ADDRESSES, len(ids), list(ids))
    return Records((row["id"], row["last_at"]) for row in rows if row["last_at"] is not None)


async def _stops(tx: Tx) -> Records[str, Stop]:
    rows = await tx.fetch("SELECT account, reason, since, until FROM stopped")
    return Records((row["account"], _stop(row)) for row in rows)


def _stop(row: Row) -> Stop:
    return Stop(row["account"], StopReason(row["reason"]), row["since"], row["until"])


_SAVE_THREADS = """
UPDATE thread AS t SET conversation_id = n.conversation_id, opened_at = n.opened_at,
       delivered_up_to = n.delivered_up_to, read_up_to = n.read_up_to, changed_at = now()
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
  AS n (id, conversation_id, opened_at, delivered_up_to, read_up_to)
WHERE t.id = n.id
"""

_SAVE_MESSAGES = """
UPDATE provider_message AS m SET outgoing_id = n.outgoing_id, delivered_at = n.delivered_at, read_at = n.read_at,
       failed_at = n.failed_at, failure = n.failure, echo_thread = n.echo_thread, echo_channel = n.echo_channel,
       echo_text = n.echo_text, echo_at = n.echo_at
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::text[],
            $8::uuid[], $9::text[], $10::text[], $11::timestamptz[])
  AS n (account, provider_id, outgoing_id, delivered_at, read_at, failed_at, failure,
        echo_thread, echo_channel, echo_text, echo_at)
WHERE m.account = n.account AND m.provider_id = n.provider_id
"""

_SAVE_CONVERSATIONS = """
UPDATE conversation AS c SET next_ordinal = n.next_ordinal, opened_at = n.opened_at,
       customer_name = n.customer_name, received = n.received
FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::boolean[])
  AS n (id, next_ordinal, opened_at, customer_name, received)
WHERE c.id = n.id
"""

_SAVE_OUTGOING = """
INSERT INTO outgoing AS o (id, kind, conversation_id, ordinal, sink, account, thread, content, due_at, expires_at,
       cause, traceparent, stage, done, attempts, lease_until, provider_ids, problem, sent_at, delivered_at, read_at,
       uploaded, bytes)
SELECT id, kind, conversation_id, ordinal, sink, account, thread, content, due_at, expires_at, cause,
       traceparent, stage, done, attempts, lease_until,
       CASE WHEN provider_ids = '' THEN '{}' ELSE string_to_array(provider_ids, E'\\x1f') END,
       problem, sent_at, delivered_at, read_at, uploaded, bytes
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::uuid[], $8::text[],
            $9::timestamptz[], $10::timestamptz[], $11::uuid[], $12::text[], $13::text[], $14::integer[],
            $15::integer[], $16::timestamptz[], $17::text[], $18::text[],
            $19::timestamptz[], $20::timestamptz[], $21::timestamptz[], $22::text[], $23::bigint[])
  AS n (id, kind, conversation_id, ordinal, sink, account, thread, content, due_at, expires_at, cause,
        traceparent, stage, done, attempts, lease_until, provider_ids, problem, sent_at, delivered_at, read_at,
        uploaded, bytes)
ORDER BY id
ON CONFLICT (id) DO UPDATE SET due_at = EXCLUDED.due_at, stage = EXCLUDED.stage, done = EXCLUDED.done,
       attempts = EXCLUDED.attempts, lease_until = EXCLUDED.lease_until, provider_ids = EXCLUDED.provider_ids,
       problem = EXCLUDED.problem, sent_at = EXCLUDED.sent_at, delivered_at = EXCLUDED.delivered_at,
       read_at = EXCLUDED.read_at, uploaded = EXCLUDED.uploaded, claimed_by = NULL
"""

_SAVE_ADDRESSES = """
UPDATE address AS a SET last_at = n.last_at FROM unnest($1::uuid[], $2::timestamptz[]) AS n (id, last_at)
WHERE a.id = n.id
"""


_SEPARATOR = "\x1f"
"""Arrays of arrays cannot go through unnest: provider's ids travel in one text."""


def save(state: State) -> Sequence[Write]:
    """What changed, one statement a table."""
    threads = [(t.id, t.conversation_id, t.opened_at, t.delivered_up_to, t.read_up_to) for t in state.threads.changed()]
    conversations = [
        (c.id, c.next_ordinal, c.opened_at, c.customer_name, c.received) for c in state.conversations.changed()
    ]
    return (
        Write(_SAVE_THREADS, by_column(threads, 5)),
        Write(_SAVE_MESSAGES, by_column(map(_message_values, state.messages.changed()), 11)),
        Write(_SAVE_CONVERSATIONS, by_column(conversations, 5)),
        Write(_SAVE_OUTGOING, by_column(map(_outgoing_values, state.outgoing.changed()), 23)),
        Write(_SAVE_ADDRESSES, by_column(state.addresses.changed_items(), 2)),
    )


def _message_values(message: ProviderMessage) -> Sequence[object]:
    echo = message.echo
    return (
        *message.key,
        message.outgoing_id,
        message.delivered_at,
        message.read_at,
        message.failed_at,
        message.failure,
        echo.thread if echo else None,
        echo.channel.value if echo else None,
        echo.text if echo else None,
        echo.at if echo else None,
    )


def _outgoing_values(row: Outgoing) -> Sequence[object]:
    return (
        row.id,
        row.kind.value,
        row.conversation_id,
        row.ordinal,
        row.sink.value,
        row.account,
        row.thread,
        row.content.model_dump_json(exclude_none=True),
        row.due_at,
        row.expires_at,
        row.cause,
        row.traceparent,
        row.stage.value,
        row.done,
        row.attempts,
        row.lease_until,
        _SEPARATOR.join(row.provider_ids),
        row.problem,
        row.sent_at,
        row.delivered_at,
        row.read_at,
        row.uploaded,
        row.bytes,
    )
