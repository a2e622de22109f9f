"""`lotse-inbound`: what the providers told us, as ingest understood it."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from lotse.contracts.channels import Channel
from lotse.contracts.envelope import Event
from lotse.contracts.ids import AccountId, MessageId, ReplyId, derive, thread_key
from lotse.contracts.topics import Topic
from lotse.contracts.values import Attachment, Identity, Stored


class InboundEvent(Event):
    """What every inbound event says: which account and thread, and when by both clocks."""

    TOPIC: ClassVar[Topic] = Topic.INBOUND

    account: AccountId
    channel: Channel
    thread: str
    """What ingest knows without state: the other party's id, the top comment, the mail's sender."""
    occurred_at: AwareDatetime
    received_at: AwareDatetime

    def key(self) -> str:
        return thread_key(self.account, self.thread)


class MessageReceived(InboundEvent, name="message.received"):
    """A customer wrote. The event's id is the message's id."""

    message_id: MessageId
    provider_id: str
    identities: tuple[Identity, ...]
    """Every name of the sender that the provider gave, the best first; never empty."""
    sender_name: str | None = None
    text: str
    """At most 64 KB; the whole is `full` where it was longer or quotes were cut."""
    subject: str | None = None
    full: Stored | None = None
    attachments: tuple[Attachment, ...] = ()
    parent: str | None = None
    """Public channels: the provider's id of what was commented on."""
    reply_token: str | None = None
    """Mail: the token of our plus address, a conversation's id."""
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    auto: bool = False
    """Written by a machine: stored, but neither reopens nor gets an automatic answer."""
    medium: str | None = None
    """Typed channel: letter, phone, print, broadcast, or what the caller says."""
    rating: int | None = None
    """Reviews: stars, 1 to 5."""


class MessageEdited(InboundEvent, name="message.edited"):
    """The customer changed a message. The higher `edit` wins, else the later `occurred_at`."""

    message_id: MessageId
    provider_id: str
    edit: int | None = None
    text: str
    full: Stored | None = None
    attachments: tuple[Attachment, ...] = ()


class MessageDeleted(InboundEvent, name="message.deleted"):
    """The customer took a message back."""

    message_id: MessageId
    provider_id: str


class MessageEchoed(InboundEvent, name="message.echoed"):
    """The provider shows us what went out of our own account; `reply_id` where it was ours."""

    provider_id: str
    recipient: str
    text: str = ""
    reply_id: ReplyId | None = None


class Receipt(InboundEvent):
    """What became of messages we sent: by provider's ids, by our reference, or up to a time."""

    provider_ids: tuple[str, ...] = ()
    reply_id: ReplyId | None = None
    up_to: AwareDatetime | None = None


class MessageDelivered(Receipt, name="message.delivered"):
    """The provider delivered what we sent."""


class MessageRead(Receipt, name="message.read"):
    """The customer read what we sent."""


class MessageFailed(Receipt, name="message.failed"):
    """The provider could not deliver what it had accepted."""

    code: str = ""
    reason: str = ""


class ActivityRecorded(InboundEvent, name="activity.recorded"):
    """Something happened to content that is no customer's message: hidden by us, liked, shared."""

    activity: Literal["hidden", "unhidden", "removed", "reaction_added", "reaction_removed", "posted", "other"]
    provider_id: str
    message_id: MessageId | None = None
    by_us: bool = False


def inbound_id(event: InboundEvent, *parts: object) -> UUID:
    """A source-derived event id for all but `message.received`: equal webhooks, equal id."""
    return derive(event.TYPE, event.account, *parts)
