"""What a customer wrote and which answers he was given: from this alone follows whether he is owed one."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from lotse.contracts.frozen import frozen, replace
from lotse.contracts.ids import MessageId, ReplyId

WORDS_KEPT = 24
"""Of a flood of words the first and the last are kept."""
SETTLED_KEPT = 4
"""An answer is known to have been delivered, or not, long before so many more were given."""

_MOMENT = timedelta(microseconds=1)


@frozen
class Word:
    """A customer's message: when he wrote it, never later than it reached us, and when router heard of it."""

    at: datetime
    id: MessageId
    heard_at: datetime
    serious: bool | None = None
    """Whether it was ever read as more than spam or noise; None: nobody has read it."""
    removed: bool = False
    """The customer took it back."""


@frozen
class Settled:
    """An answer or a resolution: it settles what was written by `until`.

    What was heard only after `heard_by` it does not settle, whenever it was written; None: it may, since whoever
    answered elsewhere saw it before us. `reply_id` is the answer on which it rests, if it rests on one.
    """

    until: datetime
    heard_by: datetime | None = None
    reply_id: ReplyId | None = None
    closing: bool = False

    def covers(self, word: Word) -> bool:
        return word.at <= self.until and (self.heard_by is None or word.heard_at <= self.heard_by)


@frozen
class Ledger:
    """The latest words by time, automatic mail left out, and the latest settlements in the order of their coming."""

    words: tuple[Word, ...] = ()
    settled: tuple[Settled, ...] = ()

    @property
    def open(self) -> Iterator[Word]:
        """The words that nothing settled and that still stand."""
        return (word for word in self.words if not word.removed and not self._is_settled(word))

    @property
    def owed_since(self) -> datetime | None:
        """When the first open word was written that is not known to be spam or noise."""
        return next((word.at for word in self.open if word.serious is not False), None)

    @property
    def unread_since(self) -> datetime | None:
        """When the first open word that nobody has read was heard."""
        return min((word.heard_at for word in self.open if word.serious is None), default=None)

    @property
    def answer(self) -> ReplyId | None:
        """The last answer, if it came after the last resolution."""
        last = self.settled[-1] if self.settled else None
        return None if last is None or last.closing else last.reply_id

    def settles(self, message: MessageId) -> bool:
        """Whether this is a word that was answered, or closed with the conversation."""
        return any(word.id == message and self._is_settled(word) for word in self.words)

    def heard(self, word: Word) -> "Ledger":
        """With a new word, which no resolution before it settles."""
        after = (settled.heard_by + _MOMENT for settled in self.settled if settled.closing and settled.heard_by)
        later = replace(word, heard_at=max((word.heard_at, *after)))
        words = sorted((*self.words, later), key=lambda one: (one.at, one.id))
        if len(words) > WORDS_KEPT:
            words.remove(next((one for one in words if self._is_settled(one)), words[WORDS_KEPT // 2]))
        return replace(self, words=tuple(words))

    def read(self, message: MessageId, *, serious: bool) -> "Ledger":
        """With how a word reads; what was once serious stays so."""
        words = (replace(w, serious=w.serious or serious) if w.id == message else w for w in self.words)
        return replace(self, words=tuple(words))

    def corrected(self, message: MessageId, *, serious: bool) -> "Ledger":
        """A person said how it reads; what was read before it is no more than that either."""
        if serious:
            return self.read(message, serious=True)
        meant = {word.id for word in self.open if word.serious is not None} | {message}
        return self._said(meant, serious=False)

    def insisted(self) -> "Ledger":
        """A person said that there is something to answer."""
        return self._said({word.id for word in self.open}, serious=True)

    def _said(self, meant: Collection[MessageId], *, serious: bool) -> "Ledger":
        words = (replace(word, serious=serious) if word.id in meant else word for word in self.words)
        return replace(self, words=tuple(words))

    def removed(self, message: MessageId) -> "Ledger":
        words = (replace(word, removed=True) if word.id == message else word for word in self.words)
        return replace(self, words=tuple(words))

    def settle(self, settled: Settled) -> "Ledger":
        """With an answer or a resolution; of what lies too far back nothing is known any more."""
        every = (*self.settled, settled)
        known, forgotten = every[-SETTLED_KEPT:], every[:-SETTLED_KEPT]
        words = (word for word in self.words if not any(old.covers(word) for old in forgotten))
        return Ledger(tuple(words), known)

    def unsettle(self, reply: ReplyId) -> "Ledger":
        """Without an answer that was not delivered, and what rested on it."""
        return replace(self, settled=tuple(settled for settled in self.settled if settled.reply_id != reply))

    def _is_settled(self, word: Word) -> bool:
        return any(settled.covers(word) for settled in self.settled)
