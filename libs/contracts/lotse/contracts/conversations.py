"""`lotse-conversations`: what router decided. One conversation keeps its order, gapless."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from lotse.contracts.channels import Channel
from lotse.contracts.envelope import Event
from lotse.contracts.ids import AgentId, ConversationId, CustomerId, MessageId, ReplyId, TeamId
from lotse.contracts.topics import Topic
from lotse.contracts.values import Actor, Address, Attachment, Identity, Presence, Reading, Sha256, Span, Status, Stored


class ConversationEvent(Event):
    """A fact about one conversation."""

    TOPIC: ClassVar[Topic] = Topic.CONVERSATIONS

    conversation_id: ConversationId

    def key(self) -> str:
        return str(self.conversation_id)


class StatusChange(ConversationEvent):
    """The conversation stands elsewhere now."""

    previous: Status
    current: Status
    actor: Actor
    reason: str
    at: AwareDatetime


class ConversationOpened(ConversationEvent, name="conversation.opened"):
    """A thread had no conversation to go on with. `message.added` follows."""

    customer_id: CustomerId
    customer_name: str | None = None
    identities: tuple[Identity, ...] = ()
    """The names that the customer wrote under; a customer exists from his first conversation on."""
    address: Address
    previous_conversation_id: ConversationId | None = None
    opened_at: AwareDatetime
    """When the first message was written, by the provider's clock."""
    auto: bool = False


class MessageAdded(ConversationEvent, name="message.added"):
    """A customer's message stands in its conversation."""

    message_id: MessageId
    customer_id: CustomerId
    channel: Channel
    sender_name: str | None = None
    text: str
    subject: str | None = None
    full: Stored | None = None
    attachments: tuple[Attachment, ...] = ()
    occurred_at: AwareDatetime
    received_at: AwareDatetime
    auto: bool = False
    in_reply_to: str | None = None
    """The provider's id that an answer to this message refers to."""


class MessageUpdated(ConversationEvent, name="message.updated"):
    """The customer edited a message; this is how it reads now."""

    message_id: MessageId
    text: str
    full: Stored | None = None
    attachments: tuple[Attachment, ...] = ()
    edited_at: AwareDatetime


class MessageRemoved(ConversationEvent, name="message.removed"):
    """The customer deleted a message. Length in characters and hash of what was removed."""

    message_id: MessageId
    length: int
    sha256: Sha256
    deleted_at: AwareDatetime


class ConversationQueued(StatusChange, name="conversation.queued"):
    """The conversation waits for an agent: read (or not in time), with what it calls for."""

    address: Address
    reading: Reading | None = None
    """None: the analysis did not come within its time."""
    priority: int
    """0 (lowest) to 9; 5 unless a rule says otherwise."""
    required: dict[str, int]
    """Skill to least level, 1 to 5."""
    preferred: dict[str, int]
    team: TeamId | None = None
    rules: tuple[str, ...] = ()
    rules_version: str
    waiting_since: AwareDatetime
    auto: bool = False
    first: bool
    """True the first time that this conversation is queued."""


class ConversationSetAside(StatusChange, name="conversation.set_aside"):
    """Spam or noise: kept, never work, until somebody puts it back."""

    reading: Reading


class ConversationReopened(StatusChange, name="conversation.reopened"):
    """The customer wrote within the channel's window, an agent opened it again, or the last answer did not arrive."""


class ConversationWaiting(StatusChange, name="conversation.waiting"):
    """The customer has an answer; his word is awaited and it takes no capacity."""


class ConversationResumed(StatusChange, name="conversation.resumed"):
    """The customer wrote again, the snooze ended or the last answer did not arrive, and the agent who has it goes on.

    From assigned to assigned: he wrote while an answer was under way, which does not answer that.
    """

    waiting_since: AwareDatetime | None = None
    """The word that the customer waits on, where it is not the next `message.added`."""


class ConversationSnoozed(StatusChange, name="conversation.snoozed"):
    """Put away until a time."""

    until: AwareDatetime


class ConversationResolved(StatusChange, name="conversation.resolved"):
    """Done, as far as anybody knows."""

    reply_id: ReplyId | None = None
    """The answer on which this rests: which closed it, or after which a person did. If it is never delivered, neither
    holds.
    """


class ReadingChanged(ConversationEvent, name="reading.changed"):
    """How the conversation reads changed after it was queued: a later analysis, an edit; or a person corrected it."""

    message_id: MessageId
    previous: Reading | None = None
    """None: not read before, or another message's reading stands for the conversation."""
    current: Reading
    actor: Actor
    reason: str
    """analysed, edited, corrected; answered, undelivered, removed where only `owed` changed by that."""
    priority: int
    at: AwareDatetime
    latest: bool = True
    """False: the conversation reads like a later message; a person corrected how this one alone reads."""
    edit: int | None = None
    edited_at: AwareDatetime | None = None
    """The text that reads so, as in `message.analysed`: an edit's number and time; None for the first text."""
    comment: str | None = None
    """Why a person corrected it, in his own words."""
    required: dict[str, int] | None = None
    """What the conversation calls for by this reading, as in `conversation.queued`; None: as before."""
    preferred: dict[str, int] | None = None
    team: TeamId | None = None
    rules: tuple[str, ...] | None = None
    owed: bool | None = None
    """Whether the customer is owed an answer: False where all that he wrote since the last one is spam or noise.

    It speaks of what was in the conversation then, by `ce_sequence`; what nobody has read yet counts as owed. None says
    nothing of it.
    """
    owed_since: AwareDatetime | None = None
    """When he wrote the first word that is owed one; what he wrote before it is not. None says nothing of it."""


class AssignmentChanged(ConversationEvent, name="assignment.changed"):
    """Who has the conversation. `current` None alone means that it is back in the queue.

    It says assigned or queued by itself: no event of its own changes the status then.
    `conversation.queued`, `.resolved` and `.set_aside` end an assignment, `.waiting` and `.snoozed` keep it.
    """

    previous: AgentId | None = None
    current: AgentId | None = None
    team: TeamId | None = None
    actor: Actor
    reason: str
    ring: int | None = None
    """0 the same agent as before, 1 all skills, then what a rule relaxed; None by hand."""
    units: int = 0
    """Capacity that the conversation takes."""
    queued_at: AwareDatetime | None = None
    at: AwareDatetime


class RoutingRelaxed(ConversationEvent, name="routing.relaxed"):
    """A rule dropped skills that were called for, because nobody had them in time."""

    ring: int
    dropped: tuple[str, ...]
    at: AwareDatetime


class NoteAdded(ConversationEvent, name="note.added"):
    """A word among colleagues; the customer never sees it."""

    note_id: UUID
    text: str
    actor: Actor
    at: AwareDatetime


class ReplyApproved(ConversationEvent, name="reply.approved"):
    """May be sent: notifier delivers it, once, in this order."""

    reply_id: ReplyId
    address: Address
    agent_id: AgentId
    agent_name: str
    agent_initials: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    human: bool = True
    last_customer_message_at: AwareDatetime | None = None
    """Opens the channel's reply window."""
    override_reason: str | None = None
    """Personal data in public was let through by a role that may, for this reason."""
    comment_on: Channel | None = None
    """Where a public comment is answered in private: its channel. `address` is the private one then, and its
    `in_reply_to` the comment.
    """
    then: Literal["waiting", "resolved"] = "waiting"
    at: AwareDatetime


class ReplyBlocked(ConversationEvent, name="reply.blocked"):
    """May not be sent as it stands."""

    reply_id: ReplyId
    agent_id: AgentId
    problem: str
    """pii, too-long, window-closed, empty, no-files, too-many-files, file-type, file-too-large, …: a `ProblemCode`."""
    file: str | None = None
    """The name of the file that is meant, where it is one."""
    spans: tuple[Span, ...] = ()
    suggestion: str
    at: AwareDatetime


class CommandRefused(Event, name="command.refused"):
    """Nothing changed. `ce_causationid` is the command's id."""

    TOPIC: ClassVar[Topic] = Topic.CONVERSATIONS

    subject: str
    """The key that the command named: a conversation or an agent."""
    command: str
    reason: str
    """A word for machines: not_found, not_assigned, resolved, forbidden, no_room, unknown_agent, ..."""
    detail: str
    """The same for people, English."""
    at: AwareDatetime

    def key(self) -> str:
        return self.subject


class CustomerEvent(Event):
    TOPIC: ClassVar[Topic] = Topic.CONVERSATIONS

    customer_id: CustomerId

    def key(self) -> str:
        return str(self.customer_id)


class CustomerIdentified(CustomerEvent, name="customer.identified"):
    """A known customer has more names."""

    identities: tuple[Identity, ...]
    name: str | None = None
    at: AwareDatetime


class AgentEvent(Event):
    TOPIC: ClassVar[Topic] = Topic.CONVERSATIONS

    agent_id: AgentId

    def key(self) -> str:
        return self.agent_id


class AgentStatusChanged(AgentEvent, name="agent.status_changed"):
    """The agent takes work, or does not."""

    previous: Presence
    current: Presence
    actor: Actor
    reason: str
    at: AwareDatetime
