"""Who wrote: the same verified name is the same customer; an unverified one proves nothing."""

from lotse.contracts.conversations import CustomerIdentified
from lotse.contracts.envelope import Event
from lotse.contracts.ids import CustomerId, derive
from lotse.contracts.inbound import MessageReceived
from lotse.contracts.values import Identity
from lotse.router.core.names import identifier, is_mail
from lotse.router.core.state import Conversation, State, Turn


def recognise(
    state: State, message: MessageReceived, before: Conversation | None, *, opens: bool, turn: Turn
) -> tuple[CustomerId, list[Event]]:
    """The message's customer, and what is newly known of his names."""
    customer, new = _customer(state, message, before, opens=opens)
    fresh = _attach(state, message, customer)
    if not fresh or (new and opens):
        return customer, []
    return customer, [CustomerIdentified(customer_id=customer, identities=fresh, name=message.sender_name, at=turn.now)]


def _customer(
    state: State, message: MessageReceived, before: Conversation | None, *, opens: bool
) -> tuple[CustomerId, bool]:
    """The customer, and whether nothing was known of him."""
    thread_owner = before.customer_id if before and _is_same_person(before, message) else None
    if thread_owner and not opens and not is_mail(message):
        return thread_owner, False
    for identity in _verified(message):
        known = state.identifiers.get(identifier(identity))
        if known:
            return known, False
    if thread_owner:
        return thread_owner, False
    where = before.id if before and not opens else message.message_id
    return CustomerId(derive("customer", where, identifier(message.identities[0]))), True


def _is_same_person(before: Conversation, message: MessageReceived) -> bool:
    """A private thread is one person's; a public one or a mail only where the name is the conversation's own."""
    if not before.profile.public and not is_mail(message):
        return True
    recipient = before.address.recipient.casefold()
    return any(identity.value.casefold() == recipient for identity in message.identities)


def _verified(message: MessageReceived) -> list[Identity]:
    return [identity for identity in message.identities if identity.verified]


def _attach(state: State, message: MessageReceived, customer: CustomerId) -> tuple[Identity, ...]:
    """Give the customer those verified names that nobody has yet."""
    fresh = tuple(i for i in _verified(message) if identifier(i) not in state.identifiers)
    for identity in fresh:
        state.identifiers.put(identifier(identity), customer)
    return fresh
