"""The records that router decides on, and the batch's state that holds them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from lotse.contracts.channels import Profile, profile
from lotse.contracts.config import Config
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AgentId, ConversationId, CustomerId, MessageId, ReplyId, TeamId
from lotse.contracts.values import Address, Presence, Reading, Status
from lotse.router.core.ledger import Ledger

K = TypeVar("K")
V = TypeVar("V")

Skills = dict[str, int]
"""Skill to least level."""


@frozen
class Turn:
    """What a decision is given beside the state: the time, and what its events hang on."""

    now: datetime
    cause: UUID
    traceparent: str | None = None


@frozen
class Step:
    """A rule's relaxation: from `after` the first queueing on, `required` is all that is called for."""

    after: timedelta
    required: Skills
    dropped: tuple[str, ...]


@frozen
class Demand:
    """What the rules say that a conversation calls for. `steps` are rings 2, 3 …"""

    required: Skills
    preferred: Skills
    priority: int
    crisis: bool
    steps: tuple[Step, ...]
    rules: tuple[str, ...]
    version: str
    team: TeamId | None = None


@frozen
class Hold:
    """Ring 0: until then only this agent may be given the conversation."""

    agent_id: AgentId
    until: datetime


@frozen
class Promise:
    """The open deadline, which orders the queue."""

    deadline_id: UUID
    due_at: datetime


@frozen
class Read:
    """The reading of the conversation and the message that it comes from."""

    reading: Reading
    message_id: MessageId
    occurred_at: datetime
    edit: int | None = None
    edited_at: datetime | None = None
    """The text that was read: an edit's number and time, None for the first text."""
    corrected_by: str | None = None
    """Who said that it reads so; no analysis of this text counts after that."""


@frozen
class PrivateReply:
    """The private answer to a public comment; there may be no second one to this comment."""

    comment: str
    reply_id: ReplyId


@frozen
class Conversation:
    """One conversation. `agent_id` has it (assigned, waiting or snoozed); `last_agent_id` had it before."""

    id: ConversationId
    customer_id: CustomerId
    address: Address
    status: Status
    units: int
    opened_at: datetime
    received_at: datetime
    waiting_since: datetime
    """The word that the customer waits on: the age of the conversation in the queue."""
    last_word_at: datetime | None = None
    ledger: Ledger = Ledger()
    auto: bool = False
    agent_id: AgentId | None = None
    last_agent_id: AgentId | None = None
    team_id: TeamId | None = None
    """Where a person sent it; goes before the rules' team."""
    read: Read | None = None
    serious: bool = False
    """A message was read as more than spam or noise, or a person said so: never set aside."""
    demand: Demand | None = None
    ring: int = 1
    hold: Hold | None = None
    queued_before: bool = False
    rings_from: datetime | None = None
    queued_at: datetime | None = None
    queued_by: UUID | None = None
    """The event that put it in the queue, which the assignment then follows from."""
    traceparent: str | None = None
    timer_at: datetime | None = None
    """When the status runs out: new is queued, queued changes its ring, snoozed wakes."""
    promise: Promise | None = None
    private_reply: PrivateReply | None = None
    resolved_at: datetime | None = None

    @property
    def profile(self) -> Profile:
        return profile(self.address.channel)

    @property
    def active(self) -> bool:
        """Takes its agent's capacity: while assigned, on live channels until it is closed."""
        held = (Status.ASSIGNED, Status.WAITING, Status.SNOOZED) if self.profile.live else (Status.ASSIGNED,)
        return self.agent_id is not None and self.status in held

    @property
    def owed(self) -> bool:
        """Whether the customer is owed an answer: for a word that nobody answered and that may be more than noise.

        Until the first answer one serious word is enough, also where he took it back and others are left.
        """
        if self.ledger.owed_since is not None:
            return True
        return self.serious and not self.ledger.settled and any(self.ledger.open)

    def waits_since(self, now: datetime) -> datetime:
        """The word that he waits on, else his last one; never a time that is still to come."""
        return min(self.ledger.owed_since or self.last_word_at or self.waiting_since, now)

    @property
    def reading(self) -> Reading | None:
        return self.read.reading if self.read else None


@frozen
class Message:
    """A customer's message without its text: what an edit, a deletion or an analysis is measured against."""

    id: MessageId
    conversation_id: ConversationId
    occurred_at: datetime
    length: int
    sha256: str
    edit: int | None = None
    edited_at: datetime | None = None
    removed: bool = False
    read: bool = False
    read_edit: int | None = None
    read_edited_at: datetime | None = None


@frozen
class Reply:
    """An answer that somebody asked to be sent, and how far it came."""

    id: ReplyId
    conversation_id: ConversationId
    outcome: str
    agent_id: AgentId | None = None
    resolves: bool = False


@frozen
class Agent:
    """An agent's presence. Skills and limits stand in the configuration."""

    id: AgentId
    presence: Presence = Presence.OFFLINE
    since: datetime | None = None
    last_seen: datetime | None = None
    last_assigned_at: datetime | None = None
    release_live_at: datetime | None = None
    """When live work goes back to the queue; None: it stays."""
    release_at: datetime | None = None
    """The same for all other work."""


class Rows(Generic[K, V]):
    """Rows by id, as loaded and as replaced since."""

    __slots__ = ("_changed", "_loaded")

    def __init__(self, loaded: Mapping[K, V] | None = None) -> None:
        self._loaded: Mapping[K, V] = loaded or {}
        self._changed: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        found = self._changed.get(key)
        return self._loaded.get(key) if found is None else found

    def __getitem__(self, key: K) -> V:
        return self._changed[key] if key in self._changed else self._loaded[key]

    def __contains__(self, key: K) -> bool:
        return key in self._changed or key in self._loaded

    def put(self, key: K, value: V) -> None:
        if self.get(key) != value:
            self._changed[key] = value

    def before(self, key: K) -> V | None:
        """As loaded."""
        return self._loaded.get(key)

    def values(self) -> Iterable[V]:
        return ({**self._loaded, **self._changed}).values()

    def changed(self) -> Mapping[K, V]:
        return self._changed


class Kept:
    """Facts about what is not known yet, by what they are about, in the order of their coming."""

    __slots__ = ("_facts", "added", "taken")

    def __init__(self, loaded: Mapping[UUID, list[Fact[Event]]] | None = None) -> None:
        self._facts: dict[UUID, list[Fact[Event]]] = {about: list(facts) for about, facts in (loaded or {}).items()}
        self.added: dict[UUID, tuple[UUID, Fact[Event]]] = {}
        self.taken: set[UUID] = set()

    def add(self, about: UUID, fact: Fact[Event]) -> None:
        self._facts.setdefault(about, []).append(fact)
        self.added[fact.id] = (about, fact)

    def take(self, about: UUID) -> list[Fact[Event]]:
        """The facts about what is known by now; they are kept no longer."""
        facts = self._facts.pop(about, [])
        for fact in facts:
            if self.added.pop(fact.id, None) is None:
                self.taken.add(fact.id)
        return facts


@dataclass(slots=True)
class State:
    """All that one batch decides on; thrown away when anything raises."""

    config: Config
    names: Rows[UUID, UUID] = field(default_factory=Rows[UUID, UUID])
    """Names of threads to threads."""
    threads: Rows[UUID, ConversationId] = field(default_factory=Rows[UUID, ConversationId])
    identifiers: Rows[UUID, CustomerId] = field(default_factory=Rows[UUID, CustomerId])
    references: Rows[UUID, ConversationId] = field(default_factory=Rows[UUID, ConversationId])
    """Message-IDs of mails to conversations."""
    conversations: Rows[ConversationId, Conversation] = field(default_factory=Rows[ConversationId, Conversation])
    messages: Rows[MessageId, Message] = field(default_factory=Rows[MessageId, Message])
    replies: Rows[ReplyId, Reply] = field(default_factory=Rows[ReplyId, Reply])
    agents: Rows[AgentId, Agent] = field(default_factory=Rows[AgentId, Agent])
    elsewhere: Mapping[AgentId, int] = field(default_factory=dict[AgentId, int])
    """Units that each agent's conversations outside this state take."""
    kept: Kept = field(default_factory=Kept)

    _taken: Counter[AgentId] = field(init=False, default_factory=Counter[AgentId])
    """Units that each agent's conversations in this state take."""

    def __post_init__(self) -> None:
        for conversation in self.conversations.values():
            self._take(conversation, 1)

    def put(self, conversation: Conversation) -> Conversation:
        before = self.conversations.get(conversation.id)
        if before is not None:
            self._take(before, -1)
        self._take(conversation, 1)
        self.conversations.put(conversation.id, conversation)
        return conversation

    def used(self, agent_id: AgentId) -> int:
        """Units in use by the conversations that the agent has."""
        return self.elsewhere.get(agent_id, 0) + self._taken[agent_id]

    def _take(self, conversation: Conversation, sign: int) -> None:
        if conversation.agent_id is not None and conversation.active:
            self._taken[conversation.agent_id] += sign * conversation.units
