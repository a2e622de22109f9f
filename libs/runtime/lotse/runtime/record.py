"""A Kafka record as the runtime sees it, and what tells repeats from news."""

import json
from hashlib import sha256
from typing import Protocol

from lotse.contracts.envelope import Headers

STAMP = "lotse-stamp"
"""Header set by the relay: rises in each partition, so that a reader can drop repeats."""

UNREADABLE = "lotse-unreadable"
"""Header that stands for a record which Kafka's client cannot read; its value is the error's type."""

_MOST_DIGITS = 18
"""Of a stamp: what a bigint holds, whichever digits they are."""

_LONGEST_KEY = 500
"""Characters of a key that an index takes."""


class Record(Protocol):
    """What the runtime needs of aiokafka's ConsumerRecord."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


def raw_header(record: Record, name: str) -> bytes | None:
    for key, value in record.headers:
        if key == name:
            return value
    return None


def text_header(record: Record, name: str) -> str:
    """The header as text, damaged bytes replaced; empty where it is missing."""
    return (raw_header(record, name) or b"").decode(errors="replace").replace("\x00", "\ufffd")


def stamp_of(record: Record) -> int | None:
    """The relay's stamp; None where there is none that can be read."""
    raw = raw_header(record, STAMP)
    return int(raw) if raw is not None and raw.isdigit() and len(raw) <= _MOST_DIGITS else None


def key_of(record: Record) -> str:
    """The key as text, damaged bytes replaced; a long one by its beginning and its SHA-256."""
    key = record.key or b""
    text = key.decode(errors="replace").replace("\x00", "\ufffd")
    return text if len(text) <= _LONGEST_KEY else f"{text[: _LONGEST_KEY - 65]}…{sha256(key).hexdigest()}"


def headers_to_text(headers: Headers) -> str:
    """JSON of the headers for a text column; bytes as Latin-1, which loses none."""
    return json.dumps([(key, None if value is None else value.decode("latin-1")) for key, value in headers])


def numbered(headers: list[tuple[str, bytes]], sequence: int | None) -> list[tuple[str, bytes]]:
    """The headers with `ce_sequence`, which an event gets when it is put into the outbox."""
    if sequence is not None:
        headers.append(("ce_sequence", str(sequence).encode()))
    return headers


def headers_from_text(text: str) -> list[tuple[str, bytes]]:
    """The headers that say anything."""
    return [(key, value.encode("latin-1")) for key, value in json.loads(text) if value is not None]
