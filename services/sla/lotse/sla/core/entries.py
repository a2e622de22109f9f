"""What a conversation's history is made of, and how it is read from events. No text and no names.

`sequence` is the conversation's own count of its events: by it a word comes before or after what was decided.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Discriminator

from lotse.contracts.channels import Channel
from lotse.contracts.conditions import DEFAULT_PRIORITY
from lotse.contracts.conversations import (
    ConversationOpened,
    ConversationQueued,
    ConversationReopened,
    ConversationResolved,
    ConversationSetAside,
    MessageAdded,
    MessageRemoved,
    ReadingChanged,
)
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.frozen import frozen, replace
from lotse.contracts.ids import AccountId, ConversationId
from lotse.contracts.notices import ReplyFailed, ReplySent
from lotse.contracts.values import Language, Reading, Sentiment, Situation, Status, Triage

CONVERSATION_TYPES = (
    ConversationOpened,
    MessageAdded,
    MessageRemoved,
    ConversationQueued,
    ReadingChanged,
    ConversationSetAside,
    ConversationReopened,
    ConversationResolved,
)
_EVER = datetime.min.replace(tzinfo=UTC)
NOTICE_TYPES = (ReplySent, ReplyFailed)


@frozen
class Placed:
    """The account that the conversation came in by."""

    at: datetime
    id: str
    account: AccountId
    kind: Literal["placed"] = "placed"


@frozen
class Word:
    """A customer's message; `id` is the message's. `at` is when he wrote it, `heard_at` when router heard of it."""

    at: datetime
    id: str
    channel: Channel
    heard_at: datetime
    sequence: int = 0
    kind: Literal["word"] = "word"


@frozen
class Removed:
    """The customer took a message back."""

    at: datetime
    id: str
    message: str
    kind: Literal["removed"] = "removed"


@frozen
class Answered:
    """The provider accepted a human answer, or one was given elsewhere. `id` is the reply's.

    It answers what was written by `until`; None: all that was written before it.
    """

    at: datetime
    id: str
    until: datetime | None = None
    kind: Literal["answered"] = "answered"


@frozen
class Undelivered:
    """An answer that the provider had accepted never arrived: as if it had not been given. `id` is the reply's."""

    at: datetime
    id: str
    kind: Literal["undelivered"] = "undelivered"


@frozen
class Rated:
    """How the conversation reads from now on, as far as policies ask; None: nobody has read it.

    `owed` False: what the customer wrote so far is spam or noise; True: it is not, if it was thought so before, or what
    he wrote from `since` on is not.
    """

    at: datetime
    id: str
    language: Language | None = None
    sentiment: Sentiment | None = None
    triage: Triage | None = None
    situation: Situation | None = None
    topics: tuple[str, ...] = ()
    priority: int = DEFAULT_PRIORITY
    owed: bool | None = None
    since: datetime | None = None
    sequence: int = 0
    kind: Literal["rated"] = "rated"


@frozen
class SetAside:
    """Spam or noise: nobody is owed an answer."""

    at: datetime
    id: str
    sequence: int = 0
    kind: Literal["set_aside"] = "set_aside"


@frozen
class PutBack:
    """The customer waits after all: for what he wrote from `since` on; None: for what came after it was set aside."""

    at: datetime
    id: str
    since: datetime | None = None
    sequence: int = 0
    kind: Literal["put_back"] = "put_back"


@frozen
class Resolved:
    """Closed; `reply` is the answer on which that rests, if it rests on one."""

    at: datetime
    id: str
    reply: str | None = None
    sequence: int = 0
    kind: Literal["resolved"] = "resolved"


@frozen
class Ruled:
    """Other policies or calendars hold from now on; `rules` is their version."""

    at: datetime
    id: str
    rules: str
    kind: Literal["ruled"] = "ruled"


Entry = Annotated[
    Placed | Word | Removed | Answered | Undelivered | Rated | SetAside | PutBack | Resolved | Ruled,
    Discriminator("kind"),
]


def place(entry: Entry) -> tuple[datetime, int, str, str]:
    """Where an entry stands in its history, whenever it was heard of."""
    sequence = entry.sequence if isinstance(entry, Word | Rated | SetAside | PutBack | Resolved) else 0
    return entry.at, sequence, entry.id, entry.kind


def conversation_of(event: Event) -> ConversationId | None:
    match event:
        case (
            ConversationOpened()
            | MessageAdded()
            | MessageRemoved()
            | ConversationQueued()
            | ReadingChanged()
            | ConversationSetAside()
            | ConversationReopened()
            | ConversationResolved()
            | ReplySent()
            | ReplyFailed()
        ):
            return event.conversation_id
        case _:
            return None


def read(fact: Fact[Event]) -> tuple[Entry, ...]:
    """What an event adds to its conversation's history; nothing for automatic mail, bots and the like."""
    event, id, sequence = fact.data, str(fact.id), fact.sequence or 0
    match event:
        case ConversationOpened():
            return (Placed(event.opened_at, id, event.address.account),)
        case MessageAdded(auto=False):
            # A clock that runs ahead of ours must not put the message behind its answer.
            written_at = min(event.occurred_at, event.received_at)
            return (Word(written_at, str(event.message_id), event.channel, fact.time, sequence),)
        case MessageRemoved():
            return (Removed(event.deleted_at, id, str(event.message_id)),)
        case ConversationQueued():
            rated = _rated(event.at, id, event.reading, event.priority, sequence)
            aside = event.previous is Status.SET_ASIDE
            return (PutBack(event.at, id, event.waiting_since, sequence), rated) if aside else (rated,)
        case ReadingChanged(latest=True):
            rated = _rated(event.at, id, event.current, event.priority, sequence)
            return (replace(rated, owed=event.owed, since=event.owed_since),)
        case ConversationSetAside():
            return (SetAside(event.at, id, sequence),)
        case ConversationReopened():
            since = _EVER if event.previous is Status.SET_ASIDE else None
            return (PutBack(event.at, id, since, sequence),)
        case ConversationResolved():
            return (Resolved(event.at, id, str(event.reply_id) if event.reply_id else None, sequence),)
        case ReplySent(human=True):
            return (Answered(event.sent_at, str(event.reply_id), event.answers_until),)
        case ReplyFailed(reason="undelivered"):
            return (Undelivered(event.at, str(event.reply_id)),)
        case _:
            return ()


def _rated(at: datetime, id: str, reading: Reading | None, priority: int, sequence: int) -> Rated:
    if reading is None:
        return Rated(at, id, priority=priority, sequence=sequence)
    return Rated(
        at,
        id,
        reading.language,
        reading.sentiment,
        reading.triage,
        reading.situation,
        reading.topics,
        priority,
        sequence=sequence,
    )
