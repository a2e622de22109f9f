"""What the API says. Times are ISO 8601 with zone; ids are UUIDs where they are not an operator's names."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from lotse.contracts.channels import Channel
from lotse.contracts.commands import Role
from lotse.contracts.values import Attachment, Presence, Reading, Sentiment, Situation, Span, Status, Stored, Triage
from lotse.desk.core.moves import Why
from lotse.desk.model import Model


class DeadlineView(StrEnum):
    """Ready-made selections of deadlines."""

    OPEN = "open"
    """Nobody answered yet; most urgent first."""
    DUE_SOON = "due-soon"
    """Of those: warned of, due within 15 minutes or overdue."""
    MISSED = "missed"
    """Not kept, answered since or not; youngest first."""


class View(StrEnum):
    """Ready-made selections of conversations."""

    ALL = "all"
    """Newest first."""
    UNANSWERED = "unanswered"
    """A customer's word waits for an answer; longest waiting first."""
    ABOUT_TO_MISS = "about-to-miss"
    """Warned of, due within 15 minutes or overdue, and still unanswered; most urgent first."""
    MINE = "mine"
    """The caller has it, and it is not done."""
    WAITING = "waiting"
    """Answered; the customer's word is awaited."""
    PUBLIC_NEGATIVE = "public-negative"
    """Everybody can read it, it reads negative, and it is not done."""
    SNOOZED = "snoozed"
    """Put away until a time; who comes back first, first."""
    SPAM = "spam"
    """Set aside as spam or noise, to be checked and put back."""
    CRISIS = "crisis"
    """Reads as a crisis, and a customer's word waits for an answer; longest waiting first."""


class Digest(Model):
    """How a conversation reads, without the words it was told by."""

    language: str = "und"
    sentiment: Sentiment = Sentiment.UNSURE
    score: float = 0.0
    confidence: float = 0.0
    triage: Triage = Triage.SERVICE
    situation: Situation | None = None
    topics: tuple[str, ...] = ()
    lead: bool = False
    model_version: str = ""


class LastWords(Model):
    """The youngest text of a conversation, cut at 280 characters."""

    by: Literal["customer", "agent"]
    text: str
    at: datetime


class Summary(Model):
    """A conversation in a list."""

    id: UUID
    opened_at: datetime
    updated_at: datetime
    status: Status
    channel: Channel | None
    account: str | None
    customer_id: UUID | None
    customer_name: str | None
    subject: str | None
    priority: int | None
    assignee: str | None
    team: str | None
    waiting_since: datetime | None
    snoozed_until: datetime | None
    due_at: datetime | None
    """When the next answer was promised for."""
    due_clock: str | None
    due_warned_at: datetime | None
    overdue: bool
    reading: Digest | None
    message_count: int
    reply_count: int
    last_words: LastWords | None
    auto: bool


class Page(Model):
    """One page; `next_cursor` None: the last."""

    next_cursor: str | None = None


class Conversations(Page):
    items: tuple[Summary, ...]


class Correction(Model):
    """Who said that a message reads as it does."""

    actor_kind: str
    actor_id: str
    comment: str | None
    at: datetime


class Message(Model):
    """A customer's message. Deleted by him: `text` is None and `removed_at` says when."""

    message_id: UUID
    customer_id: UUID | None
    channel: Channel | None
    sender_name: str | None
    text: str | None
    subject: str | None
    full_text: Stored | None
    attachments: tuple[Attachment, ...]
    occurred_at: datetime
    received_at: datetime | None
    auto: bool
    edited_at: datetime | None
    removed_at: datetime | None
    reading: Reading | None
    correction: Correction | None
    """None: the reading is the analysis' own."""
    pii: tuple[Span, ...]


class Reply(Model):
    """An answer and how far it came. `elsewhere`: given in the provider's own tools."""

    reply_id: UUID
    state: Literal["approved", "blocked", "sent", "delivered", "read", "failed"]
    agent_id: str | None
    agent_name: str | None
    text: str | None
    attachments: tuple[Attachment, ...]
    leads_to: str | None
    override_reason: str | None
    problem: str | None
    spans: tuple[Span, ...]
    private: bool
    """A public comment was answered in private."""
    suggestion: str | None
    at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    reason: str | None
    detail: str | None
    human: bool
    elsewhere: bool


class Note(Model):
    note_id: UUID
    text: str
    actor_kind: str
    actor_id: str
    at: datetime


class Assignment(Model):
    """One change of who has the conversation."""

    previous: str | None
    current: str | None
    team: str | None
    actor_kind: str
    actor_id: str
    reason: str
    ring: int | None
    queued_at: datetime | None
    at: datetime


class Move(Model):
    """One change of where the conversation stands; `relaxed`: of what it calls for while it waits."""

    current: Status
    actor_kind: str
    actor_id: str
    reason: str
    why: Why
    at: datetime


class Deadline(Model):
    """A promise to the customer. `missed_at` stands although it was met later; `late` says so."""

    deadline_id: UUID
    conversation_id: UUID
    clock: str
    channel: Channel
    state: Literal["open", "met", "cancelled"]
    started_at: datetime | None
    due_at: datetime | None
    policy: str | None
    warned_at: datetime | None
    missed_at: datetime | None
    met_at: datetime | None
    late: bool
    corrected: bool
    ended_at: datetime | None
    end_reason: str | None


class DeadlineRow(Deadline):
    """A deadline on the board, with who has the conversation."""

    assignee: str | None
    team: str | None
    status: Status | None


class Deadlines(Page):
    items: tuple[DeadlineRow, ...]


class Notice(Model):
    notice_id: UUID
    kind: str
    sink: str
    state: Literal["sent", "failed", "suppressed"]
    reason: str | None
    at: datetime


class Heard(Model):
    """The last event of one topic that this answer rests on."""

    sequence: int
    at: datetime


class AsOf(Model):
    """How old the answer is: the last event of the conversation by topic, and of the service as a whole."""

    topics: dict[str, Heard]
    read_up_to: datetime | None
    """When the youngest event that the desk has read was published."""


class Conversation(Summary):
    """A conversation whole: the last 500 messages, oldest first."""

    previous_id: UUID | None
    trace_id: str | None
    """For `lotse trace`: the trace that began with the webhook which opened it."""
    messages: tuple[Message, ...]
    replies: tuple[Reply, ...]
    notes: tuple[Note, ...]
    deadlines: tuple[Deadline, ...]
    assignments: tuple[Assignment, ...]
    moves: tuple[Move, ...]
    notices: tuple[Notice, ...]
    as_of: AsOf


class ServiceLevel(Model):
    """A channel whose customers wait much longer than they usually do on it."""

    channel: Channel
    degraded_at: datetime
    since: datetime
    p90_seconds: float
    """Nine of ten answers came within this time, by the calendar of the promise."""
    baseline_seconds: float
    share_met: float | None
    """Promises kept of those decided in the hour before, 0 to 1."""
    volume_change: float | None
    """0.5: half as many again wrote as usual."""
    staffed: int
    """Agents who took work then, on whichever channel."""
    topic: str | None


class Crisis(Model):
    """Conversations that read as a crisis and wait for an answer."""

    unanswered: int = 0
    oldest: datetime | None = None
    """Since when the one that waits longest does."""
    newest: datetime | None = None
    """When the last of them began to wait or to read so."""
    first: UUID | None = None
    """The one that waits longest."""


class Alarms(Model):
    """What is wrong now; nothing: all is as usual."""

    service_levels: tuple[ServiceLevel, ...]
    crisis: Crisis


class Identity(Model):
    kind: str
    scope: str
    value: str
    verified: bool


class Customer(Page):
    """A customer with what he said on every channel, newest conversation first."""

    id: UUID
    name: str | None
    first_at: datetime
    identities: tuple[Identity, ...]
    conversations: tuple[Summary, ...]


class Agent(Model):
    """An agent of the configuration, and whether he takes work."""

    id: str
    name: str
    title: str
    picture: str
    initials: str
    role: str
    teams: tuple[str, ...]
    skills: dict[str, int]
    status: Presence
    since: datetime | None
    conversations: int
    """Assigned and neither answered, snoozed nor done."""
    units: int
    soft_limit: int
    hard_limit: int


class Agents(Model):
    items: tuple[Agent, ...]


class Me(Model):
    subject: str
    role: Role
    agent: Agent | None
    """None where the configuration knows no agent of that id."""


class Outcome(Model):
    """What became of a command: the type of the event that answers it. `refused`: nothing changed, `reason` why."""

    command_id: UUID
    type: str
    subject: str
    refused: bool
    reason: str | None
    detail: str | None
    at: datetime


class Progress(Model):
    """A command whose outcome is not known yet, or was never heard of."""

    command_id: UUID
    state: Literal["open", "done", "refused"]
    outcome: Outcome | None = None
    status_url: str
