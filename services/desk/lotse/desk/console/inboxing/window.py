"""The beginning of a list as one page holds it, kept true by changes alone."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from lotse.desk.reads import Place

STEP = 200
"""Rows that a page asks for at a time."""

SLACK = 200
"""Rows that may come on top of those before the last ones are let go."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Key = tuple[int, int]


def microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


class Window:
    """Which conversations a page shows: all of the list up to `end`, or the whole list where `end` is None."""

    def __init__(self, oldest_first: bool, wanted: int = STEP) -> None:
        self._sign = 1 if oldest_first else -1
        self._keys: dict[UUID, Key] = {}
        self._end: Key | None = None
        self._last: Place | None = None
        self.wanted = wanted

    @property
    def complete(self) -> bool:
        """Whether the list ends with what is held."""
        return self._end is None

    @property
    def last(self) -> Place | None:
        """The place after which the list goes on."""
        return self._last

    @property
    def ids(self) -> Iterable[UUID]:
        return self._keys.keys()

    def extend(self, places: Sequence[Place], more: bool) -> None:
        """Hold what comes next in the list; `more`: it goes on after that."""
        self._keys |= {place.id: self._key(place) for place in places}
        self._end_at(places[-1] if more and places else None)

    def apply(self, places: Mapping[UUID, Place | None]) -> tuple[set[UUID], set[UUID]]:
        """Take changed conversations in, None: not in the list (any more). Those to show and those to let go."""
        shown, gone = set[UUID](), set[UUID]()
        for conversation, place in places.items():
            key = None if place is None else self._key(place)
            if key is not None and (self._end is None or key <= self._end):
                self._keys[conversation] = key
                shown.add(conversation)
            elif self._keys.pop(conversation, None) is not None:
                gone.add(conversation)
        too_many = self._trim()
        return shown - too_many, gone | too_many

    def _trim(self) -> set[UUID]:
        if len(self._keys) <= self.wanted + SLACK:
            return set()
        ordered = sorted(self._keys, key=self._keys.__getitem__)
        kept, let_go = ordered[: self.wanted], ordered[self.wanted :]
        for conversation in let_go:
            del self._keys[conversation]
        self._end_at(self._place(kept[-1]))
        return set(let_go)

    def _end_at(self, place: Place | None) -> None:
        self._last = place
        self._end = None if place is None else self._key(place)

    def _key(self, place: Place) -> Key:
        return self._sign * microseconds(place.at), self._sign * place.id.int

    def _place(self, conversation: UUID) -> Place:
        at, _ = self._keys[conversation]
        return Place(_EPOCH + timedelta(microseconds=self._sign * at), conversation)
