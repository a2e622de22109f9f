"""The rows of the projections. The order of the fields is the order of the columns that `store` writes."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from lotse.contracts.frozen import frozen
from lotse.contracts.values import Status

Json = str
"""A value kept as JSON text, shown and never searched."""


@frozen
class Heard:
    """How far one key of one topic was read, in which generation of the projections."""

    topic: str
    key: str
    sequence: int
    generation: int
    at: datetime


@frozen
class Conversation:
    id: UUID
    opened_at: datetime
    updated_at: datetime
    customer_id: UUID | None = None
    account: str | None = None
    channel: str | None = None
    previous_id: UUID | None = None
    auto: bool = False
    trace_id: str | None = None
    """The trace of the webhook that opened it."""
    status: str = Status.NEW.value
    priority: int | None = None
    assignee: str | None = None
    units: int = 0
    team: str | None = None
    waiting_since: datetime | None = None
    """The oldest word of the customer that nobody answered."""
    snoozed_until: datetime | None = None
    reading: Json | None = None
    """Without its reasons, which quote words that the customer may take back."""
    sentiment: str | None = None
    last_agent: str | None = None
    """Who has it, or had it last."""
    triage: str | None = None
    situation: str | None = None
    topics: Json = "[]"
    """With `triage` and `situation` what reports count by, from the reading."""
    demand: Json | None = None
    """What it calls for: a `core.demand.Demand`."""
    queued_at: datetime | None = None
    """Since when it is in the queue; None: it is not."""
    crisis_since: datetime | None = None
    """Since when it reads as a crisis; None: it does not."""


@frozen
class Message:
    conversation_id: UUID
    message_id: UUID
    sequence: int
    occurred_at: datetime
    customer_id: UUID | None = None
    channel: str | None = None
    sender_name: str | None = None
    text: str | None = None
    """None once the customer deleted it."""
    subject: str | None = None
    full_text: Json | None = None
    attachments: Json = "[]"
    received_at: datetime | None = None
    auto: bool = False
    edited_at: datetime | None = None
    removed_at: datetime | None = None


@frozen
class Reply:
    conversation_id: UUID
    reply_id: UUID
    sequence: int
    agent_id: str
    agent_name: str | None
    approved: bool
    text: str | None
    attachments: Json
    leads_to: str | None
    override_reason: str | None
    problem: str | None
    spans: Json
    suggestion: str | None
    at: datetime
    private: bool = False
    """A public comment was answered in private."""


@frozen
class Note:
    conversation_id: UUID
    note_id: UUID
    text: str
    actor_kind: str
    actor_id: str
    at: datetime


@frozen
class Assignment:
    conversation_id: UUID
    sequence: int
    previous: str | None
    current: str | None
    team: str | None
    actor_kind: str
    actor_id: str
    reason: str
    ring: int | None
    queued_at: datetime | None
    at: datetime


@frozen
class Resolution:
    """One time that a conversation was done: `since` it was opened, or opened again."""

    conversation_id: UUID
    sequence: int
    since: datetime
    at: datetime
    agent_id: str | None
    """Who resolved it, else who had it last."""
    reopened_at: datetime | None = None


@frozen
class Move:
    """One change of where a conversation stands, or (`relaxed`) of what it calls for while it waits."""

    conversation_id: UUID
    sequence: int
    current: str
    actor_kind: str
    actor_id: str
    reason: str
    why: Json
    at: datetime


@frozen
class Customer:
    """A name holds until a younger one is heard; of two of one moment the greater."""

    id: UUID
    name: str | None
    named_at: datetime
    first_at: datetime


@frozen
class CustomerIdentity:
    customer_id: UUID
    kind: str
    scope: str
    value: str
    verified: bool


@frozen
class AgentStatus:
    id: str
    status: str
    since: datetime
    reason: str


@frozen
class Outcome:
    """What became of a command. A command may cause several facts: the one of the least `order` is its outcome."""

    command_id: UUID
    rank: int
    subject: str
    sequence: int
    type: str
    refused: bool
    reason: str | None
    detail: str | None
    at: datetime

    @property
    def order(self) -> tuple[int, str, int]:
        return self.rank, self.subject, self.sequence


@frozen
class Analysis:
    """How one message reads. Of two the one of the higher `rank` counts, compared element by element."""

    message_id: UUID
    rank: tuple[int, ...]
    """Withdrawn, is an edit, number of the edit, its time, time of the analysis; times in microseconds."""
    reading: Json | None
    pii: Json


@frozen
class Correction:
    """How a person says that a message reads. It holds until an analysis of a later text is heard."""

    conversation_id: UUID
    message_id: UUID
    reading: Json
    is_edit: int
    edit: int
    edited: int
    """Which text: the part of an analysis' `rank` that says so."""
    actor_kind: str
    actor_id: str
    comment: str | None
    at: datetime


@frozen
class ServiceLevel:
    """How a channel stands. `degraded_at` None: as usual; the other figures are those of the last change."""

    channel: str
    degraded_at: datetime | None
    since: datetime | None
    p90: timedelta | None
    baseline: timedelta | None
    share_met: float | None
    volume_change: float | None
    staffed: int | None
    topic: str | None
    changed_at: datetime


DeadlineState = Literal["open", "met", "cancelled"]


@frozen
class Deadline:
    conversation_id: UUID
    deadline_id: UUID
    clock: str
    channel: str
    state: DeadlineState = "open"
    started_at: datetime | None = None
    due_at: datetime | None = None
    policy: str | None = None
    warned_at: datetime | None = None
    missed_at: datetime | None = None
    met_at: datetime | None = None
    late: bool = False
    corrected: bool = False
    ended_at: datetime | None = None
    end_reason: str | None = None
    business_time: timedelta | None = None
    """From start to answer, in the calendar's time."""


@frozen
class Delivery:
    """What the provider did with a reply, or a reply that was given outside Lotse."""

    conversation_id: UUID
    reply_id: UUID
    state: Literal["sent", "delivered", "read", "failed"]
    at: datetime
    agent_id: str | None = None
    channel: str | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    reason: str | None = None
    detail: str | None = None
    human: bool = True
    elsewhere: bool = False
    text: str | None = None


@frozen
class NoticeRow:
    conversation_id: UUID
    notice_id: UUID
    kind: str
    sink: str
    state: Literal["sent", "failed", "suppressed"]
    reason: str | None
    at: datetime
