"""Which agent gets which conversation: a pure function of the queue and the agents with room."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from lotse.contracts.config import Agent as Card
from lotse.contracts.conversations import AssignmentChanged
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AgentId, ConversationId, TeamId
from lotse.contracts.values import Status
from lotse.router.core import agents, commands, queueing
from lotse.router.core.queueing import ROUTER, Rank
from lotse.router.core.state import Conversation, Skills, State

_ALWAYS_IDLE = datetime.min.replace(tzinfo=UTC)


@frozen
class Call:
    """What conversations of one kind call for: `rings` is what ring 1, 2 … to the current one ask, `only` ring 0."""

    kind: UUID
    units: int
    crisis: bool
    rings: tuple[Skills, ...]
    preferred: Skills
    team: TeamId | None = None
    only: AgentId | None = None


@frozen
class Waiting:
    """A conversation in the queue."""

    rank: Rank
    kind: UUID


@frozen
class Worker:
    """An agent who takes work, and how much of his capacity is in use."""

    id: AgentId
    card: Card
    used: int = 0
    idle_since: datetime | None = None
    """When he was given work last; None: never."""

    def room(self, call: Call) -> int:
        """Units left: under the soft limit, in a crisis under the hard one."""
        capacity = self.card.capacity
        return (capacity.hard if call.crisis else capacity.soft) - self.used


@frozen
class Match:
    """A conversation for an agent. Ring 0: he had it before; 1: all skills; then what a rule relaxed."""

    conversation_id: ConversationId
    agent_id: AgentId
    ring: int


@dataclass(slots=True)
class _Candidate:
    """A worker for one kind; `load` is shared by all kinds and counts what this run gave."""

    worker: Worker
    ring: int
    liked: int
    load: dict[AgentId, int]

    def fits(self, call: Call) -> bool:
        return self.load[self.worker.id] + call.units <= self.worker.room(call)

    def order(self) -> tuple[int, int, int, bool, datetime, AgentId]:
        worker = self.worker
        given = self.load[worker.id]
        return (self.ring, -self.liked, worker.used + given, given > 0, worker.idle_since or _ALWAYS_IDLE, worker.id)


def call_of(conversation: Conversation) -> Call:
    """What the conversation's kind calls for."""
    demand = conversation.demand
    return Call(
        kind=queueing.kind(conversation),
        units=conversation.units,
        crisis=demand.crisis if demand else False,
        rings=tuple(agents.called_for(conversation, ring) for ring in range(1, conversation.ring + 1)),
        preferred=demand.preferred if demand else {},
        team=demand.team if demand else None,
        only=conversation.hold.agent_id if conversation.hold else None,
    )


def ring_of(call: Call, worker: Worker) -> int | None:
    """The ring in which this agent may have such a conversation; None where he may not."""
    if call.only is not None:
        return 0 if worker.id == call.only and agents.meets(worker.card, call.rings[-1]) else None
    if call.team is not None and call.team not in worker.card.teams:
        return None
    return next((ring for ring, skills in enumerate(call.rings, 1) if agents.meets(worker.card, skills)), None)


def room_for(call: Call, workers: Iterable[Worker]) -> int:
    """How many conversations of this kind the agents could take at the most."""
    units = max(call.units, 1)
    return sum(
        max(worker.room(call), 0) // units if call.units else 1
        for worker in workers
        if worker.room(call) >= call.units and ring_of(call, worker) is not None
    )


def match(queue: Iterable[Waiting], calls: Mapping[UUID, Call], workers: Sequence[Worker]) -> list[Match]:
    """Give each conversation, in the queue's order, the best agent with room.

    Best is: the lowest ring, most preferred skills, least units used, longest idle, id.
    """
    load = {worker.id: 0 for worker in workers}
    candidates = {kind: _candidates(call, workers, load) for kind, call in calls.items()}
    found: list[Match] = []
    for waiting in sorted(queue, key=lambda w: w.rank):
        call = calls[waiting.kind]
        fitting = [candidate for candidate in candidates[waiting.kind] if candidate.fits(call)]
        if fitting:
            best = min(fitting, key=_Candidate.order)
            load[best.worker.id] += call.units
            found.append(Match(waiting.rank.id, best.worker.id, best.ring))
    return found


def _candidates(call: Call, workers: Iterable[Worker], load: dict[AgentId, int]) -> list[_Candidate]:
    return [
        _Candidate(worker, ring, agents.liked(worker.card, call.preferred), load)
        for worker in workers
        if (ring := ring_of(call, worker)) is not None
    ]


def assign(state: State, pair: Match, kind: UUID, now: datetime) -> AssignmentChanged | None:
    """Make a match real, if under the locks the conversation still waits alike and its agent still has room."""
    conversation = state.conversations.get(pair.conversation_id)
    if conversation is None or conversation.status is not Status.QUEUED or queueing.kind(conversation) != kind:
        return None
    if not agents.has_room(state, pair.agent_id, conversation):
        return None
    given = commands.assigned(state, conversation, pair.agent_id, now)
    return AssignmentChanged(
        conversation_id=given.id,
        previous=None,
        current=pair.agent_id,
        team=given.demand.team if given.demand else None,
        actor=ROUTER,
        reason="matched",
        ring=pair.ring,
        units=given.units,
        queued_at=conversation.queued_at,
        at=now,
    )
