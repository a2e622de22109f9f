"""A Kafka record as the runtime sees it, and what tells repeats from news."""

import json
from collections.abc import Sequence
from typing import Protocol

STAMP = "lotse-stamp"
"""Header set by the relay: rises in each partition, so that a reader can drop repeats."""


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
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


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
    return int(raw) if raw is not None and raw.isdigit() else None


def key_of(record: Record) -> str:
    return (record.key or b"").decode(errors="replace").replace("\x00", "\ufffd")


def headers_to_text(headers: Sequence[tuple[str, bytes]]) -> str:
    """JSON of the headers for a text column; bytes as Latin-1, which loses none."""
    return json.dumps([(key, value.decode("latin-1")) for key, value in headers])


def numbered(headers: list[tuple[str, bytes]], sequence: int | None) -> list[tuple[str, bytes]]:
    """The headers with `ce_sequence`, which an event gets when it is put into the outbox."""
    if sequence is not None:
        headers.append(("ce_sequence", str(sequence).encode()))
    return headers


def headers_from_text(text: str) -> list[tuple[str, bytes]]:
    return [(key, value.encode("latin-1")) for key, value in json.loads(text)]
