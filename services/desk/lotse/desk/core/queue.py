"""Why a conversation waits and who could take it, by what the desk knows: an explanation, never a decision.

It follows the router: skills by ring, team, presence, room under the soft limit (in a crisis the hard one), and
who had the conversation before goes first for a while.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import get_args

from lotse.contracts.channels import Channel, profile
from lotse.contracts.config import Agent, Config, Routing
from lotse.contracts.frozen import frozen
from lotse.contracts.values import Language, Presence
from lotse.desk.core.demand import Demand, Skills

_FIXED = (frozenset(get_args(Language)) - {"und"}) | {"public_voice"}
"""What no rule may drop."""

NEAREST = 3
"""How many who lack something are named where few lack nothing."""


class Why(StrEnum):
    NOBODY_HAS_THE_SKILLS = "nobody_has_the_skills"
    """No agent of the configuration, in the team that it is for."""
    NOBODY_ONLINE = "nobody_online"
    """Of those who have the skills nobody takes work."""
    ALL_FULL = "all_full"
    """Of those who have the skills and take work nobody has room."""
    GOES_FIRST = "goes_first"
    """Who had it before has no room, and goes first until a certain time."""
    MATCHING = "matching"
    """Somebody could take it: it is being assigned."""


@frozen
class Worker:
    """An agent of the configuration as he stands now. `used`: units of his capacity."""

    id: str
    card: Agent
    presence: Presence = Presence.OFFLINE
    used: int = 0


@frozen
class Call:
    """What conversations of one kind call for now; they suit the same agents."""

    skills: tuple[tuple[str, int], ...]
    preferred: tuple[tuple[str, int], ...]
    units: int
    crisis: bool
    team: str | None


@frozen
class Missing:
    """A skill that an agent lacks, or has at too low a level (0: not at all)."""

    skill: str
    level: int
    needed: int


@frozen
class Candidate:
    """An agent, and what keeps him from taking it."""

    id: str
    presence: Presence
    used: int
    limit: int
    """The soft limit, in a crisis the hard one."""
    has_room: bool
    preferred: int
    """How many of the preferred skills he has."""
    missing: tuple[Missing, ...] = ()
    other_team: bool = False

    @property
    def suits(self) -> bool:
        return not self.missing and not self.other_team

    @property
    def takes_work(self) -> bool:
        return self.presence is Presence.ONLINE

    @property
    def is_free(self) -> bool:
        """Could be given it this moment."""
        return self.suits and self.takes_work and self.has_room


@frozen
class Waits:
    """A conversation in the queue."""

    channel: Channel
    crisis: bool = False
    team: str | None = None
    demand: Demand | None = None
    queued_at: datetime | None = None


@frozen
class First:
    """Who had it before, and until when nobody else is given it."""

    id: str
    until: datetime


@frozen
class Ease:
    """When a rule drops skills next."""

    at: datetime
    dropped: tuple[str, ...]


@frozen
class Explained:
    why: Why
    candidates: tuple[Candidate, ...]
    """Whoever has the skills, then those who come nearest; the best first."""
    first: First | None = None
    eases: Ease | None = None


class Queue:
    """Explains one conversation after the other against the same agents."""

    def __init__(self, config: Config, workers: Iterable[Worker], now: datetime) -> None:
        self._config = config
        self._workers = tuple(workers)
        self._now = now
        self._known: dict[Call, tuple[Candidate, ...]] = {}

    def explain(self, waits: Waits, nearest: int = NEAREST) -> Explained:
        """`nearest`: how many are named at the least, whatever they lack."""
        call = call_of(self._config.routing, waits)
        candidates = self._known.get(call)
        if candidates is None:
            candidates = self._known[call] = _ordered(_candidate(call, worker) for worker in self._workers)
        first = self._first(waits, candidates)
        named = _named(candidates, nearest)
        return Explained(_why(candidates, first), named, first, self._eases(waits.demand))

    def _first(self, waits: Waits, candidates: Sequence[Candidate]) -> First | None:
        if waits.demand is None or waits.demand.goes_first is None or waits.queued_at is None:
            return None
        until = waits.queued_at + self._config.routing.same_agent
        found = next((one for one in candidates if one.id == waits.demand.goes_first), None)
        stands = found is not None and found.suits and found.takes_work and self._now < until
        return First(found.id, until) if found and stands else None

    def _eases(self, demand: Demand | None) -> Ease | None:
        """By the rules that it was queued under, if those still stand."""
        if demand is None or demand.begun_at is None or demand.version != self._config.routing.version:
            return None
        ring = max((one.ring for one in demand.relaxed), default=1)
        for number, (after, dropped) in enumerate(steps(self._config.routing, demand), 2):
            if number > ring:
                return Ease(demand.begun_at + after, dropped)
        return None


def call_of(routing: Routing, waits: Waits) -> Call:
    demand = waits.demand or Demand()
    return Call(
        skills=tuple(sorted(demand.called_for.items())),
        preferred=tuple(sorted(demand.preferred.items())),
        units=routing.units.get(waits.channel, profile(waits.channel).capacity_units),
        crisis=waits.crisis,
        team=waits.team,
    )


def steps(routing: Routing, demand: Demand) -> list[tuple[timedelta, tuple[str, ...]]]:
    """Rings 2, 3 …: after what time which skills are dropped."""
    found: list[tuple[timedelta, tuple[str, ...]]] = []
    left = set(demand.required) - _FIXED
    given = [step for rule in routing.rules if rule.name in demand.rules for step in rule.relax]
    for step in sorted(given, key=lambda one: (one.after, one.drop)):
        dropped = tuple(skill for skill in step.drop if skill in left)
        if dropped:
            left.difference_update(dropped)
            found.append((step.after, dropped))
    return found


def _candidate(call: Call, worker: Worker) -> Candidate:
    card = worker.card
    limit = card.capacity.hard if call.crisis else card.capacity.soft
    return Candidate(
        id=worker.id,
        presence=worker.presence,
        used=worker.used,
        limit=limit,
        has_room=worker.used + call.units <= limit,
        preferred=sum(card.skills.get(skill, 0) >= level for skill, level in call.preferred),
        missing=tuple(_missing(card.skills, dict(call.skills))),
        other_team=call.team is not None and call.team not in card.teams,
    )


def _missing(skills: Mapping[str, int], needed: Skills) -> Iterable[Missing]:
    return (
        Missing(skill, skills.get(skill, 0), level) for skill, level in needed.items() if skills.get(skill, 0) < level
    )


def _ordered(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(candidates, key=_distance))


def _distance(one: Candidate) -> tuple[int, bool, int, bool, int, int, str]:
    away = list(Presence).index(one.presence)
    return (len(one.missing), one.other_team, away, not one.has_room, -one.preferred, one.used, one.id)


def _named(candidates: Sequence[Candidate], least: int) -> tuple[Candidate, ...]:
    suiting = tuple(one for one in candidates if one.suits)
    others = tuple(one for one in candidates if not one.suits)
    return suiting + others[: max(least - len(suiting), 0)]


def _why(candidates: Sequence[Candidate], first: First | None) -> Why:
    if first is not None:
        free = any(one.is_free for one in candidates if one.id == first.id)
        return Why.MATCHING if free else Why.GOES_FIRST
    suiting = [one for one in candidates if one.suits]
    if not suiting:
        return Why.NOBODY_HAS_THE_SKILLS
    working = [one for one in suiting if one.takes_work]
    if not working:
        return Why.NOBODY_ONLINE
    return Why.MATCHING if any(one.has_room for one in working) else Why.ALL_FULL
