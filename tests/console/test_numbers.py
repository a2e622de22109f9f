"""The numbers as people read them: charts with a table and a file behind each, counted again by themselves."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import expect

from lotse.runtime import clock

BERLIN = ZoneInfo("Europe/Berlin")
FIGURES = 16


def day(before: int = 0) -> str:
    return (clock.now().astimezone(BERLIN) - timedelta(days=before)).date().isoformat()


def noon(before: int) -> datetime:
    return datetime.fromisoformat(f"{day(before)}T12:00:00").replace(tzinfo=BERLIN)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def some_days(customers):
    """Letters of the last days and messages of today, over four channels."""
    for before, number in ((5, 1), (3, 2), (2, 3)):
        for _ in range(number):
            await customers.typed("Wo bleibt die Rechnung?", channel="letter", at=noon(before))
    await customers.messenger("Das Paket ist kaputt angekommen, unverschämt!")
    await customers.whatsapp("Wann öffnen Sie morgen?")
    await customers.mail("Bitte um ein Angebot für zehn Stück.")


async def total(desk, days: str, who: str = "anna") -> dict:
    return (await desk.get(f"/v1/reports?{days}", who))["total"]


def tile(page, name: str):
    return page.locator(".nu-tile").filter(has=page.get_by_text(name, exact=True)).locator("dd > *").first


async def counted(page) -> None:
    await expect(page.locator(".nu-body")).to_have_attribute("aria-busy", "false")


async def test_the_page_shows_what_the_api_counts(open_page, desk, some_days):
    page = await open_page("/numbers?range=30")
    await counted(page)
    found = await total(desk, f"from={day(29)}&to={day()}")
    assert found["messages"] >= 9
    await expect(tile(page, "Nachrichten")).to_have_text(str(found["messages"]))
    await expect(tile(page, "Gespräche eröffnet")).to_have_text(str(found["opened"]))
    await expect(page.locator(".nu-card h2")).to_have_count(FIGURES)
    chart = page.get_by_role("img", name="Diagramm: Aufkommen.")
    await expect(chart).to_be_visible()
    await expect(chart).to_have_accessible_name(re.compile(rf"Nachrichten: {found['messages']}\b"))


async def test_a_message_more_is_counted_when_asked_and_by_itself(open_page, customers, some_days):
    page = await open_page("/numbers?range=today")
    await page.clock.install()
    await page.reload()
    await counted(page)
    before = int(await tile(page, "Nachrichten").inner_text())
    await customers.messenger("Ist noch jemand da?")
    await page.get_by_role("button", name="Aktualisieren").click()
    await expect(tile(page, "Nachrichten")).to_have_text(str(before + 1))
    await customers.messenger("Hallo?")
    await page.clock.fast_forward("00:31")
    await expect(tile(page, "Nachrichten")).to_have_text(str(before + 2))


async def test_the_table_behind_a_chart_is_sorted_by_its_headings_and_adds_up(open_page, some_days):
    page = await open_page("/numbers?range=7")
    card = page.locator(".nu-card").filter(has=page.get_by_role("heading", name="Aufkommen"))
    await counted(page)
    await card.locator("summary").press("Enter")
    rows, heading = card.locator("tbody tr"), card.get_by_role("columnheader", name="Nachrichten")
    await expect(rows).to_have_count(7)
    await heading.get_by_role("button").press("Enter")
    await expect(heading).to_have_attribute("aria-sort", "descending")
    numbers = [int(text) for text in await rows.locator("td:nth-child(2)").all_inner_texts()]
    assert numbers == sorted(numbers, reverse=True)
    assert await card.locator("tfoot td:nth-child(2)").inner_text() == str(sum(numbers))
    await heading.get_by_role("button").press("Enter")
    await expect(heading).to_have_attribute("aria-sort", "ascending")
    assert [int(text) for text in await rows.locator("td:nth-child(2)").all_inner_texts()] == sorted(numbers)


@pytest.mark.parametrize(("language", "first"), [("de", "Beginn;Nachrichten;"), ("en", "From,Messages,")])
async def test_each_figure_can_be_taken_away_as_a_file(open_page, some_days, language, first):
    page = await open_page("/numbers?range=7", language=language)
    await counted(page)
    links = page.locator(".nu-card a[download]")
    await expect(links).to_have_count(FIGURES)
    async with page.expect_download() as started:
        await links.first.press("Enter")
    file = await started.value
    assert file.suggested_filename == f"lotse-volume-{day(6)}-{day()}.csv"
    content = Path(await file.path()).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf" + first.encode())
    assert content.count(b"\r\n") == 8


async def test_a_file_is_for_people_who_are_signed_in(windows, some_days):
    context = await windows.context()
    answer = await context.request.get("/numbers/volume.csv", max_redirects=0)
    assert (answer.status, answer.headers["location"]) == (303, "/numbers")


async def test_a_period_of_ones_own_stays_in_the_address(open_page, some_days):
    page = await open_page("/numbers")
    await counted(page)
    await page.get_by_role("button", name="Eigener Zeitraum").click()
    await page.get_by_label("Von", exact=True).fill(day(400))
    await page.get_by_label("Bis", exact=True).fill(day(400))
    await expect(tile(page, "Nachrichten")).to_have_text("0")
    await expect(page.get_by_text("In diesem Zeitraum gibt es dazu nichts.").first).to_be_visible()
    await page.get_by_role("button", name="Stunden").click()
    await expect(page.get_by_role("button", name="Stunden")).to_have_attribute("aria-pressed", "true")
    await page.wait_for_function("location.search.includes('by=hour')")
    await page.reload()
    await expect(page.get_by_label("Von", exact=True)).to_have_value(day(400))
    await expect(page.get_by_role("button", name="Stunden")).to_have_attribute("aria-pressed", "true")


async def test_a_period_that_runs_backwards_is_said_in_words(open_page, some_days):
    page = await open_page(f"/numbers?range=own&from={day(1)}&to={day(9)}")
    await expect(page.get_by_role("alert")).to_contain_text("Bitte einen Zeitraum wählen")


async def test_figures_are_narrowed_to_a_channel(open_page, desk, some_days):
    page = await open_page("/numbers?range=7")
    await counted(page)
    await page.get_by_label("Kanal").select_option("letter")
    found = await total(desk, f"from={day(6)}&to={day()}&channel=letter")
    assert found["messages"] >= 6
    await expect(tile(page, "Nachrichten")).to_have_text(str(found["messages"]))
    await page.wait_for_function("location.search.includes('channel=letter')")


async def test_an_agent_sees_his_own_line_and_the_totals(open_page, desk, customers, until, some_days):
    for who in ("anna", "bruno"):
        await desk.status(who, "online")
    conversation = await customers.messenger("Ich brauche Hilfe mit der Rechnung.")

    async def given() -> str | None:
        return (await desk.get(f"/v1/conversations/{conversation}"))["assignee"]

    holder = await until(given)
    await desk.post(f"/v1/conversations/{conversation}/reply", {"text": "Wir kümmern uns darum."}, who=holder)

    async def sent() -> bool:
        return (await total(desk, f"from={day()}&to={day()}&agent={holder}"))["replies"] >= 1

    await until(sent)
    mine = await open_page("/numbers?range=today", agent="bruno")
    await counted(mine)
    everybody = await total(desk, f"from={day()}&to={day()}")
    await expect(tile(mine, "Antworten")).to_have_text(str(everybody["replies"]))
    lines = mine.locator(".nu-card").filter(has=mine.get_by_role("heading", name="Agenten"))
    await lines.locator("summary").click()
    await expect(lines.locator("tbody th")).not_to_contain_text(["Anna"])
    await expect(mine.get_by_label("Agent").locator("option")).to_have_count(2)
    refused = await desk.call("GET", f"/v1/reports?agent={'anna'}", "bruno")
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("theme", "width", "language"), [("light", 1280, "de"), ("dark", 1280, "en"), ("dark", 390, "de")]
)
async def test_everybody_can_read_it(open_page, accessible, some_days, theme, width, language):
    page = await open_page("/numbers?range=7", theme=theme, width=width, language=language)
    await counted(page)
    await page.locator(".nu-card summary").first.click()
    await accessible(page)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_chart_takes_its_colours_from_the_theme_and_does_not_move(open_page, some_days):
    page = await open_page("/numbers?range=7")
    await counted(page)
    drawn = page.locator(".nu-picture svg path[stroke='var(--lotse-chart-1)']").first
    await expect(drawn).to_have_css("stroke", "rgb(11, 106, 146)")
    await page.evaluate("document.documentElement.dataset.theme = 'dark'")
    await expect(drawn).to_have_css("stroke", "rgb(79, 176, 220)")
    assert (
        await page.locator(".nu-picture").evaluate_all(
            "(all) => all.flatMap((one) => one.getAnimations({subtree: true})).length"
        )
        == 0
    )
