"""Identifiers, all derived from their cause so that work done again gives the same ones."""

from hashlib import sha1
from typing import NewType
from uuid import UUID

AccountId = NewType("AccountId", str)
AgentId = NewType("AgentId", str)
TeamId = NewType("TeamId", str)
ConversationId = NewType("ConversationId", UUID)
CustomerId = NewType("CustomerId", UUID)
MessageId = NewType("MessageId", UUID)
ReplyId = NewType("ReplyId", UUID)

NAMESPACE = UUID("0b6f6c1e-6c6f-5473-9a55-4c6f74736500")


_NAMESPACE = NAMESPACE.bytes
_VARIANT_AND_VERSION = (0x8000 << 48) | (5 << 76)
_NEITHER = ~((0xC000 << 48) | (0xF000 << 64))


def derive(*parts: object) -> UUID:
    """A version 5 UUID (RFC 9562) of the parts in order; equal parts, equal id."""
    name = "\x1f".join(map(str, parts)).encode()
    digest = sha1(_NAMESPACE + name, usedforsecurity=False).digest()
    return UUID(int=(int.from_bytes(digest[:16]) & _NEITHER) | _VARIANT_AND_VERSION)


def message_id(account: str, provider_id: str) -> MessageId:
    """The id of a message, the same for every copy that the provider sends."""
    return MessageId(derive("message", account, provider_id))


def thread_key(account: str, thread: str) -> str:
    """The Kafka key of `lotse-inbound` and `lotse-insights`: opaque, one per thread of an account."""
    return str(derive("thread", account, thread))
