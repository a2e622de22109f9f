"""What an agent sees: lists, conversations, customers, colleagues and promises."""

import pytest
import pytest_asyncio
from desk_api import bearer, desk_over, settings_of
from desk_history import TRACE, Told, at, conversation, customer, message, the_day

from lotse.contracts import conversations as c
from lotse.contracts.channels import Channel
from lotse.contracts.values import Reading, Sentiment, Status

LARS = bearer("lars", "lead")


@pytest.fixture
async def desk(database):
    async with desk_over(settings_of(database)) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def morning(lasting_database):
    """The desk ten minutes in; for reading only."""
    async with desk_over(settings_of(lasting_database)) as made:
        await made.harness.feed(*until_assigned().facts)
        yield made


async def shown(desk, **params) -> list[str]:
    return [item["id"] for item in await desk.items("/v1/conversations", **params)]


def named(*names: str) -> list[str]:
    return [str(conversation(name)) for name in names]


def until_assigned() -> Told:
    """Ten minutes in: one assigned in public, one answered, one waiting, one spam."""
    told = Told()
    angry = Reading(sentiment=Sentiment.NEGATIVE, language="de")
    told.opened("public", "petra", Channel.FACEBOOK, 0)
    told.added("public", 1, "Die Lieferungen kommen immer zu spät!", 0)
    told.promised("public", 0, 40)
    told.queued("public", 0.2, angry, 0)
    told.assigned("public", "mia", 0.3)
    told.opened("private", "karl", Channel.EMAIL, 3)
    told.added("private", 1, "Wo finde ich die Rechnung?", 3, Channel.EMAIL, subject="Rechnung")
    told.promised("private", 3, 300)
    told.queued("private", 3.2, angry, 3)
    told.opened("answered", "petra", Channel.WHATSAPP, 5)
    told.added("answered", 1, "Danke", 5, Channel.WHATSAPP)
    told.assigned("answered", "lars", 5.1)
    told.moved(c.ConversationWaiting, "answered", Status.WAITING, 6)
    told.opened("spam", "trader", Channel.INSTAGRAM, 8)
    told.added("spam", 1, "Win big", 8, Channel.INSTAGRAM)
    told.moved(c.ConversationSetAside, "spam", Status.SET_ASIDE, 8.1, reading=angry)
    return told


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ("spam", "answered", "private", "public")),
        ({"view": "unanswered"}, ("public", "private")),
        ({"view": "about-to-miss"}, ("public",)),
        ({"view": "mine"}, ("public",)),
        ({"view": "mine", "agent": "lars"}, ()),
        ({"view": "waiting"}, ("answered",)),
        ({"view": "public-negative"}, ("public",)),
        ({"view": "public-negative", "channel": "email"}, ()),
        ({"view": "spam"}, ("spam",)),
        ({"status": "queued"}, ("private",)),
        ({"status": ["queued", "waiting"]}, ("answered", "private")),
        ({"channel": ["email", "whatsapp"]}, ("answered", "private")),
        ({"agent": "lars"}, ("answered",)),
        ({"team": "nobody"}, ()),
        ({"q": "lieferung"}, ("public",)),
        ({"q": "rechnungen"}, ("private",)),
        ({"q": '"immer zu spät" -danke'}, ("public",)),
        ({"q": "versprochen"}, ()),
        ({"view": "unanswered", "q": "rechnung"}, ("private",)),
        ({"view": "about-to-miss", "q": "rechnung"}, ()),
    ],
)
async def test_each_view_shows_what_it_says_in_its_order(morning, params, expected):
    assert await shown(morning, **params) == named(*expected)


@pytest.mark.parametrize("params", [{}, {"view": "unanswered"}, {"view": "about-to-miss"}])
@pytest.mark.parametrize("limit", [1, 2, 3, 25])
async def test_pages_show_everything_once_in_the_lists_order(desk, params, limit):
    told = Told()
    for number in range(7):
        name, minutes = f"c{number}", number // 2
        told.opened(name, "petra", minutes=minutes)
        told.added(name, 1, "Hallo?", minutes)
        told.promised(name, minutes, 10 + minutes)
    await desk.harness.feed(*told.facts)
    whole = await shown(desk, **params)
    assert len(whole) == 7
    pages, cursor = [], {}
    while True:
        answer = (await desk.get("/v1/conversations", limit=limit, **params, **cursor)).json()
        pages += [item["id"] for item in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = {"cursor": answer["next_cursor"]}
    assert pages == whole


async def test_a_page_goes_on_where_it_ended_although_others_came_first(desk):
    told = until_assigned()
    await desk.harness.feed(*told.facts)
    first = (await desk.get("/v1/conversations", limit=2)).json()
    before = len(told.facts)
    told.opened("newer", "karl", Channel.EMAIL, 20)
    await desk.harness.feed(*told.facts[before:])
    second = (await desk.get("/v1/conversations", limit=2, cursor=first["next_cursor"])).json()
    assert [item["id"] for item in second["items"]] == named("private", "public")


async def test_a_list_shows_last_words_promise_and_reading(morning):
    (item,) = await morning.items("/v1/conversations", view="mine")
    assert item["last_words"]["text"] == "Die Lieferungen kommen immer zu spät!"
    assert (item["due_clock"], item["customer_name"], item["message_count"]) == ("first_response", "Petra", 1)
    assert (item["reading"]["sentiment"], item["assignee"]) == ("negative", "mia")


async def test_a_conversation_is_shown_whole(desk):
    await desk.harness.feed(*the_day())
    answer = (await desk.get(f"/v1/conversations/{conversation('a')}")).json()
    assert (answer["status"], answer["trace_id"]) == ("resolved", TRACE)
    assert [item["text"] for item in answer["messages"]] == ["Wo bleibt mein Paket?", None]
    assert answer["messages"][0]["reading"]["reasons"] == ["unverschämt"]
    assert answer["messages"][0]["pii"] == [{"kind": "email", "start": 0, "end": 9}]
    assert [(item["state"], item["text"]) for item in answer["replies"]] == [
        ("blocked", None),
        ("read", "Es ist unterwegs."),
    ]
    assert [item["text"] for item in answer["notes"]] == ["ruft zurück"]
    assert [item["current"] for item in answer["assignments"]] == ["mia"]
    assert [(item["state"], item["late"]) for item in answer["deadlines"]] == [("met", True)]
    assert answer["as_of"]["topics"]["conversations"]["sequence"] == 15
    assert set(answer["as_of"]["topics"]) == {"conversations", "deadlines", "notices"}


async def test_a_deleted_message_is_in_no_answer(desk):
    await desk.harness.feed(*the_day())
    for path in (f"/v1/conversations/{conversation('a')}", f"/v1/customers/{customer('petra')}", "/v1/conversations"):
        assert "0151" not in (await desk.get(path)).text
    assert await shown(desk, q="0151") == []
    assert str(message("a2")) in (await desk.get(f"/v1/conversations/{conversation('a')}")).text


async def test_an_answer_given_elsewhere_stands_among_the_replies(desk):
    from lotse.contracts.notices import ReplySent

    told = until_assigned()
    sent = ReplySent(
        conversation_id=conversation("public"),
        reply_id=message("elsewhere"),
        account="haupt",
        channel=Channel.FACEBOOK,
        provider_ids=("1",),
        sent_at=at(9),
        elsewhere=True,
        text="Von der Seite selbst",
    )
    told.tell(sent, 9)
    await desk.harness.feed(*told.facts)
    answer = (await desk.get(f"/v1/conversations/{conversation('public')}")).json()
    assert [(r["text"], r["elsewhere"], r["state"]) for r in answer["replies"]] == [
        ("Von der Seite selbst", True, "sent")
    ]
    assert answer["last_words"]["by"] == "agent"


async def test_a_customer_is_shown_over_all_channels(desk):
    await desk.harness.feed(*the_day())
    answer = (await desk.get(f"/v1/customers/{customer('petra')}", limit=1)).json()
    assert answer["name"] == "Petra Klein"
    assert [identity["kind"] for identity in answer["identities"]] == ["email", "external"]
    assert [item["channel"] for item in answer["conversations"]] == ["email"]
    more = (await desk.get(f"/v1/customers/{customer('petra')}", cursor=answer["next_cursor"])).json()
    assert [item["channel"] for item in more["conversations"]] == ["facebook"]
    assert more["next_cursor"] is None


async def test_the_board_shows_every_agent_with_his_load(morning):
    agents = {item["id"]: item for item in await morning.items("/v1/agents")}
    assert (agents["mia"]["status"], agents["mia"]["conversations"], agents["mia"]["units"]) == ("offline", 1, 1)
    assert (agents["mia"]["skills"], agents["mia"]["soft_limit"]) == ({"de": 5}, 6)
    assert agents["lars"]["conversations"] == 0


async def test_an_agents_status_is_shown_once_it_is_known(desk):
    await desk.harness.feed(*the_day())
    answer = (await desk.get("/v1/me")).json()
    assert (answer["subject"], answer["role"], answer["agent"]["status"]) == ("mia", "agent", "away")


async def test_whoever_is_no_agent_has_no_card(morning):
    answer = (await morning.get("/v1/me", bearer("crm", "service"))).json()
    assert answer == {"subject": "crm", "role": "service", "agent": None}


@pytest.mark.parametrize(
    ("state", "expected"), [("open", ("public", "private")), ("due-soon", ("public",)), ("missed", ())]
)
async def test_promises_are_listed_by_urgency(morning, state, expected):
    items = await morning.items("/v1/deadlines", state=state)
    assert [item["conversation_id"] for item in items] == named(*expected)


async def test_missed_promises_are_listed_although_they_were_met_later(desk):
    await desk.harness.feed(*the_day())
    (item,) = await desk.items("/v1/deadlines", LARS, state="missed")
    assert (item["conversation_id"], item["state"], item["assignee"]) == (*named("a"), "met", None)


async def test_promises_come_in_pages(morning):
    first = (await morning.get("/v1/deadlines", limit=1)).json()
    second = (await morning.get("/v1/deadlines", limit=1, cursor=first["next_cursor"])).json()
    assert [i["conversation_id"] for i in first["items"] + second["items"]] == named("public", "private")
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        (f"/v1/conversations/{customer('nobody')}", 404, "not_found"),
        (f"/v1/customers/{customer('nobody')}", 404, "not_found"),
        ("/v1/conversations?cursor=abc", 422, "bad_cursor"),
        ("/v1/conversations?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkuMA", 422, "bad_cursor"),
        ("/v1/conversations?limit=0", 422, "invalid"),
        ("/v1/conversations?q=%00", 422, "invalid"),
        ("/v1/conversations/x", 422, "invalid"),
        ("/v1/nothing", 404, "not_found"),
    ],
)
async def test_what_cannot_be_answered_is_a_problem(morning, path, status, reason):
    answer = await morning.get(path)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["status"], answer.json()["reason"]) == (status, status, reason)


async def test_a_command_nobody_heard_of_is_open(morning):
    answer = (await morning.get(f"/v1/commands/{message('x')}")).json()
    assert (answer["state"], answer["outcome"]) == ("open", None)


async def test_a_database_away_is_said_and_not_a_fault(desk):
    desk.harness.database.terminate()
    answer = await desk.get("/v1/conversations")
    assert (answer.status_code, answer.json()["reason"]) == (503, "database_away")


PLANS = {
    "conversation_newest": "SELECT id FROM conversation ORDER BY opened_at DESC, id DESC LIMIT 51",
    "conversation_unanswered": "SELECT id FROM conversation WHERE status IN ('new', 'queued', 'assigned')"
    " AND waiting_since IS NOT NULL ORDER BY waiting_since, id LIMIT 51",
    "conversation_customer": "SELECT id FROM conversation WHERE customer_id = '00000000-0000-0000-0000-000000000001'",
    "conversation_assignee": "SELECT id FROM conversation WHERE assignee = 'mia' ORDER BY opened_at DESC LIMIT 51",
    "deadline_open": "SELECT 1 FROM deadline WHERE state = 'open' ORDER BY due_at, deadline_id LIMIT 51",
    "deadline_missed": "SELECT 1 FROM deadline WHERE missed_at IS NOT NULL ORDER BY due_at DESC LIMIT 51",
    "message_words": "SELECT conversation_id FROM message WHERE to_tsvector('german', coalesce(subject, '') || ' '"
    " || coalesce(text, '')) @@ websearch_to_tsquery('german', 'paket')",
}


async def test_each_index_serves_the_list_it_was_made_for(morning):
    async with morning.harness.database.transaction() as tx:
        await tx.execute("SET LOCAL enable_seqscan = off")
        plans = {name: "\n".join(row[0] for row in await tx.fetch("EXPLAIN " + PLANS[name])) for name in PLANS}
    assert [name for name, plan in plans.items() if name not in plan] == []
