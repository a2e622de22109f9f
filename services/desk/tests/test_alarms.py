"""What the desk says is wrong now."""

import pytest
from desk_api import desk_over, settings_of
from desk_history import ANGRY, MIA, Told, at, conversation, the_day

from lotse.contracts import conversations as c
from lotse.contracts import deadlines as d
from lotse.contracts.channels import Channel
from lotse.contracts.values import Situation, Status
from lotse.desk import alarms

CRISIS = ANGRY.model_copy(update={"situation": Situation.CRISIS})


@pytest.fixture
async def desk(database):
    async with desk_over(settings_of(database)) as made:
        yield made


async def standing(desk) -> dict:
    return (await desk.get("/v1/alarms")).json()


async def test_where_all_is_as_usual_nothing_is_said(desk):
    assert await standing(desk) == {
        "service_levels": [],
        "crisis": {"unanswered": 0, "oldest": None, "newest": None, "first": None},
    }


async def test_a_channel_is_shown_until_it_has_recovered(desk):
    await desk.harness.feed(*the_day())
    (level,) = (await standing(desk))["service_levels"]
    assert (level["channel"], level["p90_seconds"], level["baseline_seconds"]) == ("whatsapp", 2400, 720)
    assert (level["share_met"], level["staffed"], level["topic"]) == (0.6, 2, None)
    told = Told(numbers={("deadlines", "whatsapp"): 1})
    recovered = d.ServiceLevelRecovered(channel=Channel.WHATSAPP, at=at(200), degraded_at=at(25), reason="quiet")
    told.tell(recovered, 200)
    await desk.harness.feed(*told.facts)
    assert (await standing(desk))["service_levels"] == []


async def test_crises_are_counted_until_they_are_answered(desk):
    told = Told()
    for name, minutes in (("x", 1), ("y", 2), ("z", 3)):
        told.opened(name, "petra", minutes=minutes)
        told.added(name, 1, "Das steht morgen in der Zeitung!", minutes)
        told.queued(name, minutes, CRISIS if name != "z" else ANGRY, minutes)
    await desk.harness.feed(*told.facts)
    crisis = (await standing(desk))["crisis"]
    assert (crisis["unanswered"], crisis["first"]) == (2, str(conversation("x")))
    assert (crisis["oldest"][:16], crisis["newest"][:16]) == (at(1).isoformat()[:16], at(2).isoformat()[:16])
    listed = await desk.items("/v1/conversations", view="crisis")
    assert [item["id"] for item in listed] == [str(conversation("x")), str(conversation("y"))]
    answered = Told(numbers=told.numbers)
    answered.moved(c.ConversationWaiting, "x", Status.WAITING, 9, MIA)
    await desk.harness.feed(*answered.facts)
    assert (await standing(desk))["crisis"]["unanswered"] == 1


async def test_an_old_conversation_that_becomes_a_crisis_is_news(desk):
    told = Told()
    for name, minutes in (("x", 1), ("y", 5)):
        told.opened(name, "petra", minutes=minutes)
        told.added(name, 1, "Guten Tag", minutes)
        told.queued(name, minutes, CRISIS if name == "y" else ANGRY, minutes)
    await desk.harness.feed(*told.facts)
    assert (await standing(desk))["crisis"]["newest"][:16] == at(5).isoformat()[:16]
    later = Told(numbers=told.numbers)
    later.corrected("x", 1, 50, CRISIS)
    later.corrected("x", 1, 55, CRISIS)
    await desk.harness.feed(*later.facts)
    crisis = (await standing(desk))["crisis"]
    assert (crisis["unanswered"], crisis["newest"][:16]) == (2, at(50).isoformat()[:16])


async def test_what_a_person_dismissed_is_kept_for_him_alone_up_to_its_age(desk):
    async with desk.harness.database.transaction() as tx:
        await alarms.dismiss(tx, "mia", "crisis", at(5))
        await alarms.dismiss(tx, "mia", "crisis", at(3))
        await alarms.dismiss(tx, "mia", "whatsapp", at(1))
        assert await alarms.dismissed(tx, "mia") == {"crisis": at(5), "whatsapp": at(1)}
        assert await alarms.dismissed(tx, "lars") == {}


async def test_crises_are_counted_by_their_index(desk):
    rows = await desk.harness.rows(
        "SELECT indexdef FROM pg_indexes WHERE indexname = 'conversation_crisis' AND schemaname = current_schema()"
    )
    assert len(rows) == 1
    many = "generate_series(1, 5000)"
    await desk.harness.execute(
        "INSERT INTO conversation (id, opened_at, updated_at, auto, status, units, waiting_since, reading) "
        f"SELECT gen_random_uuid(), now(), now(), false, 'queued', 0, now(), '{{}}' FROM {many}"
    )
    await desk.harness.execute("ANALYZE conversation")
    plan = await desk.harness.rows(f"EXPLAIN {alarms._CRISIS}")
    assert "conversation_crisis" in "\n".join(row[0] for row in plan)
