"""What a parser makes of one body, and how all of them read times and JSON."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, cast

import pydantic_core
from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue, StringConstraints

from lotse.contracts.envelope import Fact
from lotse.contracts.frozen import frozen, replace
from lotse.contracts.inbound import InboundEvent
from lotse.contracts.values import Stored
from lotse.ingest.text import clean_tree


class ChannelError(Exception):
    """A body that a channel does not take."""


class Unreadable(ChannelError):
    """The body is not in the channel's format at all."""


class NotUnderstood(ChannelError):
    """Authentic, but nothing that this release knows; the message is a word for machines."""


@frozen
class Blob:
    """A file or text that must be stored before the event that names it."""

    sha256: str
    media_type: str
    body: bytes

    @classmethod
    def of(cls, body: bytes, media_type: str) -> "Blob":
        return cls(hashlib.sha256(body).hexdigest(), media_type, body)

    def stored(self) -> Stored:
        return Stored(sha256=self.sha256, media_type=self.media_type, size=len(self.body))


@frozen
class Unparsed:
    """A part of a body that was not understood, as it came; `reason` is a word for machines.

    `about` are the provider's ids of the messages in it, as far as they can be told.
    """

    reason: str
    body: bytes
    about: tuple[str, ...] = ()

    @classmethod
    def of_json(cls, reason: str, part: object) -> "Unparsed":
        return cls(reason, json.dumps(part).encode(), tuple(dict.fromkeys(_own_ids(part)))[:_MOST_IDS])


_MOST_IDS = 50
_IDS = ("id", "mid", "comment_id")
_OTHERS = frozenset(("context", "reply_to", "reaction", "from", "sender", "recipient"))
"""Where another message or somebody is named."""


def _own_ids(part: object) -> Iterator[str]:
    """What may be the ids of the messages in a part; those of anything else are nobody's."""
    if isinstance(part, dict):
        known = cast("Mapping[str, object]", part)
        names = _IDS if "comment_id" in known else (*_IDS, "post_id")
        yield from (str(known[name]) for name in names if isinstance(known.get(name), str | int))
        for name, within in known.items():
            if name not in _OTHERS:
                yield from _own_ids(within)
    elif isinstance(part, list):
        for within in cast("Sequence[object]", part):
            yield from _own_ids(within)


@frozen
class Parsed:
    """The facts in the body's order, what must be stored before them, and what was not understood.

    `skipped` counts the parts that were understood and say nothing about customers.
    """

    facts: tuple[Fact[InboundEvent], ...] = ()
    blobs: tuple[Blob, ...] = ()
    unparsed: tuple[Unparsed, ...] = ()
    skipped: int = 0

    def traced(self, traceparent: str | None) -> "Parsed":
        """The same as part of a trace."""
        return replace(self, facts=tuple(replace(fact, traceparent=traceparent) for fact in self.facts))


class Incoming(BaseModel):
    """A provider's record: unknown fields ignored, ids taken as number and as text."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


Id = Annotated[str, StringConstraints(min_length=1, max_length=512)]


def document(body: bytes) -> JsonValue:
    """The body's JSON, with U+FFFD for what cannot be stored.

    Raises:
        Unreadable: The body is not JSON.
    """
    try:
        found: JsonValue = pydantic_core.from_json(body)
    except ValueError:
        return _lenient(body)
    return clean_tree(found) if b"\\u0000" in body else found


def _lenient(body: bytes) -> JsonValue:
    """Read what the fast parser refuses: lone surrogates, left where a client cut a text within an emoji."""
    try:
        return clean_tree(json.loads(body))
    except (ValueError, RecursionError) as error:
        raise Unreadable("the body is not JSON") from error


_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST_SECONDS = 4_102_444_800
_MILLISECONDS_FROM = 100_000_000_000


def moment(value: object) -> datetime | None:
    """A provider's time: seconds or milliseconds, as number or text, or ISO 8601; None where it is none of them."""
    if isinstance(value, str) and "T" in value and len(value) <= 40:
        return _iso(value)
    try:
        number = int(value) if isinstance(value, int | str) else 0
    except ValueError:
        return None
    if not 0 < number < _LATEST_SECONDS * 1000:
        return None
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    return datetime.fromtimestamp(seconds, UTC) if seconds < _LATEST_SECONDS else None


def _iso(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


Moment = Annotated[datetime | None, BeforeValidator(moment)]


def happened(*times: datetime | None, received_at: datetime) -> datetime:
    """The first time that is known and possible: nothing happens after we heard of it."""
    known = next((time for time in times if time is not None and time >= _EARLIEST), received_at)
    return min(known, received_at)
