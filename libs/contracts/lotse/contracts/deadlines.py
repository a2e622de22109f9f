"""`lotse-deadlines`: what the customer was promised, and whether it was kept."""

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from lotse.contracts.channels import Channel
from lotse.contracts.envelope import Event
from lotse.contracts.ids import ConversationId
from lotse.contracts.topics import Topic


class Clock(StrEnum):
    """What a deadline promises."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"


class DeadlineEvent(Event):
    """A fact about one deadline; `deadline_id` is derived from conversation, clock and what ended the wait before."""

    TOPIC: ClassVar[Topic] = Topic.DEADLINES

    conversation_id: ConversationId
    deadline_id: UUID
    clock: Clock
    channel: Channel

    def key(self) -> str:
        return str(self.conversation_id)


class DeadlineStarted(DeadlineEvent, name="deadline.started"):
    """A customer waits from `started_at` (his word) and was promised an answer by `due_at`."""

    started_at: AwareDatetime
    due_at: AwareDatetime
    target: timedelta
    """Business time of the calendar."""
    policy: str
    policy_version: str
    calendar: str
    calendar_version: str


class DeadlineRescheduled(DeadlineEvent, name="deadline.rescheduled"):
    """Another policy or an earlier word holds: the promise moved."""

    previous: AwareDatetime
    current: AwareDatetime
    policy: str
    policy_version: str
    reason: str


class DeadlineWarned(DeadlineEvent, name="deadline.warned"):
    """Soon due. Once per deadline."""

    due_at: AwareDatetime
    warned_at: AwareDatetime
    """The moment that the policy names, not the moment of noticing."""


class DeadlineMissed(DeadlineEvent, name="deadline.missed"):
    """Not answered in time. Once per deadline."""

    missed_at: AwareDatetime
    """The deadline itself."""
    detected_at: AwareDatetime


class DeadlineMet(DeadlineEvent, name="deadline.met"):
    """Answered in time, or late after a miss: `late` says which."""

    due_at: AwareDatetime
    met_at: AwareDatetime
    """The provider's acceptance of the answer."""
    late: bool = False
    business_time: timedelta
    """From start to answer, in the calendar's time."""


class DeadlineCorrected(DeadlineEvent, name="deadline.corrected"):
    """A miss that was none: the answer had happened in time but was heard of late."""

    missed_at: AwareDatetime
    met_at: AwareDatetime


class DeadlineCancelled(DeadlineEvent, name="deadline.cancelled"):
    """Nobody waits any more: spam, merged, deleted, resolved without an answer."""

    reason: str
    at: AwareDatetime


class ServiceLevelEvent(Event):
    """A fact about one channel. Between a `degraded` and the next one lies a `recovered`."""

    TOPIC: ClassVar[Topic] = Topic.DEADLINES

    channel: Channel
    share_met: float | None = None
    """Promises kept of those that were due or answered in the last hour, 0 to 1; None: there were none."""
    at: AwareDatetime
    """The end of the window that says so."""

    def key(self) -> str:
        return self.channel.value


class ServiceLevelDegraded(ServiceLevelEvent, name="service_level.degraded"):
    """In two windows of five minutes customers waited much longer than they usually do on this channel."""

    since: AwareDatetime
    """The beginning of the first of the two."""
    p90: timedelta
    """Nine of ten answers in the last window came within this time, in the calendar's time."""
    baseline: timedelta
    """The median of the channel's own p90 over the last seven days."""
    answers: int
    """In both windows."""
    volume_change: float | None = None
    """Waits that began in both windows against the usual number: 0.5 is half as many again."""
    staffed: int
    """Agents who take work, on whichever channel."""
    topic: str | None = None
    """What most of the answers were about, where the messages' readings say so."""


class ServiceLevelRecovered(ServiceLevelEvent, name="service_level.recovered"):
    """It is as it was again, or nothing has happened on the channel for an hour."""

    degraded_at: AwareDatetime
    reason: Literal["p90", "quiet"]
    """quiet: an hour in which too few were answered to tell, and nobody waited too long."""
    p90: timedelta | None = None
    baseline: timedelta | None = None
