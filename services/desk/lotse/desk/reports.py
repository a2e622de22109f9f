"""What reports are made of: spans of days in a zone, figures, and whose figures a caller may see. Pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import computed_field

from lotse.contracts.commands import Role
from lotse.contracts.config import Config
from lotse.contracts.frozen import frozen
from lotse.contracts.values import Sentiment, Situation
from lotse.desk.model import Model

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)

LONGEST = {"day": 366, "hour": 31}
"""Days that a report may span, by its steps."""
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)


class Step(StrEnum):
    """How finely a report tells time."""

    DAY = "day"
    HOUR = "hour"


class BadSpan(ValueError):
    """A report that cannot be made; the text says why."""


@frozen
class Span:
    """Whole days of a zone, both ends included."""

    first: date
    last: date
    zone: ZoneInfo
    step: Step = Step.DAY

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def bounds(self) -> tuple[datetime, ...]:
        """Where the steps begin, and where the last one ends, in UTC.

        A day is the zone's: 23 or 25 hours in the nights when the clocks change, so an hour that the wall clock
        shows twice is two steps.
        """
        midnights = [midnight(self.first + _DAY * n, self.zone) for n in range(self.days + 1)]
        if self.step is Step.DAY:
            return tuple(midnights)
        starts = [hour for start, end in zip(midnights[:-1], midnights[1:], strict=True) for hour in _hours(start, end)]
        return (*starts, midnights[-1])

    @property
    def before(self) -> "Span":
        """As many days, right before."""
        return Span(self.first - _DAY * self.days, self.first - _DAY, self.zone, self.step)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When the day begins; where midnight is skipped, the jump."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _hours(start: datetime, end: datetime) -> Iterable[datetime]:
    while start < end:
        yield start
        start += _HOUR


def span_of(first: date, last: date, zone: ZoneInfo, step: Step) -> Span:
    """Raises BadSpan where the days are in the wrong order, out of reach or too many for the steps."""
    if first > last:
        raise BadSpan("the first day comes after the last")
    if first < EARLIEST or last > LATEST:
        raise BadSpan(f"days are between {EARLIEST} and {LATEST}")
    span = Span(first, last, zone, step)
    if span.days > LONGEST[step]:
        raise BadSpan(f"by {step} a report spans {LONGEST[step]} days at the most")
    return span


def zone_of(name: str) -> ZoneInfo:
    """Raises BadSpan for a name that the time zone database does not have."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as unknown:
        raise BadSpan("the zone is an IANA name such as Europe/Berlin") from unknown


def home_zone(config: Config) -> ZoneInfo:
    """The zone of the first calendar, as days are counted there; Europe/Berlin where there is none."""
    return ZoneInfo(next((calendar.zone for calendar in config.calendars.values()), "Europe/Berlin"))


@frozen
class Selection:
    """What a report is about; None does not filter."""

    span: Span
    channels: Sequence[str] | None = None
    team: str | None = None
    agent: str | None = None


class Times(Model):
    """How long something took: how often, and the value that half and nine tenths of them did not exceed, in seconds.

    A percentile is a value that occurred (nearest rank). `business` is the time of the policy's calendar.
    """

    count: int = 0
    p50: float | None = None
    p90: float | None = None
    business_p50: float | None = None
    business_p90: float | None = None


class Sentiments(Model):
    """Conversations opened, by how they read now."""

    positive: int = 0
    neutral: int = 0
    negative: int = 0
    unsure: int = 0
    unread: int = 0


class Situations(Model):
    """Conversations opened, by what they are about now; `none`: none of these, or not read."""

    crisis: int = 0
    question: int = 0
    complaint: int = 0
    untruth: int = 0
    compliment: int = 0
    quote_request: int = 0
    none: int = 0


SENTIMENTS: tuple[str, ...] = (*Sentiment, "unread")
SITUATIONS: tuple[str, ...] = (*Situation, "none")


class Figures(Model):
    """What is counted; each fact once, at its own moment. Shares are None where there is nothing to divide by."""

    messages: int = 0
    opened: int = 0
    replies: int = 0
    first_response: Times = Times()
    next_response: Times = Times()
    kept: int = 0
    """Deadlines met in time."""
    missed: int = 0
    corrected: int = 0
    """Of those kept: first told as missed, since the answer was heard of late."""
    sentiment: Sentiments = Sentiments()
    situation: Situations = Situations()
    spam: int = 0
    resolved: int = 0
    reopened: int = 0
    """Of those resolved: opened again since."""
    resolution: Times = Times()
    approved: int = 0
    blocked: int = 0
    """Replies that the rules held back."""

    @computed_field
    @property
    def service_level(self) -> float | None:
        return share(self.kept, self.kept + self.missed)

    @computed_field
    @property
    def spam_share(self) -> float | None:
        return share(self.spam, self.opened)

    @computed_field
    @property
    def negative_share(self) -> float | None:
        return share(self.sentiment.negative, self.opened)

    @computed_field
    @property
    def reopen_rate(self) -> float | None:
        return share(self.reopened, self.resolved)

    @computed_field
    @property
    def block_rate(self) -> float | None:
        return share(self.blocked, self.approved + self.blocked)


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


class Point(Figures):
    """One step of time, `until` excluded."""

    at: datetime
    until: datetime


class Line(Figures):
    """One channel, team or agent; an empty name is what belongs to none."""

    name: str


class Topic(Model):
    """Conversations opened about a topic; a conversation has any number of topics."""

    topic: str
    conversations: int
    complaints: int
    complaints_before: int
    """In as many days right before."""

    @computed_field
    @property
    def change(self) -> int:
        """Complaints more than before."""
        return self.complaints - self.complaints_before


class OpenNow(Model):
    """Conversations of a channel that are not done, at this moment and not in the span."""

    channel: str
    new: int
    queued: int
    assigned: int
    waiting: int
    snoozed: int

    @computed_field
    @property
    def ours(self) -> int:
        """The next step is the house's."""
        return self.new + self.queued + self.assigned

    @computed_field
    @property
    def total(self) -> int:
        return self.ours + self.waiting + self.snoozed


class Report(Model):
    """Figures of a span: in all, by step of time, and by what they belong to. The parts add up to `total`."""

    first: date
    last: date
    zone: str
    step: Step
    as_of: datetime | None
    """When the youngest event that the desk has read was published."""
    total: Figures
    over_time: tuple[Point, ...]
    channels: tuple[Line, ...]
    teams: tuple[Line, ...]
    agents: tuple[Line, ...]
    topics: tuple[Topic, ...]
    open_now: tuple[OpenNow, ...]


@frozen
class Reader:
    """Who reads: an agent sees the totals, his own line and his own teams'; leads, admins and services all."""

    role: Role
    agent: str
    teams: Sequence[str] = ()

    def may_ask(self, wanted: Selection) -> bool:
        """Whether he may see figures of this agent or team alone."""
        if self.role != "agent":
            return True
        return wanted.agent in (None, self.agent) and (wanted.team is None or wanted.team in self.teams)

    def seen(self, report: Report) -> Report:
        """The report without the lines that are not for him."""
        if self.role != "agent":
            return report
        return report.model_copy(
            update={
                "teams": tuple(line for line in report.teams if line.name in self.teams),
                "agents": tuple(line for line in report.agents if line.name == self.agent),
            }
        )
