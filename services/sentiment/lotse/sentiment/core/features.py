"""One pass over a message: what the linear model adds up."""

import math
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from lotse.contracts.frozen import frozen
from lotse.sentiment.core.lexicon import SIGNS, TOPICS, Entry, Lexicon
from lotse.sentiment.core.words import HANDLE, LINK, MAIL, tokens

REVISION = 1
"""Raised whenever the same text gives other features; part of the model's version."""

ROWS_BITS = 15
ROWS = 1 << ROWS_BITS
_MASK = ROWS - 1
_SCOPE = 4
_BACK = 5
_CLAUSE_ENDS = frozenset(".,;:!?")
_NEGATOR, _BOOSTER, _CONTRAST = SIGNS.index("negator"), SIGNS.index("booster"), SIGNS.index("contrast")
_TELLING = frozenset(map(SIGNS.index, ("quote", "lead", "spam", "promo", "rumour", "danger", "leak", "urgent")))
_MONEY = frozenset("€$£%")

DENSE = (
    "positive",
    "negative",
    "positive, negated",
    "negative, negated",
    "balance",
    "balance at the end",
    *(f"sign {sign}" for sign in SIGNS),
    "?",
    "!",
    "...",
    "capitals",
    "links",
    "addresses",
    "money",
    "hash",
    "length",
)

_MULTIPLIER = np.uint32(0x9E3779B1)
_SHIFT = np.uint32(32 - ROWS_BITS)
_FOLD = np.uint32(15)


@frozen
class Hit:
    """A word of the list that was met, with its polarity as it stands (negation and emphasis counted)."""

    entry: Entry
    polarity: float
    negated: bool


@frozen
class Features:
    """Rows of the weight table for words and for character n-grams, the dense numbers, and the words met."""

    words: NDArray[np.int64]
    grams: NDArray[np.int64]
    dense: tuple[float, ...]
    hits: tuple[Hit, ...]
    told: tuple[str, ...]
    """Words without tone that point to a triage or situation."""
    topics: tuple[str, ...]


@dataclass(slots=True)
class _Pass:
    """What one pass over the tokens gathers."""

    rows: list[int] = field(default_factory=list[int])
    rest: list[str] = field(default_factory=list[str])
    hits: list[Hit] = field(default_factory=list[Hit])
    places: list[int] = field(default_factory=list[int])
    told: list[str] = field(default_factory=list[str])
    signs: list[int] = field(default_factory=lambda: [0] * len(SIGNS))
    topics: dict[int, int] = field(default_factory=dict[int, int])
    marks: dict[str, int] = field(default_factory=dict[str, int])
    clause: int = 0
    """Where the hits of the present clause begin."""
    negator: int = -9
    """Place of the last negator of the present clause."""
    scope: int = 0
    booster: bool = False


def extract(folded: str, capitals: bool, lexicon: Lexicon) -> Features:
    """Gather the features of a text that is normalised and folded."""
    found = tokens(folded)
    state = _Pass()
    previous, skip = 0, -1
    for place, token in enumerate(found):
        if token[0] in _CLAUSE_ENDS and not token.isalnum() and lexicon.word(token).entry is None:
            _mark(state, token, place)
            previous = crc32(token[:1].encode())
            state.rows.append(previous & _MASK)
            continue
        word = lexicon.word(token)
        hashed = word.negated_hash if state.scope > 0 else word.hash
        state.rows.append(hashed & _MASK)
        state.rows.append(crc32(b"+", hashed ^ (previous * 31 & 0xFFFFFFFF)) & _MASK)
        previous = hashed
        if place == skip:
            state.scope -= 1
            continue
        entry = word.entry
        if token in lexicon.phrase_starts and place + 1 < len(found):
            phrase = lexicon.phrases.get(f"{token} {found[place + 1]}")
            if phrase is not None:
                entry, skip = phrase, place + 1
        if entry is None:
            state.rest.append(token)
            state.scope -= 1
            state.booster = False
        else:
            _meet(state, entry, token, place)
    _end_clause(state, len(found))
    words = np.array(state.rows, dtype=np.int64)
    return Features(
        words=words,
        grams=_grams(" ".join(state.rest)),
        dense=_dense(state, found, capitals),
        hits=tuple(state.hits),
        told=tuple(state.told),
        topics=_topics(state),
    )


def _mark(state: _Pass, token: str, place: int) -> None:
    for mark in "?!":
        if mark in token:
            state.marks[mark] = state.marks.get(mark, 0) + token.count(mark)
    if "..." in token:
        state.marks["..."] = 1
    _end_clause(state, place)


def _end_clause(state: _Pass, place: int) -> None:
    """A negator that closes its clause turns the good words before it ("gefällt mir nicht")."""
    if place - state.negator <= 2:
        for index in range(state.clause, len(state.hits)):
            hit = state.hits[index]
            if hit.polarity > 0 and not hit.negated and 0 < state.negator - state.places[index] <= _BACK:
                state.hits[index] = Hit(hit.entry, -hit.polarity, True)
    state.clause, state.negator, state.scope, state.booster = len(state.hits), -9, 0, False


def _meet(state: _Pass, entry: Entry, token: str, place: int) -> None:
    for sign in entry.signs:
        state.signs[sign] += 1
    for topic in entry.topics:
        state.topics[topic] = state.topics.get(topic, 0) + 1
    if _CONTRAST in entry.signs:
        only = state.negator == place - 1
        state.scope = 0
        if only or not entry.polarity:
            state.clause, state.negator = len(state.hits), -9
    if entry.polarity:
        _weigh(state, entry, place)
    else:
        state.rest.append(token)
        state.scope -= 1
        state.booster = _BOOSTER in entry.signs
        if entry.signs & _TELLING:
            state.told.append(entry.word)
    if _NEGATOR in entry.signs and place != state.negator:
        state.negator, state.scope = place, _SCOPE


def _weigh(state: _Pass, entry: Entry, place: int) -> None:
    negated = state.scope > 0
    strength = entry.polarity * (1.3 if state.booster else 1.0)
    state.hits.append(Hit(entry, -strength if negated else strength, negated))
    state.places.append(place)
    state.scope -= 1
    state.booster = _BOOSTER in entry.signs


def _topics(state: _Pass) -> tuple[str, ...]:
    """The three topics met most, in the order of TOPICS where they tie."""
    ranked = sorted(state.topics, key=lambda topic: (-state.topics[topic], topic))
    return tuple(TOPICS[topic] for topic in ranked[:3])


def _dense(state: _Pass, found: list[str], capitals: bool) -> tuple[float, ...]:
    good = bad = not_good = not_bad = 0.0
    for hit in state.hits:
        if hit.negated and hit.polarity < 0:
            not_good -= hit.polarity
        elif hit.negated:
            not_bad += hit.polarity
        elif hit.polarity > 0:
            good += hit.polarity
        else:
            bad -= hit.polarity
    total = good + bad + not_good + not_bad
    last = sum(hit.polarity for hit in state.hits[-2:])
    money = sum(token in _MONEY for token in found)
    addresses = found.count(MAIL) + found.count(HANDLE)
    return (
        math.log1p(good),
        math.log1p(bad),
        math.log1p(not_good),
        math.log1p(not_bad),
        (good + not_bad - bad - not_good) / (total + 2.0),
        last / (abs(last) + 2.0),
        *map(math.log1p, state.signs),
        min(state.marks.get("?", 0), 3) / 2,
        min(state.marks.get("!", 0), 3) / 3,
        float(state.marks.get("...", 0)),
        float(capitals),
        math.log1p(found.count(LINK)),
        math.log1p(addresses),
        math.log1p(money),
        math.log1p(found.count("#")),
        math.log1p(len(found)) / 4,
    )


def _grams(text: str) -> NDArray[np.int64]:
    """Rows of all runs of 3, 4 and 5 characters, by a rolling hash over the whole text at once."""
    letters = np.frombuffer(f" {text} ".encode("utf-32-le"), dtype=np.uint32)
    if letters.size < 3:
        return np.empty(0, dtype=np.int64)
    runs = letters[:-1] * _MULTIPLIER + letters[1:]
    hashes: list[NDArray[np.uint32]] = []
    for length in (3, 4, 5):
        if letters.size < length:
            break
        runs = runs[:-1] * _MULTIPLIER + letters[length - 1 :]
        hashes.append(runs)
    every = np.concatenate(hashes)
    return (((every ^ (every >> _FOLD)) * _MULTIPLIER) >> _SHIFT).astype(np.int64)
