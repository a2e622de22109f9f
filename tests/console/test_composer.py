"""The reply box: what it says before and while one writes, what it stops, what it keeps, and that it sends once."""

import asyncio
import re
import struct
import sys
import zlib
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from playwright.async_api import expect

from lotse.contracts.ids import message_id
from lotse.local.process import free_port
from lotse.local.stack import role_url
from lotse.local.supervisor import Program
from lotse.local.tokens import link
from lotse.runtime import clock

IBAN = "DE89 3704 0044 0532 0130 00"
PAYS = f"Überweisen Sie bitte auf {IBAN}, danke 👍"


def box(page):
    return page.locator(".lc")


def field(page):
    return box(page).get_by_role("textbox", name=re.compile("Antwort an den Kunden|Answer to the customer"))


def note_field(page):
    return box(page).get_by_role("textbox", name="Notiz für Kolleginnen und Kollegen")


def send(page):
    return box(page).locator(".lc-send")


def status(page):
    return box(page).get_by_role("status")


@pytest.fixture
def answering(open_page):
    """`await answering(conversation, "bruno")`: its page, with the box open."""

    async def opened(conversation, agent="anna", **how):
        page = await open_page(f"/conversations/{conversation}", agent, **how)
        await expect(box(page)).to_be_visible()
        return page

    return opened


@pytest.fixture
def replies(desk):
    """The answers of a conversation, as the API tells them."""

    async def read(conversation):
        return (await desk.get(f"/v1/conversations/{conversation}"))["replies"]

    return read


@pytest.fixture
def given_to(desk):
    """Give a conversation to an agent who is there."""

    async def give(conversation, agent):
        await desk.status(agent, "online")
        path = f"/v1/conversations/{conversation}"
        answer = await desk.call("POST", f"{path}/transfer", json={"agent_id": agent})
        assert answer.status_code in (200, 202) or answer.json()["reason"] == "same_agent", answer.text
        await desk.until(path, lambda found: found["assignee"] == agent)

    return give


# ---- what is said before and while one writes


async def test_a_public_channel_is_named_so_and_every_letter_counts(answering, customers):
    page = await answering(await customers.comment("Wann kommt meine Bestellung an?"))
    await expect(box(page)).to_contain_text("Öffentlich: jeder liest mit")
    await expect(box(page)).to_contain_text("erwartet binnen 60 min")
    await expect(box(page).locator(".lc-due")).to_contain_text("in 5")
    await field(page).fill("Hallo 👍")
    await expect(box(page).locator(".lc-left")).to_have_text("7.992 Zeichen übrig")


async def test_bytes_are_counted_where_the_channel_counts_bytes(answering, customers):
    page = await answering(await customers.messenger("Hallo", direct=True), language="en")
    await field(page).fill("Grüße 👍")
    await expect(box(page).locator(".lc-left")).to_have_text("988 bytes left")
    await field(page).fill("Satz. " * 180)
    await expect(box(page).locator(".lc-parts")).to_have_text("goes out as 2 messages")
    await expect(send(page)).to_be_enabled()


async def test_a_mail_is_signed_before_ones_eyes(answering, customers):
    page = await answering(await customers.mail("Bitte um Rückruf"))
    await expect(box(page)).not_to_contain_text("Öffentlich")
    await field(page).fill("Das machen wir.")
    await expect(box(page).locator(".lc-signature")).to_contain_text("Freundliche Grüße\nAnna Petersen\nHafenmarkt")


@pytest.mark.parametrize(
    ("hours", "channel", "said", "may_send"),
    [
        (1, "whatsapp", re.compile(r"Antworten bis in 22 h 5\d min|Antworten bis in 23 h"), True),
        (25, "whatsapp", "Antwortfenster zu", False),
        (25, "messenger", re.compile("Nur Persönliches, noch 5 d 22 h|Nur Persönliches, noch 5 d 23 h"), True),
        (24 * 8, "messenger", "Antwortfenster zu", False),
    ],
)
async def test_the_reply_window_is_a_clock(answering, customers, hours, channel, said, may_send):
    at, meta, number = clock.now() - timedelta(hours=hours), customers.meta, customers.fresh("late")
    if channel == "whatsapp":
        call = meta.whatsapp(f"49151{abs(hash(number)) % 10**8:08d}", "Kim Sommer", number, "Hallo?", at)
    else:
        call = meta.messenger(customers.fresh("psid"), number, "Hallo?", at)
    page = await answering(await customers.sent(call, meta.account, number))
    await expect(box(page).locator(".lc-window")).to_have_text(said)
    await field(page).fill("Guten Tag!")
    await (expect(send(page)).to_be_enabled() if may_send else expect(send(page)).to_be_disabled())
    if channel == "whatsapp" and not may_send:
        await expect(box(page)).to_contain_text("beim Anbieter freigegebene Vorlage")


async def test_who_does_not_have_it_is_told_before_writing(answering, customers, given_to):
    conversation = await customers.typed("Wo finde ich meine Rechnung?")
    await given_to(conversation, "bruno")
    page = await answering(conversation, "david")
    await expect(box(page)).to_contain_text("Bruno Hansen hat dieses Gespräch")
    await field(page).fill("Hier!")
    await expect(send(page)).to_be_disabled()
    lead = await answering(conversation, "anna")
    await expect(box(lead)).to_contain_text("Bruno Hansen bearbeitet dieses Gespräch")
    await field(lead).fill("Hier!")
    await expect(send(lead)).to_be_enabled()


async def test_a_resolved_conversation_says_so_at_once(answering, customers, desk):
    conversation = await customers.typed("Danke, alles gut!")
    page = await answering(conversation)
    await desk.post(f"/v1/conversations/{conversation}/resolve")
    await expect(box(page)).to_contain_text("Öffnen Sie es wieder, um zu antworten")
    await field(page).fill("Gern!")
    await expect(send(page)).to_be_disabled()


async def test_a_customer_who_asks_for_personal_data_in_public_is_pointed_out(answering, customers):
    page = await answering(await customers.comment("Wie lautet denn meine Kundennummer?"))
    await expect(box(page)).to_contain_text("bittet darum, hier öffentlich Persönliches zu nennen")


# ---- personal data in public


async def test_personal_data_in_public_is_marked_where_it_stands_and_cannot_be_sent(
    answering, customers, replies, given_to, accessible
):
    conversation = await customers.comment("Wohin darf ich überweisen?")
    await given_to(conversation, "clara")
    page = await answering(conversation, "clara")
    await field(page).press_sequentially(PAYS)
    mark = box(page).locator("mark.lc-private")
    await expect(mark).to_have_text(IBAN)
    await expect(mark).to_have_attribute("title", "IBAN")
    listed = box(page).get_by_role("list", name="Persönliche Daten, die hier jeder lesen könnte")
    await expect(listed).to_contain_text(f"IBAN: „{IBAN}“")
    await expect(send(page)).to_be_disabled()
    await expect(box(page).get_by_label("Trotzdem öffentlich senden")).to_have_count(0)
    await accessible(page, ".lc")
    await field(page).press("Control+Enter")
    await send(page).click(force=True)
    where = await mark.evaluate("""(mark) => {
        const sheet = mark.closest(".lc-sheet"), area = sheet.querySelector("textarea");
        const [a, b] = [sheet.querySelector(".lc-mirror"), area].map((one) => getComputedStyle(one));
        const same = ["font", "padding", "width", "lineHeight", "whiteSpace", "letterSpacing"];
        return [same.filter((name) => a[name] !== b[name]), area.scrollHeight === area.clientHeight];
    }""")
    assert where == [[], True], "the mirror stands exactly below the text"
    assert await replies(conversation) == []
    await field(page).fill("Das schreiben wir Ihnen privat.")
    await expect(mark).to_have_count(0)
    await expect(send(page)).to_be_enabled()


async def test_a_mark_moves_along_while_the_check_is_still_out(answering, customers):
    page = await answering(await customers.comment("Wohin darf ich überweisen?"))
    await field(page).fill(PAYS)
    await expect(box(page).locator("mark.lc-private")).to_have_text(IBAN)
    seen = await field(page).evaluate("""async (area) => {
        area.setRangeText("👍 Also: ", 0, 0);
        area.dispatchEvent(new Event("input"));
        await new Promise(requestAnimationFrame);
        return area.closest(".lc-sheet").querySelector("mark")?.textContent;
    }""")
    assert seen == IBAN


async def test_the_private_way_is_one_click_and_undone_by_the_browser(answering, customers):
    page = await answering(await customers.comment("Where may I send the money to? What is the number please?"))
    await field(page).fill(PAYS)
    await box(page).get_by_role("button", name="Stattdessen ins Private einladen").click()
    await expect(field(page)).to_have_value(re.compile("Messenger"))
    await expect(send(page)).to_be_enabled()
    await field(page).press("Control+z")
    await expect(field(page)).to_have_value(PAYS)
    await expect(send(page)).to_be_disabled()


async def test_a_lead_may_send_it_all_the_same_with_a_reason_that_is_kept(answering, customers, replies, until):
    conversation = await customers.comment("Wohin darf ich spenden?")
    page = await answering(conversation)
    await field(page).fill(PAYS)
    await box(page).get_by_label("Trotzdem öffentlich senden").check()
    await expect(send(page)).to_be_disabled()
    await box(page).get_by_label("Grund (wird aufbewahrt)").fill("Spendenkonto, steht im Impressum")
    await send(page).click()
    await expect(status(page).filter(has_text="Gesendet.")).to_be_visible()
    (reply,) = await replies(conversation)
    assert (reply["override_reason"], reply["text"]) == ("Spendenkonto, steht im Impressum", PAYS)


@pytest.fixture
def sent_out(stack):
    """`await sent_out(text)`: what the provider got with these words."""

    async def read(text):
        async with httpx.AsyncClient(base_url=stack.standin_url) as http:
            sends = (await http.get("/seen?since=0")).json()["sends"]
        return [one for one in sends if one["text"] == text]

    return read


def private_field(page, name="Private Antwort an den Kunden"):
    return box(page).get_by_role("textbox", name=name)


async def test_what_may_not_stand_in_public_goes_in_private_once(
    answering, customers, replies, sent_out, until, given_to, accessible
):
    conversation, words = await customers.comment("Wohin darf ich überweisen?"), f"{PAYS} {customers.fresh('danke')}"
    await given_to(conversation, "clara")
    page = await answering(conversation, "clara")
    await field(page).fill(words)
    await expect(send(page)).to_be_disabled()
    await box(page).locator(".lc-ways").get_by_role("button", name="Privat antworten").click()
    await expect(private_field(page)).to_be_focused()
    await expect(private_field(page)).to_have_value(words)
    await expect(box(page)).to_contain_text("Messenger · Privat")
    await expect(box(page).locator("[aria-live=polite]")).to_have_text("Die Antwort geht jetzt privat, über Messenger.")
    await expect(send(page)).to_be_enabled()
    await expect(box(page).locator("mark.lc-private")).to_have_count(0)
    await accessible(page, ".lc")
    await private_field(page).press("Control+Enter")
    await expect(status(page).filter(has_text="Gesendet.")).to_be_visible()
    (reply,) = await replies(conversation)
    assert (reply["private"], reply["text"], reply["override_reason"]) == (True, words, None)
    (got,) = await until(lambda: sent_out(words))
    assert got["channel"] == "messenger"
    (account, number) = await customers.database.fetchrow(
        "SELECT c.account, m.message_id FROM desk.conversation AS c JOIN desk.message AS m ON m.conversation_id = c.id "
        "WHERE c.id = $1",
        conversation,
    )
    assert number == message_id(account, got["recipient"]), "it answers the comment, not somebody's inbox"
    await expect(page.locator(".tl-entry.agent").filter(has_text=words)).to_contain_text("Messenger")
    await expect(field(page)).to_have_value("")
    await expect(box(page).get_by_role("button", name="Privat antworten")).to_have_count(0)


async def test_an_agent_chooses_the_private_way_by_keyboard_and_a_reload_keeps_it(answering, customers):
    page = await answering(await customers.instagram_comment("When will it be back?"), language="en")
    turn = box(page).get_by_role("button", name="Answer in private")
    await expect(turn).to_have_attribute("aria-pressed", "false")
    await field(page).fill("Next week.")
    await page.locator("#lt-main").focus()
    await page.keyboard.press("p")
    await expect(turn).to_have_attribute("aria-pressed", "true")
    private = private_field(page, "Private answer to the customer")
    await expect(private).to_be_focused()
    await expect(box(page).locator(".lc-left")).to_have_text("990 bytes left")
    await expect(box(page)).to_contain_text("Draft saved")
    await page.reload()
    await expect(private).to_have_value("Next week.")
    await page.locator("#lt-main").focus()
    await page.keyboard.press("p")
    await expect(box(page)).to_contain_text("Public: everybody can read it")
    await expect(field(page)).to_have_value("Next week.")


@pytest.mark.parametrize("days", [None, 8])
async def test_where_there_is_no_private_way_none_is_offered(answering, customers, days):
    if days is None:
        conversation = await customers.messenger("Hallo?")
    else:
        meta, number = customers.meta, customers.fresh("c")
        at = clock.now() - timedelta(days=days)
        call = meta.comment(
            customers.fresh("fb"), "Kim Sommer", number, customers.fresh("880011223344_p"), "Hallo?", at
        )
        conversation = await customers.sent(call, meta.account, number)
    page = await answering(conversation)
    await field(page).fill(PAYS)
    await expect(box(page).locator(".lc-invite") if days else send(page)).to_be_enabled()
    await expect(box(page).get_by_role("button", name="Privat antworten")).to_have_count(0)


# ---- sending


async def test_the_keyboard_sends_and_says_so(answering, customers, replies):
    conversation = await customers.typed("Wo bleibt mein Paket?")
    page = await answering(conversation)
    await page.keyboard.press("r")
    await expect(field(page)).to_be_focused()
    await page.keyboard.type("Es ist unterwegs.")
    await page.keyboard.press("Control+Enter")
    await expect(status(page).filter(has_text="Gesendet.")).to_be_visible()
    await expect(field(page)).to_have_value("")
    await expect(field(page)).to_be_focused()
    assert [reply["text"] for reply in await replies(conversation)] == ["Es ist unterwegs."]


async def test_sent_and_resolved_in_one(answering, customers, desk):
    conversation = await customers.typed("Wo finde ich die Rechnung?")
    page = await answering(conversation)
    await field(page).fill("In Ihrem Kundenkonto.")
    await field(page).press("Control+Shift+Enter")
    await expect(status(page).filter(has_text="Gesendet und erledigt.")).to_be_visible()
    await desk.until(f"/v1/conversations/{conversation}", lambda found: found["status"] == "resolved")


async def test_a_double_click_sends_once(answering, customers, replies):
    conversation = await customers.typed("Geht das auch ohne Kundenkonto?")
    page = await answering(conversation)
    await field(page).fill("Ja, als Gast.")
    await send(page).evaluate("(button) => { button.click(); button.click(); button.click(); }")
    await expect(status(page).filter(has_text="Gesendet.")).to_be_visible()
    assert len(await replies(conversation)) == 1


async def test_what_is_sent_over_a_cut_connection_arrives_once(answering, customers, replies):
    conversation = await customers.typed("Haben Sie samstags offen?")
    page = await answering(conversation)
    await field(page).fill("Ja, von 9 bis 13 Uhr.")
    await page.evaluate("window.socket.disconnect()")
    await send(page).click()
    await expect(field(page)).to_have_attribute("readonly", "")
    await page.evaluate("window.socket.connect()")
    await expect(status(page).filter(has_text="Gesendet.")).to_be_visible()
    assert len(await replies(conversation)) == 1


async def test_a_reload_right_after_sending_neither_loses_nor_doubles(answering, customers, replies, desk):
    conversation = await customers.typed("Nehmen Sie auch Bargeld?")
    page = await answering(conversation)
    await field(page).fill("Ja, im Laden.")
    await expect(status(page).filter(has_text="Entwurf gesichert")).to_be_visible()
    await page.evaluate("document.querySelector('.lc-send').click(); setTimeout(() => location.reload(), 30)")
    await desk.until(f"/v1/conversations/{conversation}", lambda found: found["replies"])
    await page.wait_for_load_state()
    await expect(field(page)).to_have_value("", timeout=20_000)
    assert [reply["text"] for reply in await replies(conversation)] == ["Ja, im Laden."]


async def test_a_refusal_is_said_and_the_words_stay(answering, customers, desk, given_to):
    conversation = await customers.typed("Kann ich umtauschen?")
    await given_to(conversation, "bruno")
    page = await answering(conversation, "bruno")
    await field(page).fill("Ja, 30 Tage lang.")
    await expect(status(page).filter(has_text="Entwurf gesichert")).to_be_visible()
    await page.evaluate("window.socket.disconnect()")
    await desk.post(f"/v1/conversations/{conversation}/resolve")
    await send(page).click()
    await page.evaluate("window.socket.connect()")
    await expect(box(page)).to_contain_text("Das Gespräch ist schon erledigt.")
    await expect(field(page)).to_have_value("Ja, 30 Tage lang.")
    await expect(field(page)).to_be_editable()


async def test_a_note_is_another_colour_and_never_reaches_the_customer(answering, customers, desk, accessible):
    conversation = await customers.comment("Wo bleibt mein Paket?")
    page = await answering(conversation)
    await field(page).fill("Für den Kunden")
    await page.locator("body").click(position={"x": 2, "y": 200})
    await field(page).blur()
    await page.keyboard.press("n")
    await expect(note_field(page)).to_be_focused()
    await expect(box(page)).to_have_class(re.compile("is-note"))
    await expect(box(page)).to_contain_text("der Kunde sieht das nie")
    await accessible(page, ".lc")
    await page.keyboard.type(f"Konto {IBAN} geprüft")
    await page.keyboard.press("Control+Enter")
    await expect(status(page).filter(has_text="Notiz angelegt.")).to_be_visible()
    found = await desk.get(f"/v1/conversations/{conversation}")
    assert ([note["text"] for note in found["notes"]], found["replies"]) == ([f"Konto {IBAN} geprüft"], [])
    await box(page).get_by_role("button", name="Antwort", exact=True).click()
    await expect(field(page)).to_have_value("Für den Kunden")


# ---- two agents in one conversation


async def test_who_writes_is_seen_by_the_other_within_a_second(answering, customers):
    conversation = await customers.typed("Ist der Laden heute offen?")
    anna, bruno = await asyncio.gather(answering(conversation), answering(conversation, "bruno"))
    await field(bruno).press_sequentially("Ja")
    writers = box(anna).locator(".lc-writers")
    await expect(writers).to_have_text("Bruno Hansen schreibt gerade …", timeout=1_500)
    await expect(box(bruno).locator(".lc-writers")).to_have_text("")
    await expect(writers).to_have_text("", timeout=8_000)
    await field(bruno).press_sequentially(", bis 18 Uhr")
    await expect(writers).to_have_text("Bruno Hansen schreibt gerade …")
    await field(bruno).fill("")
    await expect(writers).to_have_text("", timeout=3_000)


async def test_it_is_seen_from_another_replica_too(stack, browser, answering, customers):
    conversation = await customers.typed("Ist der Laden morgen offen?")
    anna = await answering(conversation)
    async with another_desk(stack) as url:
        context = await browser.new_context(base_url=url, locale="de-DE")
        try:
            bruno = await context.new_page()
            await bruno.goto(link(url, stack.secrets["LOTSE_JWT_SECRET"], "bruno", clock.now()))
            await bruno.locator("form button").click()
            await bruno.wait_for_url("**/")
            await bruno.goto(f"/conversations/{conversation}")
            await expect(box(bruno)).to_be_visible()
            await field(bruno).press_sequentially("Ja")
            await expect(box(anna).locator(".lc-writers")).to_have_text("Bruno Hansen schreibt gerade …", timeout=1_500)
        finally:
            await context.close()


@asynccontextmanager
async def another_desk(stack):
    """A second replica, reached by its own port."""
    port, plan = free_port(), stack.plan
    url = f"http://127.0.0.1:{port}"
    env = {
        **stack.secrets,
        "LOTSE_KAFKA": stack.engines.kafka,
        "LOTSE_TOPIC_PREFIX": plan.prefix,
        "LOTSE_CONFIG": str(plan.local_config),
        "LOTSE_POSTGRES": role_url(stack.engines.postgres, plan.database, "desk", stack.secrets),
        "LOTSE_HTTP_PORT": str(port),
        "LOTSE_CONSOLE_URL": url,
        "LOTSE_INGEST_URL": stack.ingest,
    }
    stack.supervisor.start(Program("desk-again", (sys.executable, "-m", "lotse.desk"), env))
    try:
        async with httpx.AsyncClient(timeout=5) as http, asyncio.timeout(90):
            while not await _is_ready(http, url):
                await asyncio.sleep(0.2)
        yield url
    finally:
        await stack.supervisor.stop("desk-again")


async def _is_ready(http, url) -> bool:
    try:
        return (await http.get(f"{url}/readyz")).status_code == 200
    except httpx.HTTPError:
        return False


async def test_a_second_answer_within_five_seconds_is_asked_about(answering, customers, desk, given_to, replies):
    conversation = await customers.typed("Wie lange dauert der Versand?")
    await given_to(conversation, "bruno")
    page = await answering(conversation)
    await field(page).fill("Zwei Tage.")
    await expect(send(page)).to_be_enabled()
    await desk.post(f"/v1/conversations/{conversation}/reply", {"text": "Etwa zwei Tage."}, who="bruno")
    await field(page).press("Control+Enter")
    asked = box(page).get_by_role("alertdialog")
    await expect(asked).to_contain_text("Bruno Hansen hat gerade eben geantwortet")
    await expect(asked.get_by_role("button", name="Noch nicht senden")).to_be_focused()
    assert len(await replies(conversation)) == 1
    await asked.get_by_role("button", name="Trotzdem senden").click()
    await expect(status(page).filter(has_text="Gesendet.")).to_be_visible()
    assert len(await replies(conversation)) == 2


# ---- drafts


async def test_a_draft_survives_a_reload_and_signing_in_again_elsewhere(answering, customers, windows):
    conversation = await customers.typed("Kann ich die Farbe ändern?")
    page = await answering(conversation)
    await field(page).fill("Ich frage nach")
    await box(page).get_by_role("button", name="Notiz").click()
    await note_field(page).fill("Lager anrufen")
    await page.reload()
    await expect(field(page)).to_have_value("Ich frage nach")
    await expect(status(page).filter(has_text="Entwurf gesichert")).to_be_visible()
    other = await answering(conversation)
    await expect(field(other)).to_have_value("Ich frage nach")
    await box(other).get_by_role("button", name="Notiz").click()
    await expect(note_field(other)).to_have_value("Lager anrufen")
    bruno = await answering(conversation, "bruno")
    await expect(field(bruno)).to_have_value("")


async def test_who_gets_it_is_offered_the_answer_that_was_begun(answering, customers, given_to):
    conversation = await customers.typed("Passt das Teil zu meinem Gerät?")
    await given_to(conversation, "bruno")
    bruno = await answering(conversation, "bruno")
    await field(bruno).fill("Das prüfe ich gern für Sie")
    await expect(status(bruno).filter(has_text="Entwurf gesichert")).to_be_visible()
    await given_to(conversation, "anna")
    anna = await answering(conversation)
    await expect(box(anna)).to_contain_text("Bruno Hansen hatte hier eine Antwort begonnen")
    await box(anna).get_by_role("button", name="Übernehmen").click()
    await expect(field(anna)).to_have_value("Das prüfe ich gern für Sie")
    await bruno.reload()
    await expect(box(bruno)).to_be_visible()
    await expect(field(bruno)).to_have_value("")


# ---- canned answers


async def test_a_slash_finds_an_answer_and_what_is_missing_is_marked(answering, customers, accessible):
    page = await answering(await customers.messenger("Wo bleibt meine Bestellung?"))
    await field(page).press("/")
    dialog = page.get_by_role("dialog", name="Vorlagen")
    search = dialog.get_by_role("combobox", name="Vorlage suchen")
    await expect(search).to_be_focused()
    await accessible(page, "dialog[open]")
    await search.fill("bestellnr erfragen")
    await expect(dialog).to_contain_text("Keine Vorlage enthält das.")
    await search.fill("BESTELL erfrag")
    await expect(dialog.get_by_role("option")).to_have_count(1)
    await search.press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(field(page)).to_have_value(re.compile("^Danke, ⟦Vorname⟧! Nennen Sie"))
    await expect(box(page).locator("mark.lc-gap")).to_have_text("⟦Vorname⟧")
    await expect(send(page)).to_be_disabled()
    await page.keyboard.type("Kim")
    await expect(field(page)).to_have_value(re.compile("^Danke, Kim! Nennen Sie"))
    await expect(send(page)).to_be_enabled()


async def test_answers_are_filled_in_for_the_conversation_and_the_fitting_ones_come_first(answering, customers):
    conversation = await customers.typed("Ihre Rechnung ist falsch, das ist eine Frechheit!", "in-app")
    page = await answering(conversation)
    await field(page).fill("Zeile\n")
    await field(page).press("Control+k")
    dialog = page.get_by_role("dialog", name="Vorlagen")
    await expect(dialog.get_by_role("group").first).to_have_attribute("aria-label", "Passt hier")
    await expect(dialog.get_by_role("option")).to_have_count(14)
    await dialog.get_by_role("combobox").fill("entschuldigung panne")
    await expect(dialog).to_contain_text(f"Ihr Zeichen: {conversation.hex[:8]}")
    await page.keyboard.press("Escape")
    await expect(field(page)).to_be_focused()
    await expect(field(page)).to_have_value("Zeile\n")
    await field(page).press("/")
    await page.keyboard.press("/")
    await expect(field(page)).to_have_value("Zeile\n/")


async def test_an_answer_that_no_longer_fits_is_not_put_in(answering, customers):
    page = await answering(await customers.instagram_comment("Wie lange gilt das Angebot?"))
    await field(page).fill("Wort " * 430 + "\n")
    await field(page).press("Control+End")
    await field(page).press("/")
    dialog = page.get_by_role("dialog", name="Vorlagen")
    await dialog.get_by_role("combobox").fill("Öffnungszeiten")
    option = dialog.get_by_role("option").first
    await expect(option).to_have_attribute("aria-disabled", "true")
    await expect(option).to_contain_text("zu lang")
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_visible()


# ---- files


def picture() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\1\2\3")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


async def test_a_file_goes_along_and_can_be_taken_off_again(answering, customers, replies):
    conversation = await customers.messenger("Haben Sie ein Bild davon?")
    page = await answering(conversation)
    put = box(page).locator("input[type=file]")
    for name in ("eins.png", "zwei.png"):
        await put.set_input_files({"name": name, "mimeType": "image/png", "buffer": picture()})
    files = box(page).get_by_role("list", name="Anhänge")
    await expect(files.get_by_role("listitem")).to_have_count(2)
    await expect(files).to_contain_text("PNG")
    await files.get_by_role("button", name="eins.png entfernen").click()
    await field(page).fill("Bitte sehr:")
    await expect(box(page)).to_contain_text("Entwurf gesichert")
    await page.reload()
    await expect(files).to_contain_text("zwei.png")
    await field(page).press("Control+Enter")
    await expect(status(page).filter(has_text="Gesendet.")).to_be_visible()
    (reply,) = await replies(conversation)
    assert [file["name"] for file in reply["attachments"]] == ["zwei.png"]


async def test_a_file_belongs_to_the_draft_as_soon_as_it_is_there(answering, customers):
    conversation = await customers.messenger("Haben Sie ein Bild davon?")
    page = await answering(conversation)
    put = box(page).locator("input[type=file]")
    files = box(page).get_by_role("list", name="Anhänge").get_by_role("listitem")
    await put.set_input_files({"name": "eins.png", "mimeType": "image/png", "buffer": picture()})
    await expect(files).to_contain_text(["PNG"])
    await page.reload()
    await expect(files).to_contain_text(["eins.png"])
    await put.set_input_files({"name": "zwei.png", "mimeType": "image/png", "buffer": picture()})
    await expect(files).to_contain_text(["eins.png", "zwei.png"])
    await expect(files.get_by_role("progressbar")).to_have_count(0)
    await expect(box(page)).to_contain_text("Entwurf gesichert")
    await page.close()
    elsewhere = await answering(conversation)
    files = box(elsewhere).get_by_role("list", name="Anhänge").get_by_role("listitem")
    await expect(files).to_contain_text(["eins.png", "zwei.png"])


async def test_a_file_that_may_not_go_is_refused_in_words(answering, customers):
    page = await answering(await customers.messenger("Und eine Anleitung?"))
    wrong = {"name": "anleitung.png", "mimeType": "image/png", "buffer": b"MZ" + b"\0" * 200}
    await box(page).locator("input[type=file]").set_input_files(wrong)
    await expect(box(page)).to_contain_text("anleitung.png")
    await expect(box(page).locator("[data-code=refused]")).to_be_visible()
    await expect(box(page).get_by_role("list", name="Anhänge")).to_have_count(0)
    instagram = await answering(await customers.instagram_comment("Und hier?"))
    await expect(box(instagram).get_by_role("button", name="Datei anhängen")).to_be_disabled()


async def test_files_can_be_dropped_and_pasted(answering, customers):
    page = await answering(await customers.messenger("Haben Sie noch ein Bild?"))
    bring = """([selector, kind, bytes]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], kind + ".png", { type: "image/png" }));
        const made = kind === "drop" ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
            : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
        document.querySelector(selector).dispatchEvent(made);
    }"""
    for kind in ("drop", "paste"):
        await page.evaluate(bring, [".lc-text", kind, list(picture())])
        await expect(box(page).get_by_role("list", name="Anhänge")).to_contain_text(f"{kind}.png")


# ---- everywhere


@pytest.mark.parametrize(
    ("language", "theme", "width"), [("de", "light", 390), ("en", "dark", 390), ("en", "dark", 1280)]
)
async def test_it_can_be_used_by_everybody_everywhere(answering, customers, accessible, language, theme, width):
    page = await answering(
        await customers.comment("Wohin darf ich überweisen?"), language=language, theme=theme, width=width
    )
    await field(page).fill(PAYS)
    await expect(box(page).locator("mark.lc-private")).to_be_visible()
    await accessible(page, ".lc")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    right = await box(page).evaluate(
        "(box) => Math.max(...[...box.querySelectorAll('*')].map((one) => one.getBoundingClientRect().right))"
    )
    assert right <= width


async def test_a_draft_survives_the_desks_restart(stack, answering, customers):
    conversation = await customers.typed("Gibt es das auch in Blau?")
    page = await answering(conversation)
    await field(page).fill("Ich sehe nach")
    await expect(status(page).filter(has_text="Entwurf gesichert")).to_be_visible()
    await field(page).press_sequentially(" im Lager")
    await stack.supervisor.kill("desk")
    async with httpx.AsyncClient(timeout=5) as http, asyncio.timeout(90):
        while not await _is_ready(http, stack.desk):
            await asyncio.sleep(0.2)
    await expect(field(page)).to_have_value("Ich sehe nach im Lager", timeout=60_000)
    await expect(status(page).filter(has_text="Entwurf gesichert")).to_be_visible(timeout=60_000)
