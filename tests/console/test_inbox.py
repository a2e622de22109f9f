"""The inbox: what stands in it, how it is searched and walked through, on wide and narrow screens."""

import asyncio
import re

import pytest
import pytest_asyncio
from inbox_page import Inbox, crowd
from playwright.async_api import expect

VIEWS = ("unanswered", "about-to-miss", "mine", "waiting", "public-negative", "spam", "snoozed", "all", "crisis")


@pytest.fixture
def open_inbox(open_page):
    """`await open_inbox("view=all", ...)`: an inbox with its list read."""

    async def opened(query: str = "", **more) -> Inbox:
        inbox = Inbox(await open_page(f"/?{query}", **more))
        await inbox.ready()
        return inbox

    return opened


@pytest.fixture
async def at_work(desk):
    for agent in ("anna", "bruno"):
        await desk.status(agent, "online")


@pytest.fixture
async def nobody_at_work(desk):
    for agent in desk.stack.config.agents:
        await desk.status(agent, "away")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def many(customers, desk):
    """More conversations than are read at a time."""
    return await crowd(customers, desk, 230)


async def test_a_new_message_comes_into_the_open_list_with_all_that_is_known_of_it(open_inbox, customers, at_work):
    inbox = await open_inbox("view=all")
    found = await customers.comment("Die Lieferung kommt immer zu spät, eine Frechheit!", name="Petra Klein")
    row = inbox.row(found)
    for word in ("Petra Klein", "Die Lieferung kommt", "Facebook", "öffentlich", "Beschwerde", "negativ", "wartet"):
        await expect(row).to_contain_text(word)
    await expect(row.locator(".ib-due")).to_contain_text(re.compile(r"noch 5\d:\d\d"))
    await expect(row.locator(".ib-assignee")).to_contain_text("Anna Petersen")


async def test_where_no_conversation_stands_open_a_change_goes_to_the_list_alone(open_inbox, customers, at_work):
    inbox = await open_inbox("view=all")
    heard: list[str] = []
    inbox.page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame))))
    await inbox.page.reload()
    await inbox.ready()
    heard.clear()
    for number in range(3):
        found = await customers.whatsapp(f"Und die Nummer {number}?")
        await expect(inbox.row(found).locator(".ib-assignee")).to_be_visible()
    assert any('"change\\"' in frame for frame in heard)
    assert not [frame for frame in heard if '"show\\"' in frame]


async def test_a_draft_of_ones_own_bears_a_pencil_until_it_is_sent(open_inbox, customers):
    found = await customers.messenger("Passt der Mantel zur Hose?")
    inbox, elsewhere = await open_inbox(f"view=all&c={found}"), await open_inbox("view=all", language="en")
    pencil, other = inbox.row(found).locator(".ib-draft"), elsewhere.row(found).locator(".ib-draft")
    words = inbox.panel.get_by_role("textbox", name="Antwort an den Kunden")
    await expect(words).to_be_editable()
    await expect(pencil).to_have_count(0)
    await words.fill("Ja, die ")
    await expect(pencil).to_have_attribute("title", "Ihr Entwurf")
    await expect(inbox.row(found)).to_have_accessible_name(re.compile("Ihr Entwurf"))
    await expect(elsewhere.row(found)).to_have_accessible_name(re.compile("your draft"))
    colleague = await open_inbox("view=all", agent="bruno")
    await expect(colleague.row(found)).to_be_visible()
    await expect(colleague.row(found).locator(".ib-draft")).to_have_count(0)
    await inbox.page.reload()
    await expect(pencil).to_be_visible()
    await words.press("Control+Enter")
    await expect(pencil).to_have_count(0)
    await expect(other).to_have_count(0)


async def test_what_kept_an_answer_back_is_said_whichever_conversation_is_open_by_then(
    open_inbox, customers, desk, at_work, accessible
):
    first = await customers.comment("Passt die Hose?", name="Petra Klein")
    second = await customers.comment("Und der Hut?")
    inbox = await open_inbox(f"view=all&c={first}")
    words = inbox.panel.get_by_role("textbox", name="Antwort an den Kunden")
    await words.fill("Ja, sie passt.")
    await desk.call("POST", f"/v1/conversations/{first}/transfer", json={"agent_id": "bruno"})
    await desk.post(f"/v1/conversations/{first}/reply", {"text": "Leider nein."}, who="bruno")
    await inbox.page.evaluate("window.socket.disconnect()")
    await words.press("Control+Enter")
    await inbox.row(second).click()
    await inbox.page.evaluate("window.socket.connect()")
    told = inbox.page.get_by_role("alert").filter(has_text="Petra Klein")
    await expect(told).to_contain_text("wartet Ihr Entwurf noch")
    await expect(inbox.page.locator(".lt-toast")).to_have_css("opacity", "1")
    await expect(inbox.page.locator(".lt-toast .q-notification__message")).to_have_css("color", "rgb(163, 32, 44)")
    await accessible(inbox.page, ".lt-toast")
    await inbox.row(first).click()
    await expect(inbox.row(first).locator(".ib-draft")).to_be_visible()
    await expect(words).to_have_value("Ja, sie passt.")


async def test_sent_words_do_not_come_back_when_another_conversation_was_opened_meanwhile(open_inbox, customers):
    first, second = await customers.messenger("Passt der Rock?"), await customers.messenger("Und der Schal?")
    inbox = await open_inbox(f"view=all&c={first}")
    words = inbox.panel.get_by_role("textbox", name="Antwort an den Kunden")
    await words.fill("Ja, er passt.")
    await expect(inbox.row(first).locator(".ib-draft")).to_be_visible()
    await words.press("Control+Enter")
    await inbox.row(second).click()
    await expect(inbox.opened).to_have_attribute("data-id", str(second))
    await expect(inbox.row(first).locator(".ib-draft")).to_have_count(0)
    await inbox.row(first).click()
    await expect(inbox.panel.get_by_text("Ja, er passt.")).to_be_visible()
    await expect(words).to_have_value("")


async def test_an_outcome_leaves_the_focus_where_it_went(open_inbox, customers):
    found = await customers.messenger("Passt das Kleid?")
    inbox = await open_inbox(f"view=all&c={found}")
    words = inbox.panel.get_by_role("textbox", name="Antwort an den Kunden")
    await words.fill("Ja, es passt.")
    search = inbox.page.get_by_role("searchbox")
    await inbox.page.evaluate(
        """() => {
            document.querySelector('.lc-send').click();
            document.querySelector('input[type=search]').focus();
        }"""
    )
    await expect(inbox.panel.get_by_text("Gesendet.").first).to_be_attached()
    await expect(words).to_have_value("")
    await expect(search).to_be_focused()


async def held_uploads(page) -> asyncio.Event:
    """Files are on their way for as long as the event that this gives is not set."""
    arrived = asyncio.Event()

    async def hold(route):
        await arrived.wait()
        await route.continue_()

    await page.route("**/uploads?*", hold)
    return arrived


async def test_a_file_that_comes_when_another_conversation_is_open_goes_into_its_own(open_inbox, customers):
    asked, other = await customers.messenger("Haben Sie ein Bild?"), await customers.messenger("Und der Preis?")
    inbox = await open_inbox(f"view=all&c={asked}")
    arrived, box = await held_uploads(inbox.page), inbox.panel.locator(".lc")
    files, coming = box.get_by_role("list", name="Anhänge").get_by_role("listitem"), box.get_by_role("progressbar")
    for name in ("eins.txt", "zwei.txt"):
        await box.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "text/plain", "buffer": b"Moin"}
        )
    await expect(coming).to_have_count(2)
    await inbox.row(other).click()
    await expect(inbox.panel).to_contain_text("Und der Preis?")
    await expect(files).to_have_count(0)
    await inbox.row(asked).click()
    await expect(coming).to_have_count(2)
    await inbox.row(other).click()
    await expect(coming).to_have_count(0)
    arrived.set()
    await expect(inbox.row(asked).locator(".ib-draft")).to_be_visible()
    await expect(files).to_have_count(0)
    await inbox.row(asked).click()
    for name in ("eins.txt", "zwei.txt"):
        await expect(files.filter(has_text=name)).to_have_count(1)


async def test_a_file_that_cannot_be_taken_is_told_in_whichever_conversation_is_open(open_inbox, customers):
    asked, other = await customers.messenger("Haben Sie ein Bild?"), await customers.messenger("Und der Preis?")
    inbox = await open_inbox(f"view=all&c={asked}")
    arrived, box = await held_uploads(inbox.page), inbox.panel.locator(".lc")
    hostile = {"name": "bild.png", "mimeType": "image/png", "buffer": b"MZ\x90 no picture at all"}
    await box.locator("input[type=file]").set_input_files(hostile)
    await expect(box.get_by_role("progressbar")).to_have_count(1)
    await inbox.row(other).click()
    await expect(inbox.panel).to_contain_text("Und der Preis?")
    arrived.set()
    await expect(box.locator("[id$=-status]")).to_contain_text("bild.png")


async def test_the_browser_asks_before_it_leaves_a_file_half_sent(open_inbox, customers):
    inbox = await open_inbox(f"view=all&c={await customers.messenger('Haben Sie ein Bild?')}")
    arrived, box = await held_uploads(inbox.page), inbox.panel.locator(".lc")
    asked: list[str] = []
    inbox.page.on("dialog", lambda dialog: (asked.append(dialog.type), asyncio.ensure_future(dialog.dismiss())))
    file = {"name": "eins.txt", "mimeType": "text/plain", "buffer": b"Moin"}
    await box.locator("input[type=file]").set_input_files(file)
    await expect(box.get_by_role("progressbar")).to_have_count(1)
    await inbox.page.evaluate("location.reload()")
    await expect(box.get_by_role("progressbar")).to_have_count(1)
    assert asked == ["beforeunload"]
    arrived.set()
    await expect(box.get_by_role("listitem")).to_contain_text(["eins.txt"])


async def test_time_turns_without_the_desk(open_inbox, customers, windows):
    inbox = await open_inbox("view=all")
    found = await customers.whatsapp("Wann öffnen Sie morgen?")
    due = inbox.row(found).locator(".ib-due")
    await expect(due).to_contain_text("noch")
    await inbox.page.evaluate("window.socket.disconnect()")
    before = await due.inner_text()
    await expect(due).not_to_have_text(before)


async def test_words_of_a_customer_are_never_markup(open_inbox, customers):
    inbox = await open_inbox("view=all")
    hostile = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>{{ 7*7 }}"
    found = await customers.whatsapp(hostile, name="<b onclick=alert(1)>Eve</b>")
    await expect(inbox.row(found)).to_contain_text("<img src=x onerror=")
    await expect(inbox.row(found)).to_contain_text("{{ 7*7 }}")
    await expect(inbox.row(found)).to_contain_text("<b onclick=alert(1)>Eve</b>")
    assert await inbox.row(found).locator("img, script, b[onclick]").count() == 0
    assert "taken" not in await inbox.page.title()


async def test_each_view_is_one_key_away_and_counts_what_it_shows(open_inbox, customers, desk, at_work):
    await customers.instagram_comment("Never again, this is terrible and nobody answers!")
    inbox = await open_inbox()
    for number, view in enumerate(VIEWS, 1):
        await inbox.page.keyboard.press(str(number))
        await expect(inbox.page.locator(".ib-view[aria-current=true]")).to_have_text(
            re.compile(await inbox.page.locator(".ib-view").nth(number - 1).locator("span").first.inner_text())
        )
        await inbox.ready()
        shown = await inbox.shows_what_the_api_says(desk, f"view={view}")
        assert inbox.address().get("view", "unanswered") == view
        count = inbox.page.locator(".ib-view[aria-current=true] .ib-count")
        if view != "all" and len(shown) < 200:
            await expect(count).to_have_text(str(len(shown)))


async def test_a_conversation_leaves_a_view_when_it_no_longer_belongs_there(open_inbox, customers, desk, at_work):
    found = await customers.typed("Bitte zurückrufen", channel="letter", sender={"id": "leaver", "name": "Frau Voss"})
    await desk.until(f"/v1/conversations/{found}", lambda it: it["status"] == "assigned")
    inbox = await open_inbox("view=unanswered&q=zurückrufen")
    await expect(inbox.row(found)).to_be_visible()
    await desk.post(f"/v1/conversations/{found}/resolve")
    await expect(inbox.row(found)).to_have_count(0)


async def test_time_alone_brings_a_conversation_into_the_view_of_those_about_to_miss(open_inbox, customers, desk):
    found = await customers.comment("Haben Sie Gummistiefel?")
    await desk.until(f"/v1/conversations/{found}", lambda it: it["due_at"] is not None)
    inbox = await open_inbox("view=about-to-miss")
    await expect(inbox.row(found)).to_have_count(0)
    await customers.database.execute(
        "UPDATE desk.deadline SET due_at = now() + interval '15 minutes 2 seconds' WHERE conversation_id = $1", found
    )
    await expect(inbox.row(found)).to_contain_text("nur noch", timeout=60_000)


async def test_a_filter_stands_in_the_address_and_after_a_reload(open_inbox, customers, at_work):
    mail = await customers.mail("Wo finde ich die Rechnung?", subject="Rechnung 4711")
    chat = await customers.whatsapp("Und wann kommt das Paket?")
    inbox = await open_inbox("view=all")
    await inbox.page.get_by_role("button", name="Filter").click()
    await inbox.page.get_by_label("Kanal").select_option("email")
    await expect(inbox.row(mail)).to_be_visible()
    await expect(inbox.row(chat)).to_have_count(0)
    assert inbox.address() == {"view": "all", "channel": "email"}
    await inbox.page.reload()
    await expect(inbox.row(mail)).to_be_visible()
    await expect(inbox.page.get_by_label("Kanal")).to_have_value("email")
    await expect(inbox.row(chat)).to_have_count(0)
    await inbox.page.get_by_role("button", name="Zurücksetzen").click()
    await expect(inbox.row(chat)).to_be_visible()


@pytest.mark.parametrize("name", ["Kanal", "Team", "Bearbeiter", "Stimmung", "Status"])
async def test_every_filter_narrows_the_list_as_the_api_does(open_inbox, customers, desk, at_work, name):
    await customers.comment("Unverschämt, schon wieder falsch geliefert!")
    field, value = {
        "Kanal": ("channel", "facebook"),
        "Team": ("team", "social"),
        "Bearbeiter": ("agent", "anna"),
        "Stimmung": ("sentiment", "negative"),
        "Status": ("status", "assigned"),
    }[name]
    inbox = await open_inbox("view=all")
    await inbox.page.get_by_role("button", name="Filter").click()
    await inbox.page.get_by_label(name, exact=True).select_option(value)
    await inbox.ready()
    assert await inbox.shows_what_the_api_says(desk, f"view=all&{field}={value}") != []


async def test_words_are_searched_in_all_messages_and_new_ones_come_in(open_inbox, customers):
    first = await customers.whatsapp("Meine Gießkanne ist undicht")
    inbox = await open_inbox("view=all")
    await inbox.page.keyboard.press("/")
    await expect(inbox.page.get_by_role("searchbox")).to_be_focused()
    await inbox.page.keyboard.type("Gießkannen")
    await expect(inbox.row(first)).to_be_visible()
    await expect(inbox.rows).to_have_count(1)
    second = await customers.whatsapp("Gibt es die Gießkanne auch in Grün?")
    await customers.whatsapp("Wann haben Sie geöffnet?")
    await expect(inbox.row(second)).to_be_visible()
    await expect(inbox.rows).to_have_count(2)
    assert inbox.address() == {"view": "all", "q": "Gießkannen"}
    await inbox.page.keyboard.press("Escape")
    await expect(inbox.rows).not_to_have_count(2)


async def test_the_list_is_walked_and_opened_by_keys_alone(open_inbox, customers):
    older = await customers.messenger("Erste Frage")
    newer = await customers.messenger("Zweite Frage")
    inbox = await open_inbox("view=all&channel=messenger")
    await expect(inbox.row(newer)).to_be_visible()
    assert await inbox.active() == str(newer)
    await inbox.page.keyboard.press("j")
    assert await inbox.active() == str(older)
    await inbox.page.keyboard.press("k")
    await inbox.listbox.focus()
    await inbox.page.keyboard.press("ArrowDown")
    assert await inbox.active() == str(older)
    await inbox.page.keyboard.press("Enter")
    await expect(inbox.opened).to_have_attribute("data-id", str(older))
    await expect(inbox.panel).to_contain_text("Erste Frage")
    assert inbox.address()["c"] == str(older)
    await inbox.page.keyboard.press("k")
    await inbox.page.keyboard.press("Enter")
    await expect(inbox.panel).to_contain_text("Zweite Frage")
    await inbox.page.go_back()
    await expect(inbox.panel).to_contain_text("Erste Frage")
    await inbox.listbox.focus()
    await inbox.page.keyboard.press("Escape")
    await expect(inbox.opened).to_have_count(0)
    assert "c" not in inbox.address()


async def test_keys_are_letters_while_somebody_writes(open_inbox):
    inbox = await open_inbox("view=all")
    await inbox.page.keyboard.press("/")
    await inbox.page.keyboard.type("jk28u/")
    await expect(inbox.page.get_by_role("searchbox")).to_have_value("jk28u/")
    assert inbox.address()["view"] == "all"


async def test_what_was_looked_at_is_not_news_any_more(open_inbox, customers, nobody_at_work):
    found = await customers.messenger("Ist das Lager am Samstag offen?")
    inbox = await open_inbox("view=all")
    await expect(inbox.row(found)).to_contain_text("ungelesen")
    await inbox.row(found).click()
    await expect(inbox.row(found)).not_to_contain_text("ungelesen")
    await inbox.page.keyboard.press("Escape")
    await inbox.page.reload()
    await expect(inbox.row(found)).to_be_visible()
    await expect(inbox.row(found)).not_to_contain_text("ungelesen")


async def test_a_long_list_is_read_bit_by_bit_and_drawn_only_where_it_is_seen(open_inbox, many, desk):
    inbox = await open_inbox("view=all")
    assert len(await inbox.ids()) == 200
    assert await inbox.rows.count() < 40
    await expect(inbox.page.locator(".ib-foot")).to_contain_text("200 und mehr Gespräche")
    await inbox.listbox.focus()
    await inbox.page.keyboard.press("End")
    await inbox.page.wait_for_function("getElement(document.querySelector('.ib').id.slice(1)).order.length >= 230")
    shown = await inbox.ids()
    assert len(shown) == len(set(shown))
    assert await inbox.rows.count() < 40


async def test_reader_and_mark_stay_where_they_are_when_rows_come_above(open_inbox, many, customers, desk):
    inbox = await open_inbox("view=all")
    for _ in range(30):
        await inbox.page.keyboard.press("j")
    marked, before = await inbox.active(), await inbox.scroll()
    assert before > 0
    seen = await inbox.row(marked).bounding_box()
    await crowd(customers, desk, 7)
    await expect(inbox.page.locator(".ib-above")).to_contain_text("7 neue oben")
    assert await inbox.active() == marked
    assert await inbox.scroll() == before + 7 * 76
    assert await inbox.row(marked).bounding_box() == seen
    await inbox.page.locator(".ib-above").click()
    await expect(inbox.page.locator(".ib-above")).to_have_count(0)
    assert await inbox.scroll() == 0


async def test_a_narrow_screen_shows_one_area_at_a_time(open_inbox, customers):
    found = await customers.whatsapp("Vom Handy aus gefragt")
    inbox = await open_inbox("view=all&channel=whatsapp", width=390)
    await expect(inbox.row(found)).to_be_visible()
    await expect(inbox.panel).to_be_hidden()
    await inbox.row(found).click()
    await expect(inbox.panel).to_contain_text("Vom Handy aus gefragt")
    await expect(inbox.listbox).to_be_hidden()
    await inbox.page.get_by_role("button", name="Zurück zur Liste").click()
    await expect(inbox.row(found)).to_be_visible()
    await expect(inbox.panel).to_be_hidden()
    assert await inbox.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["de", "en"])
async def test_the_inbox_is_accessible_in_both_themes_and_languages(open_inbox, accessible, customers, language, theme):
    await customers.comment("Furchtbar, nie wieder!")
    inbox = await open_inbox("view=all", language=language, theme=theme)
    await expect(inbox.rows.first).to_be_visible()
    await expect(inbox.page.locator("html")).to_have_attribute("lang", re.compile(language))
    await accessible(inbox.page)


async def test_a_screen_reader_hears_a_row_in_words(open_inbox, customers):
    found = await customers.comment("Wo bleibt mein Paket?", name="Kim Sommer")
    inbox = await open_inbox("view=all")
    row = inbox.row(found)
    await expect(row).to_contain_text("Frage")
    heard = await row.inner_text()
    for word in ("Kim Sommer", "Wo bleibt mein Paket?", "Facebook", "öffentlich", "wartet"):
        assert word in heard
    assert await row.get_attribute("aria-setsize") in ("-1", str(len(await inbox.ids())))


async def test_the_page_says_how_old_it_is(open_inbox):
    inbox = await open_inbox("view=all")
    await expect(inbox.page.locator(".ib-as-of")).to_have_text("Aktuell")
