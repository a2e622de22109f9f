"""A customer's word: received, edited, taken back."""

import hashlib
from datetime import datetime

from lotse.contracts.channels import profile
from lotse.contracts.conversations import (
    ConversationOpened,
    ConversationReopened,
    ConversationResumed,
    MessageAdded,
    MessageRemoved,
    MessageUpdated,
)
from lotse.contracts.envelope import Event
from lotse.contracts.frozen import replace
from lotse.contracts.ids import CustomerId
from lotse.contracts.inbound import MessageDeleted, MessageEdited, MessageReceived
from lotse.contracts.values import Actor, Presence, Status
from lotse.router.core import agents, customers, queueing, readings, threads
from lotse.router.core.ledger import Ledger, Word
from lotse.router.core.names import conversation_of
from lotse.router.core.state import Conversation, Message, State, Turn

CUSTOMER = Actor(kind="customer")


def receive(state: State, message: MessageReceived, turn: Turn) -> list[Event]:
    """Put a message into its conversation; a message that is there already changes nothing."""
    if message.message_id in state.messages:
        return []
    before = threads.find(state, message)
    if before is not None and threads.goes_on(before, message):
        customer, events = customers.recognise(state, message, before, opens=False, turn=turn)
        conversation = state.put(threads.readdressed(before, message))
        events += [] if message.auto else _hear(state, conversation, message, turn)
    else:
        customer, events = customers.recognise(state, message, before, opens=True, turn=turn)
        conversation = _open(state, message, turn, customer=customer)
        events.append(_opened(conversation, message, before))
    threads.bind(state, message, conversation.id)
    state.messages.put(message.message_id, _kept(message, conversation))
    return [*events, _added(conversation, message, customer=customer)]


def _open(state: State, message: MessageReceived, turn: Turn, *, customer: CustomerId) -> Conversation:
    routing = state.config.routing
    word = _word(message, turn)
    return state.put(
        Conversation(
            id=conversation_of(message.message_id),
            customer_id=customer,
            address=threads.address_of(message),
            status=Status.NEW,
            units=routing.units.get(message.channel, profile(message.channel).capacity_units),
            opened_at=message.occurred_at,
            received_at=message.received_at,
            waiting_since=min(word.at, turn.now),
            last_word_at=None if message.auto else word.at,
            ledger=Ledger() if message.auto else Ledger((word,)),
            auto=message.auto,
            traceparent=turn.traceparent,
            timer_at=turn.now + routing.analysis_wait,
        )
    )


def _hear(state: State, conversation: Conversation, message: MessageReceived, turn: Turn) -> list[Event]:
    """What the customer's word means for a conversation that is there."""
    word = _word(message, turn)
    latest = max(conversation.last_word_at or word.at, word.at)
    heard = state.put(replace(conversation, last_word_at=latest, ledger=conversation.ledger.heard(word)))
    match heard.status:
        case Status.RESOLVED:
            return _reopen(state, replace(heard, waiting_since=heard.waits_since(turn.now)), turn)
        case Status.WAITING | Status.SNOOZED:
            return resume(state, heard, turn, "customer_wrote")
        case Status.ASSIGNED if not heard.profile.live and _is_offline(state, heard):
            return queueing.take_back(state, heard, turn, reason="offline", actor=queueing.ROUTER)
        case Status.SET_ASIDE:
            state.put(queueing.aside(state.config, heard))
            return []
        case Status.NEW | Status.QUEUED | Status.ASSIGNED:
            return []


def _is_offline(state: State, conversation: Conversation) -> bool:
    agent = state.agents.get(conversation.agent_id) if conversation.agent_id else None
    return agent is not None and agent.presence is Presence.OFFLINE


def _reopen(state: State, conversation: Conversation, turn: Turn) -> list[Event]:
    state.put(queueing.anew(state.config, conversation, turn))
    return [
        ConversationReopened(
            conversation_id=conversation.id,
            previous=conversation.status,
            current=Status.NEW,
            actor=CUSTOMER,
            reason="customer_wrote",
            at=turn.now,
        )
    ]


def resume(
    state: State,
    conversation: Conversation,
    turn: Turn,
    reason: str,
    actor: Actor = CUSTOMER,
    *,
    since: bool = False,
) -> list[Event]:
    """Active again: its agent goes on if he is there and has room, else it queues with him first.

    `since`: what the customer waits on is not the word that comes with this.
    """
    conversation = replace(conversation, waiting_since=conversation.waits_since(turn.now))
    if not agents.has_room(state, conversation.agent_id, conversation):
        return queueing.queue(state, conversation, turn, actor=actor, reason=reason)
    state.put(replace(conversation, status=Status.ASSIGNED, timer_at=None))
    return [
        ConversationResumed(
            conversation_id=conversation.id,
            previous=conversation.status,
            current=Status.ASSIGNED,
            actor=actor,
            reason=reason,
            at=turn.now,
            waiting_since=conversation.waiting_since if since else None,
        )
    ]


def edit(state: State, event: MessageEdited) -> list[Event]:
    """The higher edit number wins, else the later time; an older one changes nothing."""
    message = state.messages[event.message_id]
    if message.removed or not _is_newer(event.edit, event.occurred_at, message.edit, message.edited_at):
        return []
    state.messages.put(
        message.id,
        replace(
            message,
            edit=event.edit,
            edited_at=event.occurred_at,
            length=len(event.text),
            sha256=_sha256(event.text),
        ),
    )
    return [
        MessageUpdated(
            conversation_id=message.conversation_id,
            message_id=message.id,
            text=event.text,
            full=event.full,
            attachments=event.attachments,
            edited_at=event.occurred_at,
        )
    ]


def _is_newer(edit: int | None, at: datetime, known: int | None, known_at: datetime | None) -> bool:
    if known_at is None:
        return True
    if edit is not None and known is not None and edit != known:
        return edit > known
    return at > known_at


def remove(state: State, event: MessageDeleted, turn: Turn) -> list[Event]:
    """Length and hash are all that stays."""
    message = state.messages[event.message_id]
    if message.removed:
        return []
    state.messages.put(message.id, replace(message, removed=True))
    before = state.conversations[message.conversation_id]
    after = state.put(replace(before, ledger=before.ledger.removed(message.id)))
    if after.status is Status.SET_ASIDE:
        after = state.put(queueing.aside(state.config, after))
    return [
        MessageRemoved(
            conversation_id=message.conversation_id,
            message_id=message.id,
            length=message.length,
            sha256=message.sha256,
            deleted_at=event.occurred_at,
        ),
        *readings.owed_anew(before, after, turn, "removed"),
    ]


def _word(message: MessageReceived, turn: Turn) -> Word:
    """A provider's clock that runs ahead of ours must not put the message behind its answer."""
    return Word(min(message.occurred_at, message.received_at), message.message_id, turn.now)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _kept(message: MessageReceived, conversation: Conversation) -> Message:
    return Message(
        id=message.message_id,
        conversation_id=conversation.id,
        occurred_at=message.occurred_at,
        length=len(message.text),
        sha256=_sha256(message.text),
    )


def _opened(conversation: Conversation, message: MessageReceived, before: Conversation | None) -> ConversationOpened:
    return ConversationOpened(
        conversation_id=conversation.id,
        customer_id=conversation.customer_id,
        customer_name=message.sender_name,
        identities=message.identities,
        address=conversation.address,
        previous_conversation_id=before.id if before else None,
        opened_at=conversation.opened_at,
        auto=message.auto,
    )


def _added(conversation: Conversation, message: MessageReceived, *, customer: CustomerId) -> MessageAdded:
    return MessageAdded(
        conversation_id=conversation.id,
        message_id=message.message_id,
        customer_id=customer,
        channel=message.channel,
        sender_name=message.sender_name,
        text=message.text,
        subject=message.subject,
        full=message.full,
        attachments=message.attachments,
        occurred_at=message.occurred_at,
        received_at=message.received_at,
        auto=message.auto,
        in_reply_to=message.provider_id,
    )
