"""The shapes that a service is made of: folds, timers, jobs, effects and streams."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from lotse.contracts.envelope import Event, Fact
from lotse.contracts.frozen import frozen
from lotse.contracts.topics import Topic
from lotse.runtime.postgres import Row, Tx
from lotse.runtime.writes import Write

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")


@frozen
class Reads:
    """What a service handles of one topic.

    `once` drops events whose id was read in the last 8 days; for topics without a stamp, where the
    fold counts or emits.
    """

    topic: Topic
    types: tuple[type[Event], ...]
    once: bool = False


@frozen
class Caused:
    """An event with what caused it. The event's id is derived from the cause, its type and its place."""

    cause: UUID
    traceparent: str | None
    event: Event


@frozen
class Applied:
    """A fact that a fold applied, and where in the log it stood; `offset` None: replayed after it was parked."""

    fact: Fact[Event]
    partition: int
    offset: int | None


@frozen
class Made:
    """What a step comes to: events, and what is written with them. `left`: there is more for the jobs to do."""

    events: Sequence[Caused] = ()
    writes: Sequence[Write] = ()
    left: bool = False


@frozen
class Then(Generic[S]):
    """What else a batch leads to. `wanted` says by its state whether there may be anything.

    `ask` is a query that goes with what the batch writes; `run` is given its rows and sees what was written. Neither
    may wait for anybody, since the batch holds its rows: what others are at is left to the jobs.
    """

    wanted: Callable[[S], bool]
    ask: str
    run: Callable[[Tx, Sequence[Row], datetime], Awaitable[Made]]


@frozen
class Fold(Generic[S]):
    """State, event, now → state, events. `load` locks in id order, `decide` and `save` are pure.

    `mark` is told of what was applied and says what is written with it: for readers that follow the fold by offset.
    `then` goes on from what the batch brought, in its transaction.
    """

    reads: tuple[Reads, ...]
    load: Callable[[Tx, Sequence[Fact[Event]]], Awaitable[S]]
    decide: Callable[[S, Fact[Event], datetime], list[Event]]
    save: Callable[[S], Iterable[Write]]
    mark: Callable[[Sequence[Applied]], Iterable[Write]] | None = None
    then: Then[S] | None = None


@frozen
class Due(Generic[T]):
    """One timer that has run out. `cause` is derived from it, so that firing again changes nothing."""

    owner: str
    cause: UUID
    traceparent: str | None
    what: T


@frozen
class Abreast:
    """Asks that for as long as `lasting` a topic was read as it came: that something is missing is known only then.

    A third of it may pass between a record's coming and its being applied.
    """

    topic: Topic
    lasting: timedelta


@frozen
class Timer(Generic[S, T]):
    """Time as an event: owners that are due are locked, read again and decided like a fold.

    With `abreast` it fires only while what it waits for would have been read.
    """

    name: str
    every: timedelta
    due: Callable[[Tx, datetime, int], Awaitable[Sequence[str]]]
    load: Callable[[Tx, Sequence[str], datetime], Awaitable[tuple[S, Sequence[Due[T]]]]]
    decide: Callable[[S, Due[T], datetime], list[Event]]
    save: Callable[[S], Iterable[Write]]
    abreast: Abreast | None = None


@frozen
class Job:
    """Work in one transaction, every so often and, with `after_fold`, 20 ms after anything changed.

    `wanted` may say beforehand that there is nothing to do.
    """

    name: str
    every: timedelta
    after_fold: bool
    run: Callable[[Tx, datetime], Awaitable[Made]]
    wanted: Callable[[], bool] | None = None


Begin = Callable[[], None]


@frozen
class GiveBack(Generic[T]):
    """How calls that were claimed and never begun become free again."""

    key: Callable[[T], UUID]
    never_begun: Callable[[Tx, UUID, Collection[UUID]], Awaitable[int]]
    """Free what was claimed under the id, but for those keys; how many they were."""


@frozen
class Effect(Generic[T, R]):
    """A call to the outside: claimed with a lease, made outside any transaction, settled.

    `claim` is told under which id and runs outside a transaction: each of its statements is committed by itself.
    `perform` says, right before the first byte that the other side may act on, that the call begins.
    """

    name: str
    every: timedelta
    limit: int
    concurrency: int
    claim: Callable[[Tx, datetime, int, UUID], Awaitable[Sequence[T]]]
    perform: Callable[[T, Begin], Awaitable[R]]
    settle: Callable[[Tx, Sequence[tuple[T, R]], datetime], Awaitable[Made]]
    give_back: GiveBack[T] | None = None
    """Where it is missing, a claimed call that was never begun waits for the end of its lease as any other."""


@frozen
class Stream:
    """A reader without state: what it makes of a batch is published, then the batch acknowledged."""

    reads: tuple[Reads, ...]
    handle: Callable[[Sequence[Fact[Event]]], Sequence[Caused]]
