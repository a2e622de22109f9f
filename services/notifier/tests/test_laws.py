"""Whatever arrives in whatever order, a message is told as sent once."""

import random
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from itertools import permutations

import pytest
import pytest_asyncio
from hypothesis import example, given
from hypothesis import strategies as st
from notifier_world import (
    AT,
    Shop,
    approved,
    config,
    delivered,
    echo,
    failed,
    opened,
    provider,
    read,
    reply_id,
    shop,
)

from lotse.contracts.envelope import Event
from lotse.contracts.notices import ReplyDelivered, ReplyFailed, ReplySent
from lotse.notifier.core import delivery
from lotse.notifier.core.delivery import Call
from lotse.notifier.core.fold import decide
from lotse.notifier.core.model import Outgoing, Stage, State
from lotse.notifier.core.outcome import Accepted, Ambiguous, Busy, NotSent, Outcome, Performed, Refused
from lotse.notifier.core.rules import Rules
from lotse.runtime.testing import fact_of

RULES = Rules(config())
ID = "m_1"


class Story:
    """One reply in core alone, with a provider of its own."""

    def __init__(self, text: str = "Antwort") -> None:
        self.state = State()
        self.now = AT
        self.told: list[Event] = []
        self.calls: list[tuple[Call, str]] = []
        self.feed(opened(), approved(text=text))

    @property
    def row(self) -> Outgoing:
        found = self.state.outgoing.get(reply_id())
        assert found is not None
        return found

    def feed(self, *events: Event) -> None:
        for event in events:
            self.told += decide(RULES, self.state, fact_of(event), self.now)

    def claim(self) -> None:
        """As the claim does it, where the row is due; the provider takes every call that is made."""
        row = self.row
        if row.stage is Stage.PENDING and row.due_at <= self.now < row.expires_at:
            lease = self.now + timedelta(seconds=90)
            claimed = type(row)(
                **{name: getattr(row, name) for name in row.__slots__}
                | {"stage": Stage.SENDING, "attempts": row.attempts + 1, "lease_until": lease}
            )
            self.state.put_outgoing(claimed)
            self.calls.append((Call(claimed), f"m_{len(self.calls) + 1}"))

    def settle(self, number: int, outcome: Outcome) -> None:
        if number < len(self.calls):
            self.told += delivery.settle(RULES, self.state, self.calls[number][0], outcome, self.now)

    def tick(self) -> None:
        self.now += timedelta(seconds=61)
        self.told += delivery.overdue(RULES, self.state, reply_id(), self.now)

    def count(self, kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in self.told)


def _news(story: Story) -> dict[str, Callable[[], None]]:
    return {
        "settle": lambda: story.settle(0, Accepted(ID, story.now)),
        "echo": lambda: story.feed(echo(ID, reply_id())),
        "echo without reference": lambda: story.feed(echo(ID, text="Antwort")),
        "delivered": lambda: story.feed(delivered(ID)),
        "delivered by reference": lambda: story.feed(delivered(reply=reply_id())),
        "delivered by both": lambda: story.feed(delivered(ID, reply=reply_id())),
        "read": lambda: story.feed(read(ID)),
        "read up to": lambda: story.feed(read(up_to=AT + timedelta(days=1))),
        "time": story.tick,
    }


NEWS = tuple(_news(Story()))


@given(st.lists(st.sampled_from(NEWS), max_size=12))
def test_any_news_in_any_order_tells_one_sent(order: list[str]) -> None:
    story = Story()
    story.claim()
    for name in [*order, "settle"]:
        _news(story)[name]()
    assert story.count(ReplySent) == 1
    assert story.row.stage is Stage.SENT
    assert story.row.provider_ids == (ID,)


@given(st.lists(st.sampled_from([name for name in NEWS if name != "time"]), max_size=8), st.integers(0, 8))
def test_before_the_call_is_back_no_echo_is_taken_for_a_strangers(order: list[str], place: int) -> None:
    """A provider that gives back another text than it got, and no reference."""
    story = Story()
    story.claim()
    steps = _news(story) | {"altered": lambda: story.feed(echo(ID, text="anders"))}
    for name in [*order[:place], "altered", *order[place:], "settle"]:
        steps[name]()
    assert story.count(ReplySent) == 1


@given(st.permutations(["settle", "echo", "delivered", "read up to"]))
def test_the_receipts_end_the_same_in_any_order(order: list[str]) -> None:
    story = Story()
    story.claim()
    for name in order:
        _news(story)[name]()
    kinds = [type(event) for event in story.told]
    assert kinds[0] is ReplySent
    assert story.count(ReplySent) == 1
    assert story.row.read_at is not None
    assert [event.read for event in story.told if isinstance(event, ReplyDelivered)][-1]


OUTCOMES = st.sampled_from([NotSent(), Busy(), Ambiguous(), Refused(), Busy(timedelta(seconds=5))])
STEPS = st.one_of(
    st.just("claim"),
    st.just("tick"),
    st.just("echo"),
    st.just("failed"),
    st.tuples(st.integers(0, 2), OUTCOMES),
    st.integers(0, 5),
)


@example(["claim", "tick", "tick", (0, NotSent())], 1)
@example(["claim", (0, NotSent()), (0, Refused()), "tick", "claim", "echo"], 1)
@given(st.lists(STEPS, max_size=30), st.integers(1, 3))
def test_no_history_tells_sent_twice_or_repeats_what_may_be_there(steps: list[object], parts: int) -> None:
    story = Story("Das ist ein Satz. " * (1 if parts == 1 else 100 * parts))
    for step in steps:
        before = story.row
        match step:
            case "claim":
                story.claim()
            case "tick":
                story.tick()
            case "echo" if story.calls:
                story.feed(echo(story.calls[-1][1], reply_id()))
            case "failed" if story.calls:
                story.feed(failed(story.calls[-1][1], reply=reply_id()))
            case (int() as number, outcome) if number < len(story.calls):
                story.settle(number, outcome)
            case int() as number if number < len(story.calls):
                story.settle(number, Accepted(story.calls[number][1], story.now))
            case _:
                pass
        if before.stage is Stage.UNKNOWN:
            assert story.row.stage is not Stage.PENDING, "nobody may send again what was given up as unknown"
        assert story.count(ReplySent) <= 1
        assert story.row.done <= story.row.part_count
        assert len(set(story.row.provider_ids)) == len(story.row.provider_ids)
    assert (story.row.stage is Stage.SENT) <= (story.count(ReplySent) == 1)


@given(st.lists(st.sampled_from(["claim", "tick", "ambiguous"]), max_size=20))
def test_a_call_without_an_answer_is_made_once(steps: list[str]) -> None:
    story = Story()
    for step in steps:
        match step:
            case "claim":
                story.claim()
            case "tick":
                story.tick()
            case _:
                story.settle(len(story.calls) - 1 if story.calls else 0, Ambiguous())
    assert len(story.calls) <= 1
    assert story.count(ReplyFailed) <= 1


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_topics_may_overtake_each_other(order: tuple[int, ...]) -> None:
    """An answer written elsewhere, its receipt, and the conversation that both belong to."""
    story = Story.__new__(Story)
    story.state, story.now, story.told = State(), AT, []
    events = [opened(), echo("m_5", text="von anderswo", at=AT), delivered("m_5")]
    for number in order:
        story.feed(events[number])
    (sent,) = [event for event in story.told if isinstance(event, ReplySent)]
    assert sent.elsewhere


@pytest_asyncio.fixture
async def desk(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    async with provider() as meta, shop(database, config(graph=meta.url), monkeypatch) as made:
        yield made


async def test_the_tables_keep_the_law_that_core_keeps(desk: Shop) -> None:
    """Forty conversations, each with its own order of settling, echo and receipts, each step a batch of its own."""
    dice = random.Random(7)
    sent: list[ReplySent] = []
    numbers = range(40)
    await desk.feed(*(event for n in numbers for event in (opened(n), approved(n))))
    done = {call.row.id: (call, performed) for call, performed in await desk.send_and_die()}
    ids = {n: _provider_id(done[reply_id(n)][1]) for n in numbers}
    steps = [(n, step) for n in numbers for step in ("settle", "echo", "plain", "delivered", "read", "settle")]
    dice.shuffle(steps)
    for n, step in steps:
        told: list[Event] = []
        match step:
            case "settle":
                told = await desk.settle(done[reply_id(n)])
            case "echo":
                told = await desk.feed(echo(ids[n], reply_id(n), number=n))
            case "plain":
                told = await desk.feed(echo(ids[n], text=f"Antwort {n}", number=n))
            case "delivered":
                told = await desk.feed(delivered(ids[n], number=n))
            case _:
                told = await desk.feed(read(up_to=AT + timedelta(days=1), number=n))
        sent += [event for event in told if isinstance(event, ReplySent)]
    assert sorted(event.reply_id for event in sent) == sorted(reply_id(n) for n in numbers)
    assert not any(event.elsewhere for event in sent)
    (row,) = await desk.harness.rows("SELECT count(*) FROM outgoing WHERE stage = 'sent' AND read_at IS NOT NULL")
    assert row[0] == len(numbers)


def _provider_id(performed: Performed) -> str:
    assert isinstance(performed.outcome, Accepted)
    assert performed.outcome.provider_id is not None
    return performed.outcome.provider_id
