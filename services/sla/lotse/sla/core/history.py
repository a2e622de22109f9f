"""A conversation's history and the deadlines that follow from it, whatever order it was heard in.

The entries are folded in order of time, then id. `History.base` is what older entries came to when they were
compacted: an entry older than those is heard too late for its place and counts as the first after the base.
"""

from bisect import insort
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from functools import reduce
from typing import Final, assert_never

from lotse.contracts.conditions import Subject
from lotse.contracts.deadlines import Clock
from lotse.contracts.frozen import frozen, replace
from lotse.contracts.ids import AccountId, ConversationId, derive
from lotse.sla.core.entries import (
    Answered,
    Entry,
    Placed,
    PutBack,
    Rated,
    Removed,
    Resolved,
    Ruled,
    SetAside,
    Undelivered,
    Word,
    place,
)
from lotse.sla.core.rules import Rulebook
from lotse.sla.core.waits import ClockState, Reason, Wait, answered_after_all, assess, end, promised

KEPT: Final = 32
"""Entries that are kept in full; twice as many are compacted to this many."""


@frozen
class Standing:
    """What the entries so far come to.

    `words` are unanswered, oldest first. `removed` are messages that were taken back before their word came.
    `aside_by_reading`: only what router had heard at `aside_sequence` is set aside.
    `ended` is the entry that ended the last wait. `closed` are the deadlines that are over; `lapsed` says that a
    resolution ended the last one and that the customer has not written since.
    """

    conversation: ConversationId
    rules: str
    account: AccountId | None = None
    rated: Rated | None = None
    past_first: bool = False
    ended: str = ""
    words: tuple[Word, ...] = ()
    removed: frozenset[str] = frozenset()
    aside_since: datetime | None = None
    aside_sequence: int = 0
    aside_by_reading: bool = False
    wait: Wait | None = None
    lapsed: bool = False
    closed: tuple[ClockState, ...] = ()


@frozen
class History:
    """What was heard of one conversation, in order, after what its older entries came to.

    `cut` is the place of the last entry that was compacted.
    """

    base: Standing
    entries: tuple[Entry, ...] = ()
    cut: tuple[datetime, int, str, str] | None = None

    @classmethod
    def begun(cls, conversation: ConversationId, rules: str) -> "History":
        """Nothing heard yet, under these rules."""
        return cls(Standing(conversation, rules))

    def rules(self) -> tuple[str, datetime | None]:
        """The version of the rules that holds now, and since when if it ever changed."""
        for entry in reversed(self.entries):
            if isinstance(entry, Ruled):
                return entry.rules, entry.at
        return self.base.rules, None

    def heard(self, news: Iterable[Entry]) -> "History":
        """With what is new; the same again changes nothing."""
        entries, known = list(self.entries), {(entry.kind, entry.id) for entry in self.entries}
        for entry in news:
            if (entry.kind, entry.id) not in known:
                insort(entries, entry, key=place)
        told = tuple(arrived(entries))
        return self if told == self.entries else replace(self, entries=told)


def arrived(entries: Collection[Entry]) -> Iterator[Entry]:
    """Without the answers that were not delivered, and the resolutions that rest on them."""
    failed = {entry.id for entry in entries if isinstance(entry, Undelivered)}
    for entry in entries:
        answer = entry.id if isinstance(entry, Answered) else entry.reply if isinstance(entry, Resolved) else None
        if answer not in failed:
            yield entry


def clocks(rulebook: Rulebook, history: History) -> tuple[ClockState, ...]:
    """Every deadline that the history knows, oldest first; at most the last is open."""
    return clocks_of(rulebook, folded(rulebook, history))


def clocks_of(rulebook: Rulebook, standing: Standing) -> tuple[ClockState, ...]:
    running = _running(rulebook, standing)
    return (*standing.closed, running) if running else standing.closed


def folded(rulebook: Rulebook, history: History) -> Standing:
    """What the whole history comes to."""
    return _folded(rulebook, history.base, history.entries)


def versions(history: History) -> frozenset[str]:
    """Every version of the rules that the history needs."""
    wait = history.base.wait
    promised = {promise.rules for promise in wait.promises} if wait else set[str]()
    ruled = {entry.rules for entry in history.entries if isinstance(entry, Ruled)}
    return frozenset({history.base.rules} | promised | ruled)


def compacted(rulebook: Rulebook, history: History) -> History:
    """The same with its oldest entries made one, where it has grown too long.

    Deadlines that were over by then are forgotten, and of a flood of unanswered words all but the first and the last.
    """
    if len(history.entries) <= 2 * KEPT:
        return history
    base = _folded(rulebook, history.base, history.entries[:-KEPT])
    words = base.words if len(base.words) <= KEPT else (*base.words[: KEPT // 2], *base.words[-KEPT // 2 :])
    base = replace(base, closed=(), removed=frozenset[str](), words=words)
    return History(base, history.entries[-KEPT:], place(history.entries[-KEPT - 1]))


def _folded(rulebook: Rulebook, base: Standing, entries: Iterable[Entry]) -> Standing:
    return reduce(lambda standing, entry: _step(rulebook, standing, entry), entries, base)


def _step(rulebook: Rulebook, standing: Standing, entry: Entry) -> Standing:
    match entry:
        case Word():
            return _word(rulebook, standing, entry)
        case Answered():
            return _answered(rulebook, standing, entry)
        case Undelivered():
            return standing
        case Removed():
            return _removed(rulebook, standing, entry)
        case Resolved():
            return _resolved(rulebook, standing, entry)
        case SetAside():
            return _aside(standing, entry, by_reading=False)
        case PutBack():
            return _put_back(rulebook, standing, entry)
        case Placed():
            return _agreed(rulebook, replace(standing, account=entry.account), entry.at)
        case Rated():
            return _rated(rulebook, replace(standing, rated=entry), entry)
        case Ruled():
            return _agreed(rulebook, replace(standing, rules=entry.rules), entry.at)
        case _:
            assert_never(entry)


def _word(rulebook: Rulebook, standing: Standing, word: Word) -> Standing:
    if word.id in standing.removed:
        return replace(standing, removed=standing.removed - {word.id})
    heard = replace(standing, words=(*standing.words, word), lapsed=False)
    if heard.aside_since and heard.aside_by_reading and word.sequence > heard.aside_sequence:
        return _put_back(rulebook, heard, word)
    return _waiting(rulebook, _agreed(rulebook, heard, word.at))


def _answered(rulebook: Rulebook, standing: Standing, answer: Answered) -> Standing:
    if standing.words:
        later = tuple(word for word in standing.words if _is_later(word, answer))
        if len(later) == len(standing.words):
            return standing
        answered = _over(rulebook, standing, answer, None)
        return _waiting(rulebook, replace(answered, words=later, past_first=True))
    last = standing.closed[-1] if standing.lapsed and standing.closed else None
    if last is None or last.reason is not Reason.RESOLVED or answer.at > last.due_at:
        return standing
    met = answered_after_all(rulebook, last, answer.at)
    return replace(standing, closed=(*standing.closed[:-1], met), lapsed=False)


def _is_later(word: Word, answer: Answered) -> bool:
    """What router heard of only after an answer of ours was sent it does not answer, whenever it was written."""
    return answer.until is not None and (word.at > answer.until or word.heard_at > answer.at)


def _resolved(rulebook: Rulebook, standing: Standing, resolved: Resolved) -> Standing:
    """Settle what was known by then; a word that was still under way goes on waiting."""
    words = tuple(word for word in standing.words if word.sequence > resolved.sequence)
    if len(words) == len(standing.words):
        return _waiting(rulebook, replace(standing, aside_since=None))
    over = _over(rulebook, standing, resolved, Reason.RESOLVED)
    lapsed = len(over.closed) > len(standing.closed) and not words
    return _waiting(rulebook, replace(over, aside_since=None, words=words, lapsed=lapsed, past_first=True))


def _rated(rulebook: Rulebook, standing: Standing, rated: Rated) -> Standing:
    if rated.owed and standing.aside_since:
        return _put_back(rulebook, standing, rated)
    if rated.owed is False and not standing.aside_since:
        aside = _aside(standing, rated, by_reading=True)
        under_way = any(word.sequence > rated.sequence for word in standing.words)
        return _put_back(rulebook, aside, rated) if under_way else aside
    return _agreed(rulebook, standing, rated.at)


def _aside(standing: Standing, entry: SetAside | Rated, *, by_reading: bool) -> Standing:
    if standing.aside_since:
        return replace(standing, aside_by_reading=by_reading)
    return replace(standing, aside_since=entry.at, aside_sequence=entry.sequence, aside_by_reading=by_reading)


def _put_back(rulebook: Rulebook, standing: Standing, back: PutBack | Rated | Word) -> Standing:
    """Let wait whom router says, or who wrote since; where nobody did the judgement was wrong, and all have waited."""
    if standing.aside_since is None:
        return _waiting(rulebook, _agreed(rulebook, standing, back.at))
    since, after = None if isinstance(back, Word) else back.since, standing.aside_sequence
    waiting = tuple(word for word in standing.words if (word.at >= since if since else word.sequence > after))
    if waiting and len(waiting) < len(standing.words):
        over = _over(rulebook, standing, back, Reason.SET_ASIDE)
        return _waiting(rulebook, replace(over, aside_since=None, words=waiting))
    return _waiting(rulebook, _agreed(rulebook, replace(standing, aside_since=None), back.at))


def _removed(rulebook: Rulebook, standing: Standing, removed: Removed) -> Standing:
    words = tuple(word for word in standing.words if word.id != removed.message)
    if len(words) == len(standing.words):
        return replace(standing, removed=standing.removed | {removed.message})
    if not words:
        standing = _over(rulebook, standing, removed, Reason.DELETED)
    return replace(standing, words=words)


def _waiting(rulebook: Rulebook, standing: Standing) -> Standing:
    """With a wait, where somebody waits and none is running."""
    if standing.wait or standing.aside_since or not standing.words:
        return standing
    clock = Clock.NEXT_RESPONSE if standing.past_first else Clock.FIRST_RESPONSE
    wait = Wait(derive("deadline", standing.conversation, clock, standing.ended), clock)
    return _agreed(rulebook, replace(standing, wait=wait), standing.words[0].at)


def _agreed(rulebook: Rulebook, standing: Standing, at: datetime) -> Standing:
    """With what the wait is promised now; what is set aside keeps what it had."""
    if standing.wait is None or standing.aside_since:
        return standing
    policy = rulebook[standing.rules].pick(_subject(standing), standing.wait.clock)
    return replace(standing, wait=promised(rulebook, standing.wait, standing.rules, policy, at))


def _subject(standing: Standing) -> Subject:
    """What policies look at while somebody waits."""
    subject = Subject(channel=standing.words[-1].channel, account=standing.account)
    if standing.rated is None:
        return subject
    return replace(
        subject,
        language=standing.rated.language,
        sentiment=standing.rated.sentiment,
        triage=standing.rated.triage,
        situation=standing.rated.situation,
        topics=standing.rated.topics,
        priority=standing.rated.priority,
    )


def _running(rulebook: Rulebook, standing: Standing) -> ClockState | None:
    """The deadline of the wait that is not over; cancelled while the conversation is set aside."""
    if standing.wait is None:
        return None
    state = assess(rulebook, standing.wait, standing.words[0].at, standing.words[-1].channel)
    if state is None or standing.aside_since is None:
        return state
    return end(rulebook, standing.wait, state, standing.aside_since, Reason.SET_ASIDE)


def _over(rulebook: Rulebook, standing: Standing, entry: Entry, reason: Reason | None) -> Standing:
    """Without the wait that `entry` ends, whose deadline is closed."""
    if standing.wait is None:
        return standing
    state = _running(rulebook, standing)
    if state is None:
        return replace(standing, wait=None, ended=entry.id)
    closed = end(rulebook, standing.wait, state, entry.at, reason)
    return replace(standing, wait=None, ended=entry.id, closed=(*standing.closed, closed))
