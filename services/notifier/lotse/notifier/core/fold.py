"""One event, and what follows from it."""

from datetime import datetime
from uuid import UUID

from lotse.contracts.conversations import ConversationOpened, ConversationQueued, ReplyApproved
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.frozen import replace
from lotse.contracts.ids import ConversationId, thread_key
from lotse.contracts.inbound import MessageDelivered, MessageEchoed, MessageFailed, MessageRead
from lotse.contracts.values import Address
from lotse.notifier.core.alerts import alert
from lotse.notifier.core.automatic import received
from lotse.notifier.core.echoes import release
from lotse.notifier.core.letters import approved
from lotse.notifier.core.model import State
from lotse.notifier.core.receipts import echoed, receipt
from lotse.notifier.core.rules import Rules


def decide(rules: Rules, state: State, fact: Fact[Event], now: datetime) -> list[Event]:
    """Apply one event to the state in hand and say what follows from it."""
    events = _follows(rules, state, fact, now)
    alert(rules, state, fact, now)
    return events


def _follows(rules: Rules, state: State, fact: Fact[Event], now: datetime) -> list[Event]:
    match fact.data:
        case ConversationOpened() as event:
            return _opened(state, event)
        case ConversationQueued() as event:
            known = _known_by(state, event.conversation_id, event.address)
            return known + received(rules, state, fact, event, now)
        case ReplyApproved() as event:
            known = _known_by(state, event.conversation_id, event.address)
            return known + approved(rules, state, fact, event, now)
        case MessageEchoed() as event:
            return echoed(rules, state, event)
        case MessageDelivered() | MessageRead() | MessageFailed() as event:
            return receipt(rules, state, event)
        case _:
            return []


def thread_of(address: Address) -> UUID:
    return UUID(thread_key(address.account, address.thread))


def _opened(state: State, event: ConversationOpened) -> list[Event]:
    conversation = state.conversation(event.conversation_id)
    name = event.customer_name or ""
    state.conversations.put(conversation.id, replace(conversation, opened_at=event.opened_at, customer_name=name))
    return _belongs(state, thread_of(event.address), event.conversation_id, event.opened_at)


def _known_by(state: State, conversation_id: ConversationId, address: Address) -> list[Event]:
    """A conversation may go on under another of its customer's names."""
    thread = state.thread(thread_of(address))
    opened_at = state.conversation(conversation_id).opened_at
    if thread.conversation_id is not None or opened_at is None:
        return []
    return _belongs(state, thread.id, conversation_id, opened_at)


def _belongs(state: State, thread_id: UUID, conversation_id: ConversationId, opened_at: datetime) -> list[Event]:
    """The conversation opened last has the thread, whichever was heard of first."""
    thread = state.thread(thread_id)
    if thread.opened_at is not None and (thread.opened_at, str(thread.conversation_id)) >= (
        opened_at,
        str(conversation_id),
    ):
        return []
    state.threads.put(thread_id, replace(thread, conversation_id=conversation_id, opened_at=opened_at))
    return release(state, thread_id)
