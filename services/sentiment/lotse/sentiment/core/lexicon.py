"""Word lists: what a word says about tone, triage and topic."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from lotse.contracts.frozen import frozen
from lotse.sentiment.core.words import fold

SIGNS = (
    "negator",
    "booster",
    "contrast",
    "ask",
    "quote",
    "lead",
    "spam",
    "promo",
    "rumour",
    "danger",
    "leak",
    "thanks",
    "urgent",
)

TOPICS = (
    "delivery",
    "billing",
    "returns",
    "product",
    "account",
    "appointment",
    "staff",
    "website",
    "price",
    "contract",
    "repair",
    "availability",
    "transport",
    "network",
    "safety",
    "privacy",
)

_KEPT_WORDS = 20_000


class LexiconError(Exception):
    """A word list is not in the form that its first lines describe."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line


class Entry(NamedTuple):
    """One line of meaning: the word as the list writes it, its polarity, positions in SIGNS and TOPICS."""

    word: str
    polarity: int
    signs: frozenset[int]
    topics: frozenset[int]


class Word(NamedTuple):
    """A token with its stable hashes, plain and negated, and what the list knows of it."""

    hash: int
    negated_hash: int
    entry: Entry | None


@frozen
class Lexicon:
    """The lists of one language; looking a word up is remembered, so it costs little the second time."""

    word: Callable[[str], Word]
    phrases: dict[str, Entry]
    phrase_starts: frozenset[str]


@frozen
class _Tables:
    exact: dict[str, Entry]
    starts: dict[str, Entry]
    ends: dict[str, Entry]


def parse_lexicon(text: str) -> Lexicon:
    """Read word lists in the form of `data/lexicon-de.txt`.

    Raises LexiconError that names the line.
    """
    tables = _Tables({}, {}, {})
    phrases: dict[str, Entry] = {}
    for written, meaning in _entries(text):
        key = fold(written.lower())
        if "_" in key:
            _add(phrases, key.replace("_", " ", 1), written, meaning)
            continue
        bare = key.strip("*") or key
        if key.startswith("*") and len(key) > 1:
            _add(tables.ends, bare, written, meaning)
        if key.endswith("*") and len(key) > 1:
            _add(tables.starts, bare, written, meaning)
        if "*" not in key or len(key) == 1:
            _add(tables.exact, key, written, meaning)

    @lru_cache(maxsize=_KEPT_WORDS)
    def word(token: str) -> Word:
        return _word(token, tables)

    return Lexicon(
        word=word,
        phrases=phrases,
        phrase_starts=frozenset(phrase.split()[0] for phrase in phrases),
    )


def _entries(text: str) -> Iterator[tuple[str, Entry]]:
    meaning: Entry | None = None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line.startswith("#") or not line:
            continue
        if line.startswith("[") and line.endswith("]"):
            meaning = _heading(line[1:-1], number)
        elif meaning is None:
            raise LexiconError(number, "words stand before the first [heading]")
        else:
            yield from ((written, meaning) for written in line.split())


def _heading(heading: str, number: int) -> Entry:
    kind, _, name = heading.partition(" ")
    if kind == "sign" and name in SIGNS:
        return Entry("", 0, frozenset({SIGNS.index(name)}), frozenset())
    if kind == "topic" and name in TOPICS:
        return Entry("", 0, frozenset(), frozenset({TOPICS.index(name)}))
    if kind.lstrip("+-").isdecimal() and -3 <= int(kind) <= 3:
        return Entry("", int(kind), frozenset(), frozenset())
    raise LexiconError(number, f"[{heading}] is none of [-3] to [+3], [sign name], [topic name]")


def _add(table: dict[str, Entry], key: str, written: str, meaning: Entry) -> None:
    table[key] = _merged(table.get(key), meaning._replace(word=written.replace("_", " ")))


def _merged(known: Entry | None, more: Entry) -> Entry:
    if known is None:
        return more
    return Entry(
        known.word if known.polarity or not more.polarity else more.word,
        known.polarity or more.polarity,
        known.signs | more.signs,
        known.topics | more.topics,
    )


def _word(token: str, tables: _Tables) -> Word:
    """The longest match gives the polarity; signs and topics of all matches count."""
    found = tables.exact.get(token)
    for length in range(len(token), 1, -1):
        start = tables.starts.get(token[:length])
        if start is not None:
            found = _merged(found, start)
    for length in range(len(token), 2, -1):
        end = tables.ends.get(token[-length:])
        if end is not None:
            found = _merged(found, end)
    encoded = token.encode()
    return Word(crc32(encoded), crc32(b"!" + encoded), found)
