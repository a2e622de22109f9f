"""Typed messages from our own systems: letters, phone notes, in-app, whatever has no webhook of its own."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Self

import phonenumbers
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from lotse.contracts.channels import Channel
from lotse.contracts.config import ApiAccount
from lotse.contracts.ids import AccountId
from lotse.contracts.values import Attachment, Identity, IdentityKind
from lotse.ingest.channels.parsed import Blob, Parsed, happened
from lotse.ingest.channels.scene import Found, Scene
from lotse.ingest.text import clean, one_line

_MEDIA_TYPE = r"^[a-zA-Z0-9!#$&^_.+-]{1,60}/[a-zA-Z0-9!#$&^_.+-]{1,60}$"
MAX_TEXT = 4 * 1024 * 1024


def _phone(value: str) -> str:
    """A number in E.164; national ones are taken as German."""
    try:
        number = phonenumbers.parse(value, "DE")
    except phonenumbers.NumberParseException as error:
        raise ValueError("write the number in international form, such as +49 30 1234567") from error
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("the content is not base64") from error
    return value


Clean = AfterValidator(clean)
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=200), Clean]
ThreadName = Annotated[str, StringConstraints(min_length=1, max_length=200), Clean]
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT), Clean]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sender(_Section):
    """Who wrote: at least one of `id`, `email`, `phone`."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=200), Clean] | None = None
    """What the calling system knows the customer by."""
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,255}$"), Clean] | None = None
    phone: Annotated[str, StringConstraints(max_length=40), AfterValidator(_phone)] | None = None
    name: Annotated[str, StringConstraints(max_length=200), Clean] | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not (self.id or self.email or self.phone):
            raise ValueError("name the sender by id, email or phone")
        return self

    def identities(self, account: AccountId, verified: bool) -> tuple[Identity, ...]:
        """Every name of the sender, the caller's own first."""
        given = (
            (IdentityKind.EXTERNAL, self.id, account),
            (IdentityKind.EMAIL, self.email and self.email.lower(), ""),
            (IdentityKind.PHONE, self.phone, ""),
        )
        return tuple(
            Identity(kind=kind, value=value, scope=scope, verified=verified) for kind, value, scope in given if value
        )


class File(_Section):
    """A file in the call, or a link to one."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200), Clean]
    media_type: Annotated[str, StringConstraints(pattern=_MEDIA_TYPE)] = "application/octet-stream"
    content: Annotated[str, AfterValidator(_base64)] | None = None
    """Base64."""
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s]{1,2000}$"), Clean] | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if (self.content is None) == (self.url is None):
            raise ValueError("give either content or url")
        return self


class Words(_Section):
    """A message's text and files."""

    text: Text
    attachments: Annotated[tuple[File, ...], Field(max_length=50)] = ()
    occurred_at: AwareDatetime | None = None
    """When it was said; without it, now."""


class NewMessage(Words):
    """A customer's message."""

    external_id: ExternalId | None = None
    """The caller's id of the message; without it the `Idempotency-Key` is."""
    channel: Channel
    sender: Sender
    thread: ThreadName | None = None
    """What belongs together; without it, all of one sender's."""
    subject: Annotated[str, StringConstraints(max_length=500), Clean] | None = None
    medium: Annotated[str, StringConstraints(max_length=50), Clean] | None = None
    in_reply_to: ExternalId | None = None
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    auto: bool = False


class Edit(Words):
    """The new text of a message that was sent before. The higher `edit` wins, else the later `occurred_at`."""

    channel: Channel
    thread: ThreadName
    """The message's thread: the one given with it, else the sender's id."""
    edit: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None

    @model_validator(mode="after")
    def _is_placed(self) -> Self:
        """A text, another one and the first again are three edits, and somebody must know which came last."""
        if self.edit is None and self.occurred_at is None:
            raise ValueError("give edit or occurred_at, by which the later of two edits is known")
        return self


class ChannelNotAllowed(Exception):
    """The account does not take this channel."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(f"this account does not take messages of the channel {channel.value}")


def received(
    message: NewMessage, external_id: str, account: AccountId, config: ApiAccount, received_at: datetime
) -> Parsed:
    """The event of a new message. Raises ChannelNotAllowed."""
    identities = message.sender.identities(account, config.verified)
    thread = message.thread or identities[0].value
    scene = _scene(message, thread, message.channel, account, config, received_at)
    files = tuple(_attachment(file) for file in message.attachments)
    found = scene.received(
        external_id,
        identities,
        message.text,
        sender_name=message.sender.name,
        subject=message.subject,
        blobs=tuple(blob for _, blob in files if blob),
        attachments=tuple(attachment for attachment, _ in files),
        in_reply_to=message.in_reply_to,
        auto=message.auto,
        medium=message.medium,
        rating=message.rating,
    )
    return _parsed(found)


def edited(edit: Edit, external_id: str, account: AccountId, config: ApiAccount, received_at: datetime) -> Parsed:
    """The event of an edit. Raises ChannelNotAllowed."""
    scene = _scene(edit, edit.thread, edit.channel, account, config, received_at)
    files = tuple(_attachment(file) for file in edit.attachments)
    found = scene.edited(
        external_id,
        edit.text,
        edit=edit.edit,
        attachments=tuple(attachment for attachment, _ in files),
        at=edit.occurred_at,
    )
    return _parsed(Found(found.facts, (*found.blobs, *(blob for _, blob in files if blob))))


def deleted(
    external_id: str, channel: Channel, thread: str, account: AccountId, config: ApiAccount, received_at: datetime
) -> Parsed:
    """The event of a message taken back. Raises ChannelNotAllowed."""
    if channel not in config.channels:
        raise ChannelNotAllowed(channel)
    return _parsed(Scene(account, channel, clean(thread), received_at, received_at).deleted(clean(external_id)))


def _scene(
    words: Words, thread: str, channel: Channel, account: AccountId, config: ApiAccount, received_at: datetime
) -> Scene:
    if channel not in config.channels:
        raise ChannelNotAllowed(channel)
    return Scene(account, channel, thread, happened(words.occurred_at, received_at=received_at), received_at)


def _attachment(file: File) -> tuple[Attachment, Blob | None]:
    name = one_line(file.name, 200) or "file"
    if file.content is None:
        return Attachment(name=name, media_type=file.media_type, url=file.url), None
    blob = Blob.of(base64.b64decode(file.content), file.media_type)
    return Attachment(name=name, media_type=file.media_type, size=len(blob.body), sha256=blob.sha256), blob


def _parsed(found: Found) -> Parsed:
    return Parsed(found.facts, found.blobs)
