"""What the desk knows after a day, in any order that the topics may tell it."""

import pytest
import pytest_asyncio
from desk_history import (
    ANGRY,
    MIA,
    TABLES,
    TRACE,
    Told,
    at,
    command,
    conversation,
    customer,
    dump,
    key_of,
    message,
    renumbered,
    the_day,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lotse.contracts import conversations as c
from lotse.contracts.topics import Topic
from lotse.contracts.values import Status
from lotse.desk import store
from lotse.desk.core.projection import decide
from lotse.desk.core.state import State
from lotse.desk.store import anew
from lotse.runtime.testing import Harness, Log

DAY = the_day()
FIELDS = (
    "heard",
    "conversations",
    "messages",
    "replies",
    "notes",
    "assignments",
    "moves",
    "resolutions",
    "customers",
    "identities",
    "agents",
    "outcomes",
    "analyses",
    "corrections",
    "service_levels",
    "deadlines",
    "deliveries",
    "notices",
)


@pytest.fixture
async def harness(database):
    async with Harness.open(database, "desk", folds=(store.fold(),)) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def evening(lasting_database):
    """The tables after the day; for reading only."""
    async with Harness.open(lasting_database, "desk", folds=(store.fold(),)) as made:
        await made.feed(*DAY)
        yield made


@st.composite
def interleaved(draw, repeats: bool = False):
    """The day in another order, which leaves alone only the order of each topic's keys."""
    streams = {}
    for fact in DAY:
        streams.setdefault(key_of(fact), []).append(fact)
    order = draw(st.permutations([key_of(fact) for fact in DAY]))
    waiting = {key: iter(facts) for key, facts in streams.items()}
    facts = [next(waiting[key]) for key in order]
    if repeats:
        facts += draw(st.lists(st.sampled_from(DAY), max_size=20))
    return facts


def decided(facts) -> dict[str, list[object]]:
    state = State(generation=1)
    for fact in facts:
        assert decide(state, fact, at(0)) == []
    return {name: getattr(state, name).changed for name in FIELDS}


@given(interleaved())
def test_topics_may_come_in_any_order_relative_to_each_other(facts):
    assert decided(facts) == decided(DAY)


@given(interleaved(repeats=True))
def test_a_fact_read_again_changes_nothing(facts):
    assert decided(facts) == decided(DAY)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_the_tables_are_the_same_in_any_order_and_in_any_batches(harness, data):
    expected = await standing(harness, [DAY])
    facts = data.draw(interleaved(repeats=True))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(facts)), max_size=12)))
    batches = [facts[a:b] for a, b in zip([0, *cuts], [*cuts, len(facts)], strict=True)]
    assert await standing(harness, [batch for batch in batches if batch]) == expected


async def standing(harness: Harness, batches) -> dict[str, list[str]]:
    """The tables after these batches, from nothing."""
    await harness.execute(f"TRUNCATE inbox, heard, {', '.join(TABLES)}")
    harness.log = Log()
    for batch in batches:
        await harness.feed(*batch)
    return await dump(harness)


async def test_reading_every_topic_twice_changes_nothing(harness):
    await harness.feed(*DAY)
    before = await dump(harness)
    await harness.execute("UPDATE inbox SET next_offset = 0, last_stamp = 0")
    harness.log = Log()
    await harness.feed(*DAY)
    assert await dump(harness) == before


async def test_a_complaint_is_told_whole(evening):
    (row,) = await evening.rows("SELECT * FROM conversation WHERE id = $1", conversation("a"))
    assert (row["status"], row["assignee"], row["priority"], row["sentiment"]) == ("resolved", None, 7, "negative")
    assert (row["trace_id"], row["waiting_since"], row["customer_id"]) == (TRACE, None, customer("petra"))
    (deadline,) = await evening.rows("SELECT * FROM deadline WHERE conversation_id = $1", conversation("a"))
    assert (deadline["state"], deadline["late"], deadline["missed_at"]) == ("met", True, at(60))
    (delivery,) = await evening.rows("SELECT * FROM delivery WHERE conversation_id = $1", conversation("a"))
    assert (delivery["state"], delivery["sent_at"], delivery["read_at"]) == ("read", at(62), at(63))


async def test_what_a_customer_deleted_stands_nowhere(evening):
    everything = await dump(evening)
    assert not [row for rows in everything.values() for row in rows if "0151" in row]
    (row,) = await evening.rows("SELECT * FROM message WHERE message_id = $1", message("a2"))
    assert (row["text"], row["removed_at"]) == (None, at(72))
    (analysis,) = await evening.rows("SELECT reading, pii FROM analysis WHERE message_id = $1", message("a2"))
    assert tuple(analysis) == (None, "[]")


async def test_a_reading_quotes_the_customer_only_beside_his_message(evening):
    everything = await dump(evening)
    assert ANGRY.reasons[0] in str(everything["analysis"])
    assert ANGRY.reasons[0] not in str(everything["conversation"])


async def test_a_customer_is_one_over_all_channels_with_the_youngest_name(evening):
    (row,) = await evening.rows("SELECT name, first_at FROM customer WHERE id = $1", customer("petra"))
    assert tuple(row) == ("Petra Klein", at(0))
    kinds = await evening.rows(
        "SELECT kind, verified FROM identity WHERE customer_id = $1 ORDER BY 1", customer("petra")
    )
    assert [tuple(row) for row in kinds] == [("email", True), ("external", False)]


@pytest.mark.parametrize(
    ("steps", "status", "assignee", "waits"),
    [
        ("queue", "queued", None, True),
        ("queue assign", "assigned", "mia", True),
        ("queue assign take_back", "queued", None, True),
        ("queue assign wait", "waiting", "mia", False),
        ("queue assign wait write resume", "assigned", "mia", True),
        ("queue assign wait assign", "assigned", "mia", False),
        ("queue assign wait undelivered", "assigned", "mia", True),
        ("queue assign snooze", "snoozed", "mia", True),
        ("queue assign resolve", "resolved", None, False),
        ("queue assign resolve write reopen", "new", None, True),
        ("queue assign wait queue", "queued", None, True),
        ("set_aside", "set_aside", None, False),
    ],
)
async def test_each_step_says_where_it_stands_who_has_it_and_whether_the_customer_waits(
    harness, steps, status, assignee, waits
):
    told = Told()
    told.opened("a", "petra")
    told.added("a", 1, "Hallo?", 0)
    step = {
        "queue": lambda: told.queued("a", 1, ANGRY, 0),
        "assign": lambda: told.assigned("a", "mia", 2),
        "take_back": lambda: told.assigned("a", None, 3),
        "wait": lambda: told.moved(c.ConversationWaiting, "a", Status.WAITING, 4),
        "write": lambda: told.added("a", 2, "Und?", 5),
        "resume": lambda: told.moved(c.ConversationResumed, "a", Status.ASSIGNED, 5),
        "undelivered": lambda: told.moved(c.ConversationResumed, "a", Status.ASSIGNED, 5, waiting_since=at(0)),
        "snooze": lambda: told.moved(c.ConversationSnoozed, "a", Status.SNOOZED, 6, MIA, until=at(60)),
        "resolve": lambda: told.moved(c.ConversationResolved, "a", Status.RESOLVED, 7, MIA),
        "reopen": lambda: told.moved(c.ConversationReopened, "a", Status.NEW, 8),
        "set_aside": lambda: told.moved(c.ConversationSetAside, "a", Status.SET_ASIDE, 9, reading=ANGRY),
    }
    for name in steps.split():
        step[name]()
    await harness.feed(*told.facts)
    (row,) = await harness.rows("SELECT status, assignee, units, waiting_since FROM conversation")
    assert (row["status"], row["assignee"], row["waiting_since"] is not None) == (status, assignee, waits)
    assert row["units"] == (1 if assignee else 0)


@pytest.mark.parametrize(
    ("name", "kind", "refused", "reason"),
    [
        ("answer", c.ReplyApproved, False, None),
        ("blocked", c.ReplyBlocked, True, "pii"),
        ("refused", c.CommandRefused, True, "not_assigned"),
        ("note", c.NoteAdded, False, None),
        ("resolve", c.ConversationResolved, False, None),
        ("snooze", c.ConversationSnoozed, False, None),
        ("online", c.AgentStatusChanged, False, None),
        ("away", c.AgentStatusChanged, False, None),
        ("correct u1", c.ReadingChanged, False, None),
    ],
)
async def test_each_command_has_the_outcome_it_asked_for(evening, name, kind, refused, reason):
    (row,) = await evening.rows("SELECT type, refused, reason FROM command WHERE id = $1", command(name))
    assert tuple(row) == (kind.TYPE, refused, reason)


async def test_what_the_router_does_by_itself_is_no_command(evening):
    (row,) = await evening.rows("SELECT count(*) AS number FROM command")
    assert row["number"] == 9


async def test_an_edit_after_the_deletion_brings_nothing_back(harness):
    told = Told()
    told.opened("a", "petra")
    told.added("a", 1, "geheim", 0)
    said = {"conversation_id": conversation("a"), "message_id": message("a1")}
    told.tell(c.MessageRemoved(**said, length=6, sha256="0" * 64, deleted_at=at(1)), 1)
    told.tell(c.MessageUpdated(**said, text="noch geheim", edited_at=at(2)), 2)
    await harness.feed(*told.facts)
    (row,) = await harness.rows("SELECT text FROM message")
    assert row["text"] is None


async def test_a_jump_in_a_sequence_is_counted_and_read_on(harness):
    from prometheus_client import REGISTRY

    def jumps() -> float:
        return REGISTRY.get_sample_value("lotse_sequence_jumps_total", {"topic": "conversations"}) or 0

    before = jumps()
    told = Told()
    told.opened("a", "petra")
    told.added("a", 1, "Hallo?", 0)
    resolved = told.moved(c.ConversationResolved, "a", Status.RESOLVED, 5, MIA)
    await harness.feed(*told.facts[:2], renumbered(resolved, 5))
    assert jumps() == before + 1
    (row,) = await harness.rows("SELECT status FROM conversation")
    assert row["status"] == "resolved"


async def test_a_late_word_of_a_conversation_whose_beginning_is_gone_is_kept(harness):
    told = Told()
    resolved = told.moved(c.ConversationResolved, "a", Status.RESOLVED, 5, MIA)
    await harness.feed(renumbered(resolved, 40))
    (row,) = await harness.rows("SELECT status, channel, opened_at FROM conversation")
    assert tuple(row) == ("resolved", None, at(5))


async def rebuild(harness: Harness, log: list) -> None:
    """As `lotse-desk rebuild` does: back to the start, then the same records again."""
    async with harness.database.transaction() as tx:
        await anew.begin(tx)
    harness.log = Log()
    for start in range(0, len(log), 7):
        await harness.feed(*log[start : start + 7])


async def test_rebuilt_tables_equal_what_stood(harness):
    await harness.feed(*DAY)
    before = await dump(harness)
    await rebuild(harness, DAY)
    assert await dump(harness) == before


async def test_a_rebuild_mends_what_was_wrong(harness):
    await harness.feed(*DAY)
    before = await dump(harness)
    await harness.execute("UPDATE conversation SET status = 'queued', assignee = 'nobody', updated_at = now()")
    await harness.execute("UPDATE message SET text = 'damaged' WHERE text IS NOT NULL")
    await harness.execute("DELETE FROM assignment")
    await harness.execute("UPDATE deadline SET state = 'open', met_at = NULL")
    await harness.execute("UPDATE analysis SET reading = NULL")
    await harness.execute("UPDATE command SET type = 'damaged'")
    await harness.execute("DELETE FROM delivery")
    await harness.execute(
        "INSERT INTO note VALUES ($1, $2, 'never written', 'agent', 'x', now())", conversation("a"), message("x")
    )
    await rebuild(harness, DAY)
    assert await dump(harness) == before


async def test_a_rebuild_carries_over_what_retention_took_from_the_log(harness):
    await harness.feed(*DAY)
    before = await dump(harness)
    older = key_of(DAY[0])
    kept = [fact for fact in DAY if key_of(fact) != older or (fact.sequence or 0) > 3]
    assert kept != DAY
    await rebuild(harness, kept)
    assert await dump(harness) == before


async def test_a_rebuild_may_be_stopped_and_begun_again(harness):
    await harness.feed(*DAY)
    before = await dump(harness)
    await rebuild(harness, DAY[: len(DAY) // 2])
    await rebuild(harness, DAY)
    assert await dump(harness) == before


async def test_a_rebuild_ends_where_the_log_stood(harness):
    await harness.feed(*DAY)
    async with harness.database.transaction() as tx:
        stood = await anew.begin(tx)
        assert await anew.behind(tx, stood) == len(DAY)
    harness.log = Log()
    await harness.feed(*DAY)
    async with harness.database.transaction() as tx:
        assert await anew.behind(tx, stood) == 0


def test_the_fold_reads_every_type_of_the_sequenced_topics():
    read = {reads.topic: set(reads.types) for reads in store.fold().reads}
    assert {c.RoutingRelaxed, c.ConversationOpened, c.AgentStatusChanged} <= read[Topic.CONVERSATIONS]
    assert set(read) == {Topic.CONVERSATIONS, Topic.INSIGHTS, Topic.DEADLINES, Topic.NOTICES}
