"""A day at the desk as the topics tell it: every kind of fact, over several conversations, customers and agents."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from lotse.contracts import conversations as c
from lotse.contracts import deadlines as d
from lotse.contracts import insights as i
from lotse.contracts import notices as n
from lotse.contracts.channels import Channel
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import derive
from lotse.contracts.topics import TOPICS
from lotse.contracts.values import (
    Actor,
    Address,
    Identity,
    IdentityKind,
    Presence,
    Reading,
    Sentiment,
    Situation,
    Span,
    Status,
    Triage,
)

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-00"
ROUTER = Actor(kind="service", id="router")
MIA = Actor(kind="agent", id="mia")
CUSTOMER = Actor(kind="customer")

ANGRY = Reading(
    language="de",
    sentiment=Sentiment.NEGATIVE,
    score=-0.8,
    confidence=0.9,
    situation=Situation.COMPLAINT,
    topics=("lieferung",),
    reasons=("unverschämt",),
    model_version="1",
)
SPAM = Reading(language="en", triage=Triage.SPAM, confidence=0.99, model_version="1")
CALM = Reading(language="de", sentiment=Sentiment.NEUTRAL, confidence=0.8, model_version="1")


def at(minutes: float) -> datetime:
    return MORNING + timedelta(minutes=minutes)


def conversation(name: str) -> UUID:
    return derive("test conversation", name)


def message(name: str) -> UUID:
    return derive("test message", name)


def customer(name: str) -> UUID:
    return derive("test customer", name)


def command(name: str) -> UUID:
    return derive("command", "mia", name)


@dataclass
class Told:
    """Facts in the order they were published, each numbered under its key as its outbox numbers it."""

    facts: list[Fact[Event]] = field(default_factory=list)
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    def tell(
        self, event: Event, minutes: float, cause: UUID | None = None, traceparent: str | None = TRACEPARENT
    ) -> Fact[Event]:
        sequence = None
        if TOPICS[event.TOPIC].sequenced:
            key = (event.TOPIC.value, event.key())
            sequence = self.numbers[key] = self.numbers.get(key, 0) + 1
        made = Fact(derive("fact", len(self.facts)), "/test", at(minutes), event, cause, sequence, traceparent)
        self.facts.append(made)
        return made

    def opened(self, name: str, who: str, channel: Channel = Channel.FACEBOOK, minutes: float = 0, **extra) -> None:
        address = Address(account="haupt", channel=channel, thread=name, recipient=who)
        identities = (Identity(kind=IdentityKind.EXTERNAL, value=who, scope="haupt"),)
        event = c.ConversationOpened(
            conversation_id=conversation(name),
            customer_id=customer(who),
            customer_name=who.title(),
            identities=identities,
            address=address,
            opened_at=at(minutes),
            **extra,
        )
        self.tell(event, minutes)

    def added(self, name: str, number: int, text: str, minutes: float, channel: Channel = Channel.FACEBOOK, **extra):
        event = c.MessageAdded(
            conversation_id=conversation(name),
            message_id=message(f"{name}{number}"),
            customer_id=customer("petra"),
            channel=channel,
            sender_name="Petra",
            text=text,
            occurred_at=at(minutes),
            received_at=at(minutes + 0.1),
            **extra,
        )
        return self.tell(event, minutes + 0.1)

    def queued(self, name: str, minutes: float, reading: Reading | None, since: float, previous=Status.NEW, **extra):
        event = c.ConversationQueued(
            conversation_id=conversation(name),
            previous=previous,
            current=Status.QUEUED,
            actor=ROUTER,
            reason="read",
            at=at(minutes),
            address=Address(account="haupt", channel=Channel.FACEBOOK, thread=name, recipient="petra"),
            reading=reading,
            priority=extra.pop("priority", 5),
            required={"de": 3},
            preferred={},
            rules_version="1",
            waiting_since=at(since),
            first=True,
            **extra,
        )
        return self.tell(event, minutes)

    def moved(self, kind, name: str, current: Status, minutes: float, actor=ROUTER, cause=None, **extra):
        event = kind(
            conversation_id=conversation(name),
            previous=Status.ASSIGNED,
            current=current,
            actor=actor,
            reason="test",
            at=at(minutes),
            **extra,
        )
        return self.tell(event, minutes, cause)

    def assigned(self, name: str, agent: str | None, minutes: float, actor=ROUTER, cause=None, units: int = 1):
        event = c.AssignmentChanged(
            conversation_id=conversation(name),
            previous=None,
            current=agent,
            actor=actor,
            reason="matched",
            ring=1,
            units=units if agent else 0,
            at=at(minutes),
        )
        return self.tell(event, minutes, cause)

    def analysed(self, name: str, number: int, minutes: float, reading: Reading, edit: int | None = None) -> None:
        event = i.MessageAnalysed(
            account="haupt",
            channel=Channel.FACEBOOK,
            thread=name,
            message_id=message(f"{name}{number}"),
            occurred_at=at(minutes),
            reading=reading,
            pii=(Span(kind="email", start=0, end=9),),
            edit=edit,
            edited_at=at(minutes) if edit else None,
        )
        self.tell(event, minutes)

    def corrected(self, name: str, number: int, minutes: float, reading: Reading, **extra) -> None:
        event = c.ReadingChanged(
            conversation_id=conversation(name),
            message_id=message(f"{name}{number}"),
            current=reading.model_copy(update={"reasons": (), "model_version": ""}),
            actor=MIA,
            reason="corrected",
            priority=5,
            at=at(minutes),
            **extra,
        )
        self.tell(event, minutes, command(f"correct {name}{number}"))

    def deadline(self, kind, name: str, minutes: float, **extra) -> None:
        event = kind(
            conversation_id=conversation(name),
            deadline_id=derive("test deadline", name),
            clock=d.Clock.FIRST_RESPONSE,
            channel=Channel.FACEBOOK,
            **extra,
        )
        self.tell(event, minutes)

    def promised(self, name: str, minutes: float, due: float) -> None:
        versions = {"policy": "public", "policy_version": "1", "calendar": "always", "calendar_version": "1"}
        target = timedelta(minutes=due - minutes)
        self.deadline(
            d.DeadlineStarted, name, minutes, started_at=at(minutes), due_at=at(due), target=target, **versions
        )


def a_complaint(told: Told) -> None:
    """Opened in public, read as angry, assigned, answered late, resolved, edited and taken back."""
    told.opened("a", "petra")
    told.added("a", 1, "Wo bleibt mein Paket?", 0)
    told.promised("a", 0, 60)
    told.analysed("a", 1, 0.2, ANGRY)
    told.queued("a", 0.3, ANGRY, 0, priority=7)
    told.assigned("a", "mia", 0.4)
    told.deadline(d.DeadlineWarned, "a", 45, due_at=at(60), warned_at=at(45))
    told.deadline(d.DeadlineMissed, "a", 60, missed_at=at(60), detected_at=at(60.1))
    reply = {
        "conversation_id": conversation("a"),
        "reply_id": command("answer"),
        "agent_id": "mia",
        "at": at(61),
    }
    told.tell(
        c.ReplyBlocked(**(reply | {"reply_id": command("blocked")}), problem="pii", suggestion="private"),
        60.5,
        command("blocked"),
    )
    address = Address(account="haupt", channel=Channel.FACEBOOK, thread="a", recipient="petra")
    told.tell(
        c.ReplyApproved(**reply, address=address, agent_name="Mia", agent_initials="MK", text="Es ist unterwegs."),
        61,
        command("answer"),
    )
    sent = {"conversation_id": conversation("a"), "reply_id": command("answer")}
    told.tell(
        n.ReplySent(
            **sent, account="haupt", channel=Channel.FACEBOOK, agent_id="mia", provider_ids=("p1",), sent_at=at(62)
        ),
        62,
    )
    told.moved(c.ConversationWaiting, "a", Status.WAITING, 62.1)
    told.deadline(
        d.DeadlineMet, "a", 62.2, due_at=at(60), met_at=at(62), late=True, business_time=timedelta(minutes=62)
    )
    told.tell(n.ReplyDelivered(**sent, read=True, at=at(63)), 63)
    told.tell(
        c.NoteAdded(
            conversation_id=conversation("a"), note_id=command("note"), text="ruft zurück", actor=MIA, at=at(64)
        ),
        64,
        command("note"),
    )
    told.added("a", 2, "Danke, meine Nummer ist 0151 2345678", 70)
    told.moved(c.ConversationResumed, "a", Status.ASSIGNED, 70.1, CUSTOMER)
    told.tell(
        c.MessageUpdated(
            conversation_id=conversation("a"), message_id=message("a2"), text="Danke, 0151 2345678", edited_at=at(71)
        ),
        71,
    )
    told.analysed("a", 2, 71.1, CALM, edit=1)
    told.tell(
        c.MessageRemoved(
            conversation_id=conversation("a"), message_id=message("a2"), length=19, sha256="0" * 64, deleted_at=at(72)
        ),
        72,
    )
    withdrawn = i.AnalysisWithdrawn(
        account="haupt", channel=Channel.FACEBOOK, thread="a", message_id=message("a2"), occurred_at=at(72)
    )
    told.tell(withdrawn, 72.1)
    told.moved(c.ConversationResolved, "a", Status.RESOLVED, 80, MIA, command("resolve"))
    told.moved(c.ConversationReopened, "a", Status.NEW, 100, CUSTOMER)
    told.moved(c.ConversationResolved, "a", Status.RESOLVED, 110, MIA)


def some_others(told: Told) -> None:
    """A mail by the same customer, spam, and a conversation that nobody took yet."""
    told.opened("b", "petra", Channel.EMAIL, 5, auto=False)
    told.added("b", 1, "Anbei die Rechnung", 5, Channel.EMAIL, subject="Rechnung 4711")
    told.queued("b", 5.2, None, 5)
    told.assigned("b", "mia", 5.3)
    told.moved(c.ConversationSnoozed, "b", Status.SNOOZED, 6, MIA, command("snooze"), until=at(600))
    told.tell(
        c.CustomerIdentified(
            customer_id=customer("petra"),
            identities=(Identity(kind=IdentityKind.EMAIL, value="petra@example.org", verified=True),),
            name="Petra Klein",
            at=at(7),
        ),
        7,
    )
    told.opened("s", "trader", Channel.INSTAGRAM, 8)
    told.added("s", 1, "Win big now", 8, Channel.INSTAGRAM)
    told.moved(c.ConversationSetAside, "s", Status.SET_ASIDE, 8.2, reading=SPAM)
    told.opened("u", "karl", Channel.WHATSAPP, 10)
    told.added("u", 1, "Passt das Ersatzteil?", 10, Channel.WHATSAPP)
    told.promised("u", 10, 40)
    told.queued("u", 10.2, CALM, 10)
    reading = c.ReadingChanged(
        conversation_id=conversation("u"),
        message_id=message("u1"),
        previous=CALM,
        current=ANGRY,
        actor=ROUTER,
        reason="later analysis",
        priority=8,
        at=at(11),
    )
    told.tell(reading, 11)
    told.corrected("u", 1, 11.5, ANGRY, comment="Er droht mit der Presse.")
    refused = c.CommandRefused(
        subject=str(conversation("u")),
        command="de.lotse.resolve.requested.v1",
        reason="not_assigned",
        detail="nobody has the conversation",
        at=at(12),
    )
    told.tell(refused, 12, command("refused"))
    told.tell(c.RoutingRelaxed(conversation_id=conversation("u"), ring=2, dropped=("billing",), at=at(12.5)), 12.5)
    told.tell(
        c.AgentStatusChanged(
            agent_id="mia",
            previous=Presence.OFFLINE,
            current=Presence.ONLINE,
            actor=MIA,
            reason="asked",
            at=at(1),
        ),
        1,
        command("online"),
    )
    told.tell(
        n.NoticeSent(
            conversation_id=conversation("u"), notice_id=derive("notice", 1), kind="received", sink="haupt", at=at(10.1)
        ),
        10.1,
    )
    told.tell(
        n.ReplyFailed(
            conversation_id=conversation("u"), reply_id=derive("reply", 9), reason="refused", detail="nein", at=at(13)
        ),
        13,
    )


def a_slow_hour(told: Told) -> None:
    """One channel slows down and recovers, another stays slow."""
    slow = {"p90": timedelta(minutes=40), "baseline": timedelta(minutes=12), "answers": 44, "staffed": 2}
    for channel, minutes in ((Channel.FACEBOOK, 20), (Channel.WHATSAPP, 25)):
        told.tell(
            d.ServiceLevelDegraded(
                channel=channel, at=at(minutes), since=at(minutes - 10), share_met=0.6, volume_change=0.5, **slow
            ),
            minutes + 0.5,
        )
    told.tell(
        d.ServiceLevelRecovered(channel=Channel.FACEBOOK, at=at(50), degraded_at=at(20), reason="p90", share_met=0.9),
        50.5,
    )


def a_hand_over(told: Told) -> None:
    """One command with facts under several keys: the agent leaves and hands back."""
    told.tell(
        c.AgentStatusChanged(
            agent_id="mia", previous=Presence.ONLINE, current=Presence.AWAY, actor=MIA, reason="asked", at=at(90)
        ),
        90,
        command("away"),
    )
    told.assigned("b", None, 90, MIA, command("away"))
    told.assigned("u", None, 90, MIA, command("away"))


def the_day() -> list[Fact[Event]]:
    told = Told()
    a_complaint(told)
    some_others(told)
    a_hand_over(told)
    a_slow_hour(told)
    return told.facts


def renumbered(fact: Fact[Event], sequence: int) -> Fact[Event]:
    return replace(fact, sequence=sequence)


def key_of(fact: Fact[Event]) -> tuple[str, str]:
    return fact.data.TOPIC.value, fact.key


TABLES = (
    "conversation",
    "message",
    "reply",
    "note",
    "assignment",
    "move",
    "resolution",
    "customer",
    "identity",
    "agent",
    "command",
    "analysis",
    "correction",
    "service_level",
    "deadline",
    "delivery",
    "notice",
)


async def dump(harness) -> dict[str, list[str]]:
    """Every row of every projection."""
    found = {
        table: [row[0] for row in await harness.rows(f"SELECT t::text FROM {table} AS t ORDER BY 1")]
        for table in TABLES
    }
    assert [row[0] for row in await harness.rows("SELECT error FROM parked")] == []
    heard = await harness.rows("SELECT topic, key, sequence, at::text FROM heard ORDER BY 1, 2")
    return found | {"heard": [str(tuple(row)) for row in heard]}
