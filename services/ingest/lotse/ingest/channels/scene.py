"""Where and when something was said; every channel's parser says here what it was."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, TypedDict

from lotse.contracts.channels import Channel
from lotse.contracts.envelope import Fact
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AccountId, ReplyId, message_id
from lotse.contracts.inbound import (
    ActivityRecorded,
    InboundEvent,
    MessageDeleted,
    MessageDelivered,
    MessageEchoed,
    MessageEdited,
    MessageFailed,
    MessageRead,
    MessageReceived,
    inbound_id,
)
from lotse.contracts.values import Attachment, Identity, Stored
from lotse.ingest.channels.parsed import Blob
from lotse.ingest.text import one_line, shortened

Activity = Literal["hidden", "unhidden", "removed", "reaction_added", "reaction_removed", "posted", "other"]

MAX_ATTACHMENTS = 100
MAX_RECEIPTS = 200


@frozen
class Found:
    """What one part of a body says; no facts at all: understood, and of no use here."""

    facts: tuple[Fact[InboundEvent], ...] = ()
    blobs: tuple[Blob, ...] = ()


class _Shared(TypedDict):
    account: AccountId
    channel: Channel
    thread: str
    occurred_at: datetime
    received_at: datetime


@frozen
class Scene:
    """What all events of one part share."""

    account: AccountId
    channel: Channel
    thread: str
    occurred_at: datetime
    received_at: datetime

    def received(
        self,
        provider_id: str,
        identities: tuple[Identity, ...],
        text: str,
        *,
        sender_name: str | None = None,
        subject: str | None = None,
        full: Stored | None = None,
        blobs: tuple[Blob, ...] = (),
        attachments: tuple[Attachment, ...] = (),
        parent: str | None = None,
        reply_token: str | None = None,
        in_reply_to: str | None = None,
        references: tuple[str, ...] = (),
        auto: bool = False,
        medium: str | None = None,
        rating: int | None = None,
    ) -> Found:
        """A customer's message; a text that is too long for an event becomes a blob unless `full` holds it."""
        short, whole = long_text(text)
        event = MessageReceived(
            **self._shared,
            message_id=message_id(self.account, provider_id),
            provider_id=provider_id,
            identities=identities,
            sender_name=one_line(sender_name or "", 200) or None,
            text=short,
            subject=one_line(subject or "", 500) or None,
            full=full or (whole and whole.stored()),
            attachments=attachments[:MAX_ATTACHMENTS],
            parent=parent,
            reply_token=reply_token,
            in_reply_to=in_reply_to,
            references=references,
            auto=auto,
            medium=medium,
            rating=rating,
        )
        return Found((self._fact(event),), (*blobs, *(() if full or not whole else (whole,))))

    def edited(
        self,
        provider_id: str,
        text: str,
        *,
        edit: int | None = None,
        attachments: tuple[Attachment, ...] = (),
        at: datetime | None = None,
    ) -> Found:
        """A message's new text; `at` is the provider's own time of the edit, which makes it another one."""
        short, whole = long_text(text)
        event = MessageEdited(
            **self._shared,
            message_id=message_id(self.account, provider_id),
            provider_id=provider_id,
            edit=edit,
            text=short,
            full=whole and whole.stored(),
            attachments=attachments[:MAX_ATTACHMENTS],
        )
        files = [file.sha256 or file.url or file.name for file in event.attachments]
        said = digest("\n".join((text, *files)))
        return Found((self._fact(event, provider_id, edit, iso(at), said),), (whole,) if whole else ())

    def deleted(self, provider_id: str) -> Found:
        event = MessageDeleted(
            **self._shared,
            message_id=message_id(self.account, provider_id),
            provider_id=provider_id,
        )
        return Found((self._fact(event, provider_id),))

    def echoed(self, provider_id: str, recipient: str, text: str, reply_id: ReplyId | None = None) -> Found:
        """What went out of our own account."""
        event = MessageEchoed(
            **self._shared,
            provider_id=provider_id,
            recipient=recipient,
            text=shortened(text),
            reply_id=reply_id,
        )
        return Found((self._fact(event, provider_id),))

    def receipt(
        self,
        kind: type[MessageDelivered | MessageRead],
        provider_ids: tuple[str, ...],
        *parts: object,
        reply_id: ReplyId | None = None,
        up_to: datetime | None = None,
    ) -> Found:
        """What became of something we sent."""
        event = kind(
            **self._shared,
            provider_ids=provider_ids[:MAX_RECEIPTS],
            reply_id=reply_id,
            up_to=up_to,
        )
        return Found((self._fact(event, *provider_ids, iso(up_to), *parts),))

    def failed(self, provider_id: str, code: str, reason: str, reply_id: ReplyId | None = None) -> Found:
        """The provider could not deliver what we sent."""
        event = MessageFailed(
            **self._shared,
            provider_ids=(provider_id,),
            reply_id=reply_id,
            code=code[:50],
            reason=one_line(reason, 300),
        )
        return Found((self._fact(event, provider_id),))

    def activity(
        self, kind: Activity, about: str, *parts: object, by_us: bool = False, on_message: bool = False
    ) -> Found:
        """Something that is no message; `about` is a message's id if it happened to one."""
        event = ActivityRecorded(
            **self._shared,
            activity=kind,
            provider_id=about,
            message_id=message_id(self.account, about) if on_message else None,
            by_us=by_us,
        )
        return Found((self._fact(event, kind, about, *parts),))

    @property
    def _shared(self) -> _Shared:
        return {
            "account": self.account,
            "channel": self.channel,
            "thread": self.thread,
            "occurred_at": self.occurred_at,
            "received_at": self.received_at,
        }

    def _fact(self, event: InboundEvent, *parts: object) -> Fact[InboundEvent]:
        number = event.message_id if isinstance(event, MessageReceived) else inbound_id(event, *parts)
        return Fact(id=number, source=f"/ingest/{self.account}", time=self.received_at, data=event)


def long_text(text: str) -> tuple[str, Blob | None]:
    """The text that fits an event, and the whole as a blob where it did not."""
    short = shortened(text)
    return short, None if short == text else Blob.of(text.encode(), "text/plain; charset=utf-8")


def digest(text: str) -> str:
    """A short stand-in for a text in an id."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def iso(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def together(found: Iterable[Found]) -> Found:
    parts = tuple(found)
    return Found(
        tuple(fact for part in parts for fact in part.facts), tuple(blob for part in parts for blob in part.blobs)
    )
