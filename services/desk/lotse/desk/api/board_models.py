"""What the boards of a team say."""

from datetime import date, datetime

from lotse.contracts.channels import Channel
from lotse.contracts.values import Presence
from lotse.desk.api.models import Agent, Summary
from lotse.desk.core.queue import Why
from lotse.desk.model import Model


class Missing(Model):
    """A skill that an agent lacks, or has at too low a level (0: not at all)."""

    skill: str
    level: int
    needed: int


class Candidate(Model):
    """An agent, and what keeps him from taking a conversation."""

    id: str
    status: Presence
    used: int
    """Units of his capacity."""
    limit: int
    """The soft limit, in a crisis the hard one."""
    has_room: bool
    preferred: int
    """How many of the preferred skills he has."""
    missing: tuple[Missing, ...]
    other_team: bool


class Relaxed(Model):
    """Skills that a rule dropped since, because nobody had them in time."""

    ring: int
    dropped: tuple[str, ...]
    at: datetime


class First(Model):
    """Who had it before, and until when nobody else is given it."""

    id: str
    until: datetime


class Ease(Model):
    """When a rule drops skills next."""

    at: datetime
    dropped: tuple[str, ...]


class Waiting(Model):
    """Why a conversation waits for an agent, since when, and who could take it."""

    why: Why
    queued_at: datetime | None
    crisis: bool
    team: str | None
    required: dict[str, int]
    """What is called for now: skill to least level."""
    preferred: dict[str, int]
    rules: tuple[str, ...]
    rules_version: str
    relaxed: tuple[Relaxed, ...]
    eases: Ease | None
    first: First | None
    candidates: tuple[Candidate, ...]
    """Whoever has the skills, then those who come nearest; the best first."""


class Queued(Model):
    """A conversation in the queue."""

    conversation: Summary
    waiting: Waiting


class Queue(Model):
    """The queue in the router's order: crisis, deadline, priority that age raises. `total` counts all of it."""

    items: tuple[Queued, ...]
    total: int
    reasons: dict[Why, int]
    """How many of all wait for which reason."""
    oldest: datetime | None
    """Since when the customer waits who has waited longest."""
    as_of: datetime | None
    """When the youngest event that the desk has read was published."""


class InHand(Model):
    """A conversation that an agent has and that waits for his answer."""

    id: str
    channel: Channel | None
    customer_name: str | None
    waiting_since: datetime | None
    due_at: datetime | None
    priority: int | None


class Colleague(Agent):
    """An agent with what he has in hand, most urgent first."""

    in_hand: tuple[InHand, ...]


class Kept(Model):
    """Promises whose outcome fell on the day, and those open now.

    A promise that was missed counts as missed on the day it was due, answered since or not; one that a late
    correction showed to be kept counts as kept.
    """

    kept: int = 0
    missed: int = 0
    open: int = 0
    overdue: int = 0

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(
            kept=self.kept + other.kept,
            missed=self.missed + other.missed,
            open=self.open + other.open,
            overdue=self.overdue + other.overdue,
        )


class Today(Model):
    """A day in the operator's zone; `channels` add up to `total`."""

    day: date
    zone: str
    total: Kept
    channels: dict[Channel, Kept]


class Board(Model):
    """The team now, and what became of its promises today."""

    agents: tuple[Colleague, ...]
    today: Today
    as_of: datetime | None
