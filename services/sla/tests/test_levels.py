"""The service level of a channel: degraded when its customers wait much longer than they usually do, and once."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st
from sla_stories import MORNING, answer, at, opened, policy, queued, resolved, rules, set_aside, word
from test_service import of, replica

from lotse.contracts.channels import Channel
from lotse.contracts.conversations import AgentStatusChanged
from lotse.contracts.deadlines import ServiceLevelDegraded, ServiceLevelEvent, ServiceLevelRecovered
from lotse.contracts.envelope import Event
from lotse.contracts.ids import AgentId, ConversationId
from lotse.contracts.values import Actor, Presence, Reading
from lotse.runtime.testing import Harness
from lotse.sla.closing import closing
from lotse.sla.core.levels import ENOUGH, FACTOR, HOUR, NOTHING, WINDOW, Level, Tally, Window, closed, judge, window_of

WHATSAPP = Channel.WHATSAPP


def tally(answers: int, seconds: float, **given: object) -> Tally:
    return Tally(**({"begun": answers, "kept": answers, "took": (seconds,) * answers} | given))


CALM, SLOW, FEW = tally(30, 60), tally(30, 300), tally(5, 300)
HABIT = [CALM] * 12


def told(tallies: Sequence[Tally], staffed: int = 2) -> tuple[list[Window], list[ServiceLevelEvent], Level]:
    """One window after the other, from nine o'clock on."""
    level, past, said = Level(WHATSAPP), list[Window](), list[ServiceLevelEvent]()
    for number, one in enumerate(tallies):
        level, window, events = judge(level, past, closed(MORNING + number * WINDOW, one), staffed)
        past.append(window)
        said += events
    return past, said, level


def kinds(tallies: Sequence[Tally]) -> list[str]:
    return [event.TYPE.removeprefix("de.lotse.service_level.").removesuffix(".v1") for event in told(tallies)[1]]


def test_two_slow_windows_are_told_once_with_what_is_known():
    slow = tally(30, 300, begun=90, broken=10, topics=("delivery",) * 20 + ("billing",) * 10)
    _, (event,), level = told([*HABIT, slow, slow, slow, slow], staffed=3)
    assert isinstance(event, ServiceLevelDegraded)
    assert (event.channel, event.since, event.at) == (WHATSAPP, at(60), at(70))
    assert (event.p90, event.baseline, event.answers) == (timedelta(minutes=5), timedelta(minutes=1), 60)
    assert (event.volume_change, event.staffed, event.topic) == (2.0, 3, "delivery")
    assert event.share_met == round(360 / 380, 4)
    assert level.degraded_at == at(70)


def test_two_windows_as_usual_end_it():
    _, (_, event), level = told([*HABIT, SLOW, SLOW, SLOW, CALM, CALM])
    assert isinstance(event, ServiceLevelRecovered)
    assert (event.reason, event.degraded_at, event.at) == ("p90", at(70), at(85))
    assert level.degraded_at is None


def test_one_slow_window_or_two_apart_say_nothing():
    assert kinds([*HABIT, SLOW, CALM, SLOW, CALM]) == []


def test_a_few_answers_say_nothing_however_late_they_are():
    assert kinds([*HABIT, FEW, FEW, FEW]) == []
    assert kinds([*HABIT, SLOW, FEW, SLOW]) == []


def test_a_channel_without_a_past_is_not_judged():
    assert kinds([CALM] * 11 + [SLOW, SLOW]) == []
    assert kinds([SLOW] * 40) == []


def test_after_an_hour_in_which_nobody_waited_too_long_it_is_over():
    quiet = tally(1, 60)
    assert kinds([*HABIT, SLOW, SLOW, *[quiet] * 11]) == ["degraded"]
    _, (_, event), _ = told([*HABIT, SLOW, SLOW, *[quiet] * 12])
    assert isinstance(event, ServiceLevelRecovered)
    assert event.reason == "quiet"


def test_silence_because_nobody_answers_is_no_recovery():
    unanswered = Tally(begun=10, broken=3)
    assert kinds([*HABIT, SLOW, SLOW, *[unanswered] * 60]) == ["degraded"]


def test_what_lasts_for_days_is_how_the_channel_is():
    assert kinds([*HABIT, *[SLOW] * 288, *[SLOW] * 20]) == ["degraded", "recovered"]


windows = st.lists(
    st.builds(
        tally,
        st.sampled_from((0, 5, ENOUGH - 1, ENOUGH, 40)),
        st.sampled_from((30.0, 60.0, 89.0, 91.0, 200.0)),
        broken=st.integers(0, 2),
    ),
    max_size=40,
)


@given(windows)
def test_degraded_and_recovered_take_turns(tallies: list[Tally]):
    said = kinds([*HABIT, *tallies])
    assert said == ["degraded", "recovered"] * (len(said) // 2) + ["degraded"] * (len(said) % 2)


@given(windows)
def test_each_degraded_stands_on_two_windows_with_enough_slow_answers(tallies: list[Tally]):
    past, said, _ = told([*HABIT, *tallies])
    for event in said:
        if isinstance(event, ServiceLevelDegraded):
            first, second = (w for w in past if event.since <= w.begins < event.at)
            for window in (first, second):
                assert window.answers >= ENOUGH
                assert window.slow
            assert second.p90 is not None
            assert second.p90 > FACTOR * event.baseline.total_seconds()
            assert event.p90 == timedelta(seconds=second.p90)


@given(windows)
def test_while_it_is_degraded_no_two_windows_with_enough_answers_were_as_usual(tallies: list[Tally]):
    past, said, level = told([*HABIT, *tallies])
    if level.degraded_at is not None:
        since = [w for w in past if w.begins >= level.degraded_at]
        pairs = zip(since, since[1:], strict=False)
        assert not any(a.busy and b.busy and not a.slow and not b.slow for a, b in pairs)
        assert said
        assert said[-1].at == level.degraded_at


tallies = st.builds(
    Tally,
    st.integers(0, 9),
    st.integers(-1, 9),
    st.integers(-1, 9),
    st.lists(st.floats(0, 9000), max_size=9).map(tuple),
    st.lists(st.sampled_from("abc"), max_size=4).map(tuple),
)


@given(st.lists(tallies, max_size=9), st.randoms())
def test_batches_add_up_in_any_order(parts: list[Tally], pick: random.Random):
    mixed = pick.sample(parts, len(parts))
    half = len(mixed) // 2
    one = sum(parts, NOTHING)
    other = sum(mixed[half:], NOTHING) + sum(mixed[:half], NOTHING)
    assert closed(MORNING, one) == closed(MORNING, other)


@given(st.lists(st.floats(0, 9000), min_size=1, max_size=99))
def test_nine_of_ten_answers_came_within_the_p90_and_no_less_would_do(took: list[float]):
    p90 = closed(MORNING, Tally(took=tuple(took))).p90
    assert p90 in took
    assert sum(t <= p90 for t in took) >= 0.9 * len(took)
    assert sum(t < p90 for t in took) < 0.9 * len(took)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001
def test_every_moment_is_in_one_window(moment: datetime):
    now = moment.replace(tzinfo=MORNING.tzinfo)
    begins = window_of(now)
    assert begins <= now < begins + WINDOW
    assert window_of(begins) == begins
    assert begins.minute % 5 == begins.second == begins.microsecond == 0


async def counted(harness: Harness) -> tuple[int, ...]:
    """Begun, kept, broken, answers."""
    (row,) = await harness.rows(
        "SELECT sum(begun)::int AS begun, sum(kept)::int AS kept, sum(broken)::int AS broken, "
        "sum(json_array_length(took))::int AS answers FROM tally"
    )
    return tuple(row)


async def test_each_promise_counts_once_and_a_miss_that_was_none_is_taken_back(database):
    async with replica(database) as (harness, watch):
        await harness.feed(opened(0), word(0), queued(1, reading=Reading(topics=("delivery",))), now=at(1))
        assert await counted(harness) == (1, 0, 0, 0)
        await harness.tick(watch.alarms(), now=at(60.1))
        assert await counted(harness) == (1, 0, 1, 0)
        await harness.feed(answer(59), now=at(61))
        assert await counted(harness) == (1, 1, 0, 1)
        await harness.feed(answer(59), now=at(62))
        assert await counted(harness) == (1, 1, 0, 1)
        rows = await harness.rows("SELECT took::text, topics::text FROM tally WHERE json_array_length(took) > 0")
        assert [tuple(row) for row in rows] == [("[3540.0]", '["delivery"]')]


async def test_a_late_answer_stays_a_broken_promise(database):
    async with replica(database) as (harness, watch):
        await harness.feed(word(0), now=at(0))
        await harness.tick(watch.alarms(), now=at(60.1))
        await harness.feed(answer(90), now=at(90))
        assert await counted(harness) == (1, 0, 1, 1)


async def test_spam_was_no_promise_although_it_was_missed(database):
    async with replica(database) as (harness, watch):
        await harness.feed(word(0), now=at(0))
        await harness.tick(watch.alarms(), now=at(60.1))
        await harness.feed(set_aside(62), now=at(62))
        assert await counted(harness) == (1, 0, 0, 0)


async def test_a_wait_that_was_missed_and_then_resolved_without_an_answer_stays_broken(database):
    async with replica(database) as (harness, watch):
        await harness.feed(word(0), now=at(0))
        await harness.tick(watch.alarms(), now=at(60.1))
        await harness.feed(resolved(70), now=at(70))
        assert await counted(harness) == (1, 0, 1, 0)


async def answers(harness: Harness, begins: float, number: int, minutes: float) -> None:
    """So many customers who are answered in that window after so long."""
    ids = [ConversationId(uuid4()) for _ in range(number)]
    written = [of(id, word(begins - minutes, str(id))) for id in ids]
    answered = [of(id, answer(begins + 1, name=str(id))) for id in ids]
    await harness.feed(*written, *answered, now=at(begins + 1))


async def a_habit(harness: Harness) -> float:
    """An hour of answers after ten minutes; the minute at which it ends."""
    job = closing()
    await harness.job(job, now=at(0))
    for number in range(12):
        await answers(harness, number * 5.0, 20, 9)
        assert await harness.job(job, now=at(number * 5 + 5.6)) == []
    return 60


def online(agent: str, presence: Presence) -> Event:
    return AgentStatusChanged(
        agent_id=AgentId(agent),
        previous=Presence.OFFLINE,
        current=presence,
        actor=Actor(kind="agent", id=agent),
        reason="asked",
        at=at(0),
    )


async def test_replicas_that_close_at_once_say_it_once_and_begin_where_they_stood(database):
    generous = rules(policy(first=600, following=600))
    async with AsyncExitStack() as stack:
        (first, _), (second, _) = [await stack.enter_async_context(replica(database, generous)) for _ in range(2)]
        await first.feed(online("anna", Presence.ONLINE), online("ben", Presence.AWAY), now=at(0))
        begins = await a_habit(first)
        for number in range(3):
            await answers(first, begins + number * 5, 25, 40)
        said = await asyncio.gather(*(harness.job(closing(), now=at(begins + 15.6)) for harness in (first, second)))
        (fact,) = [fact for facts in said for fact in facts]
        event = fact.data
        assert isinstance(event, ServiceLevelDegraded)
        assert (fact.key, event.staffed, event.answers, event.share_met) == ("whatsapp", 1, 50, 1.0)
        assert event.baseline == timedelta(minutes=10)
        assert await first.job(closing(), now=at(begins + 16)) == []
        assert [tuple(row) for row in await first.rows("SELECT count(*) FROM tally")] == [(0,)]
        (fact,) = await second.job(closing(), now=at(begins + 15.6) + HOUR)
        assert isinstance(fact.data, ServiceLevelRecovered)
        assert (fact.data.reason, fact.sequence) == ("quiet", 2)


async def test_a_window_is_closed_half_a_minute_after_it_is_over(database):
    async with replica(database) as (harness, _):
        await harness.job(closing(), now=at(0))
        await answers(harness, 0, 3, 1)
        await harness.job(closing(), now=at(5.4))
        assert await counted(harness) == (3, 3, 0, 3)
        await harness.job(closing(), now=at(5.5))
        (row,) = await harness.rows("SELECT channel, begins, answers, slow FROM service_window")
        assert tuple(row) == ("whatsapp", at(0), 3, False)


async def test_after_days_of_standstill_the_last_one_is_caught_up_on_in_one_run(database):
    async with replica(database) as (harness, _):
        await harness.job(closing(), now=at(0))
        await answers(harness, 0, 3, 1)
        later = at(0) + timedelta(days=30)
        await harness.job(closing(), now=later)
        (row,) = await harness.rows("SELECT next FROM service_cursor")
        assert row["next"] == window_of(later - timedelta(seconds=30))
