"""Conversations, what is said in them, and who has them."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import assert_never
from uuid import UUID

from pydantic import TypeAdapter

from lotse.contracts import conversations as c
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.frozen import replace
from lotse.contracts.values import Attachment, Identity, Reading, Situation, Span, Status
from lotse.desk.core import demand
from lotse.desk.core import rows as r
from lotse.desk.core.insights import text_rank
from lotse.desk.core.state import State

_ATTACHMENTS = TypeAdapter(tuple[Attachment, ...])
_SPANS = TypeAdapter(tuple[Span, ...])

_NOBODY_WAITS = (Status.WAITING, Status.RESOLVED, Status.SET_ASIDE)
_NOBODY_HAS = (Status.NEW, Status.QUEUED, Status.RESOLVED, Status.SET_ASIDE)


def keep(state: State, fact: Fact[Event]) -> None:
    """Apply one fact about a conversation, a customer or an agent."""
    event = fact.data
    match event:
        case c.ConversationOpened():
            _open(state, fact, event)
        case c.MessageAdded():
            _add(state, fact, event)
        case c.MessageUpdated():
            _update(state, fact, event)
        case c.MessageRemoved():
            _remove(state, fact, event)
        case c.StatusChange():
            _move(state, fact, event)
        case c.ReadingChanged():
            _read_anew(state, fact, event)
        case c.AssignmentChanged():
            _assign(state, fact, event)
        case c.RoutingRelaxed():
            known = _conversation(state, fact, event)
            _put(state, fact, _calling_for(known, partial(demand.relaxed, event)))
        case c.NoteAdded():
            note = r.Note(event.conversation_id, event.note_id, event.text, event.actor.kind, event.actor.id, event.at)
            state.notes.put((event.conversation_id, event.note_id), note)
        case c.ReplyApproved() | c.ReplyBlocked():
            state.replies.put((event.conversation_id, event.reply_id), _reply(fact, event))
        case c.CustomerIdentified():
            _name(state, event.customer_id, event.name, event.at)
            _identify(state, event.customer_id, event.identities)
        case c.AgentStatusChanged():
            state.agents.put(event.agent_id, r.AgentStatus(event.agent_id, event.current.value, event.at, event.reason))
        case _:
            pass


def _conversation(state: State, fact: Fact[Event], event: c.ConversationEvent) -> r.Conversation:
    """The row in hand; an empty one where the log no longer tells how the conversation began."""
    known = state.conversations.get(event.conversation_id)
    return known or r.Conversation(event.conversation_id, opened_at=fact.time, updated_at=fact.time)


def _put(state: State, fact: Fact[Event], row: r.Conversation) -> None:
    state.conversations.put(row.id, replace(row, updated_at=max(row.updated_at, fact.time)))


def _open(state: State, fact: Fact[Event], event: c.ConversationOpened) -> None:
    opened = replace(
        _conversation(state, fact, event),
        opened_at=event.opened_at,
        customer_id=event.customer_id,
        account=event.address.account,
        channel=event.address.channel.value,
        previous_id=event.previous_conversation_id,
        auto=event.auto,
        trace_id=fact.traceparent[3:35] if fact.traceparent else None,
    )
    _put(state, fact, opened)
    _name(state, event.customer_id, event.customer_name, event.opened_at)
    _identify(state, event.customer_id, event.identities)


def _add(state: State, fact: Fact[Event], event: c.MessageAdded) -> None:
    message = r.Message(
        conversation_id=event.conversation_id,
        message_id=event.message_id,
        sequence=fact.sequence or 0,
        occurred_at=event.occurred_at,
        customer_id=event.customer_id,
        channel=event.channel.value,
        sender_name=event.sender_name,
        text=event.text,
        subject=event.subject,
        full_text=event.full.model_dump_json() if event.full else None,
        attachments=_ATTACHMENTS.dump_json(event.attachments).decode(),
        received_at=event.received_at,
        auto=event.auto,
    )
    state.messages.put((event.conversation_id, event.message_id), message)
    known = _conversation(state, fact, event)
    waits = known.waiting_since is None and not event.auto
    _put(state, fact, replace(known, waiting_since=event.occurred_at) if waits else known)


def _message(state: State, fact: Fact[Event], conversation: UUID, message: UUID, at: datetime) -> r.Message:
    known = state.messages.get((conversation, message))
    return known or r.Message(conversation, message, sequence=fact.sequence or 0, occurred_at=at)


def _update(state: State, fact: Fact[Event], event: c.MessageUpdated) -> None:
    known = _message(state, fact, event.conversation_id, event.message_id, event.edited_at)
    if known.removed_at is not None:
        return
    edited = replace(
        known,
        text=event.text,
        full_text=event.full.model_dump_json() if event.full else None,
        attachments=_ATTACHMENTS.dump_json(event.attachments).decode(),
        edited_at=event.edited_at,
    )
    state.messages.put((event.conversation_id, event.message_id), edited)
    _put(state, fact, _conversation(state, fact, event))


def _remove(state: State, fact: Fact[Event], event: c.MessageRemoved) -> None:
    known = _message(state, fact, event.conversation_id, event.message_id, event.deleted_at)
    removed = replace(known, text=None, subject=None, full_text=None, attachments="[]", removed_at=event.deleted_at)
    state.messages.put((event.conversation_id, event.message_id), removed)
    _put(state, fact, _conversation(state, fact, event))


def _move(state: State, fact: Fact[Event], event: c.StatusChange) -> None:
    moved = replace(
        _conversation(state, fact, event),
        status=event.current.value,
        snoozed_until=event.until if isinstance(event, c.ConversationSnoozed) else None,
        queued_at=None,
    )
    if event.current in _NOBODY_WAITS:
        moved = replace(moved, waiting_since=None)
    if event.current in _NOBODY_HAS:
        moved = replace(moved, assignee=None, units=0)
    match event:
        case c.ConversationQueued():
            queued = replace(
                moved,
                priority=event.priority,
                team=event.team or moved.team,
                waiting_since=event.waiting_since,
                queued_at=event.at,
            )
            queued = replace(queued, demand=demand.queued(moved.demand, event, moved.last_agent))
            moved = _read(queued, event.reading, event.at) if event.reading else queued
        case c.ConversationResumed(waiting_since=datetime() as since):
            moved = replace(moved, waiting_since=since)
        case c.ConversationSetAside():
            moved = _read(moved, event.reading, event.at)
        case c.ConversationResolved():
            _resolve(state, fact, event, moved)
        case c.ConversationReopened():
            _reopen(state, event)
            moved = _calling_for(moved, demand.begun_anew)
        case _:
            pass
    _put(state, fact, moved)


def _resolve(state: State, fact: Fact[Event], event: c.ConversationResolved, row: r.Conversation) -> None:
    last = state.last_resolutions.get(row.id)
    agent = event.actor.id if event.actor.kind == "agent" else row.last_agent
    since = last.reopened_at if last and last.reopened_at else row.opened_at
    _put_resolution(state, r.Resolution(row.id, fact.sequence or 0, since, event.at, agent))


def _reopen(state: State, event: c.ConversationReopened) -> None:
    """Put back from what was set aside it was not done before."""
    last = state.last_resolutions.get(event.conversation_id)
    if last and last.reopened_at is None and event.previous is not Status.SET_ASIDE:
        _put_resolution(state, replace(last, reopened_at=event.at))


def _put_resolution(state: State, row: r.Resolution) -> None:
    state.resolutions.put((row.conversation_id, row.sequence), row)
    state.last_resolutions[row.conversation_id] = row


def _read(row: r.Conversation, reading: Reading, at: datetime) -> r.Conversation:
    crisis = reading.situation is Situation.CRISIS
    return replace(
        row,
        crisis_since=(row.crisis_since or at) if crisis else None,
        reading=reading.model_dump_json(exclude={"reasons"}),
        sentiment=reading.sentiment.value,
        triage=reading.triage.value,
        situation=reading.situation.value if reading.situation else None,
        topics=json.dumps(reading.topics, ensure_ascii=False) if reading.topics else "[]",
    )


def _calling_for(row: r.Conversation, change: Callable[[demand.Demand], demand.Demand]) -> r.Conversation:
    """What it calls for, changed; of what was never said nothing is known."""
    known = demand.read(row.demand)
    return row if known is None else replace(row, demand=change(known).model_dump_json())


def _reads_like(row: r.Conversation, event: c.ReadingChanged) -> r.Conversation:
    ranked = replace(row, priority=event.priority, team=event.team or row.team)
    return _read(_calling_for(ranked, partial(demand.read_anew, event)), event.current, event.at)


def _read_anew(state: State, fact: Fact[Event], event: c.ReadingChanged) -> None:
    known = _conversation(state, fact, event)
    _put(state, fact, _reads_like(known, event) if event.latest else known)
    if event.reason == "corrected":
        is_edit, edit, edited = text_rank(event.edit, event.edited_at)
        correction = r.Correction(
            conversation_id=event.conversation_id,
            message_id=event.message_id,
            reading=event.current.model_dump_json(),
            is_edit=is_edit,
            edit=edit,
            edited=edited,
            actor_kind=event.actor.kind,
            actor_id=event.actor.id,
            comment=event.comment,
            at=event.at,
        )
        state.corrections.put((event.conversation_id, event.message_id), correction)


def _assign(state: State, fact: Fact[Event], event: c.AssignmentChanged) -> None:
    """Who has it works on it; what nobody has any more is in the queue again."""
    assignment = r.Assignment(
        conversation_id=event.conversation_id,
        sequence=fact.sequence or 0,
        previous=event.previous,
        current=event.current,
        team=event.team,
        actor_kind=event.actor.kind,
        actor_id=event.actor.id,
        reason=event.reason,
        ring=event.ring,
        queued_at=event.queued_at,
        at=event.at,
    )
    state.assignments.put((event.conversation_id, assignment.sequence), assignment)
    known = _conversation(state, fact, event)
    given = replace(
        known,
        status=(Status.ASSIGNED if event.current else Status.QUEUED).value,
        assignee=event.current,
        last_agent=event.current or known.last_agent,
        units=event.units if event.current else 0,
        team=event.team or known.team,
        snoozed_until=None,
        queued_at=None if event.current else event.queued_at or event.at,
    )
    _put(state, fact, given if event.current else _calling_for(given, demand.taken_back))


def _reply(fact: Fact[Event], event: c.ReplyApproved | c.ReplyBlocked) -> r.Reply:
    match event:
        case c.ReplyApproved():
            return r.Reply(
                conversation_id=event.conversation_id,
                reply_id=event.reply_id,
                sequence=fact.sequence or 0,
                agent_id=event.agent_id,
                agent_name=event.agent_name,
                approved=True,
                text=event.text,
                attachments=_ATTACHMENTS.dump_json(event.attachments).decode(),
                leads_to=event.then,
                override_reason=event.override_reason,
                problem=None,
                spans="[]",
                suggestion=None,
                at=event.at,
                private=event.comment_on is not None,
            )
        case c.ReplyBlocked():
            return r.Reply(
                conversation_id=event.conversation_id,
                reply_id=event.reply_id,
                sequence=fact.sequence or 0,
                agent_id=event.agent_id,
                agent_name=None,
                approved=False,
                text=None,
                attachments="[]",
                leads_to=None,
                override_reason=None,
                problem=event.problem,
                spans=_SPANS.dump_json(event.spans).decode(),
                suggestion=event.suggestion,
                at=event.at,
            )
        case _:
            assert_never(event)


def _name(state: State, customer: UUID, name: str | None, at: datetime) -> None:
    known = state.customers.get(customer)
    told = r.Customer(customer, name, at, at)
    state.customers.put(customer, told if known is None else merged(known, told))


def merged(one: r.Customer, other: r.Customer) -> r.Customer:
    """Two accounts of a customer as one, whichever was heard first."""
    named = max(one, other, key=lambda row: (row.name is not None, row.named_at, row.name or ""))
    return r.Customer(one.id, named.name, named.named_at, min(one.first_at, other.first_at))


def _identify(state: State, customer: UUID, identities: Iterable[Identity]) -> None:
    for identity in identities:
        key = (customer, identity.kind.value, identity.scope, identity.value)
        known = state.identities.get(key)
        verified = identity.verified or (known is not None and known.verified)
        state.identities.put(key, r.CustomerIdentity(*key, verified=verified))
