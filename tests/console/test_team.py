"""The team page: why each conversation waits, who works on what, what a lead does by hand."""

import re

import pytest
import pytest_asyncio
from playwright.async_api import expect

PEOPLE = ("anna", "bruno", "clara", "david", "eva")


@pytest_asyncio.fixture(loop_scope="session")
async def team(desk):
    """Nobody works and nothing waits, as a morning begins; again afterwards."""
    await _rest(desk)
    yield desk
    await _rest(desk)


async def _rest(desk) -> None:
    for agent in PEOPLE:
        await desk.status(agent, "offline")
    while (queue := await desk.get("/v1/queue?limit=500"))["total"]:
        for item in queue["items"]:
            await desk.call("POST", f"/v1/conversations/{item['conversation']['id']}/resolve", json={})


async def comes(desk, agent: str) -> None:
    await desk.status(agent, "online")
    await desk.until("/v1/agents", lambda found: presence(found, agent) == "online")


def presence(found: dict, agent: str) -> str:
    return next(one["status"] for one in found["items"] if one["id"] == agent)


def line(page, conversation):
    return page.locator(f'[data-conversation="{conversation}"]')


def card(page, agent: str):
    return page.locator(f'[data-agent="{agent}"]')


async def waits(desk, conversation) -> dict:
    """What the API says of it, once it stands in the queue."""

    def found(queue: dict) -> dict | None:
        return next((one for one in queue["items"] if one["conversation"]["id"] == str(conversation)), None)

    return found(await desk.until("/v1/queue?limit=500", found))


async def test_a_conversation_waits_with_its_reason_and_with_who_could_take_it(open_page, customers, team):
    conversation = await customers.messenger("Wo bleibt meine Bestellung?")
    said = await waits(team, conversation)
    page = await open_page("/team")
    row = line(page, conversation)
    await expect(row.locator("[data-why]")).to_have_text("Von denen, die es könnten, ist niemand erreichbar.")
    await expect(row.get_by_role("timer")).to_contain_text("in ")
    await row.locator("summary").click()
    people = row.get_by_role("list", name="Wer könnte").get_by_role("listitem")
    await expect(people).to_have_count(len(said["waiting"]["candidates"]))
    await expect(people.first).to_contain_text("offline")
    await expect(row.locator("dl")).to_contain_text("de 1")


async def test_a_public_word_says_which_skill_is_missing_to_whom(open_page, customers, team):
    await comes(team, "bruno")
    conversation = await customers.comment("Warum antwortet hier niemand?")
    await waits(team, conversation)
    page = await open_page("/team", language="en")
    row = line(page, conversation)
    await expect(row.locator("[data-why]")).to_have_text("Of those who could take it nobody is available.")
    await expect(row).to_contain_text("public")
    await row.locator("summary").click()
    people = row.get_by_role("list", name="Who could").get_by_role("listitem")
    await expect(people.filter(has_text="Clara Winter")).not_to_contain_text("lacks")
    await expect(people.filter(has_text=re.compile("lacks: .*public_voice –/3"))).to_have_count(1)


async def test_an_open_conversation_that_waits_follows_other_peoples_work(open_page, customers, team):
    await comes(team, "bruno")
    conversation = await customers.comment("Warum antwortet hier niemand?")
    await waits(team, conversation)
    page = await open_page(f"/conversations/{conversation}")
    bruno = page.get_by_role("complementary").get_by_role("listitem").filter(has_text="Bruno Hansen")
    before = await bruno.locator(".lt-number").text_content()
    other = await customers.messenger("Kann ich noch umbestellen?")
    await team.until(f"/v1/conversations/{other}", lambda found: found["assignee"] == "bruno")
    await expect(bruno.locator(".lt-number")).not_to_have_text(before)


async def test_the_board_moves_by_itself_when_an_agent_comes(open_page, customers, team):
    conversation = await customers.messenger("Kann ich noch umbestellen?")
    await waits(team, conversation)
    page = await open_page("/team")
    await expect(line(page, conversation)).to_be_visible()
    await expect(card(page, "bruno").locator("[data-presence]")).to_contain_text("offline")
    await comes(team, "bruno")
    await expect(line(page, conversation)).to_have_count(0)
    bruno = card(page, "bruno")
    await expect(bruno.locator("[data-presence]")).to_contain_text("erreichbar")
    await expect(bruno.locator(f'a[href="/conversations/{conversation}"]')).to_be_visible()
    load = next(one for one in (await team.get("/v1/agents"))["items"] if one["id"] == "bruno")
    await expect(bruno.locator("[data-load]")).to_have_text(
        f"{load['units']}/{load['soft_limit']}/{load['hard_limit']}"
    )


async def test_a_lead_assigns_by_hand_and_with_the_keyboard_alone(open_page, customers, team):
    await comes(team, "bruno")
    conversation = await customers.comment("Ist das ernst gemeint?")
    await waits(team, conversation)
    page = await open_page("/team")
    row = line(page, conversation)
    await expect(row).to_be_visible()
    await page.keyboard.press("j")
    await expect(row.locator("a")).to_be_focused()
    await page.keyboard.press("t")
    dialog = page.get_by_role("dialog", name="Von Hand zuweisen")
    await expect(dialog.get_by_role("option").filter(has_text="Bruno Hansen")).to_contain_text("public_voice")
    await page.keyboard.type("Bruno")
    await expect(dialog.get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(card(page, "bruno").locator(f'a[href="/conversations/{conversation}"]')).to_be_visible()
    await expect(row).to_have_count(0)
    told = await team.get(f"/v1/conversations/{conversation}")
    assert (told["assignee"], told["assignments"][-1]["actor_id"]) == ("bruno", "anna")


async def test_what_the_router_refuses_is_said_in_plain_words(open_page, customers, team):
    conversation = await customers.comment("Hallo?")
    await waits(team, conversation)
    page = await open_page("/team")
    await line(page, conversation).get_by_role("button", name="zuweisen").click()
    dialog = page.get_by_role("dialog", name="Von Hand zuweisen")
    await dialog.get_by_role("option").filter(has_text="Clara Winter").click()
    await dialog.get_by_role("button", name="Zuweisen").click()
    await expect(dialog.get_by_role("alert")).to_have_text("Diese Person ist nicht erreichbar.")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(line(page, conversation)).to_be_visible()


async def test_a_lead_sets_a_colleagues_status(open_page, team):
    await comes(team, "david")
    page = await open_page("/team")
    david = card(page, "david")
    await expect(david.locator("[data-presence]")).to_contain_text("erreichbar")
    await david.get_by_role("button", name="Status von David Olsen ändern").click()
    dialog = page.get_by_role("dialog", name="Status von David Olsen ändern")
    await dialog.get_by_label("abwesend").check()
    await dialog.get_by_label(re.compile("zurückgeben")).check()
    await dialog.get_by_role("button", name="Ändern").click()
    await expect(dialog).to_be_hidden()
    await expect(david.locator("[data-presence]")).to_contain_text("abwesend")
    assert presence(await team.get("/v1/agents"), "david") == "away"


async def test_an_agent_takes_what_waits_and_manages_nobody(open_page, customers, team):
    await comes(team, "bruno")
    conversation = await customers.comment("Noch eine Frage dazu")
    await waits(team, conversation)
    page = await open_page("/team", agent="bruno")
    row = line(page, conversation)
    await expect(row).to_be_visible()
    await expect(page.get_by_role("button", name=re.compile("Status von"))).to_have_count(0)
    await row.get_by_role("button", name="übernehmen").click()
    await expect(row).to_have_count(0)
    assert (await team.get(f"/v1/conversations/{conversation}"))["assignee"] == "bruno"


async def test_todays_promises_are_those_of_the_deadlines_and_add_up(open_page, customers, team):
    conversation = await customers.messenger("Wann öffnet der Laden?")
    await waits(team, conversation)
    await comes(team, "bruno")
    await team.until(f"/v1/conversations/{conversation}", lambda found: found["assignee"] == "bruno")
    await team.post(f"/v1/conversations/{conversation}/reply", {"text": "Um neun."}, who="bruno")
    await team.until(f"/v1/conversations/{conversation}", lambda found: found["deadlines"][0]["state"] == "met")
    today = (await team.get("/v1/board"))["today"]
    page = await open_page("/team")
    table = page.get_by_role("table")
    total = table.locator("[data-total-row]")
    for figure in ("kept", "missed", "open", "overdue"):
        await expect(total.locator(f'[data-figure="{figure}"]')).to_have_text(str(today["total"][figure]))
        column = await table.locator(f'tbody [data-figure="{figure}"]').all_inner_texts()
        assert sum(map(int, column)) == today["total"][figure]
    assert today["total"]["kept"] >= 1
    await expect(
        table.locator("tbody tr").filter(has_text="Messenger").locator('[data-figure="level"]')
    ).to_contain_text("%")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_everybody_can_read_it_in_both_themes_and_on_a_phone(
    open_page, customers, team, accessible, theme, width
):
    await comes(team, "bruno")
    conversation = await customers.comment("Ich warte seit Wochen auf Antwort, eine Frechheit!")
    await waits(team, conversation)
    page = await open_page("/team", theme=theme, width=width)
    row = line(page, conversation)
    await row.locator("summary").click()
    await accessible(page)
    assert await page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")
    await row.get_by_role("button", name="zuweisen").click()
    await expect(page.get_by_role("option").first).to_be_visible()
    await accessible(page)
