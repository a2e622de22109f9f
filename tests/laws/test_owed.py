"""Router says whether a customer is owed an answer and sla runs his clock: whatever happens, the two agree."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, note, settings
from hypothesis import strategies as st

from lotse.contracts.calendars import ALWAYS
from lotse.contracts.channels import Channel
from lotse.contracts.commands import (
    AgentStatusRequested,
    Command,
    ReadingCorrectRequested,
    ReopenRequested,
    ReplyRequested,
    ResolveRequested,
    SnoozeRequested,
    TransferRequested,
)
from lotse.contracts.config import Agent as Card
from lotse.contracts.config import Capacity, Config, Policy
from lotse.contracts.conversations import ReplyApproved
from lotse.contracts.deadlines import Clock
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import AccountId, AgentId, ConversationId, derive, message_id
from lotse.contracts.inbound import MessageDeleted, MessageEdited, MessageReceived
from lotse.contracts.insights import MessageAnalysed
from lotse.contracts.notices import ReplyFailed, ReplySent
from lotse.contracts.topics import Topic
from lotse.contracts.values import Identity, IdentityKind, Presence, Reading, Sentiment, Status, Triage
from lotse.router.core import fold as router
from lotse.router.core import timers
from lotse.router.core.names import conversation_of
from lotse.router.core.state import Agent, Rows, State, Turn
from lotse.sla.core import decide as sla
from lotse.sla.core import recompute
from lotse.sla.core.entries import Entry, read
from lotse.sla.core.history import History
from lotse.sla.core.rules import Rules
from lotse.sla.core.waits import Status as Deadline

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANNA = AgentId("anna")
SHOP = AccountId("shop")
CONFIG = Config(
    agents={ANNA: Card(name="Anna", initials="AN", skills={"de": 3, "en": 3}, capacity=Capacity(soft=9, hard=9))}
)
TARGETS = {Clock.FIRST_RESPONSE: timedelta(days=1), Clock.NEXT_RESPONSE: timedelta(days=1)}
RULES = Rules.made("test", (Policy(name="standard", targets=TARGETS),), {"always": ALWAYS})
WORKED_ON = (Status.NEW, Status.QUEUED, Status.ASSIGNED, Status.WAITING, Status.SNOOZED)


@dataclass
class World:
    """One conversation: what router tells, sla hears at once; both hear what became of answers."""

    now: datetime = NINE
    router: State = field(default_factory=lambda: State(CONFIG, agents=Rows({ANNA: Agent(ANNA)})))
    words: list[MessageReceived] = field(default_factory=list[MessageReceived])
    approved: list[ReplyApproved] = field(default_factory=list[ReplyApproved])
    sent: list[ReplySent] = field(default_factory=list[ReplySent])
    log: list[Entry] = field(default_factory=list[Entry])
    removed: bool = False
    """sla forgets a word that was noise when the next one came; that it then reads otherwise and the next is taken
    back leaves the customer without a clock."""
    facts: int = 0
    sequence: int = 0

    def __post_init__(self) -> None:
        begun = sla.Conversation(History.begun(self.id, RULES.version))
        self.sla = sla.State({RULES.version: RULES}, {self.id: begun}, {self.id: begun})
        status = {"agent_id": ANNA, "actor_id": ANNA, "role": "agent", "at": NINE, "hand_back": False}
        self.tell(AgentStatusRequested.model_validate(status | {"status": Presence.ONLINE}))
        self.write(0)

    @property
    def id(self) -> ConversationId:
        return conversation_of(message_id(SHOP, "kim-0"))

    @property
    def conversation(self) -> Any:
        return self.router.conversations[self.id]

    def tell(self, event: Event) -> None:
        self.facts += 1
        fact = Fact(derive("law", self.facts), "/test", self.now, event)
        if event.TOPIC is Topic.NOTICES:
            self._heard(fact)
        self._tells(router.decide(self.router, fact, self.now))

    def _tells(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, ReplyApproved):
                self.approved.append(event)
            self.facts += 1
            if event.TOPIC is Topic.CONVERSATIONS and event.key() == str(self.id):
                self.sequence += 1
            self._heard(Fact(derive("law", self.facts), "/test", self.now, event, sequence=self.sequence))

    def _heard(self, fact: Fact[Event]) -> None:
        self.log += read(fact)
        sla.decide(self.sla, fact, self.now)

    def ask(self, kind: type[Command], **given: Any) -> None:
        fields = {"conversation_id": self.id, "actor_id": "lena", "role": "lead", "at": self.now}
        self.tell(kind.model_validate(fields | given))

    def _of(self, message: MessageReceived) -> dict[str, Any]:
        return {
            "account": SHOP,
            "channel": message.channel,
            "thread": message.thread,
            "message_id": message.message_id,
            "occurred_at": self.now,
        }

    def write(self, late: int) -> None:
        name = f"kim-{len(self.words)}"
        word = MessageReceived(
            account=SHOP,
            channel=Channel.WHATSAPP,
            thread="kim",
            identities=(Identity(kind=IdentityKind.PHONE, value="+4930", scope="shop", verified=True),),
            text="Wo bleibt es?",
            occurred_at=self.now - timedelta(seconds=late),
            received_at=self.now,
            message_id=message_id(SHOP, name),
            provider_id=name,
        )
        self.words.append(word)
        self.tell(word)

    def read(self, n: int, triage: Triage) -> None:
        word = self.words[n % len(self.words)]
        message = self.router.messages[word.message_id]
        read = Reading(triage=triage, language="de", confidence=0.9)
        edits = {"edit": message.edit, "edited_at": message.edited_at}
        self.tell(MessageAnalysed.model_validate(self._of(word) | {"reading": read} | edits))

    def edit(self, n: int) -> None:
        word = self.words[n % len(self.words)]
        more = {"received_at": self.now, "provider_id": word.provider_id, "text": f"anders {self.now}"}
        self.tell(MessageEdited.model_validate(self._of(word) | more))

    def remove(self, n: int) -> None:
        word = self.words[n % len(self.words)]
        self.removed = True
        self.tell(MessageDeleted.model_validate(self._of(word) | {"received_at": self.now, "provider_id": "x"}))

    def correct(self, n: int, triage: Triage) -> None:
        word = self.words[n % len(self.words)]
        self.ask(ReadingCorrectRequested, message_id=word.message_id, sentiment=Sentiment.NEUTRAL, triage=triage)

    def assign(self) -> None:
        self.ask(TransferRequested, agent_id=ANNA, reason="hers")

    def accept(self, n: int) -> None:
        """A provider takes an answer that was approved."""
        if not self.approved:
            return
        reply = self.approved.pop(n % len(self.approved))
        sent = ReplySent(
            conversation_id=self.id,
            reply_id=reply.reply_id,
            account=SHOP,
            channel=Channel.WHATSAPP,
            agent_id=ANNA,
            provider_ids=("p",),
            sent_at=self.now,
            resolves=reply.then == "resolved",
            answers_until=reply.last_customer_message_at,
        )
        self.sent.append(sent)
        self.tell(sent)

    def fail(self, n: int) -> None:
        """An answer that the provider took was not delivered."""
        if self.sent:
            reply = self.sent.pop(n % len(self.sent)).reply_id
            self.tell(
                ReplyFailed(conversation_id=self.id, reply_id=reply, reason="undelivered", detail="", at=self.now)
            )

    def time(self) -> None:
        """The conversation's own time runs out, if it has any."""
        due = self.conversation.timer_at
        if due is not None:
            self.now = max(self.now, due)
            turn = Turn(self.now, UUID(int=self.facts))
            self._tells(timers.elapse(self.router, self.conversation, turn))

    def answer(self, then: str) -> None:
        self.ask(ReplyRequested, text="Gern!", then=then)

    def step(self, name: str, *given: Any) -> None:
        self.now += timedelta(seconds=1)
        getattr(self, name)(*given)
        self.check()

    def running(self) -> bool:
        return any(d.state.status is Deadline.OPEN for d in self.sla.conversations[self.id].deadlines)

    def check(self) -> None:
        conversation = self.conversation
        works = conversation.status in WORKED_ON
        if works and conversation.ledger.owed_since is not None and not self.removed:
            assert self.running()
        elif not (works and conversation.owed):
            assert not self.running()

    def differences(self) -> Iterator[str]:
        found = self.sla.conversations[self.id]
        yield from recompute.differences(self.id, found, self.sla.rulebook)
        yield from recompute.from_log(self.id, found, self.log)


which = st.integers(0, 5)
triages = st.sampled_from([Triage.SERVICE, Triage.NOISE, Triage.SPAM])
steps = st.one_of(
    st.tuples(st.just("write"), st.sampled_from([0, 0, 0, 3])),
    st.tuples(st.just("read"), which, triages),
    st.tuples(st.just("read"), which, triages),
    st.tuples(st.just("edit"), which),
    st.tuples(st.just("remove"), which),
    st.tuples(st.just("correct"), which, triages),
    st.tuples(st.just("assign")),
    st.tuples(st.just("answer"), st.sampled_from(["waiting", "resolved"])),
    st.tuples(st.just("accept"), which),
    st.tuples(st.just("fail"), which),
    st.tuples(st.just("time")),
    st.tuples(st.just("resolve")),
    st.tuples(st.just("reopen")),
    st.tuples(st.just("snooze")),
)


def perform(world: World, step: tuple[Any, ...]) -> None:
    match step:
        case ("resolve",):
            world.step("ask", ResolveRequested)
        case ("reopen",):
            world.step("ask", ReopenRequested)
        case ("snooze",):
            world.now += timedelta(seconds=1)
            world.ask(SnoozeRequested, until=world.now + timedelta(seconds=5))
            world.check()
        case _:
            world.step(*step)


@given(st.lists(steps, max_size=25))
@settings(max_examples=1500, deadline=None)
def test_a_clock_runs_while_an_answer_is_owed_and_never_else(told: list[tuple[Any, ...]]) -> None:
    note(str(told))
    world = World()
    for step in told:
        perform(world, step)
    assert list(world.differences()) == []
