"""An open page after a cut or a restart: what it would have shown, without anybody's doing."""

import pytest
import pytest_asyncio
from inbox_page import Inbox, crowd
from playwright.async_api import expect


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def many(customers, desk):
    for agent in ("anna", "bruno"):
        await desk.status(agent, "online")
    return await crowd(customers, desk, 60)


@pytest.fixture
async def inbox(open_page, many) -> Inbox:
    """An inbox with a filter, scrolled, with a conversation open."""
    made = Inbox(await open_page("/?view=all&channel=messenger"))
    await made.ready()
    for _ in range(25):
        await made.page.keyboard.press("j")
    await made.page.keyboard.press("Enter")
    await expect(made.opened).to_have_count(1)
    await made.page.evaluate("window.untouched = true")
    return made


async def cut(page) -> None:
    """The network is gone: the socket breaks and cannot be made again."""
    await page.context.set_offline(True)
    await page.evaluate("window.socket.io.engine.close()")
    await expect(page.locator("#popup")).to_have_attribute("aria-hidden", "false")


async def mend(page) -> None:
    await page.context.set_offline(False)
    await expect(page.locator("#popup")).to_have_attribute("aria-hidden", "true")


async def test_after_a_cut_the_page_shows_what_it_missed_without_a_reload(inbox, customers, desk):
    opened, marked = await inbox.opened.get_attribute("data-id"), await inbox.active()
    await cut(inbox.page)
    new = await customers.messenger("Während der Störung geschrieben")
    gone = (await inbox.ids())[3]
    await desk.post(f"/v1/conversations/{gone}/resolve")
    assert str(new) not in await inbox.ids()
    await mend(inbox.page)
    shown = await inbox.shows_what_the_api_says(desk, "view=all&channel=messenger")
    assert shown[0] == str(new)
    assert await inbox.page.evaluate("window.untouched") is True
    assert (await inbox.opened.get_attribute("data-id"), await inbox.active()) == (opened, marked)
    await inbox.page.keyboard.press("Home")
    await inbox.listbox.evaluate("(list) => { list.scrollTop = 0 }")
    await expect(inbox.row(gone)).to_contain_text("erledigt")


async def test_a_socket_that_breaks_again_and_again_loses_nothing(inbox, customers, desk):
    for number in range(5):
        await inbox.page.evaluate("window.socket.io.engine.close()")
        await customers.messenger(f"Abbruch {number}")
    await inbox.shows_what_the_api_says(desk, "view=all&channel=messenger")
    assert await inbox.page.evaluate("window.untouched") is True


async def test_after_a_restart_of_the_desk_the_page_comes_back_by_itself_as_it_was(inbox, customers, stack, desk):
    opened, marked = await inbox.opened.get_attribute("data-id"), await inbox.active()
    place = await inbox.row(marked).bounding_box()
    address = inbox.page.url
    await stack.supervisor.kill("desk")
    await inbox.page.wait_for_function(
        "window.untouched === undefined && window.did_handshake === true", timeout=60_000
    )
    await inbox.ready()
    assert inbox.page.url == address
    await expect(inbox.opened).to_have_attribute("data-id", opened)
    assert await inbox.active() == marked
    assert await inbox.row(marked).bounding_box() == place
    await expect(inbox.panel).to_contain_text("Mantel")
    await inbox.shows_what_the_api_says(desk, "view=all&channel=messenger")
    new = await customers.messenger("Nach dem Neustart")
    await expect(inbox.page.locator(".ib-above")).to_be_visible()
    assert (await inbox.ids())[0] == str(new)


async def test_a_desk_that_hangs_is_said_on_the_page(inbox):
    """The chip turns by what the desk says of itself."""
    said = "getElement(document.querySelector('.ib').id.slice(1)).setAsOf({readUpTo: Date.now() / 1000, behind: 12, away: false})"
    await inbox.page.evaluate(said)
    await expect(inbox.page.locator(".ib-as-of")).to_have_text("Anzeige hängt 0:12 zurück")
