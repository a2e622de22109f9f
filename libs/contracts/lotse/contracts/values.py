"""The parts that events are made of."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from lotse.contracts.channels import Channel
from lotse.contracts.envelope import Value
from lotse.contracts.ids import AccountId

Language = Literal["de", "en", "und"]
"""ISO 639-1, or `und` where it could not be told."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Status(StrEnum):
    """Where a conversation stands."""

    NEW = "new"
    """Received, not read yet; queued when the analysis comes or 2 s have passed."""
    QUEUED = "queued"
    ASSIGNED = "assigned"
    WAITING = "waiting"
    """Answered; the customer's word is awaited."""
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    SET_ASIDE = "set_aside"
    """Spam or noise: kept in a view of its own, never shown as work."""


class Sentiment(StrEnum):
    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    UNSURE = "unsure"


class Triage(StrEnum):
    SERVICE = "service"
    NOISE = "noise"
    PRAISE = "praise"
    LEAD = "lead"
    SPAM = "spam"


class Situation(StrEnum):
    CRISIS = "crisis"
    QUESTION = "question"
    COMPLAINT = "complaint"
    UNTRUTH = "untruth"
    COMPLIMENT = "compliment"
    QUOTE_REQUEST = "quote_request"


class Presence(StrEnum):
    """Whether an agent takes work."""

    ONLINE = "online"
    AWAY = "away"
    NOT_RESPONDING = "not_responding"
    OFFLINE = "offline"


class IdentityKind(StrEnum):
    """What kind of name a customer is known by."""

    META = "meta"
    """A page-scoped or Instagram-scoped user id; holds for one account."""
    WHATSAPP = "whatsapp"
    """A business-scoped WhatsApp user id."""
    PHONE = "phone"
    """A number in E.164."""
    EMAIL = "email"
    EXTERNAL = "external"
    """Whatever the calling system knows the customer by; holds for one account."""


class Identity(Value):
    """One name of a customer. Unverified ones only suggest who it is.

    `scope` is the account for ids that hold only there, else empty.
    """

    kind: IdentityKind
    value: str
    scope: str = ""
    verified: bool = False


class Attachment(Value):
    """A file of a message. `sha256` is set once it is stored; until then `url` says where it is."""

    name: str
    media_type: str = "application/octet-stream"
    size: int | None = None
    sha256: Sha256 | None = None
    url: str | None = None


class Stored(Value):
    """A text or raw mail kept outside the event, by its hash."""

    sha256: Sha256
    media_type: str
    size: int


class Address(Value):
    """Where a reply goes: the identity of its own conversation.

    `recipient` is the provider's id of the person, a mail address or a number; on public channels
    `in_reply_to` is the comment that is answered, in mail the Message-ID.
    """

    account: AccountId
    channel: Channel
    thread: str
    recipient: str
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    subject: str | None = None


class Actor(Value):
    """Who did it: `id` is an agent id or a service's name, empty for the customer."""

    kind: Literal["customer", "agent", "service", "provider"]
    id: str = ""


class Span(Value):
    """Personal data in a text: characters `start` to `end`, as Python counts them."""

    kind: str
    start: int
    end: int


class Reading(Value):
    """How a message reads."""

    language: Language = "und"
    sentiment: Sentiment = Sentiment.UNSURE
    score: float = 0.0
    """-1 (negative) to 1 (positive)."""
    confidence: float = 0.0
    triage: Triage = Triage.SERVICE
    situation: Situation | None = None
    topics: tuple[str, ...] = ()
    lead: bool = False
    reasons: tuple[str, ...] = ()
    model_version: str = ""


__all__ = [
    "UUID",
    "Actor",
    "Address",
    "Attachment",
    "AwareDatetime",
    "Identity",
    "IdentityKind",
    "Language",
    "Presence",
    "Reading",
    "Sentiment",
    "Situation",
    "Span",
    "Status",
    "Stored",
    "Triage",
    "datetime",
]
