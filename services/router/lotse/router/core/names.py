"""Opaque keys of what customers and threads are called by; none can be read back."""

from collections.abc import Iterable
from functools import lru_cache
from uuid import UUID

from lotse.contracts.channels import Channel
from lotse.contracts.ids import AccountId, ConversationId, MessageId, derive
from lotse.contracts.inbound import MessageReceived
from lotse.contracts.values import Identity, IdentityKind

_TWINS = frozenset({IdentityKind.WHATSAPP, IdentityKind.PHONE})
"""Kinds of which a provider sends one or both for the same person."""


@lru_cache(maxsize=4096)
def thread_name(account: AccountId, channel: Channel, thread: str) -> UUID:
    """The key of one name of a thread; a number is the same with and without its plus."""
    return derive("thread-name", account, channel.value, thread.removeprefix("+"))


def thread_names(message: MessageReceived) -> tuple[UUID, ...]:
    """Every name that the message's thread goes by, its own first."""
    twins = [i.value.removeprefix("+") for i in message.identities if i.kind in _TWINS and i.verified]
    named = [message.thread.removeprefix("+")]
    if named[0] in twins:
        named += [twin for twin in twins if twin != named[0]]
    return tuple(thread_name(message.account, message.channel, name) for name in named)


def identifier(identity: Identity) -> UUID:
    """The key of a customer's name."""
    return _identifier(identity.kind, identity.scope, identity.value)


@lru_cache(maxsize=4096)
def _identifier(kind: IdentityKind, scope: str, value: str) -> UUID:
    return derive("identity", kind.value, scope, value.casefold() if kind is IdentityKind.EMAIL else value)


def mail_reference(account: AccountId, mail_id: str) -> UUID:
    """The key of a Message-ID, with or without its angle brackets."""
    return derive("mail", account, mail_id.strip().strip("<>"))


def mail_references(message: MessageReceived) -> Iterable[str]:
    """The Message-IDs that a mail answers, the nearest first."""
    if message.in_reply_to:
        yield message.in_reply_to
    yield from reversed(message.references)


def conversation_of(message_id: MessageId) -> ConversationId:
    """The id of the conversation that this message opens."""
    return ConversationId(derive("conversation", message_id))


def is_mail(message: MessageReceived) -> bool:
    """Mail finds its conversation by reference only, since an address alone proves nothing."""
    return message.channel is Channel.EMAIL
