"""Alarms above every page: what is told to whom, live, until somebody has seen enough of it."""

import asyncio
import re
from datetime import datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import expect

from lotse.runtime import clock

CRISIS = "Achtung, im Brei sind Glasscherben, mein Kind liegt im Krankenhaus! Rückruf sofort!"
WINDOW = timedelta(minutes=5)
CHANNEL = "viber"


@pytest_asyncio.fixture(loop_scope="session")
async def service_levels(stack):
    """Puts five minutes of answers behind sla's back; what follows from them sla finds, says and sends by itself."""
    database = await asyncpg.connect(stack.database_url)
    made = Windows(database)
    yield made
    await made.forget()
    await database.close()


class Windows:
    def __init__(self, database: asyncpg.Connection) -> None:
        self._database = database

    async def ended(self, seconds: float, begun: int = 30) -> None:
        """Two windows just ended in which thirty customers each were answered after so long."""
        now = clock.now()
        last = now - timedelta(minutes=now.minute % 5, seconds=now.second, microseconds=now.microsecond) - 3 * WINDOW
        async with self._database.transaction():
            await self._database.execute(
                "DELETE FROM sla.service_window WHERE channel = $1 OR begins > $2", CHANNEL, last
            )
            for number in range(1, 15):
                await self._window(last - number * WINDOW, 60, begun=30, slow=False)
            await self._window(last, seconds, begun, slow=seconds > 90)
            await self._database.execute(
                "INSERT INTO sla.tally VALUES ($1, $2, $3, 20, 10, (SELECT json_agg($4::float) FROM generate_series(1, 30)), '[]')",
                last + WINDOW,
                CHANNEL,
                begun,
                seconds,
            )
            await self._database.execute("UPDATE sla.service_cursor SET next = $1", last + WINDOW)

    async def _window(self, begins: datetime, seconds: float, begun: int, *, slow: bool) -> None:
        await self._database.execute(
            "INSERT INTO sla.service_window VALUES ($1, $2, $3, 30, 0, 30, $4, '{}', $5)",
            CHANNEL,
            begins,
            begun,
            seconds,
            slow,
        )

    async def forget(self) -> None:
        await self._database.execute("DELETE FROM sla.service_window WHERE channel = $1", CHANNEL)


def banner(page, words: str):
    return page.get_by_role("region", name="Hinweise").locator(".lt-alarm").filter(has_text=words)


async def resolve(desk, *conversations) -> None:
    for one in conversations:
        await desk.call("POST", f"/v1/conversations/{one}/resolve", "anna", json={})


async def crisis_of(desk, number: int) -> None:
    await desk.until("/v1/alarms", lambda found: found["crisis"]["unanswered"] == number)


async def test_a_crisis_is_told_on_every_page_leads_to_its_view_and_goes_when_it_is_answered(
    open_page, customers, desk, accessible
):
    page = await open_page("/")
    await expect(banner(page, "Krise")).to_have_count(0)
    first = await customers.comment(CRISIS)
    await expect(banner(page, "1 Gespräch liest sich wie eine Krise und ist unbeantwortet.")).to_be_visible()
    await page.evaluate("window.kept = document.querySelector('.lt-alarm')")
    second = await customers.comment(CRISIS)
    await expect(banner(page, "2 Gespräche lesen sich wie eine Krise und sind unbeantwortet.")).to_be_visible()
    assert await page.evaluate("window.kept === document.querySelector('.lt-alarm')")
    await accessible(page, ".lt-banners")
    await banner(page, "Krise").get_by_role("link", name="Zeigen").click()
    await expect(page).to_have_url(re.compile(r"/\?view=crisis$"))
    rows = page.locator(f"[data-id='{first}'], [data-id='{second}']")
    await expect(rows).to_have_count(2)
    await resolve(desk, first, second)
    await expect(banner(page, "Krise")).to_have_count(0)


async def test_a_dismissed_crisis_comes_back_with_the_next_one_and_was_hidden_from_nobody_else(
    open_page, customers, desk
):
    page, other = await open_page("/"), await open_page("/", agent="bruno")
    first = await customers.comment(CRISIS)
    told = banner(page, "1 Gespräch")
    await expect(told).to_be_visible()
    hide = told.get_by_role("button", name="Ausblenden")
    await hide.focus()
    await page.keyboard.press("Enter")
    await expect(told).to_have_count(0)
    assert await page.evaluate("document.activeElement.closest('.lt-banners') !== null")
    await page.reload()
    await expect(page.locator(".ib-view").first).to_be_visible()
    await expect(banner(page, "Krise")).to_have_count(0)
    await expect(banner(other, "1 Gespräch")).to_be_visible()
    second = await customers.comment(CRISIS)
    await expect(banner(page, "2 Gespräche")).to_be_visible()
    await resolve(desk, first, second)
    await crisis_of(desk, 0)


async def test_a_slow_channel_is_told_to_all_and_its_figures_to_those_who_lead(
    open_page, service_levels, desk, windows, accessible
):
    agent, lead = await open_page("/", agent="bruno"), await open_page("/")
    english = await open_page("/", agent="clara", language="en", theme="dark", width=390)
    await service_levels.ended(300, begun=45)
    seen = {"timeout": 60_000}
    await expect(banner(agent, "Viber: Kunden warten gerade deutlich länger als sonst.")).to_be_visible(**seen)
    figures = banner(lead, "Viber: 9 von 10 Antworten brauchen bis zu 5 min, üblich sind 1 min.")
    await expect(figures).to_contain_text("50 % mehr Anfragen als sonst.")
    await expect(figures).to_contain_text("pünktlich.")
    await expect(english.get_by_text("Viber: customers are waiting much longer than usual.")).to_be_visible()
    for page in (lead, english):
        await accessible(page, ".lt-banners")
    assert await english.evaluate("document.documentElement.scrollWidth <= innerWidth")
    (level,) = (await desk.get("/v1/alarms"))["service_levels"]
    assert (level["channel"], level["p90_seconds"], level["baseline_seconds"]) == (CHANNEL, 300, 60)
    await service_levels.ended(60)
    await expect(banner(agent, "Viber")).to_have_count(0, **seen)
    await expect(banner(lead, "Viber")).to_have_count(0)


async def test_what_changed_while_the_connection_was_cut_is_shown_after_it(open_page, customers, desk):
    page = await open_page("/")
    await page.context.set_offline(True)
    await page.evaluate("window.socket.io.engine.close()")
    await expect(page.locator("#popup")).to_have_attribute("aria-hidden", "false")
    found = await customers.comment(CRISIS)
    await crisis_of(desk, 1)
    await expect(banner(page, "Krise")).to_have_count(0)
    await page.context.set_offline(False)
    await expect(page.locator("#popup")).to_have_attribute("aria-hidden", "true")
    await expect(banner(page, "1 Gespräch")).to_be_visible()
    await resolve(desk, found)
    await expect(banner(page, "Krise")).to_have_count(0)


def test_times_are_said_as_people_say_them():
    from lotse.desk.console.banner import TEXTS, _time

    said = [_time(seconds, TEXTS["de"]) for seconds in (12, 59.4, 61, 3540, 3600, 8100)]
    assert [time.replace("\u00a0", " ") for time in said] == [
        "12 s",
        "59 s",
        "1 min",
        "59 min",
        "1 h 0 min",
        "2 h 15 min",
    ]


@pytest.fixture(autouse=True)
async def nothing_is_wrong(desk):
    """Each test begins and ends without an alarm."""
    await crisis_of(desk, 0)
    yield
    async with asyncio.timeout(20):
        await crisis_of(desk, 0)
