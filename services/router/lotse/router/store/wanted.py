"""Which rows a batch of facts may touch, by the facts alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from lotse.contracts.commands import AgentCommand, ConversationCommand, ReadingCorrectRequested, TransferRequested
from lotse.contracts.deadlines import DeadlineEvent
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import AgentId, ConversationId, MessageId, ReplyId
from lotse.contracts.inbound import InboundEvent, MessageDeleted, MessageEdited, MessageReceived
from lotse.contracts.insights import InsightEvent
from lotse.contracts.notices import ReplyFailed, ReplySent
from lotse.contracts.references import reply_of_message_id
from lotse.router.core import names
from lotse.router.core.threads import token_of


@dataclass(slots=True)
class Wanted:
    """Ids by table. `heard` are conversations that mails name by token."""

    names: set[UUID] = field(default_factory=set[UUID])
    identifiers: set[UUID] = field(default_factory=set[UUID])
    references: set[UUID] = field(default_factory=set[UUID])
    replies: set[ReplyId] = field(default_factory=set[ReplyId])
    messages: set[MessageId] = field(default_factory=set[MessageId])
    conversations: set[ConversationId] = field(default_factory=set[ConversationId])
    heard: set[ConversationId] = field(default_factory=set[ConversationId])
    agents: set[AgentId] = field(default_factory=set[AgentId])
    about: set[UUID] = field(default_factory=set[UUID])
    """What becomes known, so that facts may have been kept for it."""


def wanted(facts: Sequence[Fact[Event]]) -> Wanted:
    found = Wanted()
    for fact in facts:
        _add(found, fact.data)
    return found


def _add(found: Wanted, event: Event) -> None:
    if isinstance(event, InboundEvent | InsightEvent):
        found.names.add(names.thread_name(event.account, event.channel, event.thread))
    match event:
        case MessageReceived():
            _add_received(found, event)
        case MessageEdited() | MessageDeleted() | InsightEvent():
            found.messages.add(event.message_id)
        case ConversationCommand():
            found.conversations.add(event.conversation_id)
            if isinstance(event, TransferRequested) and event.agent_id:
                found.agents.add(event.agent_id)
            if isinstance(event, ReadingCorrectRequested):
                found.messages.add(event.message_id)
        case AgentCommand():
            found.agents.add(event.agent_id)
        case DeadlineEvent():
            found.conversations.add(event.conversation_id)
        case ReplySent() | ReplyFailed():
            found.conversations.add(event.conversation_id)
            found.replies.add(event.reply_id)
        case _:
            pass


def _add_received(found: Wanted, message: MessageReceived) -> None:
    found.messages.add(message.message_id)
    found.about |= {message.message_id, names.conversation_of(message.message_id)}
    found.identifiers |= {names.identifier(identity) for identity in message.identities if identity.verified}
    if not names.is_mail(message):
        found.names |= set(names.thread_names(message))
        return
    if token := token_of(message):
        found.heard.add(token)
    for mail_id in names.mail_references(message):
        found.references.add(names.mail_reference(message.account, mail_id))
        if reply_id := reply_of_message_id(mail_id):
            found.replies.add(reply_id)
