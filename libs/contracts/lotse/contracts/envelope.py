"""CloudEvents 1.0 in Kafka's binary mode: how an event stands on the wire.

Headers are `ce_id`, `ce_source`, `ce_type`, `ce_subject`, `ce_specversion`, `ce_time`,
`ce_sequence` (topics with an outbox), `ce_causationid`, `traceparent`, `content-type` and
`lotse-stamp` (set by the relay); the value is the event's data as JSON.

Source: CloudEvents Kafka Protocol Binding 1.0.2, part 3.2.
"""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from lotse.contracts.frozen import frozen
from lotse.contracts.topics import Topic

MAX_RECORD_BYTES = 256 * 1024
"""The largest value that any topic takes; an edge refuses more before its producer sees it."""

Headers = Sequence[tuple[str, bytes | None]]
"""As Kafka has them: a value may be null, which says as little as a header that is missing."""


class Value(BaseModel):
    """A part of an event: frozen, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Value):
    """The data of one event. A subclass names its type: `class X(Event, name="message.received")`."""

    TYPE: ClassVar[str] = ""
    TOPIC: ClassVar[Topic]

    def __init_subclass__(cls, name: str | None = None, version: int = 1) -> None:
        super().__init_subclass__()
        if name is not None:
            cls.TYPE = f"de.lotse.{name}.v{version}"
            if _TYPES.setdefault(cls.TYPE, cls) is not cls:
                raise TypeError(f"two events are called {cls.TYPE}")

    @abstractmethod
    def key(self) -> str:
        """The Kafka key and `ce_subject`: opaque, and what keeps its order."""


_TYPES: dict[str, type[Event]] = {}

D = TypeVar("D", bound=Event)
D_co = TypeVar("D_co", bound=Event, covariant=True)


@frozen
class Fact(Generic[D_co]):
    """One event with its envelope, as a reader meets it."""

    id: UUID
    source: str
    time: datetime
    data: D_co
    causation_id: UUID | None = None
    sequence: int | None = None
    traceparent: str | None = None

    @property
    def key(self) -> str:
        return self.data.key()


class EnvelopeError(Exception):
    """A record that this release cannot read."""


class UnknownType(EnvelopeError):
    """The record's type or version is not known to this release; a later one may know it."""


class InvalidRecord(EnvelopeError):
    """The record breaks the envelope or its event's schema."""


def known_types() -> dict[str, type[Event]]:
    """Every event type by its `ce_type`. Complete once `lotse.contracts.events` is imported."""
    return dict(_TYPES)


def encode_headers(fact: Fact[Event]) -> list[tuple[str, bytes]]:
    """The record's headers, all but the relay's stamp."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(fact.id).encode()),
        ("ce_source", fact.source.encode()),
        ("ce_type", fact.data.TYPE.encode()),
        ("ce_subject", fact.key.encode()),
        ("ce_time", fact.time.isoformat().encode()),
        ("content-type", b"application/json"),
    ]
    if fact.sequence is not None:
        headers.append(("ce_sequence", str(fact.sequence).encode()))
    if fact.causation_id is not None:
        headers.append(("ce_causationid", str(fact.causation_id).encode()))
    if fact.traceparent is not None:
        headers.append(("traceparent", fact.traceparent.encode()))
    return headers


def encode_value(data: Event) -> bytes:
    """The event's data as JSON in UTF-8; what is unset is left out."""
    return data.__pydantic_serializer__.to_json(data, exclude_none=True)


def decode(headers: Headers, value: bytes | None) -> Fact[Event]:
    """Read one record. Raises UnknownType, or InvalidRecord with what is wrong and no content."""
    try:
        found = {key: text.decode() for key, text in headers if text is not None}
    except UnicodeDecodeError as error:
        raise InvalidRecord("a header is not UTF-8") from error
    name = found.get("ce_type")
    if not name:
        raise InvalidRecord("header ce_type is missing")
    model = _TYPES.get(name)
    if model is None:
        raise UnknownType(name)
    return _fact(found, _data(model, value))


def _data(model: type[D], value: bytes | None) -> D:
    if value is None:
        raise InvalidRecord(f"{model.TYPE} has no data")
    try:
        return model.model_validate_json(value)
    except ValidationError as error:
        raise InvalidRecord(f"{model.TYPE}: {problems(error)}") from error


def _fact(found: dict[str, str], data: D) -> Fact[D]:
    try:
        sequence, cause = found.get("ce_sequence"), found.get("ce_causationid")
        time = datetime.fromisoformat(found["ce_time"])
        if time.tzinfo is None:
            raise InvalidRecord("header ce_time bears no zone")
        return Fact(
            id=UUID(found["ce_id"]),
            source=found["ce_source"],
            time=time,
            data=data,
            causation_id=UUID(cause) if cause else None,
            sequence=int(sequence) if sequence else None,
            traceparent=found.get("traceparent"),
        )
    except KeyError as error:
        raise InvalidRecord(f"header {error.args[0]} is missing") from error
    except ValueError as error:
        raise InvalidRecord(f"a header cannot be read: {error}") from error


def problems(error: ValidationError) -> str:
    """What is wrong, field by field, without the values, which may be personal."""
    return "; ".join(
        f"{'.'.join(map(str, item['loc'])) or 'data'}: {item['msg']}"
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    )
