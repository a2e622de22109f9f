"""The inbox's list: kept true by changes alone, and the same as what is read anew."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from desk_history import Told, at, conversation, the_day
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lotse.contracts import conversations as c
from lotse.contracts import deadlines as d
from lotse.contracts.channels import Channel
from lotse.contracts.ids import derive
from lotse.contracts.values import Reading, Sentiment, Status
from lotse.desk import reads, store, views
from lotse.desk.api.models import Summary, View
from lotse.desk.auth import Caller
from lotse.desk.console.inboxing import reads as inbox
from lotse.desk.console.inboxing.rows import is_unread, row
from lotse.desk.console.inboxing.state import State
from lotse.desk.console.inboxing.window import SLACK, Window
from lotse.desk.reads import Filter, Place
from lotse.runtime.testing import Harness

MIA = Caller("mia", "agent")
NOW = at(100)


def busy_morning() -> Told:
    """Twelve conversations in every state, on public and private channels, due at different times."""
    told = Told()
    channels = (Channel.FACEBOOK, Channel.EMAIL, Channel.WHATSAPP)
    tones = (Sentiment.NEGATIVE, Sentiment.POSITIVE, Sentiment.UNSURE)
    for number in range(12):
        name = f"c{number}"
        told.opened(name, f"who{number % 5}", channels[number % 3], number)
        told.added(name, 1, "Wo bleibt mein Paket?" if number % 2 else "Danke!", number, channels[number % 3])
        told.promised(name, number, 90 + 4 * number)
        told.queued(
            name, number + 0.5, Reading(sentiment=tones[number % 3]), number, team=("service", None)[number % 2]
        )
    told.deadline(d.DeadlineWarned, "c11", 95, due_at=at(134), warned_at=at(95))
    for number in (0, 3, 6, 9, 10):
        told.assigned(f"c{number}", ("mia", "lars")[number % 2], 50)
    told.moved(c.ConversationWaiting, "c3", Status.WAITING, 60)
    told.moved(c.ConversationSnoozed, "c6", Status.SNOOZED, 61, until=at(500))
    told.moved(c.ConversationSnoozed, "c10", Status.SNOOZED, 62, until=at(400))
    told.moved(c.ConversationResolved, "c9", Status.RESOLVED, 63)
    told.moved(c.ConversationSetAside, "c4", Status.SET_ASIDE, 64, reading=Reading(sentiment=Sentiment.NEGATIVE))
    second = derive("test deadline", "second")
    versions = {"policy": "public", "policy_version": "1", "calendar": "always", "calendar_version": "1"}
    started = d.DeadlineStarted(
        conversation_id=conversation("c0"),
        deadline_id=second,
        clock=d.Clock.NEXT_RESPONSE,
        channel=Channel.FACEBOOK,
        started_at=at(0),
        due_at=at(95),
        target=timedelta(minutes=95),
        **versions,
    )
    told.tell(started, 65)
    return told


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def morning(lasting_database):
    async with Harness.open(lasting_database, "desk", folds=(store.fold(),)) as made:
        await made.feed(*busy_morning().facts)
        yield made


async def listed(harness: Harness, view: View, wanted: Filter) -> list[UUID]:
    async with harness.database.transaction() as tx:
        return [place.id for place in await reads.places(tx, view, wanted, None, 100, NOW)]


async def everything(harness: Harness) -> tuple[Summary, ...]:
    async with harness.database.transaction() as tx:
        rows = await tx.fetch("SELECT id FROM conversation")
        return await reads.summaries(tx, [found["id"] for found in rows])


FILTERS = st.builds(
    Filter,
    statuses=st.none() | st.lists(st.sampled_from([status.value for status in Status]), max_size=3),
    channels=st.none() | st.lists(st.sampled_from(["facebook", "email", "sms"]), max_size=2),
    agent=st.sampled_from([None, None, "mia", "lars"]),
    team=st.sampled_from([None, None, "service"]),
    sentiment=st.sampled_from([None, None, "negative", "unsure"]),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(view=st.sampled_from(list(View)), asked=FILTERS)
async def test_a_change_is_judged_by_the_same_rules_as_the_list_is_read(morning, view, asked):
    wanted = views.selection(view, asked, MIA)
    placed = [place for row in await everything(morning) if (place := views.place_of(view, wanted, row, NOW))]
    placed.sort(key=lambda place: (place.at, place.id), reverse=view not in views.OLDEST_FIRST)
    assert await listed(morning, view, wanted) == [place.id for place in placed]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (View.UNANSWERED, ("c0", "c1", "c2", "c5", "c7", "c8", "c11")),
        (View.ABOUT_TO_MISS, ("c0", "c1", "c2", "c3", "c4", "c5", "c6", "c11")),
        (View.SNOOZED, ("c10", "c6")),
        (View.MINE, ("c10", "c6", "c0")),
        (View.WAITING, ("c3",)),
        (View.SPAM, ("c4",)),
        (View.PUBLIC_NEGATIVE, ("c6", "c3", "c0")),
    ],
)
async def test_each_view_has_its_order_and_each_conversation_once(morning, view, expected):
    assert await listed(morning, view, views.selection(view, Filter(), MIA)) == [conversation(n) for n in expected]


@pytest.mark.parametrize("view", [view for view in View if view is not View.ALL])
@pytest.mark.parametrize("person", ["mia", "lars", "nobody"])
async def test_a_view_counts_what_it_lists(morning, view, person):
    async with morning.database.transaction() as tx:
        counted = (await inbox.counts(tx, NOW)).of(person)
    wanted = views.selection(view, Filter(), Caller(person, "agent"))
    assert counted[view.value] == len(await listed(morning, view, wanted))


async def test_words_are_found_in_changed_conversations_as_in_the_list(morning):
    async with morning.database.transaction() as tx:
        rows = [found["id"] for found in await tx.fetch("SELECT id FROM conversation")]
        assert await inbox.containing(tx, rows, "pakete") == set(
            await listed(morning, View.ALL, Filter(words="pakete"))
        )


PLANS = {
    "conversation_snoozed": "SELECT id FROM conversation WHERE status = 'snoozed' AND snoozed_until IS NOT NULL"
    " ORDER BY snoozed_until, id LIMIT 201",
    "conversation_aside": "SELECT count(*) FROM (SELECT 1 FROM conversation WHERE status = 'waiting' LIMIT 100) AS x",
    "conversation_negative": "SELECT id FROM conversation WHERE sentiment = 'negative' AND status ="
    " ANY('{new,queued,assigned,waiting,snoozed}') AND channel = ANY('{facebook}')",
    "looked_pkey": "SELECT conversation_id FROM looked WHERE person = 'mia' AND at > now()",
    "message_pkey": "SELECT DISTINCT conversation_id FROM message WHERE conversation_id = ANY('{}'::uuid[])",
}


@pytest.mark.parametrize("index", PLANS)
async def test_each_index_serves_the_view_it_was_made_for(morning, index):
    plan = "\n".join(row[0] for row in await morning.rows("EXPLAIN " + PLANS[index]))
    assert index in plan


async def test_what_a_person_has_looked_at_is_remembered_for_him_alone(database):
    async with (
        Harness.open(database, "desk", folds=(store.fold(),)) as harness,
        harness.database.transaction() as tx,
    ):
        await inbox.look(tx, "mia", conversation("a"), at(5))
        await inbox.look(tx, "mia", conversation("a"), at(3))
        await inbox.look(tx, "lars", conversation("b"), at(4))
        assert await inbox.looked(tx, "mia", NOW) == {conversation("a"): at(5)}


PLACES = st.builds(Place, st.integers(0, 30).map(at), st.integers(0, 40).map(lambda number: UUID(int=number)))


def ordered(places, oldest_first: bool) -> list[Place]:
    return sorted(places, key=lambda place: (place.at, place.id), reverse=not oldest_first)


@given(
    oldest_first=st.booleans(),
    begun=st.lists(PLACES, unique_by=lambda place: place.id),
    held=st.integers(1, 12),
    steps=st.lists(st.tuples(st.integers(0, 40), st.none() | st.integers(0, 30), st.booleans()), max_size=30),
)
def test_a_window_holds_the_beginning_of_its_list_whatever_changes(oldest_first, begun, held, steps):
    truth = {place.id: place for place in begun}
    window = Window(oldest_first, held)
    start = ordered(truth.values(), oldest_first)
    window.extend(start[:held], more=len(start) > held)
    shown = {place.id for place in start[:held]}
    for number, minute, reads_on in steps:
        changed = UUID(int=number)
        place = None if minute is None else Place(at(minute), changed)
        truth.pop(changed, None)
        if place is not None:
            truth[changed] = place
        came, gone = window.apply({changed: place})
        shown = (shown | came) - gone
        assert not came & gone
        rest = [one for one in ordered(truth.values(), oldest_first) if one.id not in shown]
        if reads_on and window.last is not None:
            window.extend(rest[:held], more=len(rest) > held)
            shown |= {place.id for place in rest[:held]}
        whole = [place.id for place in ordered(truth.values(), oldest_first)]
        assert shown == set(window.ids) == set(whole[: len(shown)])
        assert window.complete or window.last is not None
        assert not window.complete or len(shown) == len(whole)


def test_a_list_that_grows_at_its_head_lets_its_tail_go():
    window = Window(oldest_first=False, wanted=10)
    places = {UUID(int=number): Place(at(number), UUID(int=number)) for number in range(10 + SLACK)}
    assert window.apply(places) == (set(places), set())
    newest = Place(at(1000), UUID(int=1000))
    shown, gone = window.apply({newest.id: newest})
    assert shown == {newest.id}
    assert len(gone) == SLACK + 1
    assert (window.complete, len(list(window.ids))) == (False, 10)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", State()),
        ("view=mine&channel=email&q=wo+bleibt", State(View.MINE, Channel.EMAIL, words="wo bleibt")),
        (f"c={UUID(int=7)}", State(open=UUID(int=7))),
        ("status=queued&sentiment=negative&team=service&agent=mia",
         State(team="service", agent="mia", sentiment=Sentiment.NEGATIVE, status=Status.QUEUED)),
        ("view=nonsense&channel=fax&c=7&q=%00%20", State()),
        ("q=" + "x" * 500, State(words="x" * 200)),
    ],
)  # fmt: skip
def test_an_address_says_what_is_shown_and_nothing_that_is_not_understood(query, expected):
    assert State.parse(query) == expected


@given(st.text(max_size=300))
def test_any_address_can_be_read(query):
    assert len(State.parse(query).words or "") <= 200


async def summary_of(harness: Harness, name: str) -> Summary:
    async with harness.database.transaction() as tx:
        (found,) = await reads.summaries(tx, [conversation(name)])
    return found


async def test_a_row_says_what_the_api_says(morning):
    found = await summary_of(morning, "c0")
    made = row(found, Place(found.opened_at, found.id), unread=True, draft=True)
    assert (made["customer"], made["channel"], made["public"]) == ("Who0", "facebook", True)
    assert (made["words"], made["by"], made["sentiment"]) == ("Danke!", "customer", "negative")
    assert (made["assignee"], made["status"], made["unread"]) == ("mia", "assigned", True)
    assert (made["due"], made["waiting"]) == (at(90).timestamp() * 1000, at(0).timestamp() * 1000)


@pytest.mark.parametrize(
    ("assignee", "looked", "unread"),
    [
        ("mia", None, True),
        (None, None, True),
        ("lars", None, False),
        ("mia", at(-1), True),
        ("mia", at(0), False),
        ("mia", at(30), False),
    ],
)
async def test_the_customers_last_word_is_news_to_whoever_has_or_could_take_it(morning, assignee, looked, unread):
    found = (await summary_of(morning, "c0")).model_copy(update={"assignee": assignee})
    seen = {} if looked is None else {found.id: looked}
    assert is_unread(found, "mia", seen, NOW) is unread


async def test_an_old_word_is_news_to_nobody(morning):
    found = await summary_of(morning, "c0")
    assert not is_unread(found, "mia", {}, NOW + timedelta(days=15))


async def test_an_answer_is_no_news(database):
    async with Harness.open(database, "desk", folds=(store.fold(),)) as harness:
        await harness.feed(*the_day())
        found = await summary_of(harness, "a")
    answered = found.model_copy(update={"last_words": found.last_words.model_copy(update={"by": "agent"})})
    assert is_unread(found, "mia", {}, NOW) is (found.last_words.by == "customer")
    assert not is_unread(answered, "mia", {}, NOW)


def test_filters_narrow_a_view_and_never_widen_it():
    wanted = views.selection(View.MINE, Filter(statuses=["queued", "waiting"], agent="lars", sentiment="negative"), MIA)
    assert wanted == replace(Filter(), statuses=["waiting"], agent="", sentiment="negative")
