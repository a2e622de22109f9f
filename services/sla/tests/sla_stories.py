"""Short words for the events that tests tell their stories with."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lotse.contracts.calendars import ALWAYS, Calendar
from lotse.contracts.channels import Channel
from lotse.contracts.config import Policy
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
from lotse.contracts.deadlines import Clock
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import AccountId, ConversationId, CustomerId, MessageId, ReplyId, derive
from lotse.contracts.notices import ReplyFailed, ReplySent
from lotse.contracts.values import Actor, Address, Reading, Status, Triage
from lotse.sla.core.decide import Conversation, State, alarms, decide, ring
from lotse.sla.core.history import History
from lotse.sla.core.rules import Rules

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ROUTER = Actor(kind="service", id="router")
CONVERSATION = ConversationId(derive("test", "conversation"))
HOUR = timedelta(hours=1)
FIRST, NEXT = Clock.FIRST_RESPONSE, Clock.NEXT_RESPONSE


def at(minutes: float) -> datetime:
    """Minutes after Monday, 9:00 UTC."""
    return MORNING + timedelta(minutes=minutes)


def policy(name: str = "standard", first: int = 60, following: int = 30, **given: object) -> Policy:
    targets = {FIRST: timedelta(minutes=first), NEXT: timedelta(minutes=following)}
    return Policy.model_validate({"name": name, "targets": targets} | given)


def rules(*policies: Policy, **calendars: Calendar) -> Rules:
    return Rules.made("test", policies or (policy(),), {"always": ALWAYS} | calendars)


def address(channel: Channel = Channel.WHATSAPP, account: str = "shop") -> Address:
    return Address(account=AccountId(account), channel=channel, thread="t", recipient="r")


def opened(minutes: float, account: str = "shop", id: ConversationId = CONVERSATION) -> Event:
    return ConversationOpened(
        conversation_id=id,
        customer_id=CustomerId(derive("customer")),
        address=address(account=account),
        opened_at=at(minutes),
    )


def word(
    minutes: float,
    name: str = "",
    channel: Channel = Channel.WHATSAPP,
    auto: bool = False,
    received: float | None = None,
    id: ConversationId = CONVERSATION,
) -> Event:
    """A customer's message; `name` tells it from others of the same minute."""
    return MessageAdded(
        conversation_id=id,
        message_id=message(name or str(minutes)),
        customer_id=CustomerId(derive("customer")),
        channel=channel,
        text="Wo bleibt meine Lieferung?",
        occurred_at=at(minutes),
        received_at=at(minutes if received is None else received),
        auto=auto,
    )


def message(name: str) -> MessageId:
    return MessageId(derive("message", name))


def answer(
    minutes: float,
    human: bool = True,
    elsewhere: bool = False,
    id: ConversationId = CONVERSATION,
    name: str = "",
    until: float | None = None,
) -> Event:
    """`until`: the minute of the customer's last word when it was approved."""
    return ReplySent(
        conversation_id=id,
        reply_id=ReplyId(derive("reply", name or minutes)),
        account=AccountId("shop"),
        channel=Channel.WHATSAPP,
        provider_ids=("p",),
        sent_at=at(minutes),
        human=human,
        elsewhere=elsewhere,
        answers_until=None if until is None else at(until),
    )


def undelivered(minutes: float, name: float | str) -> Event:
    """The answer of that minute or name never arrived."""
    return ReplyFailed(
        conversation_id=CONVERSATION,
        reply_id=ReplyId(derive("reply", name)),
        reason="undelivered",
        detail="",
        at=at(minutes),
    )


def removed(minutes: float, name: str) -> Event:
    return MessageRemoved(
        conversation_id=CONVERSATION, message_id=message(name), length=3, sha256="0" * 64, deleted_at=at(minutes)
    )


def _change(previous: Status, current: Status, minutes: float) -> dict[str, object]:
    return {
        "conversation_id": CONVERSATION,
        "previous": previous,
        "current": current,
        "actor": ROUTER,
        "reason": "test",
        "at": at(minutes),
    }


def set_aside(minutes: float) -> Event:
    given = _change(Status.NEW, Status.SET_ASIDE, minutes)
    return ConversationSetAside.model_validate(given | {"reading": Reading(triage=Triage.SPAM)})


def resolved(minutes: float, by: float | str | None = None) -> Event:
    """`by`: the answer that closed it."""
    given = _change(Status.ASSIGNED, Status.RESOLVED, minutes)
    return ConversationResolved.model_validate(given | ({} if by is None else {"reply_id": derive("reply", by)}))


def reopened(minutes: float, previous: Status = Status.RESOLVED) -> Event:
    return ConversationReopened.model_validate(_change(previous, Status.NEW, minutes))


def queued(
    minutes: float,
    priority: int = 5,
    reading: Reading | None = None,
    previous: Status = Status.NEW,
    since: float | None = None,
) -> Event:
    return ConversationQueued.model_validate(
        _change(previous, Status.QUEUED, minutes)
        | {
            "address": address(),
            "reading": reading,
            "priority": priority,
            "required": {},
            "preferred": {},
            "rules_version": "1",
            "waiting_since": at(minutes if since is None else since),
            "first": True,
        }
    )


def reading_changed(minutes: float, reading: Reading, priority: int = 5, owed: bool | None = None) -> Event:
    return ReadingChanged(
        conversation_id=CONVERSATION,
        message_id=message("any"),
        previous=None,
        current=reading,
        actor=ROUTER,
        reason="test",
        priority=priority,
        at=at(minutes),
        owed=owed,
    )


def envelope(event: Event) -> Fact[Event]:
    """The event with an id that is its content's, so that the same event twice is the same fact.

    Router told of it at once: what it told later has a higher number.
    """
    told_at = event.received_at if isinstance(event, MessageAdded) else getattr(event, "at", MORNING)
    sequence = max(0, round((told_at - MORNING).total_seconds())) + 1
    id = derive("test", event.TYPE, event.model_dump_json())
    return Fact(id, "/test", told_at, event, sequence=sequence)


@dataclass
class Story:
    """The core alone: one batch's state that hears events and lets time pass."""

    rules: Rules = field(default_factory=rules)
    events: list[Event] = field(default_factory=list)
    id: ConversationId = CONVERSATION

    def __post_init__(self) -> None:
        begun = Conversation(History.begun(self.id, self.rules.version))
        self.state = State({self.rules.version: self.rules}, {self.id: begun}, {self.id: begun})

    @property
    def conversation(self) -> Conversation:
        return self.state.conversations[self.id]

    def hear(self, *events: Event, now: float = 0) -> list[Event]:
        """What hearing of these, at that minute, publishes."""
        published = [e for event in events for e in decide(self.state, envelope(event), at(now))]
        self.events += published
        return published

    def wait_until(self, minutes: float) -> list[Event]:
        """What the passing of time publishes by then."""
        published: list[Event] = []
        for alarm in list(alarms(self.id, self.conversation, at(minutes))):
            published += ring(self.state, alarm, at(minutes))
        self.events += published
        return published


def names(events: list[Event] | list[Fact[Event]]) -> list[str]:
    """`started first_response`, ... : what was published, in short."""
    found = [event.data if isinstance(event, Fact) else event for event in events]
    return [f"{event.TYPE.removeprefix('de.lotse.deadline.').removesuffix('.v1')} {event.clock}" for event in found]
