"""Coming in and going out, in the browser."""

import json
import re
from base64 import b64encode
from datetime import timedelta
from uuid import uuid4

import itsdangerous
from playwright.async_api import expect

from lotse.runtime import clock

OPERATIONS = "/operations"


async def leave(page) -> None:
    await page.get_by_role("button", name="Anna Petersen").click()
    await page.get_by_role("button", name="Abmelden", exact=True).click()


async def test_a_one_time_link_signs_in_with_one_click_and_counts_once(windows, accessible):
    page = await (await windows.context()).new_page()
    address = windows.link("anna")
    await page.goto(address)
    await expect(page.get_by_role("heading", name="Willkommen")).to_be_visible()
    await expect(page.get_by_text("Anna Petersen")).to_be_visible()
    await accessible(page)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("navigation", name="Bereiche")).to_be_visible()
    await page.goto(address)
    await expect(page.get_by_role("heading", name="Dieser Link gilt nicht mehr")).to_be_visible()
    await expect(page.get_by_text("uv run lotse link")).to_be_visible()


async def test_who_is_not_signed_in_is_told_how_to_in_both_languages(windows, accessible):
    page = await (await windows.context(theme="dark")).new_page()
    answer = await page.goto("/")
    assert answer.status == 200
    await expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    await accessible(page)
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(page.get_by_role("link", name="API documentation")).to_have_attribute("href", "/docs")


async def test_the_api_can_be_read_and_tried_without_any_other_server(windows):
    page, asked = await (await windows.context()).new_page(), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    await page.goto("/docs")
    await expect(page.get_by_role("heading", name="Lotse Desk")).to_be_visible()
    await page.get_by_role("button", name="get /v1/conversations", exact=True).first.click()
    await page.get_by_role("button", name="Try it out").click()
    await page.get_by_role("button", name="Execute").click()
    await expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text("401")
    assert all(url.startswith((windows.stack.desk, "data:")) for url in asked), asked
    for theme in ("dark", "light", "dark"):
        await page.emulate_media(color_scheme=theme)
        await expect(page.locator("html.dark-mode")).to_have_count(int(theme == "dark"))
        colour = await page.get_by_role("heading", name="Lotse Desk").evaluate("it => getComputedStyle(it).color")
        assert (max(map(int, re.findall(r"\d+", colour)[:3])) > 200) is (theme == "dark"), "letters stand out"


async def test_a_person_comes_in_where_he_wanted_to_go(windows):
    page = await (await windows.context()).new_page()
    await page.goto("/team?view=queue")
    await expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    await page.goto(windows.link("anna"))
    await page.get_by_role("button", name="Anmelden").click()
    await page.wait_for_url("**/team?view=queue", wait_until="commit")


async def test_signing_out_closes_every_window_of_the_browser(windows, open_page):
    page = await open_page("/")
    other = await page.context.new_page()
    await other.goto("/", wait_until="commit")
    await windows.live(other)
    await leave(page)
    for window in (page, other):
        await expect(window.get_by_role("heading", name="Anmelden")).to_be_visible()
    await page.goto(OPERATIONS)
    await expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()


async def test_a_page_whose_session_was_ended_elsewhere_goes_to_the_sign_in_and_comes_back(windows, open_page):
    page = await open_page("/")
    copy = await (await windows.context(storage_state=await page.context.storage_state())).new_page()
    await copy.goto("/?view=all", wait_until="commit")
    await windows.live(copy)
    await leave(page)
    await expect(copy.get_by_text("Ihre Anmeldung ist zu Ende.")).to_be_visible(timeout=25_000)
    await copy.goto(windows.link("anna"))
    await copy.get_by_role("button", name="Anmelden").click()
    await copy.wait_for_url("**/?view=all", wait_until="commit")


async def test_a_session_that_runs_out_says_so_before_and_ends_while_the_page_is_open(stack, windows):
    context = await windows.context()
    await context.add_cookies([cookie(stack, timedelta(seconds=9))])
    page = await context.new_page()
    await page.goto("/")
    await expect(page.get_by_text("Ihre Anmeldung endet in wenigen Minuten.")).to_be_visible()
    await expect(page.get_by_text("Ihre Anmeldung ist zu Ende.")).to_be_visible(timeout=40_000)


def cookie(stack, lasts: timedelta) -> dict[str, str]:
    """A session of Anna's as the desk would have signed it so long ago that only this much is left."""
    until = (clock.now() + lasts).isoformat()
    kept = {"viewer": {"subject": "anna", "role": "lead", "session": str(uuid4()), "until": until}}
    signer = itsdangerous.TimestampSigner(stack.secrets["LOTSE_JWT_SECRET"])
    value = signer.sign(b64encode(json.dumps(kept).encode())).decode()
    return {"name": "lotse_session", "value": value, "url": stack.desk}


async def test_what_was_smuggled_into_a_page_does_not_run(windows, open_page):
    page = await open_page("/")
    smuggled = """<img src="data:," onerror="window.ran = 1"><iframe srcdoc="<script>parent.ran = 1</script>"></iframe>
        <a href="javascript:window.ran = 1" id="bait">x</a>"""
    await page.evaluate("(html) => document.body.insertAdjacentHTML('beforeend', html)", smuggled)
    await page.evaluate(
        "() => { const made = document.createElement('script'); made.textContent = 'window.ran = 1';"
        "document.body.append(made); }"
    )
    await page.evaluate("() => document.getElementById('bait').click()")
    async with page.expect_event("console", lambda message: "Content Security Policy" in message.text):
        await page.evaluate(
            "() => document.body.insertAdjacentHTML('beforeend', '<img src=\"https://evil.example/x\">')"
        )
    assert await page.evaluate("() => window.ran") is None
    assert any("Content Security Policy" in one for one in windows.complaints)
    windows.complaints.clear()
