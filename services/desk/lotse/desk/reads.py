"""Everything the API reads. Each query answers with JSON that is a model of `api.models` already."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel

from lotse.contracts.channels import PROFILES
from lotse.contracts.frozen import frozen
from lotse.desk.api import models as m
from lotse.desk.core.deadlines import SOON
from lotse.runtime.postgres import Row, Tx

M = TypeVar("M", bound=BaseModel)

_BOUNDED = "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL statement_timeout = '5s'"
"""Filters are optional, so a plan is only good for the filters at hand; a reader never holds a connection long."""


@frozen
class Filter:
    """Which conversations are wanted; None does not filter."""

    statuses: Sequence[str] | None = None
    channels: Sequence[str] | None = None
    agent: str | None = None
    team: str | None = None
    sentiment: str | None = None
    words: str | None = None


@frozen
class Place:
    """A place in a list: the sort key and, among equals, the id."""

    at: datetime
    id: UUID


_FILTERS = """
      ($3::text[] IS NULL OR c.status = ANY($3))
  AND ($4::text[] IS NULL OR c.channel = ANY($4))
  AND ($5::text IS NULL OR c.assignee = $5)
  AND ($6::text IS NULL OR c.team = $6)
  AND ($7::text IS NULL OR c.sentiment = $7)
  AND ($8::text IS NULL OR c.id IN (
        SELECT s.conversation_id FROM message AS s
        WHERE to_tsvector('german', coalesce(s.subject, '') || ' ' || coalesce(s.text, ''))
              @@ websearch_to_tsquery('german', $8)))
"""

_NEWEST = f"""
SELECT c.id, c.opened_at AS at FROM conversation AS c
WHERE ($1::timestamptz IS NULL OR (c.opened_at, c.id) < ($1, $2::uuid)) AND {_FILTERS}
ORDER BY c.opened_at DESC, c.id DESC LIMIT $9
"""  # noqa: S608

_LONGEST_WAITING = f"""
SELECT c.id, c.waiting_since AS at FROM conversation AS c
WHERE ($1::timestamptz IS NULL OR (c.waiting_since, c.id) > ($1, $2::uuid)) AND {_FILTERS}
  AND c.status IN ('new', 'queued', 'assigned') AND c.waiting_since IS NOT NULL
ORDER BY c.waiting_since, c.id LIMIT $9
"""  # noqa: S608

_CRISIS = f"""
SELECT c.id, c.waiting_since AS at FROM conversation AS c
WHERE ($1::timestamptz IS NULL OR (c.waiting_since, c.id) > ($1, $2::uuid)) AND {_FILTERS}
  AND c.status IN ('new', 'queued', 'assigned') AND c.waiting_since IS NOT NULL
  AND c.reading ->> 'situation' = 'crisis'
ORDER BY c.waiting_since, c.id LIMIT $9
"""  # noqa: S608

_MOST_URGENT = f"""
SELECT c.id, d.due_at AS at FROM deadline AS d JOIN conversation AS c ON c.id = d.conversation_id
WHERE ($1::timestamptz IS NULL OR (d.due_at, c.id) > ($1, $2::uuid)) AND {_FILTERS}
  AND d.state = 'open' AND (d.warned_at IS NOT NULL OR d.due_at <= $10)
  AND NOT EXISTS (
        SELECT 1 FROM deadline AS e WHERE e.conversation_id = d.conversation_id AND e.state = 'open'
          AND (e.due_at, e.deadline_id) < (d.due_at, d.deadline_id))
ORDER BY d.due_at, c.id LIMIT $9
"""  # noqa: S608

_BACK_FIRST = f"""
SELECT c.id, c.snoozed_until AS at FROM conversation AS c
WHERE ($1::timestamptz IS NULL OR (c.snoozed_until, c.id) > ($1, $2::uuid)) AND {_FILTERS}
  AND c.status = 'snoozed' AND c.snoozed_until IS NOT NULL
ORDER BY c.snoozed_until, c.id LIMIT $9
"""  # noqa: S608

_SUMMARY = """
    c.id, c.opened_at, c.updated_at, c.status, c.channel, c.account, c.customer_id, u.name AS customer_name, s.subject,
    c.priority, c.assignee, c.team, c.waiting_since, c.snoozed_until, d.due_at, d.clock AS due_clock,
    d.warned_at AS due_warned_at,
    coalesce(d.due_at <= now(), false) AS overdue, c.reading,
    (SELECT count(*) FROM message WHERE conversation_id = c.id) AS message_count,
    (SELECT count(*) FROM reply WHERE conversation_id = c.id AND approved) AS reply_count,
    l.last_words, c.auto
"""

_SUMMARY_PARTS = """
LEFT JOIN customer AS u ON u.id = c.customer_id
LEFT JOIN LATERAL (
    SELECT subject FROM message WHERE conversation_id = c.id AND subject IS NOT NULL
    ORDER BY occurred_at, sequence LIMIT 1
) AS s ON true
LEFT JOIN LATERAL (
    SELECT due_at, clock, warned_at FROM deadline WHERE conversation_id = c.id AND state = 'open'
    ORDER BY due_at, deadline_id LIMIT 1
) AS d ON true
LEFT JOIN LATERAL (
    SELECT json_build_object('by', w.by, 'text', left(w.text, 280), 'at', w.at) AS last_words
    FROM (
        SELECT 'customer' AS by, text, occurred_at AS at FROM message
        WHERE conversation_id = c.id AND text IS NOT NULL
        UNION ALL
        SELECT 'agent', text, at FROM reply WHERE conversation_id = c.id AND approved AND text IS NOT NULL
        UNION ALL
        SELECT 'agent', text, sent_at FROM delivery WHERE conversation_id = c.id AND elsewhere AND text IS NOT NULL
    ) AS w
    ORDER BY w.at DESC LIMIT 1
) AS l ON true
"""

_SUMMARIES = f"""
SELECT row_to_json(t)::text FROM (
    SELECT {_SUMMARY}
    FROM unnest($1::uuid[]) WITH ORDINALITY AS page (id, place)
    JOIN conversation AS c ON c.id = page.id
    {_SUMMARY_PARTS}
    ORDER BY page.place
) AS t
"""  # noqa: S608

_CONVERSATION = f"""
SELECT row_to_json(t)::text FROM (
    SELECT {_SUMMARY}, c.previous_id, c.trace_id,
        (SELECT coalesce(json_agg(x ORDER BY x.occurred_at, x.sequence), '[]') FROM (
            SELECT p.message_id, p.sequence, p.customer_id, p.channel, p.sender_name, p.text, p.subject, p.full_text,
                   p.attachments, p.occurred_at, p.received_at, p.auto, p.edited_at, p.removed_at,
                   CASE WHEN p.removed_at IS NULL THEN coalesce(k.reading, a.reading) END AS reading,
                   CASE WHEN p.removed_at IS NULL AND k.at IS NOT NULL THEN json_build_object(
                       'actor_kind', k.actor_kind, 'actor_id', k.actor_id, 'comment', k.comment, 'at', k.at
                   ) END AS correction,
                   CASE WHEN p.removed_at IS NULL THEN coalesce(a.pii, '[]') ELSE '[]' END AS pii
            FROM message AS p LEFT JOIN analysis AS a ON a.message_id = p.message_id
            LEFT JOIN correction AS k ON k.conversation_id = p.conversation_id AND k.message_id = p.message_id
                 AND (a.rank IS NULL OR a.rank[2:4] <= ARRAY[k.is_edit, k.edit, k.edited])
            WHERE p.conversation_id = c.id ORDER BY p.occurred_at DESC, p.sequence DESC LIMIT 500
        ) AS x) AS messages,
        (SELECT coalesce(json_agg(x ORDER BY x.at, x.reply_id), '[]') FROM (
            SELECT coalesce(r.reply_id, v.reply_id) AS reply_id,
                   coalesce(CASE WHEN NOT r.approved THEN 'blocked' END, v.state, 'approved') AS state,
                   coalesce(r.agent_id, v.agent_id) AS agent_id, r.agent_name, coalesce(r.text, v.text) AS text,
                   coalesce(r.attachments, '[]') AS attachments, r.leads_to, r.override_reason, r.problem,
                   coalesce(r.private, false) AS private,
                   coalesce(r.spans, '[]') AS spans, r.suggestion, coalesce(r.at, v.at) AS at, v.sent_at,
                   v.delivered_at, v.read_at, v.failed_at, v.reason, v.detail, coalesce(v.human, true) AS human,
                   coalesce(v.elsewhere, false) AS elsewhere
            FROM (SELECT * FROM reply WHERE conversation_id = c.id) AS r
            FULL JOIN (SELECT * FROM delivery WHERE conversation_id = c.id) AS v ON v.reply_id = r.reply_id
            ORDER BY coalesce(r.at, v.at) DESC LIMIT 500
        ) AS x) AS replies,
        (SELECT coalesce(json_agg(n ORDER BY n.at, n.note_id), '[]') FROM note AS n WHERE n.conversation_id = c.id)
            AS notes,
        (SELECT coalesce(json_agg(x ORDER BY x.started_at, x.deadline_id), '[]') FROM deadline AS x
         WHERE x.conversation_id = c.id) AS deadlines,
        (SELECT coalesce(json_agg(x ORDER BY x.sequence), '[]') FROM assignment AS x WHERE x.conversation_id = c.id)
            AS assignments,
        (SELECT coalesce(json_agg(x ORDER BY x.sequence), '[]') FROM move AS x WHERE x.conversation_id = c.id)
            AS moves,
        (SELECT coalesce(json_agg(x ORDER BY x.at, x.notice_id), '[]') FROM notice AS x WHERE x.conversation_id = c.id)
            AS notices,
        json_build_object(
            'topics', (SELECT coalesce(json_object_agg(h.topic, json_build_object('sequence', h.sequence, 'at', h.at)),
                                       '{{}}') FROM heard AS h WHERE h.key = c.id::text),
            'read_up_to', (SELECT to_timestamp(max(last_stamp) / 1e6) FROM inbox WHERE last_stamp > 0)
        ) AS as_of
    FROM conversation AS c
    {_SUMMARY_PARTS}
    WHERE c.id = $1
) AS t
"""  # noqa: S608

_DEADLINE = """
    d.deadline_id, d.conversation_id, d.clock, d.channel, d.state, d.started_at, d.due_at, d.policy, d.warned_at,
    d.missed_at, d.met_at, d.late, d.corrected, d.ended_at, d.end_reason, c.assignee, c.team, c.status
"""

_DEADLINES_OPEN = f"""
SELECT row_to_json(t)::text FROM (
    SELECT {_DEADLINE} FROM deadline AS d LEFT JOIN conversation AS c ON c.id = d.conversation_id
    WHERE ($1::timestamptz IS NULL OR (d.due_at, d.deadline_id) > ($1, $2::uuid))
      AND d.state = 'open' AND ($4::timestamptz IS NULL OR d.warned_at IS NOT NULL OR d.due_at <= $4)
    ORDER BY d.due_at, d.deadline_id LIMIT $3
) AS t
"""  # noqa: S608

_DEADLINES_MISSED = f"""
SELECT row_to_json(t)::text FROM (
    SELECT {_DEADLINE} FROM deadline AS d LEFT JOIN conversation AS c ON c.id = d.conversation_id
    WHERE ($1::timestamptz IS NULL OR (d.due_at, d.deadline_id) < ($1, $2::uuid)) AND d.missed_at IS NOT NULL
    ORDER BY d.due_at DESC, d.deadline_id DESC LIMIT $3
) AS t
"""  # noqa: S608

_CUSTOMER = """
SELECT row_to_json(t)::text FROM (
    SELECT u.id, u.name, u.first_at, '[]'::json AS conversations,
        (SELECT coalesce(json_agg(i ORDER BY i.kind, i.scope, i.value), '[]') FROM identity AS i
         WHERE i.customer_id = u.id) AS identities
    FROM customer AS u WHERE u.id = $1
) AS t
"""

_OF_CUSTOMER = """
SELECT c.id, c.opened_at AS at FROM conversation AS c
WHERE c.customer_id = $4 AND ($1::timestamptz IS NULL OR (c.opened_at, c.id) < ($1, $2::uuid))
ORDER BY c.opened_at DESC, c.id DESC LIMIT $3
"""

_AGENTS = "SELECT id, status, since FROM agent"

_LOAD = """
SELECT assignee, count(*) FILTER (WHERE status = 'assigned') AS conversations, sum(units)::integer AS units
FROM (
    SELECT assignee, status, units FROM conversation
    WHERE status = 'assigned' AND status IN ('new', 'queued', 'assigned') AND assignee IS NOT NULL
    UNION ALL
    SELECT assignee, status, units FROM conversation
    WHERE status IN ('waiting', 'snoozed') AND channel = ANY($1::text[]) AND assignee IS NOT NULL
) AS held
GROUP BY assignee
"""
"""The condition that says less lets the index of what is unanswered be used."""

_LIVE = [channel.value for channel, profile in PROFILES.items() if profile.live]
"""Where a conversation takes its agent's capacity until it is closed."""

_OUTCOMES = """
SELECT row_to_json(t)::text FROM (
    SELECT id AS command_id, type, subject, refused, reason, detail, at FROM command WHERE id = ANY($1::uuid[])
) AS t
"""


async def places(tx: Tx, view: m.View, wanted: Filter, after: Place | None, limit: int, now: datetime) -> list[Place]:
    """The next `limit` conversations of a view, in its order."""
    await tx.execute(_BOUNDED)
    common = (
        after.at if after else None,
        after.id if after else None,
        wanted.statuses,
        wanted.channels,
        wanted.agent,
        wanted.team,
        wanted.sentiment,
        wanted.words,
        limit,
    )
    match view:
        case m.View.UNANSWERED:
            rows = await tx.fetch(_LONGEST_WAITING, *common)
        case m.View.CRISIS:
            rows = await tx.fetch(_CRISIS, *common)
        case m.View.ABOUT_TO_MISS:
            rows = await tx.fetch(_MOST_URGENT, *common, now + SOON)
        case m.View.SNOOZED:
            rows = await tx.fetch(_BACK_FIRST, *common)
        case _:
            rows = await tx.fetch(_NEWEST, *common)
    return _places(rows)


def _places(rows: Sequence[Row]) -> list[Place]:
    return [Place(row["at"], row["id"]) for row in rows]


async def summaries(tx: Tx, ids: Sequence[UUID]) -> tuple[m.Summary, ...]:
    """The conversations in the order of their ids."""
    return _each(m.Summary, await tx.fetch(_SUMMARIES, ids)) if ids else ()


async def conversation(tx: Tx, conversation_id: UUID) -> m.Conversation | None:
    return _one(m.Conversation, await tx.fetchrow(_CONVERSATION, conversation_id))


async def deadlines(
    tx: Tx, state: m.DeadlineView, after: Place | None, limit: int, now: datetime
) -> tuple[m.DeadlineRow, ...]:
    """The next `limit` deadlines: open ones by urgency, missed ones youngest first."""
    await tx.execute(_BOUNDED)
    place = (after.at if after else None, after.id if after else None)
    match state:
        case m.DeadlineView.MISSED:
            rows = await tx.fetch(_DEADLINES_MISSED, *place, limit)
        case m.DeadlineView.DUE_SOON:
            rows = await tx.fetch(_DEADLINES_OPEN, *place, limit, now + SOON)
        case m.DeadlineView.OPEN:
            rows = await tx.fetch(_DEADLINES_OPEN, *place, limit, None)
    return _each(m.DeadlineRow, rows)


async def customer(tx: Tx, customer_id: UUID) -> m.Customer | None:
    """Who it is, without his conversations."""
    return _one(m.Customer, await tx.fetchrow(_CUSTOMER, customer_id))


async def places_of_customer(tx: Tx, customer_id: UUID, after: Place | None, limit: int) -> list[Place]:
    """His next `limit` conversations on all channels, newest first."""
    place = (after.at if after else None, after.id if after else None)
    return _places(await tx.fetch(_OF_CUSTOMER, *place, limit, customer_id))


@frozen
class Presence:
    status: str
    since: datetime | None


@frozen
class Load:
    conversations: int
    units: int


async def presences(tx: Tx) -> dict[str, Presence]:
    return {row["id"]: Presence(row["status"], row["since"]) for row in await tx.fetch(_AGENTS)}


async def loads(tx: Tx) -> dict[str, Load]:
    """What each agent has in hand."""
    return {row["assignee"]: Load(row["conversations"], row["units"]) for row in await tx.fetch(_LOAD, _LIVE)}


async def outcomes(tx: Tx, commands: Sequence[UUID]) -> tuple[m.Outcome, ...]:
    """The outcomes that are known of these commands."""
    return _each(m.Outcome, await tx.fetch(_OUTCOMES, commands))


def _each(model: type[M], rows: Sequence[Row]) -> tuple[M, ...]:
    return tuple(model.model_validate_json(row[0]) for row in rows)


def _one(model: type[M], row: Row | None) -> M | None:
    return None if row is None else model.model_validate_json(row[0])
