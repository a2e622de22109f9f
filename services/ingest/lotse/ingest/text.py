"""Text that every later reader can store: no U+0000, no lone surrogates, no more than an event may carry."""

import re

import pydantic_core
from pydantic import JsonValue

MAX_TEXT_BYTES = 64 * 1024
"""The longest text in an event, counted as it stands in JSON; the whole goes to a blob."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """The text with U+FFFD for U+0000 and lone surrogates, which PostgreSQL refuses."""
    return _UNSTORABLE.sub("\ufffd", text)


def clean_tree(value: JsonValue) -> JsonValue:
    """A JSON document with every text and key in it cleaned."""
    match value:
        case str():
            return clean(value)
        case list():
            return [clean_tree(item) for item in value]
        case dict():
            return {clean(key): clean_tree(item) for key, item in value.items()}
        case _:
            return value


def shortened(text: str) -> str:
    """The longest start of a clean text that fits an event."""
    if len(text) * 6 <= MAX_TEXT_BYTES or _size(text) <= MAX_TEXT_BYTES:
        return text
    fits, too_long = 0, min(len(text), MAX_TEXT_BYTES) + 1
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if _size(text[:middle]) <= MAX_TEXT_BYTES:
            fits = middle
        else:
            too_long = middle
    return text[:fits]


def one_line(text: str, limit: int) -> str:
    """A name or subject: clean, without control characters and runs of blanks, at most `limit` characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in clean(text[: 4 * limit])).split())[:limit]


def _size(text: str) -> int:
    return len(pydantic_core.to_json(text))
