"""The records that notifier decides on, and the holder that a batch works on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import AwareDatetime

from lotse.contracts.channels import Channel
from lotse.contracts.envelope import Value
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AccountId, AgentId, ConversationId
from lotse.contracts.values import Address, Attachment

ALERT = "alert:"
"""What an alert's name bears in front where accounts stand, so that the two cannot be confused."""


class Kind(StrEnum):
    """What is sent."""

    REPLY = "reply"
    RECEIVED = "received"
    """The automatic word that a message arrived."""
    ALERT = "alert"


class Sink(StrEnum):
    """By which way it goes out."""

    META = "meta"
    MAIL = "mail"
    WEBHOOK = "webhook"

    @property
    def repeatable(self) -> bool:
        """The other side knows a repeat by its id, so that trying again is always safe."""
        return self is Sink.WEBHOOK


class Stage(StrEnum):
    """How far a row is."""

    PENDING = "pending"
    SENDING = "sending"
    """Committed before the call: found so after its lease, nobody knows whether the call was made."""
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Given up without knowing; an echo may still show that it was sent."""


class Letter(Value):
    """A message to a customer, as it was on the day it was approved."""

    address: Address
    parts: tuple[str, ...]
    """Signed and split; sent one after the other."""
    text: str
    """Signed and whole, which is what is checked."""
    human: bool = True
    agent_id: AgentId | None = None
    agent_name: str = ""
    last_customer_message_at: AwareDatetime | None = None
    override_reason: str | None = None
    comment_on: Channel | None = None
    """The public channel whose comment this answers in private."""
    resolves: bool = False
    files: tuple[tuple[Attachment, ...], ...] = ()
    """What goes with each part; shorter where the last parts have none. A part may have no text."""
    attachments: int = 0
    """How many files in all: a release that knows no `files` refuses by it."""
    at: AwareDatetime
    """When it was approved or fell due."""

    def files_of(self, part: int) -> tuple[Attachment, ...]:
        return self.files[part] if part < len(self.files) else ()

    @property
    def all_files(self) -> tuple[Attachment, ...]:
        return tuple(file for files in self.files for file in files)


class Alarm(Value):
    """An event for an alert's webhook: CloudEvents in structured JSON."""

    event_type: str
    body: str


@frozen
class Outgoing:
    """One thing to send. Its id is the reply's, or derived from the cause."""

    id: UUID
    kind: Kind
    conversation_id: ConversationId
    ordinal: int
    """Its place within the conversation."""
    sink: Sink
    account: str
    """An account's id, or `alert:` and the alert's name."""
    thread: UUID | None
    content: Letter | Alarm
    due_at: datetime
    expires_at: datetime
    cause: UUID
    traceparent: str | None
    stage: Stage = Stage.PENDING
    done: int = 0
    """Parts that the other side has."""
    attempts: int = 0
    """Calls made for the part in hand."""
    uploaded: str | None = None
    """What the provider calls the file of the part in hand, once it has it."""
    lease_until: datetime | None = None
    """Until then a call is under way that may still say something."""
    provider_ids: tuple[str, ...] = ()
    problem: str = ""
    """What went wrong last, as a word for machines."""
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None

    @property
    def part_count(self) -> int:
        return len(self.content.parts) if isinstance(self.content, Letter) else 1

    @property
    def bytes(self) -> int:
        """How much its files weigh; a second more of patience for each megabyte."""
        return sum(file.size or 0 for file in self.content.all_files) if isinstance(self.content, Letter) else 0

    @property
    def files(self) -> tuple[Attachment, ...]:
        """Those of the part in hand."""
        return self.content.files_of(self.done) if isinstance(self.content, Letter) else ()

    @property
    def uploading(self) -> bool:
        """The next call only brings a file to the provider, who shows it to nobody yet."""
        return self.sink is Sink.META and self.uploaded is None and bool(self.files)

    @property
    def repeatable(self) -> bool:
        """The call in hand may be made again although nobody knows how it ended."""
        return self.sink.repeatable or self.uploading

    @property
    def sink_name(self) -> str:
        """What a notice calls it."""
        return self.account.removeprefix(ALERT)

    @property
    def open(self) -> bool:
        """A call may have been made of which nobody knows the end, or the id that came of it."""
        if self.uploading:
            return False
        if self.stage is Stage.PENDING:
            return self.attempts > 0
        return self.stage in (Stage.SENDING, Stage.UNKNOWN) or (self.stage is Stage.SENT and not self.provider_ids)


@frozen
class Conversation:
    """What the sending needs to know of a conversation."""

    id: ConversationId
    next_ordinal: int = 1
    opened_at: datetime | None = None
    customer_name: str = ""
    received: bool = False
    """The automatic word was decided on, whichever way."""


@frozen
class Thread:
    """Which conversation a thread belongs to, and how far its messages were delivered and read."""

    id: UUID
    conversation_id: ConversationId | None = None
    opened_at: datetime | None = None
    delivered_up_to: datetime | None = None
    read_up_to: datetime | None = None


@frozen
class Echo:
    """A message that left our account without our reference, kept until it is known whose it is."""

    thread: UUID
    channel: Channel
    text: str
    at: datetime


ProviderKey = tuple[AccountId, str]


@frozen
class ProviderMessage:
    """All that was heard of one message by the provider's id, perhaps before we know which one it is."""

    key: ProviderKey
    outgoing_id: UUID | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str = ""
    echo: Echo | None = None


class StopReason(StrEnum):
    """Why nothing goes out by an account."""

    PAUSED = "paused"
    """The provider asked for a pause."""
    TOKEN = "token"  # noqa: S105
    """The provider refuses our sign-in: somebody must sign in again."""
    GONE = "gone"
    """The endpoint said 410: it wants nothing more."""


@frozen
class Stop:
    """An account or alert that stands still until a time, then one row tries it out."""

    account: str
    reason: StopReason
    since: datetime
    until: datetime


K = TypeVar("K")
V = TypeVar("V")


class Records(Generic[K, V]):
    """Frozen records by key; knows which of them are not as they were loaded."""

    def __init__(self, records: Iterable[tuple[K, V]] = ()) -> None:
        self._loaded = dict(records)
        self._now = dict(self._loaded)

    def get(self, key: K) -> V | None:
        return self._now.get(key)

    def put(self, key: K, record: V) -> None:
        self._now[key] = record

    def remove(self, key: K) -> None:
        self._now.pop(key, None)

    def all(self) -> list[V]:
        return list(self._now.values())

    def changed(self) -> list[V]:
        """New and replaced records, in the order they were first seen."""
        return [record for key, record in self._now.items() if self._loaded.get(key) is not record]

    def changed_items(self) -> list[tuple[K, V]]:
        return [(key, record) for key, record in self._now.items() if self._loaded.get(key) is not record]

    def removed(self) -> list[K]:
        return [key for key in self._loaded if key not in self._now]


@dataclass(slots=True)
class State:
    """The state of one batch; thrown away when anything raises."""

    conversations: Records[ConversationId, Conversation] = field(default_factory=Records[ConversationId, Conversation])
    threads: Records[UUID, Thread] = field(default_factory=Records[UUID, Thread])
    messages: Records[ProviderKey, ProviderMessage] = field(default_factory=Records[ProviderKey, ProviderMessage])
    outgoing: Records[UUID, Outgoing] = field(default_factory=Records[UUID, Outgoing])
    addresses: Records[UUID, datetime] = field(default_factory=Records[UUID, datetime])
    """When each address last got an automatic message."""
    stops: Records[str, Stop] = field(default_factory=Records[str, Stop])

    def conversation(self, conversation_id: ConversationId) -> Conversation:
        return self.conversations.get(conversation_id) or Conversation(conversation_id)

    def thread(self, thread: UUID) -> Thread:
        return self.threads.get(thread) or Thread(thread)

    def message(self, key: ProviderKey) -> ProviderMessage:
        return self.messages.get(key) or ProviderMessage(key)

    def put_outgoing(self, row: Outgoing) -> Outgoing:
        self.outgoing.put(row.id, row)
        return row


@dataclass(slots=True)
class Wanted:
    """What a batch needs, by name."""

    threads: set[UUID] = field(default_factory=set[UUID])
    messages: set[ProviderKey] = field(default_factory=set[ProviderKey])
    conversations: set[ConversationId] = field(default_factory=set[ConversationId])
    outgoing: set[UUID] = field(default_factory=set[UUID])
    addresses: set[UUID] = field(default_factory=set[UUID])
    unread: set[UUID] = field(default_factory=set[UUID])
    """Threads whose sent and unread rows a watermark may reach."""
