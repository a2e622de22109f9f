"""Whoever follows the desk sees every change, whatever he missed meanwhile."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from desk_api import settings_of
from desk_history import MIA, Told, at, conversation, customer, message, the_day
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lotse.contracts import conversations as c
from lotse.contracts.channels import Channel
from lotse.contracts.values import Status
from lotse.desk import changes, store
from lotse.desk.changes import EVERYTHING, Changes, Cursor
from lotse.desk.console.live import Hub, Subscription
from lotse.desk.store import anew
from lotse.runtime.fold import Applied
from lotse.runtime.health import Health
from lotse.runtime.publish import Publisher
from lotse.runtime.service import Context
from lotse.runtime.testing import NAMES, FakeRecord, Harness
from lotse.runtime.ticking import Bell
from lotse.runtime.writes import send


@pytest.fixture
async def harness(database) -> AsyncGenerator[Harness]:
    async with Harness.open(database, "desk", folds=(store.fold(),)) as made:
        yield made


async def news(harness: Harness, cursor: Cursor | None) -> changes.News:
    async with harness.database.transaction() as tx:
        return await changes.since(tx, cursor)


async def here(harness: Harness) -> Cursor:
    return (await news(harness, None)).cursor


async def test_whoever_begins_reads_everything(harness):
    assert (await news(harness, None)).changes == EVERYTHING


async def test_a_batch_says_what_it_changed(harness):
    cursor = await here(harness)
    await harness.feed(*the_day())
    found = (await news(harness, cursor)).changes
    assert found.conversations == {conversation(name) for name in "absu"}
    assert found.messages == {message("a1"), message("a2")}
    assert (found.agents, found.alarms, found.all) == (True, True, False)


async def test_what_was_seen_is_not_told_again(harness):
    await harness.feed(*the_day())
    cursor = await here(harness)
    found = await news(harness, cursor)
    assert not found.changes
    assert found.cursor.offsets == cursor.offsets


async def test_a_new_name_changes_every_conversation_of_the_customer(harness):
    told = Told()
    told.opened("first", "petra")
    told.opened("second", "petra", Channel.EMAIL)
    await harness.feed(*told.facts)
    cursor = await here(harness)
    renamed = c.CustomerIdentified(customer_id=customer("petra"), identities=(), name="Petra Klein", at=at(7))
    await harness.feed(told.tell(renamed, 7))
    assert (await news(harness, cursor)).changes.conversations == {conversation("first"), conversation("second")}


async def test_a_batch_writes_one_row_a_partition(harness):
    await harness.feed(*the_day())
    rows = await harness.rows("SELECT topic FROM change ORDER BY topic")
    assert [row["topic"] for row in rows] == ["conversations", "deadlines", "insights", "notices"]


async def test_a_replayed_record_has_everybody_read_again(harness):
    told = Told()
    told.opened("a", "petra")
    resolved = told.moved(c.ConversationResolved, "a", Status.RESOLVED, 5, MIA)
    record = harness.log.record(told.facts[0])
    damaged = FakeRecord(record.topic, record.partition, record.offset, record.key, b"{", record.headers)
    await harness.feed_records([damaged, harness.log.record(resolved)])
    cursor = await here(harness)
    await harness.execute("UPDATE parked SET value = $1, replay_requested = true WHERE value = $2", record.value, b"{")
    assert await harness.processors[0].replay() == 2
    assert (await news(harness, cursor)).changes == EVERYTHING


async def test_a_rebuild_has_everybody_read_again_and_follow_on(harness):
    await harness.feed(*the_day())
    before = await here(harness)
    async with harness.database.transaction() as tx:
        await anew.begin(tx)
    begun = await news(harness, before)
    assert begun.changes == EVERYTHING
    harness.log.offsets.clear()
    await harness.feed(*the_day())
    assert (await news(harness, begun.cursor)).changes.conversations == {conversation(name) for name in "absu"}


@pytest.mark.parametrize(
    ("cursor", "lost"),
    [
        (Cursor(1, at(0), {("t", 0): 5}), False),
        (Cursor(1, at(-50), {}), False),
        (Cursor(1, at(-56), {}), True),
        (Cursor(2, at(0), {}), True),
        (Cursor(1, at(0), {("t", 0): 6}), True),
        (Cursor(1, at(0), {("gone", 0): 1}), True),
    ],
)
def test_a_cursor_is_lost_where_what_followed_it_cannot_be_told(cursor, lost):
    assert changes.is_lost(cursor, Cursor(1, at(0), {("t", 0): 5, ("t", 1): 9})) is lost


async def test_changes_are_forgotten_after_an_hour_and_whoever_stayed_away_longer_reads_everything(harness):
    await harness.feed(*the_day())
    cursor = await here(harness)
    (row,) = await harness.rows("SELECT max(at) AS at FROM change")
    await harness.job(changes.sweeping(), now=row["at"] + changes.KEPT)
    assert await harness.rows("SELECT 1 FROM change WHERE at = $1", row["at"]) != []
    await harness.job(changes.sweeping(), now=row["at"] + changes.KEPT + timedelta(seconds=1))
    assert await harness.rows("SELECT 1 FROM change") == []
    late = Cursor(cursor.epoch, cursor.at + changes.KEPT, cursor.offsets)
    assert changes.is_lost(cursor, late)


async def test_the_follower_reads_by_the_partitions_own_index(harness):
    await harness.feed(*the_day())
    plan = await harness.rows(
        "EXPLAIN "
        + changes._SINCE.replace("$1", "'{t}'").replace("$2", "'{0}'").replace("$3", "'{5}'").replace("$4", "1")
    )
    assert "change_pkey" in "\n".join(row[0] for row in plan)


PARTITIONS = 3
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["begin", "commit", "abort"]), st.integers(0, PARTITIONS - 1)),
        st.tuples(st.just("read"), st.just(0)),
    ),
    min_size=5,
    max_size=40,
)


@dataclass
class Replicas:
    """As many consumers as partitions, each with at most one batch in a transaction of its own."""

    harness: Harness
    offsets: list[int] = field(default_factory=lambda: [0] * PARTITIONS)
    open: dict[int, tuple[AsyncExitStack, object, UUID]] = field(default_factory=dict)
    committed: set[UUID] = field(default_factory=set)
    number: int = 0

    async def begin(self, partition: int) -> None:
        if partition in self.open:
            return
        self.number += 1
        name = f"batch{self.number}"
        told = Told()
        told.opened(name, "petra")
        held = AsyncExitStack()
        connection = await held.enter_async_context(self.harness.database.connection())
        transaction = connection.transaction()
        await transaction.start()
        offset = self.offsets[partition]
        await connection.execute(
            "UPDATE inbox SET next_offset = $1 WHERE topic = $2 AND partition = $3",
            offset + 1,
            NAMES[told.facts[0].data.TOPIC],
            partition,
        )
        await send(connection, changes.mark([Applied(told.facts[0], partition, offset)]))
        self.open[partition] = (held, transaction, conversation(name))

    async def commit(self, partition: int) -> None:
        if partition in self.open:
            held, transaction, touched = self.open.pop(partition)
            await transaction.commit()
            await held.aclose()
            self.offsets[partition] += 1
            self.committed.add(touched)

    async def abort(self, partition: int) -> None:
        if partition in self.open:
            held, transaction, _ = self.open.pop(partition)
            await transaction.rollback()
            await held.aclose()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_a_follower_that_stops_and_comes_back_sees_every_change_in_whatever_order_they_are_committed(
    harness, steps
):
    await harness.execute("TRUNCATE inbox, change")
    await harness.execute(
        "INSERT INTO inbox (topic, partition) SELECT $1, generate_series(0, $2)",
        NAMES[c.ConversationOpened.TOPIC],
        PARTITIONS - 1,
    )
    cursor, seen = await here(harness), set[UUID]()

    async def read() -> None:
        nonlocal cursor
        found = await news(harness, cursor)
        assert not found.changes.all
        assert not found.changes.conversations & seen
        cursor = found.cursor
        seen.update(found.changes.conversations)

    replicas = Replicas(harness)
    try:
        for step, partition in steps:
            await (read() if step == "read" else getattr(replicas, step)(partition))
            assert seen <= replicas.committed
    finally:
        for partition in range(PARTITIONS):
            await replicas.abort(partition)
    await read()
    assert seen == replicas.committed


@given(st.lists(st.builds(Changes, conversations=st.frozensets(st.uuids(), max_size=3), agents=st.booleans())))
def test_changes_that_gathered_say_what_they_said_one_by_one(parts):
    whole = Changes()
    for part in parts:
        whole = whole | part
    assert whole.conversations == frozenset().union(*(part.conversations for part in parts))
    assert bool(whole) == any(parts)


@pytest.fixture
async def context(harness):
    """What a running service gives the hub, without Kafka."""
    settings = settings_of(harness.database.url)
    stopping = asyncio.Event()
    made = Context(settings, harness.database, Publisher(settings, "test"), Health(), Bell(), stopping)
    async with asyncio.TaskGroup() as group:
        made_hub = Hub()
        group.create_task(made_hub.run(made))
        yield made, made_hub
        stopping.set()
        made.bell.ring()


async def told(subscription: Subscription) -> Changes:
    async with asyncio.timeout(10):
        return await anext(aiter(subscription))


async def test_a_page_is_first_told_to_read_everything_and_then_what_changed(harness, context):
    _, hub = context
    page = hub.follow()
    assert await told(page) == EVERYTHING
    await harness.feed(*the_day())
    assert (await told(page)).conversations == {conversation(name) for name in "absu"}


async def test_everybody_is_told_the_same_and_whoever_comes_later_reads_everything(harness, context):
    _, hub = context
    first = hub.follow()
    assert await told(first) == EVERYTHING
    second = hub.follow()
    assert await told(second) == EVERYTHING
    await harness.feed(*the_day())
    assert await told(first) is await told(second)


@pytest.fixture
def only_when_woken(monkeypatch):
    monkeypatch.setattr("lotse.desk.console.live._LOOK", 3600)


@pytest.mark.usefixtures("only_when_woken")
async def test_a_fold_of_this_process_is_told_at_once(harness, context):
    started, hub = context
    page = hub.follow()
    await told(page)
    await harness.feed(*the_day())
    started.bell.ring()
    assert await told(page)


async def test_a_slow_page_is_told_the_sum_of_what_it_missed(harness, context):
    _, hub = context
    slow, quick = hub.follow(), hub.follow()
    await told(slow)
    await told(quick)
    days = the_day()
    for start in range(0, len(days), 10):
        await harness.feed(*days[start : start + 10])
        await told(quick)
    assert (await told(slow)).conversations == {conversation(name) for name in "absu"}


async def test_the_hub_asks_for_nothing_while_nobody_follows(harness, context):
    started, hub = context
    page = hub.follow()
    await told(page)
    page.close()
    harness.database.terminate()
    for _ in range(3):
        started.bell.ring()
        await asyncio.sleep(0.2)
    assert not hub.as_of.away
    later = hub.follow()
    assert not await told(later)
    assert hub.as_of.away


async def test_a_projection_that_reads_old_events_is_said_to_lag_until_it_has_caught_up(harness):
    hub = Hub()
    page = hub.follow()
    await hub.look(harness.database)
    await told(page)
    stamp = "(extract(epoch FROM now()) * 1e6)::bigint"
    await harness.feed(*the_day())
    await harness.execute(f"UPDATE inbox SET last_stamp = {stamp} - 60000000 WHERE topic = 'test-conversations'")
    await hub.look(harness.database)
    assert hub.as_of.lags
    assert timedelta(seconds=55) < hub.as_of.behind < timedelta(seconds=90)
    await harness.execute(f"UPDATE inbox SET last_stamp = {stamp} WHERE topic = 'test-conversations'")
    await hub.look(harness.database)
    assert not hub.as_of.lags


async def test_whoever_has_left_is_told_no_more(harness, context):
    _, hub = context
    page = hub.follow()
    await told(page)
    page.close()
    assert [changes async for changes in page] == []
