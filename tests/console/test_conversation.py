"""A conversation in the browser: one line of time, mails that cannot harm, actions by key, live."""

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import expect

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "services" / "desk" / "tests"))

from hostile_html import HOSTILE  # noqa: E402

from lotse.desk.console import html, mails  # noqa: E402
from lotse.desk.console.conversing.words import VOCABULARY  # noqa: E402
from lotse.router.core import refusals  # noqa: E402
from lotse.runtime import clock  # noqa: E402

MAIL = """From: Petra Vogel <{sender}@kunden.example>
To: service@hafenmarkt.example
Subject: Rechnung doppelt
Date: {date}
Message-ID: MESSAGE-ID
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=x

--x
Content-Type: text/plain; charset=utf-8

Meine Rechnung wurde doppelt abgebucht.

Am 20.11.2026 schrieb Hafenmarkt <service@hafenmarkt.example>:
> Ihre Bestellung ist unterwegs.
--x
Content-Type: text/html; charset=utf-8

{page}
--x--
"""


@pytest.fixture
def conversation_page(open_page):
    """Opens a conversation and waits until its line of time stands there."""

    async def open_it(conversation, **more):
        page = await open_page(f"/conversations/{conversation}", **more)
        await expect(page.locator(".tl-entry").first).to_be_visible()
        return page

    return open_it


def entries(page, words: str):
    return page.locator(".tl-entry").filter(has_text=words)


async def write_mail(customers, page: str):
    now = clock.now().strftime("%a, %d %b %Y %H:%M:%S +0000")
    return await customers.mail("", raw=MAIL.format(sender=customers.fresh("petra"), date=now, page=page).encode())


async def answerable(desk, agent: str = "anna") -> None:
    """`agent` takes work and nobody else does."""
    for other in ("anna", "bruno", "clara", "david", "eva"):
        await desk.status(other, "online" if other == agent else "offline", hand_back=False)


async def with_agent(desk, conversation, agent: str):
    """The conversation, once this agent has it."""
    await desk.until(f"/v1/conversations/{conversation}", lambda it: it["status"] in ("queued", "assigned"))
    found = await desk.get(f"/v1/conversations/{conversation}")
    if found["assignee"] != agent:
        asked = await desk.call("POST", f"/v1/conversations/{conversation}/transfer", "anna", json={"agent_id": agent})
        assert asked.is_success or asked.json()["reason"] == "same_agent", asked.text
    return await desk.until(f"/v1/conversations/{conversation}", lambda it: it["assignee"] == agent)


# One line of time


async def test_what_a_customer_said_on_every_channel_stands_on_one_line(customers, conversation_page, accessible):
    number = f"49151{uuid4().int % 10**8:08d}"
    known = {"id": customers.fresh("p"), "phone": f"+{number}", "name": "Petra Vogel"}
    await customers.typed("Wann kommt mein Paket?", sender=known)
    here = await customers.whatsapp("Das Paket ist immer noch nicht da!", "Petra Vogel", number)
    page = await conversation_page(here)
    await expect(entries(page, "immer noch nicht da")).to_be_visible()
    await expect(entries(page, "Wann kommt mein Paket?")).to_have_count(0)
    fold = page.get_by_role("button", name="App 1 Nachricht in einem anderen Gespräch")
    await fold.click()
    await expect(fold).to_have_attribute("aria-expanded", "true")
    await expect(entries(page, "Wann kommt mein Paket?")).to_contain_text("App")
    await expect(page.get_by_role("complementary").get_by_role("link", name="Wann kommt mein Paket?")).to_be_visible()
    await accessible(page)


async def test_edits_and_deletions_are_shown_and_deleted_words_are_gone(customers, conversation_page):
    psid, mid = customers.fresh("psid"), customers.fresh("m")
    meta, now = customers.meta, clock.now()
    here = await customers.sent(meta.messenger(psid, mid, "Meine PIN ist 4711.", now), meta.account, mid)
    page = await conversation_page(here)
    await expect(entries(page, "4711")).to_be_visible()
    await customers.send(meta.messenger_edited(psid, mid, "Meine PIN ist geheim.", 1, now + timedelta(seconds=1)))
    await expect(entries(page, "Meine PIN ist geheim.")).to_contain_text("bearbeitet")
    number = f"49151{uuid4().int % 10**8:08d}"
    wamid = customers.fresh("wamid")
    there = await customers.sent(meta.whatsapp(number, "Kim", wamid, "Streng geheim", now), meta.account, wamid)
    await page.goto(f"/conversations/{there}")
    await expect(entries(page, "Streng geheim")).to_be_visible()
    await customers.send(meta.whatsapp_deleted(number, "Kim", customers.fresh("wamid"), wamid, clock.now()))
    await expect(page.locator(".tl-gone")).to_have_text("Vom Kunden gelöscht")
    assert "Streng geheim" not in await page.locator(".cv-main").inner_text()


async def test_answers_notes_and_steps_are_told_apart(customers, desk, conversation_page, accessible):
    await answerable(desk)
    here = await customers.messenger("Wo bleibt meine Lieferung?")
    await with_agent(desk, here, "anna")
    await desk.post(f"/v1/conversations/{here}/notes", {"text": "Ruft um drei zurück."})
    await desk.post(f"/v1/conversations/{here}/reply", {"text": "Sie ist unterwegs."})
    page = await conversation_page(here, language="en", theme="dark")
    await expect(page.locator(".tl-entry.note")).to_contain_text("Note by Anna Petersen, internal only")
    await expect(page.locator(".tl-entry.agent").filter(has_text="Sie ist unterwegs.")).to_contain_text("sent")
    for folded in await page.locator(".tl-quiet .tl-more").all():
        await folded.click()
    steps = page.locator(".tl-quiet")
    await expect(steps.filter(has_text="Anna Petersen")).not_to_have_count(0)
    await expect(steps.filter(has_text="Promise begun: First response")).to_have_count(1)
    await expect(steps.filter(has_text="Promise kept: First response")).to_have_count(1)
    await accessible(page)


async def test_an_answer_that_was_held_back_says_what_to_do(customers, desk, conversation_page):
    await answerable(desk)
    here = await customers.comment("Wo ist meine Bestellung?")
    await with_agent(desk, here, "anna")
    answer = await desk.call(
        "POST", f"/v1/conversations/{here}/reply", json={"text": "Wir schreiben an max.muster@kunden.example."}
    )
    assert answer.status_code == 409
    page = await conversation_page(here)
    await expect(page.locator(".tl-entry.agent")).to_contain_text("Aufgehalten, der Kunde hat nichts bekommen.")
    await expect(page.locator(".tl-entry.agent")).to_contain_text("Antworten Sie privat")


async def test_the_reader_stays_where_he_is_and_is_told_of_what_is_new(customers, conversation_page):
    psid = customers.fresh("psid")
    for number in range(8):
        here = await customers.messenger(f"Nachricht {number}. " + "Es ist viel zu sagen.\n" * 12, psid)
    page = await conversation_page(here)
    await expect(entries(page, "Nachricht 7.")).to_be_in_viewport()
    line = page.locator(".tl-scroll")
    await line.hover()
    await page.mouse.wheel(0, -900)
    await expect(entries(page, "Nachricht 7.")).not_to_be_in_viewport()
    before = await line.evaluate("it => it.scrollTop")
    await customers.messenger("Und noch etwas Neues.", psid)
    news = page.get_by_role("button", name="1 neue Nachricht")
    await expect(news).to_be_visible()
    assert abs(await line.evaluate("it => it.scrollTop") - before) < 3
    await news.click()
    await expect(entries(page, "Und noch etwas Neues.")).to_be_in_viewport()
    await expect(news).to_have_count(0)
    await customers.messenger("Und das Letzte.", psid)
    await expect(entries(page, "Und das Letzte.")).to_be_in_viewport()


async def test_after_a_cut_the_line_shows_what_it_would_have_shown(customers, conversation_page):
    psid = customers.fresh("psid")
    here = await customers.messenger("Vor dem Schnitt", psid)
    page = await conversation_page(here)
    await page.context.set_offline(True)
    await page.evaluate("window.socket.io.engine.close()")
    await customers.messenger("Während des Schnitts", psid)
    await expect(entries(page, "Während des Schnitts")).to_have_count(0)
    await page.context.set_offline(False)
    await expect(entries(page, "Während des Schnitts")).to_be_visible(timeout=20_000)
    await expect(entries(page, "Vor dem Schnitt")).to_have_count(1)


async def test_a_conversation_that_the_customer_begins_elsewhere_comes_in(customers, conversation_page):
    number = f"49151{uuid4().int % 10**8:08d}"
    here = await customers.whatsapp("Hallo?", "Kim Sommer", number)
    page = await conversation_page(here)
    side = page.get_by_role("complementary")
    await expect(side).to_contain_text("Keine anderen Gespräche.")
    await customers.typed("Anruf: will Rückruf", "phone", {"phone": f"+{number}", "id": customers.fresh("p")})
    await expect(side.get_by_role("link")).to_contain_text("Telefon", timeout=15_000)


# Texts


async def test_plain_text_stays_text_and_its_links_are_safe(customers, conversation_page):
    words = (
        "<img src=x onerror=top.hit=1> <b>fett</b> javascript:alert(1) {{ 7*7 }}\n"
        "https://a.example/x?y=1&z=2, https://bank.example@evil.example/ und mail@a.example"
    )
    page = await conversation_page(await customers.messenger(words))
    said = entries(page, "fett").locator(".tl-words")
    assert await said.inner_text() == words
    assert await page.evaluate("window.hit") is None
    links = said.get_by_role("link")
    assert await links.evaluate_all("all => all.map(it => it.getAttribute('href'))") == [
        "https://a.example/x?y=1&z=2",
        "mailto:mail@a.example",
    ]
    for link in await links.all():
        assert await link.get_attribute("rel") == "noopener noreferrer"
        assert await link.get_attribute("target") == "_blank"


async def test_long_and_quoted_text_is_cut_until_it_is_asked_for(customers, conversation_page):
    here = await write_mail(customers, "<p>x</p>")
    page = await conversation_page(here)
    await expect(entries(page, "Rechnung doppelt")).to_be_visible()
    assert "Ihre Bestellung ist unterwegs" not in await page.locator(".tl").inner_text()
    whole = page.get_by_role("button", name="ganze Nachricht zeigen")
    await whole.click()
    await expect(page.locator(".tl-words")).to_contain_text("> Ihre Bestellung ist unterwegs.")
    await page.get_by_role("button", name="weniger zeigen").click()
    await expect(page.locator(".tl-words")).not_to_contain_text("Ihre Bestellung")


@pytest.fixture
def mail_path(desk):
    """`await mail_path(conversation)`: where the mail that began it can be read."""

    async def path(conversation):
        found = await desk.get(f"/v1/conversations/{conversation}")
        return mails.address(conversation, found["messages"][0]["message_id"])

    return path


async def test_a_mails_page_is_there_for_who_is_signed_in_alone(customers, conversation_page, windows, mail_path):
    here = await write_mail(customers, "<p>Streng geheim</p>")
    page, path = await conversation_page(here, agent="bruno"), await mail_path(here)
    shown = await page.request.get(path)
    assert shown.status == 200
    assert "Streng geheim" in await shown.text()
    assert "sandbox" in shown.headers["content-security-policy"]
    stranger = await windows.context()
    refused = await stranger.request.get(path)
    assert (refused.status, "geheim" in await refused.text()) == (401, False)
    await page.evaluate("async () => { await fetch('/leave', {method: 'POST'}) }")
    assert (await page.request.get(path)).status == 401, "nor for who has signed out"


async def test_a_mails_page_that_is_not_there_says_no_more(customers, conversation_page, mail_path):
    mail, chat = await write_mail(customers, "<p>Streng geheim</p>"), await customers.messenger("Kein Brief")
    page = await conversation_page(mail)
    message = (await mail_path(mail)).rsplit("/", 1)[1]
    for path in (
        mails.address(mail, uuid4()),
        mails.address(uuid4(), message),
        mails.address(chat, message),
        await mail_path(chat),
    ):
        answer = await page.request.get(path)
        assert (answer.status, "geheim" in await answer.text()) == (404, False), path


async def told(found: list[str]) -> list[str]:
    return found


async def test_a_mail_can_be_read_as_html_and_its_pictures_wait(customers, conversation_page, accessible, until):
    source = '<h2 style="color:#0a5c8a">Rechnung</h2><p>wurde <b>doppelt</b> abgebucht</p><img src="https://pictures.example/a.png">'
    page = await conversation_page(await write_mail(customers, source))
    fetched: list[str] = []

    async def picture(route):
        fetched.append(route.request.url)
        await route.fulfill(status=200, content_type="image/png", body=b"")

    await page.route("https://pictures.example/**", picture)
    await page.get_by_role("button", name="HTML").click()
    mail = page.frame_locator("iframe.tl-html")
    await expect(mail.get_by_role("heading", name="Rechnung")).to_be_visible()
    sandbox = await page.locator("iframe.tl-html").get_attribute("sandbox")
    assert "allow-scripts" not in sandbox
    assert fetched == []
    await accessible(page)
    async with page.expect_request("https://pictures.example/a.png"):
        await page.get_by_role("button", name="Bilder laden").click()
    await until(lambda: told(fetched))
    assert fetched == ["https://pictures.example/a.png"]
    await page.get_by_role("button", name="Text", exact=True).click()
    await expect(page.locator("iframe.tl-html")).to_have_count(0)


async def test_a_mail_without_html_says_so(customers, conversation_page):
    page = await conversation_page(await customers.mail("Nur Text, sonst nichts."))
    await page.get_by_role("button", name="HTML").click()
    await expect(page.get_by_text("Diese Mail hat keinen HTML-Teil.")).to_be_visible()


async def test_a_mail_full_of_harm_does_none_in_the_page(customers, conversation_page):
    page = await conversation_page(await write_mail(customers, "\n".join(HOSTILE.values())))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.get_by_role("button", name="HTML").click()
    mail = page.frame_locator("iframe.tl-html")
    await expect(mail.get_by_text("x").first).to_be_attached()
    await provoke(page)
    assert await page.evaluate("window.hit") is None
    assert [url for url in asked if "evil" in url or "attacker" in url] == []


async def provoke(page) -> None:
    """Tell every element of every frame what would wake a handler."""
    for frame in page.frames:
        await frame.evaluate(
            """() => {
                const names = ["mouseover", "pointerover", "focus", "load", "error", "toggle", "animationstart", "begin",
                               "transitionend", "wheel", "pageshow", "loadstart"];
                for (const it of document.querySelectorAll("*")) for (const name of names) it.dispatchEvent(new Event(name));
            }"""
        )


EMPTY = "https://desk.example/"


@pytest.fixture
async def bare(browser):
    """A page of no server; `asked` is everything that left the browser."""
    context = await browser.new_context()
    asked: list[str] = []

    async def answer(route):
        asked.append(route.request.url)
        await route.fulfill(status=200, content_type="text/html", body="<!doctype html><title>x</title>")

    await context.route("**/*", answer)
    page = await context.new_page()
    await page.goto(EMPTY)
    asked.clear()
    yield page, asked
    await context.close()


SHOW = """async ([documents, sandbox]) => {
    const show = (one) => new Promise((shown) => {
        const frame = document.createElement("iframe");
        if (sandbox !== null) frame.setAttribute("sandbox", sandbox);
        frame.srcdoc = one;
        frame.onload = shown;
        setTimeout(shown, 20000);
        document.body.append(frame);
    });
    while (documents.length) await Promise.all(documents.splice(0, 12).map(show));
}"""
SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"


async def test_what_is_sanitised_harms_nobody_even_without_sandbox_and_policy(bare):
    page, asked = bare
    bodies = [html.page(source).document.partition("<body>")[2] for source in HOSTILE.values()]
    await page.evaluate(SHOW, [[f"<!doctype html><body>{body}" for body in bodies], None])
    await provoke(page)
    assert await page.evaluate("window.hit") is None
    assert asked == []
    assert page.url == EMPTY


async def test_sandbox_and_policy_hold_even_without_the_sanitiser(bare):
    page, asked = bare
    head = html.page("").document.partition("<body>")[0]
    await page.evaluate(SHOW, [[f"{head}<body>{source}" for source in HOSTILE.values()], SANDBOX])
    assert await page.evaluate("window.hit") is None
    assert asked == []
    assert page.url == EMPTY


async def test_the_corpus_is_live_ammunition(bare):
    """Without any wall it does run and fetch: the tests above would notice."""
    page, asked = bare
    await page.evaluate(SHOW, [[f"<!doctype html><body>{source}" for source in HOSTILE.values()], None])
    await provoke(page)
    await page.wait_for_function("window.hit > 25")
    assert len([url for url in asked if url.startswith("https://evil.example/")]) > 20
    assert len(HOSTILE) >= 60


# Beside it


async def test_the_side_shows_who_it_is_how_it_reads_and_the_trace(customers, conversation_page):
    page = await conversation_page(await customers.comment("Ihr seid die Schlimmsten! Nie wieder!", "Petra V."))
    side = page.get_by_role("complementary")
    await expect(side).to_contain_text("Petra V.")
    await expect(side).to_contain_text("frei antworten")
    await expect(side).to_contain_text("negativ")
    await expect(side).to_contain_text("Wegen")
    await expect(side).to_contain_text("lotse trace ")
    await expect(page.locator(".cv-heading")).to_contain_text("öffentlich")
    await expect(page.locator(".cv-heading [role=timer]")).to_contain_text("Erste Antwort in")


async def test_a_person_corrects_how_a_message_reads(customers, desk, conversation_page, accessible):
    here = await customers.messenger("Das Paket ist heute bei mir angekommen.")
    await desk.until(f"/v1/conversations/{here}", lambda it: it["reading"] is not None)
    page = await conversation_page(here)
    await page.get_by_role("button", name="Lesart korrigieren").click()
    await page.get_by_label("Stimmung").select_option("negative")
    await page.get_by_label("Situation").select_option("complaint")
    await page.get_by_label("Warum?").fill("Ironie")
    await accessible(page)
    await page.get_by_role("button", name="Korrigieren", exact=True).click()
    side = page.get_by_role("complementary")
    await expect(side).to_contain_text("Korrigiert von")
    await expect(side).to_contain_text("Beschwerde")
    found = await desk.get(f"/v1/conversations/{here}")
    assert found["messages"][0]["correction"]["comment"] == "Ironie"


async def test_a_correction_that_cannot_be_is_said_and_the_keys_go_on(customers, desk, conversation_page):
    await answerable(desk)
    here = await customers.messenger("Das Paket ist heute bei mir angekommen.")
    await with_agent(desk, here, "anna")
    await desk.until(f"/v1/conversations/{here}", lambda it: it["reading"] is not None)
    page = await conversation_page(here)
    await page.get_by_role("button", name="Lesart korrigieren").click()
    await page.get_by_label("Themen").fill(", ".join(f"t{n}" for n in range(21)))
    await page.get_by_role("button", name="Korrigieren", exact=True).click()
    await expect(page.get_by_role("dialog").get_by_role("alert")).not_to_be_empty()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("e")
    await expect(page.locator("[data-status]")).to_have_text("erledigt")


async def test_an_opened_mail_stays_open_when_something_beside_its_words_changes(customers, desk, conversation_page):
    here = await write_mail(customers, "<h2>Rechnung</h2>")
    found = await desk.until(f"/v1/conversations/{here}", lambda it: it["reading"] is not None)
    page = await conversation_page(here)
    await page.get_by_role("button", name="HTML").click()
    await expect(page.frame_locator("iframe.tl-html").get_by_role("heading", name="Rechnung")).to_be_visible()
    said = {"sentiment": "negative", "triage": "service", "situation": "complaint", "topics": ["rechnung"]}
    message = found["messages"][0]["message_id"]
    await desk.post(f"/v1/conversations/{here}/reading", {"message_id": message, **said})
    await expect(page.get_by_role("complementary")).to_contain_text("Korrigiert von")
    await expect(page.locator("iframe.tl-html")).to_have_count(1)


# What can be done


async def test_it_is_resolved_and_reopened_by_a_key(customers, desk, conversation_page):
    await answerable(desk)
    here = await customers.messenger("Danke, das war alles.")
    await with_agent(desk, here, "anna")
    page = await conversation_page(here)
    status = page.locator("[data-status]")
    await expect(status).to_have_text("in Arbeit")
    await page.keyboard.press("e")
    await expect(status).to_have_text("erledigt")
    assert (await desk.get(f"/v1/conversations/{here}"))["status"] == "resolved"
    await expect(page.locator('[data-act="reopen"]')).to_have_attribute("aria-disabled", "false")
    await page.keyboard.press("o")
    await expect(status).not_to_have_text("erledigt")


async def test_it_is_put_away_until_a_time_in_the_readers_zone(customers, desk, conversation_page, accessible):
    await answerable(desk)
    here = await customers.messenger("Bitte morgen anrufen.")
    await with_agent(desk, here, "anna")
    page = await conversation_page(here)
    await page.keyboard.press("s")
    await accessible(page)
    await page.get_by_role("button", name="Morgen früh").click()
    await page.get_by_role("button", name="Zurückstellen", exact=True).last.click()
    await expect(page.locator("[data-status]")).to_contain_text("zurückgestellt")
    until = (await desk.until(f"/v1/conversations/{here}", lambda it: it["snoozed_until"]))["snoozed_until"]
    assert until[11:16] in ("07:00", "08:00")
    await expect(page.locator("[data-status] time")).to_contain_text("09:00")


async def test_it_is_given_to_somebody_who_is_found_by_name(customers, desk, conversation_page, accessible):
    await answerable(desk)
    here = await customers.messenger("Frage zur Rechnung")
    await with_agent(desk, here, "anna")
    await desk.status("bruno", "online")
    page = await conversation_page(here)
    await page.keyboard.press("t")
    await expect(page.get_by_role("option", name="Bruno Hansen")).to_contain_text("erreichbar")
    await accessible(page)
    await page.get_by_role("dialog").get_by_role("combobox").fill("hans")
    await expect(page.get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-assignee]")).to_have_text("bei Bruno Hansen")
    await page.locator(".tl-quiet .tl-more").last.click()
    await expect(
        page.locator(".tl-quiet").filter(has_text="Bruno Hansen hat das Gespräch von Anna Petersen bekommen")
    ).to_be_visible()


async def test_enter_pressed_before_the_names_have_come_means_the_one_that_fits(
    customers, desk, conversation_page, stack
):
    await answerable(desk)
    here = await customers.messenger("Wer macht das?")
    await with_agent(desk, here, "anna")
    await desk.status("bruno", "online")
    page = await conversation_page(here)
    os.kill(stack.supervisor.pids["desk"], signal.SIGSTOP)
    try:
        await page.keyboard.press("t")
        await page.get_by_role("dialog").get_by_role("combobox").fill("hans")
        await expect(page.get_by_role("listbox")).to_have_text("Die Namen kommen gleich …")
        await page.keyboard.press("Enter")
    finally:
        os.kill(stack.supervisor.pids["desk"], signal.SIGCONT)
    await expect(page.locator("[data-assignee]")).to_have_text("bei Bruno Hansen")


async def test_somebody_who_is_away_is_refused_in_plain_words(customers, desk, conversation_page):
    await answerable(desk)
    here = await customers.messenger("Noch eine Frage")
    await with_agent(desk, here, "anna")
    page = await conversation_page(here)
    await page.keyboard.press("t")
    await page.get_by_role("dialog").get_by_role("combobox").fill("eva")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("Diese Person ist nicht erreichbar.")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_what_is_not_ones_own_is_refused_in_plain_words(customers, desk, conversation_page):
    await answerable(desk)
    here = await customers.messenger("Das gehört Anna.")
    await with_agent(desk, here, "anna")
    page = await conversation_page(here, agent="bruno", language="en")
    await page.keyboard.press("e")
    await expect(page.get_by_text("Somebody else has the conversation, or nobody. Take it first.")).to_be_visible()
    await expect(page.locator("[data-status]")).to_have_text("in work")


async def test_spam_is_put_back_by_a_key(customers, desk, conversation_page):
    here = await customers.comment("GEWINNEN SIE 1.000.000 EURO!!! http://win.example Casino Bitcoin gratis", "Bot")
    await desk.until(f"/v1/conversations/{here}", lambda it: it["status"] == "set_aside")
    page = await conversation_page(here)
    await expect(page.locator("[data-status]")).to_have_text("aussortiert")
    await page.keyboard.press("o")
    await expect(page.locator("[data-status]")).not_to_have_text("aussortiert")


async def test_the_keys_are_listed(customers, conversation_page):
    page = await conversation_page(await customers.messenger("Welche Tasten gibt es?"))
    await page.keyboard.press("?")
    listed = page.get_by_role("dialog", name="Tasten")
    for said in ("Erledigen", "Zurückstellen", "Übergeben", "Link kopieren", "In den Verlauf"):
        await expect(listed).to_contain_text(said)


@pytest.mark.parametrize(
    ("language", "theme", "width"), [("de", "dark", 390), ("en", "light", 390), ("en", "dark", 1280)]
)
async def test_it_can_be_used_and_read_everywhere(customers, conversation_page, accessible, language, theme, width):
    here = await customers.comment("Wann öffnet ihr? https://a.example/" + "lang" * 40)
    page = await conversation_page(here, language=language, theme=theme, width=width)
    await expect(page.locator(".cv-heading")).to_be_visible()
    await accessible(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    if width < 720:
        await page.locator("[data-act=about]").click()
        await expect(page.get_by_role("complementary")).to_be_visible()
        await accessible(page)
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("complementary")).to_be_hidden()


async def test_a_conversation_that_is_none_says_so(open_page):
    page = await open_page(f"/conversations/{uuid4()}")
    await expect(page.get_by_text("Dieses Gespräch gibt es nicht.")).to_be_visible()


# Words


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_refusal_of_the_router_is_a_sentence(language):
    said = VOCABULARY[language].refusals
    assert [reason for reason in refusals._DETAILS if not said.get(reason, "").endswith(".")] == []
