"""What stands around every page: navigation, presence, keys, looks, and the connection."""

import re

import pytest
from playwright.async_api import expect

HEADER = "header"
ONLINE, AWAY, OFFLINE = "Verfügbar", "Abwesend", "Abgemeldet"


def navigation(page, name: str = "Bereiche"):
    return page.get_by_role("navigation", name=name)


def corner(page, name: str = "Anna Petersen"):
    return page.get_by_role("button", name=name)


@pytest.fixture
async def nobody_works(desk):
    """Everybody is offline before and after."""
    agents = ("anna", "bruno", "clara")
    for agent in agents:
        await desk.status(agent, "offline")
    yield
    for agent in agents:
        await desk.status(agent, "offline")


def status(agent: str, wanted: str):
    return lambda said: next(one["status"] for one in said["items"] if one["id"] == agent) == wanted


@pytest.mark.parametrize(("agent", "shown"), [("anna", 4), ("bruno", 3)])
async def test_the_navigation_shows_what_the_role_may_see(open_page, agent, shown):
    page = await open_page("/", agent=agent)
    await expect(navigation(page).get_by_role("link")).to_have_count(shown)
    await expect(navigation(page).get_by_role("link", name="Eingang")).to_have_attribute("aria-current", "page")


async def test_a_page_for_leads_is_closed_to_agents(open_page):
    page = await open_page("/", agent="bruno")
    answer = await page.goto("/operations")
    assert answer.status == 403
    await expect(page.get_by_role("heading", name="Nicht für Ihre Rolle")).to_be_visible()
    await page.get_by_role("link", name="Zum Eingang").click()
    await expect(navigation(page)).to_be_visible()


async def test_a_page_that_is_not_there_says_so_in_our_words(open_page, accessible):
    page = await open_page("/", language="en")
    answer = await page.goto("/nowhere")
    assert answer.status == 404
    await expect(page.get_by_role("heading", name="Nothing here")).to_be_visible()
    await accessible(page)


async def test_the_first_tab_leads_past_the_header(open_page):
    page = await open_page("/")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Zum Inhalt")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#lt-main")).to_be_focused()


async def test_the_question_mark_lists_the_keys_and_escape_gives_the_focus_back(open_page, accessible):
    page = await open_page("/")
    link = navigation(page).get_by_role("link", name="Team")
    await link.focus()
    await page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Tasten")
    await expect(dialog).to_be_visible()
    await expect(dialog.get_by_text("Zu: Betrieb")).to_be_visible()
    await accessible(page, "dialog")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(link).to_be_focused()


async def test_keys_go_to_pages_but_not_while_somebody_writes(open_page, windows):
    page = await open_page("/")
    search = page.get_by_role("searchbox").first
    await search.fill("")
    await search.press_sequentially("gt?")
    await expect(search).to_have_value("gt?")
    await expect(page.get_by_role("dialog", name="Tasten")).to_be_hidden()
    await page.keyboard.press("Escape")
    await page.locator("#lt-main").focus()
    await page.keyboard.press("g")
    await page.keyboard.press("t")
    await page.wait_for_url("**/team", wait_until="commit")
    await windows.live(page)


@pytest.mark.usefixtures("nobody_works")
async def test_an_agent_says_whether_he_takes_work_and_sees_it_in_every_window(open_page, desk, accessible):
    page = await open_page("/", agent="bruno")
    other = await open_page("/", agent="bruno", language="en", theme="dark")
    await expect(corner(page, f"Bruno Hansen, {OFFLINE}")).to_be_visible()
    await corner(page, "Bruno Hansen").click()
    await page.get_by_role("radio", name=ONLINE).check()
    await expect(corner(page, f"Bruno Hansen, {ONLINE}")).to_be_visible()
    await desk.until("/v1/agents", status("bruno", "online"))
    await expect(corner(other, "Bruno Hansen, Available")).to_be_visible()
    menu = page.get_by_role("dialog", name="Ihr Konto")
    await expect(menu.get_by_text("Kundenservice")).to_be_visible()
    await expect(menu.get_by_role("listitem").filter(has_text="billing")).to_contain_text("5")
    await accessible(page, HEADER)
    await corner(other, "Bruno Hansen").click()
    await accessible(other, HEADER)
    await page.bring_to_front()
    await page.keyboard.press("Escape")
    await expect(menu).to_be_hidden()
    await expect(corner(page, "Bruno Hansen")).to_be_focused()


@pytest.mark.usefixtures("nobody_works")
async def test_an_open_menu_hears_its_keys_alone(open_page, desk, customers):
    found = await customers.typed("Wann kommt der Techniker? Ich bin heute zu Hause.")
    page = await open_page(f"/?c={found}", agent="anna")
    await corner(page, "Anna Petersen").click()
    menu = page.get_by_role("dialog", name="Ihr Konto")
    await expect(menu).to_be_visible()
    await page.keyboard.press("a")
    await page.keyboard.press("e")
    await page.keyboard.press("Escape")
    await expect(menu).to_be_hidden()
    assert f"c={found}" in page.url
    assert (await desk.get(f"/v1/conversations/{found}"))["status"] == "queued"


@pytest.mark.usefixtures("nobody_works")
async def test_work_in_hand_is_shown_and_handed_back(open_page, desk, customers):
    await desk.status("bruno", "online")
    page = await open_page("/", agent="bruno")
    found = await customers.typed("Wo bleibt meine Rechnung? Ich warte seit zwei Wochen.")
    await desk.until(f"/v1/conversations/{found}", lambda said: said["assignee"] == "bruno")
    await corner(page, "Bruno Hansen").click()
    menu = page.get_by_role("dialog", name="Ihr Konto")
    await expect(menu.get_by_text(re.compile(r"^\d+ Gespräche?$"))).to_be_visible()
    await menu.get_by_role("radio", name=AWAY).check()
    await menu.get_by_role("button", name="Arbeit zurückgeben").click()
    await desk.until(f"/v1/conversations/{found}", lambda said: said["assignee"] != "bruno")
    await expect(menu.get_by_role("button", name="Arbeit zurückgeben")).to_be_hidden(timeout=5_000)
    await desk.post(f"/v1/conversations/{found}/resolve", who="anna")


@pytest.mark.usefixtures("nobody_works")
async def test_an_open_page_keeps_an_agent_at_work_and_without_one_he_is_gone(open_page, desk, customers):
    await open_page("/", agent="clara")
    for agent in ("clara", "bruno"):
        await desk.status(agent, "online")
        await desk.until("/v1/agents", status(agent, "online"))
    aged = await customers.database.execute(
        "UPDATE router.agent SET last_seen = last_seen - interval '15 s' WHERE id IN ('clara', 'bruno')"
    )
    assert aged == "UPDATE 2"
    said = await desk.until("/v1/agents", status("bruno", "offline"), seconds=60)
    assert status("clara", "online")(said)


async def test_light_and_dark_are_chosen_and_kept(open_page):
    page = await open_page("/", theme="light")
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")
    light = await page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    await corner(page).click()
    await page.get_by_role("radio", name="Dunkel").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(page.locator("body")).to_have_class(re.compile("body--dark"))
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert await page.evaluate("() => getComputedStyle(document.body).backgroundColor") != light


async def test_the_system_decides_until_somebody_chooses(open_page):
    page = await open_page("/", theme="dark")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.emulate_media(color_scheme="light")
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")


async def test_the_language_is_chosen_and_kept(open_page):
    page = await open_page("/", language="de")
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await corner(page).click()
    await page.get_by_role("radio", name="English").click()
    await expect(navigation(page, "Sections")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "en-GB")
    await page.goto("/team")
    await expect(navigation(page, "Sections").get_by_role("link", name="Inbox")).to_be_visible()


@pytest.mark.parametrize(("language", "theme", "name"), [("de", "light", "Bereiche"), ("en", "dark", "Sections")])
async def test_on_a_phone_the_navigation_is_at_the_thumb_and_nothing_is_cut_off(
    open_page, accessible, language, theme, name
):
    page = await open_page("/", language=language, theme=theme, width=390)
    box = await navigation(page, name).bounding_box()
    assert box["y"] + box["height"] >= 843
    assert await page.evaluate("() => document.documentElement.scrollWidth") <= 390
    await corner(page).click()
    menu = await page.get_by_role("dialog").bounding_box()
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= 390
    await accessible(page, HEADER)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ("Verbindung verloren", "Versuche erneut zu verbinden")),
        ("en", ("Connection lost", "Trying to reconnect")),
    ],
)
async def test_a_desk_that_is_gone_is_said_and_found_again(stack, windows, open_page, language, words):
    page = await open_page("/", language=language)
    await stack.supervisor.kill("desk")
    lost = page.locator("#popup")
    for word in words:
        await expect(lost).to_contain_text(word)
    await expect(lost).to_be_visible()
    await expect(lost).to_have_attribute("role", "status")
    await expect(lost).to_be_hidden(timeout=60_000)
    await page.wait_for_function("window.did_handshake === true", timeout=60_000)
    await expect(corner(page)).to_be_visible()
