"""The service over PostgreSQL: what it stores, what time brings, and what several replicas do at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sla_stories import (
    CONVERSATION,
    Story,
    answer,
    at,
    envelope,
    names,
    opened,
    policy,
    queued,
    resolved,
    rules,
    set_aside,
    word,
)
from test_laws import RULES, histories

from lotse.contracts.deadlines import DeadlineCancelled, DeadlineRescheduled
from lotse.contracts.envelope import Event
from lotse.contracts.ids import ConversationId
from lotse.runtime.fold import Due
from lotse.runtime.postgres import Tx
from lotse.runtime.testing import Harness, fact_of
from lotse.runtime.writes import send
from lotse.sla import store
from lotse.sla.core.deadlines import Alarm
from lotse.sla.core.decide import State
from lotse.sla.core.rules import Rules
from lotse.sla.recompute import found_wrong
from lotse.sla.watch import Watch

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


@asynccontextmanager
async def replica(url: str, given: Rules | None = None, begun: float = 0) -> AsyncGenerator[tuple[Harness, Watch]]:
    """One replica with its own connections, as `app.service` wires it."""
    watch = Watch(given or rules())
    async with Harness.open(url, "sla", (watch.fold(),)) as harness:
        async with harness.database.transaction() as tx:
            await watch.begin(tx, at(begun))
        yield harness, watch


def of(conversation: ConversationId, event: Event) -> Event:
    return event.model_copy(update={"conversation_id": conversation})


async def wrong(harness: Harness) -> list[str]:
    return [line async for line in found_wrong(harness.database, {})]


async def test_one_message_is_one_row_and_one_event(database) -> None:
    async with replica(database) as (harness, _):
        published = await harness.feed(opened(0), word(0), now=at(0))
        assert names(published) == ["started first_response"]
        (row,) = await harness.rows("SELECT id, next_at FROM conversation")
        assert (row["id"], row["next_at"]) == (CONVERSATION, at(45))


async def test_warning_and_miss_come_once_each_and_the_answer_ends_the_watch(database) -> None:
    async with replica(database) as (harness, watch):
        await harness.feed(word(0), now=at(0))
        alarms = watch.alarms()
        assert await harness.tick(alarms, now=at(44)) == []
        assert names(await harness.tick(alarms, now=at(45.01))) == ["warned first_response"]
        assert await harness.tick(alarms, now=at(50)) == []
        assert names(await harness.tick(alarms, now=at(60.01))) == ["missed first_response"]
        assert await harness.tick(alarms, now=at(61)) == []
        assert names(await harness.feed(answer(70), now=at(70))) == ["met first_response"]
        (row,) = await harness.rows("SELECT next_at, rules FROM conversation")
        assert (row["next_at"], row["rules"]) == (None, None)


async def test_an_answer_before_the_deadline_that_arrives_after_the_miss_corrects_it(database) -> None:
    async with replica(database) as (harness, watch):
        await harness.feed(word(0), now=at(0))
        await harness.tick(watch.alarms(), now=at(60))
        published = await harness.feed(answer(59), now=at(65))
        assert names(published) == ["corrected first_response", "met first_response"]


async def test_what_was_due_while_everything_was_down_is_said_once(database) -> None:
    async with replica(database) as (harness, watch):
        await harness.feed(word(0), now=at(0))
        assert names(await harness.tick(watch.alarms(), now=at(600))) == [
            "warned first_response",
            "missed first_response",
        ]
        assert await harness.tick(watch.alarms(), now=at(601)) == []


async def test_an_answer_that_is_heard_of_before_its_conversation_is_kept_for_it(database) -> None:
    async with replica(database) as (harness, _):
        assert await harness.feed(answer(20), now=at(20)) == []
        assert names(await harness.feed(opened(0), word(0), now=at(21))) == [
            "started first_response",
            "met first_response",
        ]


async def test_what_a_timer_publishes_belongs_to_the_trace_of_what_set_it(database) -> None:
    async with replica(database) as (harness, watch):
        await harness.feed(fact_of(word(0), traceparent=TRACE), now=at(0))
        (warned,) = await harness.tick(watch.alarms(), now=at(46))
        assert warned.traceparent is not None
        assert warned.traceparent.split("-")[1] == TRACE.split("-")[1]


async def test_three_replicas_of_which_one_dies_publish_each_warning_and_each_miss_once(database) -> None:
    conversations = [ConversationId(uuid4()) for _ in range(250)]
    async with AsyncExitStack() as stack:
        (first, *_), (second, *_), (third, dying) = [
            await stack.enter_async_context(replica(database)) for _ in range(3)
        ]
        alarms = dying.alarms()
        await first.feed(*(of(id, word(0, str(id))) for id in conversations), now=at(0))

        holding, refused = asyncio.Event(), asyncio.Event()

        async def write_and_die(tx: Tx, owners: Sequence[str], now: datetime) -> tuple[State, Sequence[Due[Alarm]]]:
            state, dues = await alarms.load(tx, owners, now)
            for due in dues:
                alarms.decide(state, due, now)
            assert state.changed()
            await send(tx, alarms.save(state))
            holding.set()
            await refused.wait()
            third.database.terminate()
            return state, dues

        async def die() -> None:
            with pytest.raises((asyncpg.InterfaceError, asyncpg.PostgresConnectionError, OSError)):
                await third.tick(replace(alarms, load=write_and_die), now=at(60.02))

        async def tick_until_done(harness: Harness) -> None:
            await holding.wait()
            while await harness.rows("SELECT 1 FROM conversation WHERE next_at IS NOT NULL LIMIT 1"):
                await harness.tick(alarms, now=at(60.02))
                refused.set()

        await asyncio.gather(die(), tick_until_done(first), tick_until_done(second))
        published = Counter((fact.key, name) for fact in await first.outbox() for name in names([fact]))
    expected = {"started first_response", "warned first_response", "missed first_response"}
    assert published == Counter((str(id), name) for id in conversations for name in expected)


async def test_a_timer_and_an_answer_at_the_same_moment_contradict_nobody(database) -> None:
    conversations = [ConversationId(uuid4()) for _ in range(60)]
    async with replica(database) as (harness, _), replica(database) as (other, watch):
        await harness.feed(*(of(id, word(0, str(id))) for id in conversations), now=at(0))
        answered = asyncio.Event()

        async def answer_one_by_one() -> None:
            for id in conversations:
                await harness.feed(of(id, answer(59.9, name=str(id))), now=at(60))
            answered.set()

        async def tick() -> None:
            while not answered.is_set():
                await other.tick(replace(watch.alarms(), due=few), now=at(60))

        await asyncio.gather(answer_one_by_one(), tick())
        told: dict[str, list[str]] = {}
        for fact in await harness.outbox():
            told.setdefault(fact.key, []).extend(names([fact]))
    assert len(told) == len(conversations)
    for each in told.values():
        assert each[0] == "started first_response"
        assert each[-1] == "met first_response"
        assert each.count("missed first_response") == each.count("corrected first_response") <= 1


async def few(tx: Tx, now: datetime, limit: int) -> Sequence[str]:
    """So that the timer does not have them all before the second answer."""
    return (await store.due(tx, now, limit))[:3]


async def test_rules_that_change_move_who_waits_and_leave_what_is_over(database) -> None:
    over, waiting = ConversationId(uuid4()), ConversationId(uuid4())
    async with replica(database, rules(policy(first=60))) as (old, old_watch):
        await old.feed(of(over, word(0, "a")), of(over, answer(1)), of(waiting, word(0, "b")), now=at(1))
        async with replica(database, rules(policy(first=20)), begun=2) as (new, new_watch):
            (moved,) = await new.tick(new_watch.adoption(), now=at(2.1))
            assert isinstance(moved.data, DeadlineRescheduled)
            assert (moved.data.conversation_id, moved.data.current) == (waiting, at(20))
            assert await new.tick(new_watch.adoption(), now=at(2.2)) == []
            await old.job(old_watch.presence(), now=at(2.2))
            assert await old.tick(old_watch.adoption(), now=at(2.3)) == []
            assert await wrong(new) == []


async def test_a_policy_that_is_switched_off_cancels_its_deadlines(database) -> None:
    async with replica(database) as (old, _):
        await old.feed(word(0), now=at(0))
    async with replica(database, rules(policy(active=False)), begun=1) as (new, watch):
        (cancelled,) = await new.tick(watch.adoption(), now=at(2))
        assert isinstance(cancelled.data, DeadlineCancelled)
        assert cancelled.data.reason == "no_policy"
        assert await new.tick(watch.alarms(), now=at(500)) == []


async def test_the_rules_of_a_replica_that_is_gone_are_no_longer_in_force(database) -> None:
    async with replica(database, rules(policy(first=20))) as (staying, watch):
        await staying.feed(word(0), now=at(0))
        async with replica(database, rules(policy(first=60)), begun=1) as (passing, passing_watch):
            await staying.job(watch.presence(), now=at(1))
            await passing.tick(passing_watch.adoption(), now=at(1))
            assert await staying.tick(watch.adoption(), now=at(1)) == []
        await staying.job(watch.presence(), now=at(1) + store.GONE_AFTER + timedelta(seconds=1))
        (moved,) = await staying.tick(watch.adoption(), now=at(2))
        assert isinstance(moved.data, DeadlineRescheduled)
        assert (moved.data.previous, moved.data.current) == (at(60), at(20))


async def test_what_is_stored_is_what_is_computed_until_somebody_tampers_with_it(database) -> None:
    async with replica(database) as (harness, watch):
        await harness.feed(word(0), answer(10), word(20), queued(21), now=at(21))
        await harness.tick(watch.alarms(), now=at(50))
        assert await wrong(harness) == []
        await harness.execute(
            "UPDATE conversation SET deadlines = jsonb_set(deadlines::jsonb, '{1,state,due_at}', '\"2026-03-02T12:00:00Z\"')"
        )
        (line,) = await wrong(harness)
        assert "due_at is stored as 2026-03-02 12:00:00+00:00, computed as 2026-03-02 09:50:00+00:00" in line


async def test_the_database_has_what_the_core_alone_comes_to_however_the_events_fall_into_batches(database) -> None:
    async with replica(database, RULES) as (harness, _):
        loop = asyncio.get_running_loop()

        async def told(events: list[Event], cuts: list[int]) -> None:
            id = ConversationId(uuid4())
            bounds = [0, *sorted(cut % (len(events) + 1) for cut in cuts), len(events)]
            for start, end in zip(bounds, bounds[1:], strict=False):
                if events[start:end]:
                    await harness.feed(*(envelope(of(id, event)) for event in events[start:end]), now=at(70))
            story = Story(RULES, id=id)
            story.hear(*(of(id, event) for event in events), now=70)
            async with harness.database.transaction() as tx:
                found = (await store.lock(tx, [id]))[id]
            stored = [clock(deadline.state) for deadline in found.deadlines] if found else []
            assert stored == [clock(deadline.state) for deadline in story.conversation.deadlines]

        @given(histories, st.lists(st.integers(0, 20), max_size=3))
        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        def law(events: list[Event], cuts: list[int]) -> None:
            asyncio.run_coroutine_threadsafe(told(events, cuts), loop).result(30)

        await asyncio.to_thread(law)


def clock(state) -> tuple[object, ...]:
    return (state.started_at, state.clock, state.due_at, state.status, state.ended_at, state.business_time)


async def plan(harness: Harness, query: str, *args: object) -> str:
    return "\n".join(row[0] for row in await harness.rows("EXPLAIN " + query, *args))


async def test_the_timers_find_what_is_due_by_an_index_however_many_conversations_there_are(database) -> None:
    async with replica(database) as (harness, _):
        await harness.execute(
            "INSERT INTO conversation (id, history, rules, next_at)"
            " SELECT gen_random_uuid(), '{}', CASE WHEN n % 20 = 0 THEN 'a' END,"
            " CASE WHEN n % 20 = 0 THEN timestamptz '2026-03-02 09:00Z' + n * interval '1 s' END"
            " FROM generate_series(1, 20000) AS n"
        )
        await harness.execute("ANALYZE conversation")
        assert "conversation_next_at" in await plan(harness, store.DUE, at(1), 200)
        ruled = await plan(harness, store.OTHERWISE_RULED, "a", 200)
        assert "conversation_rules" in ruled
        assert "Seq Scan" not in ruled


async def test_nothing_that_is_over_is_looked_at_by_the_timer_again(database) -> None:
    async with replica(database) as (harness, watch):
        ids = [ConversationId(uuid4()) for _ in range(90)]
        told = [of(id, word(0, str(id))) for id in ids]
        told += [of(id, answer(1, name=str(id))) for id in ids[:30]]
        told += [of(id, set_aside(1)) for id in ids[30:60]]
        told += [of(id, resolved(1)) for id in ids[60:]]
        published = await harness.feed(*told, now=at(1))
        assert Counter(names(published)) == {
            "started first_response": 90,
            "met first_response": 30,
            "cancelled first_response": 60,
        }
        assert await harness.tick(watch.alarms(), now=at(500)) == []
