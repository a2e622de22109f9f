"""`lotse-deadlines`: what the customer was promised, and whether it was kept."""

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar
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
