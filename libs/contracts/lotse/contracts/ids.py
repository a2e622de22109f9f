"""Identifiers, all derived from their cause so that work done again gives the same ones."""

from typing import NewType
from uuid import UUID, uuid5

AccountId = NewType("AccountId", str)
AgentId = NewType("AgentId", str)
TeamId = NewType("TeamId", str)
ConversationId = NewType("ConversationId", UUID)
CustomerId = NewType("CustomerId", UUID)
MessageId = NewType("MessageId", UUID)
ReplyId = NewType("ReplyId", UUID)

NAMESPACE = UUID("0b6f6c1e-6c6f-5473-9a55-4c6f74736500")


def derive(*parts: object) -> UUID:
    """A version 5 UUID of the parts in order; equal parts, equal id."""
    return uuid5(NAMESPACE, "\x1f".join(map(str, parts)))


def message_id(account: str, provider_id: str) -> MessageId:
    """The id of a message, the same for every copy that the provider sends."""
    return MessageId(derive("message", account, provider_id))


def thread_key(account: str, thread: str) -> str:
    """The Kafka key of `lotse-inbound` and `lotse-insights`: opaque, one per thread of an account."""
    return str(derive("thread", account, thread))
