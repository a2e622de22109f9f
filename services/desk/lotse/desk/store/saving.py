"""What a batch changed, written a table at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

from lotse.contracts.topics import Topic
from lotse.desk.core import rows as r
from lotse.desk.core.state import State
from lotse.desk.store.columns import columns
from lotse.runtime import telemetry
from lotse.runtime.writes import Write, by_column

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    T = TypeVar("T", bound=DataclassInstance)
else:
    T = TypeVar("T")

_SAVE_HEARD = """
INSERT INTO heard (topic, key, sequence, generation, at)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::integer[], $5::timestamptz[])
ON CONFLICT (key, topic) DO UPDATE
SET sequence = excluded.sequence, generation = excluded.generation, at = excluded.at
"""

_SAVE_CONVERSATIONS = """
INSERT INTO conversation (id, opened_at, updated_at, customer_id, account, channel, previous_id, auto, trace_id, status,
                          priority, assignee, units, team, waiting_since, snoozed_until, reading, sentiment,
                          last_agent, triage, situation, topics, demand, queued_at, crisis_since)
SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::uuid[], $5::text[], $6::text[], $7::uuid[],
                     $8::boolean[], $9::text[], $10::text[], $11::integer[], $12::text[], $13::integer[], $14::text[],
                     $15::timestamptz[], $16::timestamptz[], $17::json[], $18::text[], $19::text[],
                     $20::text[], $21::text[], $22::text[], $23::json[], $24::timestamptz[], $25::timestamptz[])
ON CONFLICT (id) DO UPDATE
SET opened_at = excluded.opened_at, updated_at = excluded.updated_at, customer_id = excluded.customer_id,
    account = excluded.account, channel = excluded.channel, previous_id = excluded.previous_id, auto = excluded.auto,
    trace_id = excluded.trace_id, status = excluded.status, priority = excluded.priority,
    assignee = excluded.assignee, units = excluded.units, team = excluded.team,
    waiting_since = excluded.waiting_since, snoozed_until = excluded.snoozed_until, reading = excluded.reading,
    sentiment = excluded.sentiment, last_agent = excluded.last_agent, triage = excluded.triage,
    situation = excluded.situation, topics = excluded.topics, demand = excluded.demand,
    queued_at = excluded.queued_at, crisis_since = excluded.crisis_since
"""

_SAVE_MESSAGES = """
INSERT INTO message (conversation_id, message_id, sequence, occurred_at, customer_id, channel, sender_name, text,
                     subject, full_text, attachments, received_at, auto, edited_at, removed_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[], $5::uuid[], $6::text[], $7::text[],
                     $8::text[], $9::text[], $10::json[], $11::json[], $12::timestamptz[], $13::boolean[],
                     $14::timestamptz[], $15::timestamptz[])
ON CONFLICT (conversation_id, message_id) DO UPDATE
SET sequence = excluded.sequence, occurred_at = excluded.occurred_at, customer_id = excluded.customer_id,
    channel = excluded.channel, sender_name = excluded.sender_name, text = excluded.text, subject = excluded.subject,
    full_text = excluded.full_text, attachments = excluded.attachments, received_at = excluded.received_at,
    auto = excluded.auto, edited_at = excluded.edited_at, removed_at = excluded.removed_at
"""

_SAVE_REPLIES = """
INSERT INTO reply (conversation_id, reply_id, sequence, agent_id, agent_name, approved, text, attachments, leads_to,
                   override_reason, problem, spans, suggestion, at, private)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::boolean[], $7::text[],
                     $8::json[], $9::text[], $10::text[], $11::text[], $12::json[], $13::text[], $14::timestamptz[],
                     $15::boolean[])
ON CONFLICT (conversation_id, reply_id) DO UPDATE
SET sequence = excluded.sequence, agent_id = excluded.agent_id, agent_name = excluded.agent_name,
    approved = excluded.approved, text = excluded.text, attachments = excluded.attachments,
    leads_to = excluded.leads_to, override_reason = excluded.override_reason, problem = excluded.problem,
    spans = excluded.spans, suggestion = excluded.suggestion, at = excluded.at, private = excluded.private
"""

_SAVE_NOTES = """
INSERT INTO note (conversation_id, note_id, text, actor_kind, actor_id, at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
ON CONFLICT (conversation_id, note_id) DO UPDATE
SET text = excluded.text, actor_kind = excluded.actor_kind, actor_id = excluded.actor_id, at = excluded.at
"""

_SAVE_ASSIGNMENTS = """
INSERT INTO assignment (conversation_id, sequence, previous, current, team, actor_kind, actor_id, reason, ring,
                        queued_at, at)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::integer[], $10::timestamptz[], $11::timestamptz[])
ON CONFLICT (conversation_id, sequence) DO UPDATE
SET previous = excluded.previous, current = excluded.current, team = excluded.team, actor_kind = excluded.actor_kind,
    actor_id = excluded.actor_id, reason = excluded.reason, ring = excluded.ring, queued_at = excluded.queued_at,
    at = excluded.at
"""

_SAVE_MOVES = """
INSERT INTO move (conversation_id, sequence, current, actor_kind, actor_id, reason, why, at)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::json[],
                     $8::timestamptz[])
ON CONFLICT (conversation_id, sequence) DO NOTHING
"""

_SAVE_RESOLUTIONS = """
INSERT INTO resolution (conversation_id, sequence, since, at, agent_id, reopened_at)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::timestamptz[])
ON CONFLICT (conversation_id, sequence) DO UPDATE SET reopened_at = excluded.reopened_at
"""

_SAVE_CUSTOMERS = """
INSERT INTO customer (id, name, named_at, first_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[])
ON CONFLICT (id) DO UPDATE
SET (name, named_at) = (
        SELECT t.name, t.named_at
        FROM (VALUES (customer.name, customer.named_at), (excluded.name, excluded.named_at)) AS t (name, named_at)
        ORDER BY t.name IS NOT NULL DESC, t.named_at DESC, t.name DESC LIMIT 1
    ),
    first_at = least(customer.first_at, excluded.first_at)
"""

_SAVE_IDENTITIES = """
INSERT INTO identity (customer_id, kind, scope, value, verified)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::boolean[])
ON CONFLICT (customer_id, kind, scope, value) DO UPDATE
SET verified = true WHERE excluded.verified AND NOT identity.verified
"""

_SAVE_AGENTS = """
INSERT INTO agent (id, status, since, reason)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[])
ON CONFLICT (id) DO UPDATE SET status = excluded.status, since = excluded.since, reason = excluded.reason
"""

_SAVE_OUTCOMES = """
INSERT INTO command (id, rank, subject, sequence, type, refused, reason, detail, at)
SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::bigint[], $5::text[], $6::boolean[], $7::text[],
                     $8::text[], $9::timestamptz[])
ON CONFLICT (id) DO UPDATE
SET rank = excluded.rank, subject = excluded.subject, sequence = excluded.sequence, type = excluded.type,
    refused = excluded.refused, reason = excluded.reason, detail = excluded.detail, at = excluded.at
WHERE (excluded.rank, excluded.subject, excluded.sequence) <= (command.rank, command.subject, command.sequence)
"""

_SAVE_ANALYSES = """
INSERT INTO analysis (message_id, rank, reading, pii)
SELECT message_id, ARRAY[withdrawn, is_edit, edit, edited, analysed], reading, pii
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::json[], $8::json[])
     AS new (message_id, withdrawn, is_edit, edit, edited, analysed, reading, pii)
ON CONFLICT (message_id) DO UPDATE
SET rank = excluded.rank, reading = excluded.reading, pii = excluded.pii
WHERE excluded.rank >= analysis.rank
"""

_SAVE_CORRECTIONS = """
INSERT INTO correction (conversation_id, message_id, reading, is_edit, edit, edited, actor_kind, actor_id, comment, at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::json[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[],
                     $8::text[], $9::text[], $10::timestamptz[])
ON CONFLICT (conversation_id, message_id) DO UPDATE
SET reading = excluded.reading, is_edit = excluded.is_edit, edit = excluded.edit, edited = excluded.edited,
    actor_kind = excluded.actor_kind, actor_id = excluded.actor_id, comment = excluded.comment, at = excluded.at
"""

_SAVE_DEADLINES = """
INSERT INTO deadline (conversation_id, deadline_id, clock, channel, state, started_at, due_at, policy, warned_at,
                      missed_at, met_at, late, corrected, ended_at, end_reason, business_time)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
                     $8::text[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::boolean[],
                     $13::boolean[], $14::timestamptz[], $15::text[], $16::interval[])
ON CONFLICT (conversation_id, deadline_id) DO UPDATE
SET clock = excluded.clock, channel = excluded.channel, state = excluded.state, started_at = excluded.started_at,
    due_at = excluded.due_at, policy = excluded.policy, warned_at = excluded.warned_at,
    missed_at = excluded.missed_at, met_at = excluded.met_at, late = excluded.late, corrected = excluded.corrected,
    ended_at = excluded.ended_at, end_reason = excluded.end_reason, business_time = excluded.business_time
"""

_SAVE_SERVICE_LEVELS = """
INSERT INTO service_level (channel, degraded_at, since, p90, baseline, share_met, volume_change, staffed, topic,
                           changed_at)
SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::interval[], $5::interval[],
                     $6::double precision[], $7::double precision[], $8::integer[], $9::text[], $10::timestamptz[])
ON CONFLICT (channel) DO UPDATE
SET degraded_at = excluded.degraded_at, since = excluded.since, p90 = excluded.p90, baseline = excluded.baseline,
    share_met = excluded.share_met, volume_change = excluded.volume_change, staffed = excluded.staffed,
    topic = excluded.topic, changed_at = excluded.changed_at
"""

_SAVE_DELIVERIES = """
INSERT INTO delivery (conversation_id, reply_id, state, at, agent_id, channel, sent_at, delivered_at, read_at,
                      failed_at, reason, detail, human, elsewhere, text)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::timestamptz[],
                     $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::boolean[],
                     $14::boolean[], $15::text[])
ON CONFLICT (conversation_id, reply_id) DO UPDATE
SET state = excluded.state, at = excluded.at, agent_id = excluded.agent_id, channel = excluded.channel,
    sent_at = excluded.sent_at, delivered_at = excluded.delivered_at, read_at = excluded.read_at,
    failed_at = excluded.failed_at, reason = excluded.reason, detail = excluded.detail, human = excluded.human,
    elsewhere = excluded.elsewhere, text = excluded.text
"""

_SAVE_NOTICES = """
INSERT INTO notice (conversation_id, notice_id, kind, sink, state, reason, at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
ON CONFLICT (conversation_id, notice_id) DO UPDATE
SET kind = excluded.kind, sink = excluded.sink, state = excluded.state, reason = excluded.reason, at = excluded.at
"""

_BEGIN_ANEW = {
    Topic.CONVERSATIONS: (
        "DELETE FROM conversation WHERE id = ANY($1::uuid[])",
        "DELETE FROM message WHERE conversation_id = ANY($1::uuid[])",
        "DELETE FROM reply WHERE conversation_id = ANY($1::uuid[])",
        "DELETE FROM note WHERE conversation_id = ANY($1::uuid[])",
        "DELETE FROM assignment WHERE conversation_id = ANY($1::uuid[])",
        "DELETE FROM move WHERE conversation_id = ANY($1::uuid[])",
        "DELETE FROM resolution WHERE conversation_id = ANY($1::uuid[])",
        "DELETE FROM correction WHERE conversation_id = ANY($1::uuid[])",
    ),
    Topic.DEADLINES: ("DELETE FROM deadline WHERE conversation_id = ANY($1::uuid[])",),
    Topic.NOTICES: (
        "DELETE FROM delivery WHERE conversation_id = ANY($1::uuid[])",
        "DELETE FROM notice WHERE conversation_id = ANY($1::uuid[])",
    ),
}


def save(state: State) -> Iterator[Write]:
    """What changed, a table at a time; counts what a sequence left out."""
    for topic, conversations in state.begun_anew.items():
        for statement in _BEGIN_ANEW.get(topic, ()):
            yield Write(statement, (sorted(conversations),), first=True)
    yield _write(_SAVE_HEARD, r.Heard, state.heard.changed)
    yield _write(_SAVE_CUSTOMERS, r.Customer, state.customers.changed)
    yield _write(_SAVE_IDENTITIES, r.CustomerIdentity, state.identities.changed)
    yield _write(_SAVE_CONVERSATIONS, r.Conversation, state.conversations.changed)
    yield _write(_SAVE_MESSAGES, r.Message, state.messages.changed)
    yield _write(_SAVE_REPLIES, r.Reply, state.replies.changed)
    yield _write(_SAVE_NOTES, r.Note, state.notes.changed, rare=True)
    yield _write(_SAVE_ASSIGNMENTS, r.Assignment, state.assignments.changed)
    yield _write(_SAVE_MOVES, r.Move, state.moves.changed)
    yield _write(_SAVE_CORRECTIONS, r.Correction, state.corrections.changed, rare=True)
    yield _write(_SAVE_RESOLUTIONS, r.Resolution, state.resolutions.changed)
    yield _write(_SAVE_AGENTS, r.AgentStatus, state.agents.changed, rare=True)
    yield _write(_SAVE_DEADLINES, r.Deadline, state.deadlines.changed)
    yield _write(_SAVE_SERVICE_LEVELS, r.ServiceLevel, state.service_levels.changed, rare=True)
    yield _write(_SAVE_DELIVERIES, r.Delivery, state.deliveries.changed)
    yield _write(_SAVE_NOTICES, r.NoticeRow, state.notices.changed)
    yield _analyses(state.analyses.changed)
    yield _write(_SAVE_OUTCOMES, r.Outcome, state.outcomes.changed)
    for topic, keys in state.jumps.items():
        telemetry.count("lotse_sequence_jumps_total", keys, topic=topic.value)


def _write(statement: str, table: type[T], rows: Sequence[T], *, rare: bool = False) -> Write:
    names = columns(table)
    return Write(statement, by_column(map(attrgetter(*names), rows), len(names)), rare=rare)


def _analyses(rows: Sequence[r.Analysis]) -> Write:
    return Write(
        _SAVE_ANALYSES,
        by_column(((row.message_id, *row.rank, row.reading, row.pii) for row in rows), 8),
    )
