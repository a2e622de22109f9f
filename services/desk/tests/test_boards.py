"""The boards: why each conversation waits, who works on what, and whether the day's promises add up."""

from datetime import timedelta

import pytest
from desk_api import CONFIG, bearer, desk_over, settings_of
from desk_history import ANGRY, CALM, MIA, ROUTER, Told, at, conversation, dump
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lotse.contracts import conversations as c
from lotse.contracts import deadlines as d
from lotse.contracts.channels import Channel
from lotse.contracts.ids import derive
from lotse.contracts.values import Presence, Reading, Situation, Status
from lotse.desk import boards
from lotse.desk.store import anew
from lotse.runtime.testing import Log

LARS = bearer("lars", "lead")
CRISIS = Reading(language="de", situation=Situation.CRISIS, model_version="1")


@pytest.fixture
async def desk(database):
    async with desk_over(settings_of(database)) as made:
        yield made


def waits(told: Told, name: str, minutes: float, reading: Reading = CALM, since: float | None = None, **wanted) -> None:
    told.opened(name, name, Channel.EMAIL, minutes)
    told.added(name, 1, "Hallo?", minutes, Channel.EMAIL)
    told.queued(name, minutes + 0.1, reading, minutes if since is None else since, **wanted)


def online(told: Told, agent: str, minutes: float = 0, current: Presence = Presence.ONLINE) -> None:
    event = c.AgentStatusChanged(
        agent_id=agent, previous=Presence.OFFLINE, current=current, actor=MIA, reason="asked", at=at(minutes)
    )
    told.tell(event, minutes)


async def queue(desk) -> dict:
    answer = await desk.get("/v1/queue", LARS)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_conversation_waits_with_its_reason_what_it_calls_for_and_who_could_take_it(desk):
    told = Told()
    waits(told, "u", 10)
    await desk.harness.feed(*told.facts)
    found = await queue(desk)
    (item,) = found["items"]
    assert item["conversation"]["id"] == str(conversation("u"))
    waiting = item["waiting"]
    assert (waiting["why"], waiting["required"]) == ("nobody_online", {"de": 3})
    assert waiting["queued_at"] == at(10.1).isoformat().replace("+00:00", "Z")
    mia, lars = waiting["candidates"]
    assert (mia["id"], mia["status"], mia["missing"]) == ("mia", "offline", [])
    assert (lars["id"], lars["missing"]) == ("lars", [{"skill": "de", "level": 0, "needed": 3}])
    assert (found["total"], found["reasons"]) == (1, {"nobody_online": 1})


async def test_the_queue_stands_in_the_routers_order_and_its_reasons_add_up(desk):
    told = Told()
    waits(told, "late", 0)
    told.promised("late", 0, 300)
    waits(told, "soon", 5)
    told.promised("soon", 5, 35)
    waits(told, "unpromised", 1)
    waits(told, "crisis", 20, CRISIS)
    waits(told, "important", 15, priority=9)
    told.promised("important", 15, 300)
    online(told, "mia")
    await desk.harness.feed(*told.facts)
    found = await queue(desk)
    names = {str(conversation(name)): name for name in ("late", "soon", "unpromised", "crisis", "important")}
    order = [names[item["conversation"]["id"]] for item in found["items"]]
    assert order == ["crisis", "soon", "important", "late", "unpromised"]
    assert (found["total"], sum(found["reasons"].values()), found["reasons"]) == (5, 5, {"matching": 5})
    assert found["oldest"] == at(0).isoformat().replace("+00:00", "Z")
    (first,) = (await desk.get("/v1/queue", LARS, limit=1)).json()["items"]
    assert names[first["conversation"]["id"]] == "crisis"


async def test_what_is_called_for_follows_relaxations_readings_and_reopening(desk):
    told = Told()
    waits(told, "u", 10)
    relaxed = c.RoutingRelaxed(conversation_id=conversation("u"), ring=2, dropped=("de",), at=at(12))
    told.tell(relaxed, 12)
    told.queued("u", 13, CALM, 10)
    await desk.harness.feed(*told.facts)
    kept = await boards.called_for(desk.parts, conversation("u"))
    assert (kept.called_for, kept.begun_at) == ({}, at(10.1)), "queued again alike, it stays dropped"
    changed = c.ReadingChanged(
        conversation_id=conversation("u"),
        message_id=derive("any"),
        current=ANGRY,
        actor=ROUTER,
        reason="analysed",
        priority=7,
        at=at(14),
        required={"de": 3, "complaints": 2},
        preferred={"billing": 1},
        team="service",
        rules=("beschwerde",),
    )
    await desk.harness.feed(told.tell(changed, 14))
    kept = await boards.called_for(desk.parts, conversation("u"))
    assert (kept.called_for, kept.rules) == ({"de": 3, "complaints": 2}, ("beschwerde",))
    told.moved(c.ConversationResolved, "u", Status.RESOLVED, 15, MIA)
    told.moved(c.ConversationReopened, "u", Status.NEW, 16)
    await desk.harness.feed(*told.facts[-2:])
    assert (await boards.called_for(desk.parts, conversation("u"))).begun_at is None
    assert await boards.waiting(desk.parts, conversation("u")) is None, "it is read again before it waits"


async def test_who_had_it_goes_first_and_who_handed_it_back_does_not(desk):
    told = Told()
    waits(told, "u", 10)
    told.assigned("u", "mia", 11)
    told.moved(c.ConversationResolved, "u", Status.RESOLVED, 12, MIA)
    told.moved(c.ConversationReopened, "u", Status.NEW, 29)
    told.queued("u", 29.5, CALM, 29)
    online(told, "mia", 1)
    await desk.harness.feed(*told.facts)
    waiting = await boards.waiting(desk.parts, conversation("u"))
    assert (waiting.first.id, waiting.first.until) == ("mia", at(30.5))
    taken_back = [told.assigned("u", "mia", 29.6), told.assigned("u", None, 29.8)]
    await desk.harness.feed(*taken_back)
    waiting = await boards.waiting(desk.parts, conversation("u"))
    assert (waiting.first, waiting.queued_at) == (None, at(29.8))


async def test_an_agent_who_is_full_makes_others_wait(desk):
    told = Told()
    online(told, "mia")
    for number in range(6):
        waits(told, f"has{number}", number)
        told.assigned(f"has{number}", "mia", number + 0.2)
    waits(told, "u", 10)
    await desk.harness.feed(*told.facts)
    (item,) = (await queue(desk))["items"]
    assert item["waiting"]["why"] == "all_full"
    assert [(one["used"], one["limit"]) for one in item["waiting"]["candidates"]][0] == (6, 6)
    mia = next(one for one in (await desk.get("/v1/board", LARS)).json()["agents"] if one["id"] == "mia")
    assert (mia["units"], mia["conversations"], len(mia["in_hand"])) == (6, 6, 6)
    assert mia["units"] <= CONFIG.agents["mia"].capacity.soft


async def test_a_live_conversation_takes_room_until_it_is_closed(desk):
    told = Told()
    told.opened("call", "petra", Channel.PHONE, 1)
    told.added("call", 1, "Hallo?", 1, Channel.PHONE)
    told.assigned("call", "mia", 2, units=5)
    told.moved(c.ConversationWaiting, "call", Status.WAITING, 3)
    await desk.harness.feed(*told.facts)
    mia = next(one for one in (await desk.get("/v1/board", LARS)).json()["agents"] if one["id"] == "mia")
    assert (mia["units"], mia["conversations"]) == (5, 0)


def promise(told: Told, name: str, channel: Channel, started: float, due: float) -> None:
    versions = {"policy": "p", "policy_version": "1", "calendar": "always", "calendar_version": "1"}
    times = {"started_at": at(started), "due_at": at(due), "target": timedelta(minutes=due - started)}
    told.tell(d.DeadlineStarted(**of(name, channel), **times, **versions), started)


def of(name: str, channel: Channel) -> dict[str, object]:
    return {
        "conversation_id": conversation(name),
        "deadline_id": derive("test deadline", name),
        "clock": d.Clock.FIRST_RESPONSE,
        "channel": channel,
    }


def met(told: Told, name: str, channel: Channel, due: float, when: float) -> None:
    event = d.DeadlineMet(
        **of(name, channel), due_at=at(due), met_at=at(when), late=when > due, business_time=timedelta(minutes=when)
    )
    told.tell(event, when)


def missed(told: Told, name: str, channel: Channel, due: float) -> None:
    told.tell(d.DeadlineMissed(**of(name, channel), missed_at=at(due), detected_at=at(due)), due)


def one_outcome(told: Told, name: str, channel: Channel, outcome: str, due: float) -> None:
    """What may become of a promise, in the order that sla tells it."""
    promise(told, name, channel, due - 30, due)
    match outcome:
        case "kept":
            met(told, name, channel, due, due - 5)
        case "missed":
            missed(told, name, channel, due)
        case "late":
            missed(told, name, channel, due)
            met(told, name, channel, due, due + 3000)
        case "corrected":
            missed(told, name, channel, due)
            event = d.DeadlineCorrected(**of(name, channel), missed_at=at(due), met_at=at(due - 5))
            told.tell(event, due + 1)
        case "cancelled":
            missed(told, name, channel, due)
            told.tell(d.DeadlineCancelled(**of(name, channel), reason="spam", at=at(due + 1)), due + 1)
        case _:
            pass


DAY_MINUTES = 24 * 60
outcomes = st.tuples(
    st.sampled_from([Channel.EMAIL, Channel.FACEBOOK, Channel.WHATSAPP]),
    st.sampled_from(["kept", "missed", "late", "corrected", "cancelled", "open"]),
    st.integers(-2 * DAY_MINUTES, DAY_MINUTES),
)


@given(st.lists(outcomes, max_size=12))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_todays_promises_add_up_to_the_deadlines_whose_outcome_fell_on_the_day(desk, drawn):
    """The desk stands at 9:30 UTC on 2 March; the day in Berlin began at 23:00 UTC the day before."""
    await desk.harness.execute("TRUNCATE inbox, heard, deadline")
    desk.harness.log = Log()
    told = Told()
    for number, (channel, outcome, due) in enumerate(drawn):
        one_outcome(told, str(number), channel, outcome, due)
    if told.facts:
        await desk.harness.feed(*told.facts)
    today = (await desk.get("/v1/board", LARS)).json()["today"]
    begin, end = at(-600), at(-600 + DAY_MINUTES)
    rows = await desk.harness.rows("SELECT channel, state, missed_at, met_at, end_reason FROM deadline")
    kept = [r for r in rows if r["state"] == "met" and not r["missed_at"] and begin <= r["met_at"] < end]
    late = [r for r in rows if r["missed_at"] and begin <= r["missed_at"] < end and r["state"] != "cancelled"]
    total = today["total"]
    assert (today["day"], today["zone"]) == ("2026-03-02", "Europe/Berlin")
    assert (total["kept"], total["missed"]) == (len(kept), len(late))
    assert total["open"] == sum(r["state"] == "open" for r in rows)
    for figure in ("kept", "missed", "open", "overdue"):
        assert sum(one[figure] for one in today["channels"].values()) == total[figure]


async def test_the_boards_are_the_same_after_a_rebuild(desk):
    told = Told()
    waits(told, "u", 10)
    told.tell(c.RoutingRelaxed(conversation_id=conversation("u"), ring=2, dropped=("de",), at=at(12)), 12)
    told.assigned("u", "mia", 13)
    told.assigned("u", None, 14)
    await desk.harness.feed(*told.facts)
    before, shown = await dump(desk.harness), await queue(desk)
    async with desk.harness.database.transaction() as tx:
        await anew.begin(tx)
    desk.harness.log = Log()
    await desk.harness.feed(*told.facts)
    assert await dump(desk.harness) == before
    assert (await queue(desk))["items"] == shown["items"]
