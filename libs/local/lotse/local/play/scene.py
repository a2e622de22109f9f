"""What the play knows of the running system, read live from its topics."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiokafka import AIOKafkaConsumer

from lotse.contracts.channels import Channel
from lotse.contracts.conversations import (
    AssignmentChanged,
    ConversationEvent,
    ConversationOpened,
    ConversationQueued,
    MessageAdded,
    ReplyApproved,
    StatusChange,
)
from lotse.contracts.deadlines import DeadlineRescheduled, DeadlineStarted
from lotse.contracts.envelope import EnvelopeError, Event, Fact, decode
from lotse.contracts.ids import AgentId, ConversationId, MessageId, ReplyId
from lotse.contracts.notices import ReplyFailed, ReplySent
from lotse.contracts.topics import Topic
from lotse.contracts.values import Status

Heard = Callable[["Fact[Event]", "Scene"], None]

_TOPICS = (Topic.CONVERSATIONS, Topic.INSIGHTS, Topic.DEADLINES, Topic.NOTICES)


@dataclass(slots=True)
class Talk:
    """One conversation as far as it was heard of."""

    id: ConversationId
    customer: str | None = None
    channel: Channel | None = None
    status: Status | None = None
    agent: AgentId | None = None
    due_at: datetime | None = None
    skills: frozenset[str] = frozenset()
    last_message: MessageId | None = None


@dataclass(slots=True)
class Scene:
    """Everything that was heard since the play began; whoever waits for a fact is woken by each event."""

    talks: dict[ConversationId, Talk] = field(default_factory=dict[ConversationId, Talk])
    of_message: dict[MessageId, ConversationId] = field(default_factory=dict[MessageId, ConversationId])
    texts: dict[ReplyId, ReplyApproved] = field(default_factory=dict[ReplyId, ReplyApproved])
    ended: dict[ReplyId, ReplySent | ReplyFailed] = field(default_factory=dict[ReplyId, ReplySent | ReplyFailed])
    names: dict[MessageId, str] = field(default_factory=dict[MessageId, str])
    """Whom the play let write: providers do not always tell the name."""
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def talk(self, conversation: ConversationId) -> Talk:
        return self.talks.setdefault(conversation, Talk(conversation))

    def of(self, message: MessageId) -> Talk | None:
        """The conversation that a message came to, once that is known."""
        known = self.of_message.get(message)
        return self.talk(known) if known else None

    async def until(self, fact: Callable[[], bool], at_most: timedelta) -> bool:
        """Wait for a fact; False where it did not come in time."""
        try:
            async with asyncio.timeout(at_most.total_seconds()), self._news:
                await self._news.wait_for(fact)
        except TimeoutError:
            return False
        return True

    async def hear(self, fact: Fact[Event]) -> None:
        self._learn(fact.data)
        async with self._news:
            self._news.notify_all()

    def _learn(self, event: Event) -> None:
        if isinstance(event, ConversationEvent):
            self._learn_of(self.talk(event.conversation_id), event)
        match event:
            case DeadlineStarted():
                self.talk(event.conversation_id).due_at = event.due_at
            case DeadlineRescheduled():
                self.talk(event.conversation_id).due_at = event.current
            case ReplySent() | ReplyFailed():
                self.ended[event.reply_id] = event
            case _:
                pass

    def _learn_of(self, talk: Talk, event: ConversationEvent) -> None:
        match event:
            case ConversationOpened():
                talk.customer, talk.channel = event.customer_name or talk.customer, event.address.channel
            case MessageAdded():
                self.of_message[event.message_id] = talk.id
                talk.customer = self.names.get(event.message_id) or talk.customer or event.sender_name
                talk.channel, talk.last_message = event.channel, event.message_id
            case ConversationQueued():
                talk.skills = frozenset((*event.required, *event.preferred))
            case AssignmentChanged():
                talk.agent = event.current
                talk.status = Status.ASSIGNED if event.current else talk.status
            case ReplyApproved():
                self.texts[event.reply_id] = event
            case _:
                pass
        if isinstance(event, StatusChange):
            talk.status = event.current
            talk.agent = None if event.current is Status.RESOLVED else talk.agent


@asynccontextmanager
async def listening(kafka: str, prefix: str, heard: Heard) -> AsyncGenerator[Scene]:
    """A scene that hears everything from now on for the length of the block."""
    names = [topic.full_name(prefix) for topic in _TOPICS]
    consumer, scene = AIOKafkaConsumer(*names, bootstrap_servers=kafka, fetch_max_wait_ms=100), Scene()
    await consumer.start()
    try:
        await consumer.seek_to_end()
        reading = asyncio.create_task(_read(consumer, scene, heard))
        try:
            yield scene
        finally:
            reading.cancel()
            await asyncio.wait([reading])
    finally:
        await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, scene: Scene, heard: Heard) -> None:
    while True:
        batches = await consumer.getmany(timeout_ms=200)
        records = [record for batch in batches.values() for record in batch]
        for record in sorted(records, key=lambda one: one.timestamp):
            try:
                fact = decode(record.headers, record.value)
            except EnvelopeError:
                continue
            await scene.hear(fact)
            heard(fact, scene)
