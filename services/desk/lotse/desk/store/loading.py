"""What a batch touches, read before it is decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from lotse.contracts.conversations import (
    ConversationEvent,
    ConversationReopened,
    ConversationResolved,
    MessageRemoved,
    MessageUpdated,
)
from lotse.contracts.deadlines import DeadlineEvent
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.notices import ReplyDelivered, ReplyFailed, ReplySent
from lotse.desk.core import rows as r
from lotse.desk.core.state import Pair, Rows, State
from lotse.desk.store.columns import columns
from lotse.runtime.postgres import Row, Tx

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    T = TypeVar("T", bound=DataclassInstance)
else:
    T = TypeVar("T")

_HEARD = """
SELECT g.current, w.topic, w.key, h.sequence, h.generation, h.at
FROM generation AS g
CROSS JOIN unnest($1::text[], $2::text[]) AS w (topic, key)
LEFT JOIN heard AS h ON h.key = w.key AND h.topic = w.topic
"""

_CONVERSATIONS = """
SELECT id, opened_at, updated_at, customer_id, account, channel, previous_id, auto, trace_id, status, priority,
       assignee, units, team, waiting_since, snoozed_until, reading, sentiment, last_agent, triage,
       situation, topics, demand, queued_at, crisis_since
FROM conversation WHERE id = ANY($1::uuid[])
"""

_MESSAGES = """
SELECT conversation_id, message_id, sequence, occurred_at, customer_id, channel, sender_name, text, subject, full_text,
       attachments, received_at, auto, edited_at, removed_at
FROM message JOIN unnest($1::uuid[], $2::uuid[]) AS wanted (conversation_id, message_id)
     USING (conversation_id, message_id)
"""

_LAST_RESOLUTIONS = """
SELECT DISTINCT ON (conversation_id) conversation_id, sequence, since, at, agent_id, reopened_at
FROM resolution WHERE conversation_id = ANY($1::uuid[])
ORDER BY conversation_id, sequence DESC
"""

_DEADLINES = """
SELECT conversation_id, deadline_id, clock, channel, state, started_at, due_at, policy, warned_at, missed_at, met_at,
       late, corrected, ended_at, end_reason, business_time
FROM deadline JOIN unnest($1::uuid[], $2::uuid[]) AS wanted (conversation_id, deadline_id)
     USING (conversation_id, deadline_id)
"""

_DELIVERIES = """
SELECT conversation_id, reply_id, state, at, agent_id, channel, sent_at, delivered_at, read_at, failed_at, reason,
       detail, human, elsewhere, text
FROM delivery JOIN unnest($1::uuid[], $2::uuid[]) AS wanted (conversation_id, reply_id)
     USING (conversation_id, reply_id)
"""


async def load(tx: Tx, facts: Sequence[Fact[Event]]) -> State:
    """What the batch changes: rows are only read where a fact changes a part of one."""
    heard = sorted({(fact.data.TOPIC.value, fact.key) for fact in facts if fact.sequence is not None})
    told = await tx.fetch(_HEARD, [topic for topic, _ in heard], [key for _, key in heard])
    state = State(generation=told[0]["current"] if told else 0)
    state.heard = Rows(
        {
            (row["topic"], row["key"]): r.Heard(row["topic"], row["key"], row["sequence"], row["generation"], row["at"])
            for row in told
            if row["sequence"] is not None
        }
    )
    events = [fact.data for fact in facts]
    state.conversations = Rows(await _conversations(tx, events))
    state.messages = Rows(await _messages(tx, events))
    state.last_resolutions = await _last_resolutions(tx, events)
    state.deadlines = Rows(await _deadlines(tx, events))
    state.deliveries = Rows(await _deliveries(tx, events))
    return state


async def _conversations(tx: Tx, events: Iterable[Event]) -> dict[UUID, r.Conversation]:
    wanted = {event.conversation_id for event in events if isinstance(event, ConversationEvent)}
    rows = await tx.fetch(_CONVERSATIONS, sorted(wanted)) if wanted else []
    return {row["id"]: _made(r.Conversation, row) for row in rows}


async def _messages(tx: Tx, events: Iterable[Event]) -> dict[Pair, r.Message]:
    wanted = {(e.conversation_id, e.message_id) for e in events if isinstance(e, MessageUpdated | MessageRemoved)}
    rows = await _pairs(tx, _MESSAGES, wanted)
    return {(row["conversation_id"], row["message_id"]): _made(r.Message, row) for row in rows}


async def _last_resolutions(tx: Tx, events: Iterable[Event]) -> dict[UUID, r.Resolution]:
    wanted = {e.conversation_id for e in events if isinstance(e, ConversationResolved | ConversationReopened)}
    rows = await tx.fetch(_LAST_RESOLUTIONS, sorted(wanted)) if wanted else []
    return {row["conversation_id"]: _made(r.Resolution, row) for row in rows}


async def _deadlines(tx: Tx, events: Iterable[Event]) -> dict[Pair, r.Deadline]:
    wanted = {(e.conversation_id, e.deadline_id) for e in events if isinstance(e, DeadlineEvent)}
    rows = await _pairs(tx, _DEADLINES, wanted)
    return {(row["conversation_id"], row["deadline_id"]): _made(r.Deadline, row) for row in rows}


async def _deliveries(tx: Tx, events: Iterable[Event]) -> dict[Pair, r.Delivery]:
    wanted = {
        (e.conversation_id, e.reply_id) for e in events if isinstance(e, ReplySent | ReplyDelivered | ReplyFailed)
    }
    rows = await _pairs(tx, _DELIVERIES, wanted)
    return {(row["conversation_id"], row["reply_id"]): _made(r.Delivery, row) for row in rows}


async def _pairs(tx: Tx, query: str, wanted: Collection[Pair]) -> list[Row]:
    if not wanted:
        return []
    ordered = sorted(wanted)
    return await tx.fetch(query, [conversation for conversation, _ in ordered], [part for _, part in ordered])


def _made(table: type[T], row: Row) -> T:
    return table(**{column: row[column] for column in columns(table)})
