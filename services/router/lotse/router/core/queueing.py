"""Waiting for an agent: how a conversation gets into the queue, and its place there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from lotse.contracts.config import Config
from lotse.contracts.conversations import (
    AssignmentChanged,
    ConversationQueued,
    ConversationSetAside,
    RoutingRelaxed,
)
from lotse.contracts.envelope import Event
from lotse.contracts.frozen import replace
from lotse.contracts.ids import ConversationId, TeamId, derive
from lotse.contracts.values import Actor, Reading, Status
from lotse.router.core import agents, rules
from lotse.router.core.state import Conversation, Demand, Hold, State, Turn

ROUTER = Actor(kind="service", id="router")

UNPROMISED = timedelta(days=1)
"""Without a deadline a conversation is ranked as if it had been promised an answer within this time."""
PRIORITY_IS_WORTH = timedelta(minutes=10)
"""A point of priority counts as much as this much waiting, so that nothing starves."""


@dataclass(frozen=True, slots=True, order=True)
class Rank:
    """A place in the queue, smaller first. It does not depend on the time of asking, so it can be an index."""

    calm: bool
    """False in a crisis."""
    due_minute: datetime
    aged_since: datetime
    id: ConversationId


def rank(conversation: Conversation) -> Rank:
    """Crisis, slack to the deadline in minutes, priority that waiting ages, id."""
    demand = conversation.demand
    due = conversation.promise.due_at if conversation.promise else conversation.waiting_since + UNPROMISED
    priority = demand.priority if demand else rules.DEFAULT_PRIORITY
    return Rank(
        calm=not (demand and demand.crisis),
        due_minute=due.replace(second=0, microsecond=0),
        aged_since=conversation.waiting_since - priority * PRIORITY_IS_WORTH,
        id=conversation.id,
    )


def kind(conversation: Conversation) -> UUID:
    """Conversations of one kind suit the same agents; there are few kinds, however long the queue."""
    demand = conversation.demand
    if demand is None:
        return derive("kind", conversation.units)
    return derive(
        "kind",
        conversation.units,
        conversation.hold.agent_id if conversation.hold else "",
        demand.crisis,
        demand.team or "",
        _text(demand.preferred.items()),
        *(_text(agents.called_for(conversation, ring).items()) for ring in range(1, conversation.ring + 1)),
    )


def _text(skills: Iterable[tuple[str, int]]) -> str:
    return ",".join(f"{skill}={level}" for skill, level in sorted(skills))


def queue(state: State, conversation: Conversation, turn: Turn, *, actor: Actor, reason: str) -> list[Event]:
    """Let it wait for an agent; who had it goes first for a while if he is online."""
    if conversation.status is Status.SET_ASIDE:
        conversation = replace(conversation, waiting_since=conversation.waits_since(turn.now))
    waiting = state.put(_in_line(state, conversation, turn, ConversationQueued, keep_for_agent=True))
    demand = _demand(waiting)
    return [
        ConversationQueued(
            conversation_id=waiting.id,
            previous=conversation.status,
            current=Status.QUEUED,
            actor=actor,
            reason=reason,
            at=turn.now,
            address=waiting.address,
            reading=waiting.reading,
            priority=demand.priority,
            required=demand.required,
            preferred=demand.preferred,
            team=demand.team,
            rules=demand.rules,
            rules_version=demand.version,
            waiting_since=waiting.waiting_since,
            auto=waiting.auto,
            first=not conversation.queued_before,
        )
    ]


def take_back(
    state: State, conversation: Conversation, turn: Turn, *, reason: str, actor: Actor, team: TeamId | None = None
) -> list[Event]:
    """Nobody has it any more: back in the queue with its age. `assignment.changed` to nobody says so."""
    sent = replace(conversation, team_id=team or conversation.team_id)
    waiting = state.put(_in_line(state, sent, turn, AssignmentChanged, keep_for_agent=False))
    return [
        AssignmentChanged(
            conversation_id=waiting.id,
            previous=conversation.agent_id,
            current=None,
            team=_demand(waiting).team,
            actor=actor,
            reason=reason,
            queued_at=waiting.queued_at,
            at=turn.now,
        )
    ]


def _in_line(
    state: State, conversation: Conversation, turn: Turn, event: type[Event], *, keep_for_agent: bool
) -> Conversation:
    waiting = replace(
        conversation,
        status=Status.QUEUED,
        agent_id=None,
        last_agent_id=conversation.agent_id or conversation.last_agent_id,
        queued_before=True,
        rings_from=conversation.rings_from or turn.now,
        queued_at=turn.now,
        queued_by=derive(turn.cause, event.TYPE, 0),
        traceparent=turn.traceparent,
        resolved_at=None,
    )
    waiting = redemand(state.config, waiting)
    hold = _hold(state, waiting, turn.now) if keep_for_agent else None
    return timed(replace(waiting, hold=hold))


def _hold(state: State, conversation: Conversation, now: datetime) -> Hold | None:
    """Ring 0, if who had it is online and has what is called for."""
    agent_id = conversation.last_agent_id
    card = state.config.agents.get(agent_id) if agent_id else None
    if agent_id is None or card is None or not agents.is_online(state, agent_id):
        return None
    if not agents.meets(card, agents.called_for(conversation, conversation.ring)):
        return None
    return Hold(agent_id, now + state.config.routing.same_agent)


def redemand(config: Config, conversation: Conversation) -> Conversation:
    """What it calls for by the reading in hand; other relaxations than before begin at ring 1 again."""
    demand = rules.demand(config, conversation)
    same = conversation.demand is not None and conversation.demand.steps == demand.steps
    return replace(conversation, demand=demand, ring=conversation.ring if same else 1)


def timed(conversation: Conversation) -> Conversation:
    """With the time at which its ring changes next."""
    steps = conversation.demand.steps if conversation.demand else ()
    times = [conversation.hold.until] if conversation.hold else []
    if conversation.rings_from and conversation.ring <= len(steps):
        times.append(conversation.rings_from + steps[conversation.ring - 1].after)
    return replace(conversation, timer_at=min(times, default=None))


def widen(state: State, conversation: Conversation, turn: Turn) -> list[Event]:
    """End a hold that has run out, and drop the skills whose time has come."""
    hold = conversation.hold if conversation.hold and conversation.hold.until > turn.now else None
    steps = _demand(conversation).steps
    begun = conversation.rings_from or turn.now
    rings = [ring for ring, step in enumerate(steps, 2) if ring > conversation.ring and begun + step.after <= turn.now]
    widened = replace(conversation, hold=hold, ring=max(rings, default=conversation.ring))
    state.put(timed(widened))
    return [
        RoutingRelaxed(conversation_id=conversation.id, ring=ring, dropped=steps[ring - 2].dropped, at=turn.now)
        for ring in rings
    ]


def set_aside(
    state: State, conversation: Conversation, reading: Reading, turn: Turn, actor: Actor = ROUTER
) -> list[Event]:
    """Spam or noise: never shown as work."""
    state.put(aside(state.config, replace(conversation, status=Status.SET_ASIDE, hold=None)))
    return [
        ConversationSetAside(
            conversation_id=conversation.id,
            previous=conversation.status,
            current=Status.SET_ASIDE,
            actor=actor,
            reason=reading.triage.value,
            at=turn.now,
            reading=reading,
        )
    ]


def aside(config: Config, conversation: Conversation) -> Conversation:
    """What is set aside, with the time by which a word in it must be read that nobody has read yet."""
    unread = conversation.ledger.unread_since
    return replace(conversation, timer_at=unread + config.routing.analysis_wait if unread else None)


def anew(config: Config, conversation: Conversation, turn: Turn) -> Conversation:
    """A new episode of a closed conversation: waits to be read, by the rules of today; its rings begin again."""
    return replace(
        conversation,
        status=Status.NEW,
        demand=None,
        serious=False,
        ring=1,
        rings_from=None,
        resolved_at=None,
        traceparent=turn.traceparent,
        timer_at=turn.now + config.routing.analysis_wait,
    )


def _demand(conversation: Conversation) -> Demand:
    if conversation.demand is None:
        raise ValueError("a queued conversation has a demand")
    return conversation.demand
