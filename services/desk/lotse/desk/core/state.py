"""The rows in hand while a batch is read, and which facts of a key are news."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

from lotse.contracts.envelope import Event, Fact
from lotse.contracts.topics import Topic
from lotse.desk.core import rows as r

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

Pair = tuple[UUID, UUID]
"""A conversation and a part of it."""


class Rows(Generic[K, R]):
    """Frozen rows by key: those loaded, and those changed, which alone are written."""

    def __init__(self, loaded: Mapping[K, R] | None = None) -> None:
        self._loaded: dict[K, R] = dict(loaded or {})
        self._changed: dict[K, R] = {}

    def get(self, key: K) -> R | None:
        found = self._changed.get(key)
        return self._loaded.get(key) if found is None else found

    def put(self, key: K, row: R) -> None:
        self._changed[key] = row

    def forget(self, keys: Iterable[K]) -> None:
        for key in keys:
            self._loaded.pop(key, None)
            self._changed.pop(key, None)

    def keys(self) -> set[K]:
        return self._loaded.keys() | self._changed.keys()

    @property
    def changed(self) -> list[R]:
        """What is to be written, in the order of the keys."""
        return [self._changed[key] for key in sorted(self._changed)]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownVariableType]


@dataclass(slots=True)
class State:
    """A batch's rows. A table is written by one topic alone, so that topics may come in any order;

    customers, identities and outcomes are written under several keys and merged the same way in any order.
    """

    generation: int
    heard: Rows[tuple[str, str], r.Heard] = field(default_factory=Rows[tuple[str, str], r.Heard])
    conversations: Rows[UUID, r.Conversation] = field(default_factory=Rows[UUID, r.Conversation])
    messages: Rows[Pair, r.Message] = field(default_factory=Rows[Pair, r.Message])
    replies: Rows[Pair, r.Reply] = field(default_factory=Rows[Pair, r.Reply])
    notes: Rows[Pair, r.Note] = field(default_factory=Rows[Pair, r.Note])
    assignments: Rows[tuple[UUID, int], r.Assignment] = field(default_factory=Rows[tuple[UUID, int], r.Assignment])
    resolutions: Rows[tuple[UUID, int], r.Resolution] = field(default_factory=Rows[tuple[UUID, int], r.Resolution])
    last_resolutions: dict[UUID, r.Resolution] = field(default_factory=dict[UUID, r.Resolution])
    moves: Rows[tuple[UUID, int], r.Move] = field(default_factory=Rows[tuple[UUID, int], r.Move])
    customers: Rows[UUID, r.Customer] = field(default_factory=Rows[UUID, r.Customer])
    identities: Rows[tuple[UUID, str, str, str], r.CustomerIdentity] = field(
        default_factory=Rows[tuple[UUID, str, str, str], r.CustomerIdentity]
    )
    agents: Rows[str, r.AgentStatus] = field(default_factory=Rows[str, r.AgentStatus])
    outcomes: Rows[UUID, r.Outcome] = field(default_factory=Rows[UUID, r.Outcome])
    corrections: Rows[Pair, r.Correction] = field(default_factory=Rows[Pair, r.Correction])
    analyses: Rows[UUID, r.Analysis] = field(default_factory=Rows[UUID, r.Analysis])
    service_levels: Rows[str, r.ServiceLevel] = field(default_factory=Rows[str, r.ServiceLevel])
    deadlines: Rows[Pair, r.Deadline] = field(default_factory=Rows[Pair, r.Deadline])
    deliveries: Rows[Pair, r.Delivery] = field(default_factory=Rows[Pair, r.Delivery])
    notices: Rows[Pair, r.NoticeRow] = field(default_factory=Rows[Pair, r.NoticeRow])
    jumps: dict[Topic, int] = field(default_factory=dict[Topic, int])
    """Keys by topic whose sequence left something out."""
    begun_anew: dict[Topic, set[UUID]] = field(default_factory=dict[Topic, set[UUID]])
    """Conversations by topic whose rows of an older generation make way."""


def is_news(state: State, fact: Fact[Event]) -> bool:
    """Whether a fact was not applied yet; remembers it as heard.

    After `rebuild` every key belongs to an older generation. One that the log tells from its first fact is
    begun anew; one whose beginning is past retention stands as it was and goes on after the last fact heard.
    """
    if fact.sequence is None:
        return True
    topic = fact.data.TOPIC
    last = state.heard.get((topic.value, fact.key))
    if last is not None:
        if last.generation < state.generation and fact.sequence == 1:
            _begin_anew(state, topic, fact.key)
        elif fact.sequence <= last.sequence:
            return False
        elif fact.sequence > last.sequence + 1:
            state.jumps[topic] = state.jumps.get(topic, 0) + 1
    heard = r.Heard(topic.value, fact.key, fact.sequence, state.generation, fact.time)
    state.heard.put((topic.value, fact.key), heard)
    return True


def _begin_anew(state: State, topic: Topic, key: str) -> None:
    """Drop what an older generation knew under this key, where it is a conversation's."""
    try:
        conversation = UUID(key)
    except ValueError:
        return
    state.begun_anew.setdefault(topic, set()).add(conversation)
    match topic:
        case Topic.CONVERSATIONS:
            state.conversations.forget([conversation])
            state.messages.forget(_of(conversation, state.messages.keys()))
            state.last_resolutions.pop(conversation, None)
        case Topic.DEADLINES:
            state.deadlines.forget(_of(conversation, state.deadlines.keys()))
        case Topic.NOTICES:
            state.deliveries.forget(_of(conversation, state.deliveries.keys()))
        case _:
            pass


def _of(conversation: UUID, keys: Iterable[Pair]) -> list[Pair]:
    return [pair for pair in keys if pair[0] == conversation]
