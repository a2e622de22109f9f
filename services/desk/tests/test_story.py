"""The line of time of a conversation, and what stands beside it, told from a day's facts."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from desk_api import CONFIG, Desk, desk_over, settings_of
from desk_history import TRACE, Told, at, conversation, customer, message, the_day
from hypothesis import given
from hypothesis import strategies as st

from lotse.contracts import conversations as c
from lotse.contracts import notices as n
from lotse.contracts.channels import Channel
from lotse.contracts.values import Address, Attachment, Presence, Status
from lotse.desk.api.lists import agents_of
from lotse.desk.console.conversing.about import about, heading, targets
from lotse.desk.console.conversing.looking import look
from lotse.desk.console.conversing.story import Entry, Teller, delta, length, sentence
from lotse.desk.console.conversing.story_texts import STORY
from lotse.desk.console.conversing.texts import CONVERSATION
from lotse.desk.console.conversing.words import VOCABULARY
from lotse.desk.histories import has_one_of

GERMAN = Teller.of("de", CONFIG)
ENGLISH = Teller.of("en", CONFIG)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(lasting_database):
    async with desk_over(settings_of(lasting_database)) as made:
        await made.harness.feed(*the_day())
        yield made


async def story(desk: Desk, name: str, teller: Teller = GERMAN) -> list[Entry]:
    seen, said = await look(desk.parts, conversation(name))
    return teller.tell(seen.conversation, said)


def text(entry: Entry) -> str:
    return "".join(piece.text or piece.to or "" for piece in entry.pieces)


def texts(entries: list[Entry], kind: str) -> list[str]:
    return [text(entry) for entry in entries if entry.kind == kind]


def found(entries: list[Entry], name: str) -> Entry:
    return next(entry for entry in entries if entry.id == str(message(name)))


async def test_everything_stands_once_in_the_order_of_time(desk):
    entries = await story(desk, "a")
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert len({entry.id for entry in entries}) == len(entries)


async def test_what_the_customer_deleted_is_nowhere(desk):
    for name in ("a", "b"):
        entries = await story(desk, name)
        assert not [entry for entry in entries if "0151" in repr(entry)]
    gone = found(await story(desk, "a"), "a2")
    assert (gone.gone, gone.pieces, gone.marks[0].at) == (True, (), at(72))
    assert gone.marks[0].text == "Vom Kunden gelöscht"


async def test_the_words_of_other_conversations_stand_on_the_same_line(desk):
    entries = await story(desk, "b")
    away = [entry for entry in entries if not entry.here]
    assert {entry.channel for entry in away} == {"Facebook"}
    assert {entry.kind for entry in away} == {"customer", "agent", "note"}
    assert "Es ist unterwegs." in texts(away, "agent")
    (gone,) = [entry for entry in away if entry.gone]
    assert gone.pieces == ()


async def test_words_of_other_conversations_say_all_that_they_say_in_their_own(database):
    told = Told()
    photo = Attachment(name="mantel.jpg", media_type="image/jpeg", size=52_000, sha256="a" * 64)
    told.opened("c", "petra")
    told.added("c", 1, "Wo ist er", 1, attachments=(photo,))
    told.tell(
        c.MessageUpdated(
            conversation_id=conversation("c"),
            message_id=message("c1"),
            text="Wo ist er?",
            attachments=(photo,),
            edited_at=at(2),
        ),
        2,
    )
    told.tell(
        c.ReplyApproved(
            conversation_id=conversation("c"),
            reply_id=message("answer"),
            address=Address(account="haupt", channel=Channel.MESSENGER, thread="c", recipient="petra"),
            agent_id="mia",
            agent_name="Mia",
            agent_initials="M",
            text="Auf dem Weg.",
            comment_on=Channel.FACEBOOK,
            at=at(3),
        ),
        3,
    )
    told.tell(
        n.ReplyFailed(
            conversation_id=conversation("c"),
            reply_id=message("answer"),
            reason="undelivered",
            detail="Der Anbieter konnte die Nachricht nicht zustellen.",
            at=at(4),
        ),
        4,
    )
    told.opened("d", "petra", minutes=5)
    told.added("d", 1, "Hallo?", 5)
    async with desk_over(settings_of(database)) as made:
        await made.harness.feed(*told.facts)
        asked, answered = [entry for entry in await story(made, "d", ENGLISH) if not entry.here]
        (here,) = [entry for entry in await story(made, "c", ENGLISH) if entry.id == str(message("answer"))]
        _, said = await look(made.parts, conversation("d"))
    assert [mark.text for mark in asked.marks] == ["edited"]
    assert said[0].attachments == (photo,)
    assert (answered.channel, answered.public) == ("Messenger", False)
    for answer in (answered, here):
        assert [mark.text for mark in answer.marks] == ["Not sent. The provider could not deliver the answer."]


async def test_an_answer_says_how_far_it_came(desk):
    entries = await story(desk, "a")
    (answer,) = [entry for entry in entries if text(entry) == "Es ist unterwegs."]
    assert [(mark.text, mark.at) for mark in answer.marks] == [("gesendet", at(62)), ("gelesen", at(63))]
    (blocked,) = [entry for entry in entries if entry.tone == "warn" and entry.kind == "agent"]
    assert "persönliche Daten" in blocked.marks[-1].text
    assert "privat" in blocked.marks[-1].text


async def test_a_note_is_told_apart_and_names_who_wrote_it(desk):
    (note,) = [entry for entry in await story(desk, "a") if entry.kind == "note"]
    assert (text(note), note.who) == ("ruft zurück", "Notiz von Mia Kern, nur intern")


async def test_a_missed_promise_and_a_late_answer_are_said(desk):
    lines = texts(await story(desk, "a"), "quiet")
    assert any(line.startswith("Frist begonnen: Erste Antwort") for line in lines)
    assert any(line.startswith("Frist verpasst: Erste Antwort") for line in lines)
    assert any(line.startswith("Verspätet beantwortet") for line in lines)


async def test_who_got_it_and_why_is_said(desk):
    lines = texts(await story(desk, "a"), "quiet")
    assert any("Mia Kern hat das Gespräch bekommen" in line and "Fähigkeit" in line for line in lines)
    assert any(line.startswith("Erledigt von Mia Kern") for line in lines)
    assert any(line.startswith("Wieder geöffnet") for line in lines)


async def test_a_correction_names_the_person_and_the_reason(desk):
    lines = texts(await story(desk, "u"), "quiet")
    assert "Lesart korrigiert: negativ, Anliegen, Beschwerde von Mia Kern · Er droht mit der Presse." in lines


async def test_every_story_can_be_told_in_english(desk):
    lines = texts(await story(desk, "a", ENGLISH), "quiet")
    assert any(line.startswith("Promise missed: First response") for line in lines)
    assert not any("Frist" in line or "von " in line for line in lines)


async def test_two_stories_differ_by_what_changed_alone(desk):
    entries = await story(desk, "a")
    shown = {entry.id: entry for entry in entries}
    assert delta(shown, entries) == delta({}, [])
    changed = [replace(entries[0], who="x"), *entries[2:]]
    assert delta(shown, changed).put == (changed[0],)
    assert delta(shown, changed).drop == (entries[1].id,)


@given(st.data())
def test_deltas_lead_from_any_list_to_any_other(data):
    made = st.lists(
        st.builds(
            lambda number, who: Entry(str(number), "note", at(number), conversation("a"), (), who=who),
            st.integers(0, 5),
            st.sampled_from("ab"),
        ),
        unique_by=lambda entry: entry.id,
    )
    before, after = ({entry.id: entry for entry in data.draw(made)} for _ in range(2))
    told = delta(before, after.values())
    now = {name: entry for name, entry in before.items() if name not in told.drop} | {e.id: e for e in told.put}
    assert now == after


# Beside the line of time


async def test_the_side_tells_the_customer_the_reading_and_the_trace(desk):
    seen, _ = await look(desk.parts, conversation("a"))
    side = about(seen, GERMAN, "http://jaeger/trace/{trace_id}")
    assert side.customer == "Petra Klein"
    assert [(name.kind, name.value, name.verified) for name in side.names][0] == ("E-Mail", "petra@example.org", True)
    assert [other.channel for other in side.others] == ["E-Mail"]
    assert side.read is not None
    assert (side.read.sentiment, side.read.reasons, side.read.message) == (
        "negativ",
        ("unverschämt",),
        str(message("a1")),
    )
    assert side.trace_address == f"http://jaeger/trace/{TRACE}"
    assert about(seen, GERMAN).trace_address is None


async def test_who_is_known_from_public_words_gets_the_thumb_and_spam_does_not(desk):
    known = {name: heading((await look(desk.parts, conversation(name)))[0], GERMAN, "mia").known for name in "abus"}
    assert known == {"a": True, "b": True, "u": False, "s": False}


async def test_the_heading_says_where_it_stands_and_with_whom(desk):
    seen, _ = await look(desk.parts, conversation("b"))
    put_away = {"status": Status.SNOOZED, "assignee": "mia", "snoozed_until": at(600)}
    seen = replace(seen, conversation=seen.conversation.model_copy(update=put_away))
    at_mia = heading(seen, GERMAN, "mia")
    assert (at_mia.channel, at_mia.public, at_mia.stands, at_mia.assignee, at_mia.mine) == (
        "E-Mail",
        False,
        "zurückgestellt",
        "Mia Kern",
        True,
    )
    assert at_mia.snoozed_until == at(600)
    assert not heading(seen, GERMAN, "lars").mine


async def test_a_conversation_that_waits_says_why_and_who_could(desk):
    seen, _ = await look(desk.parts, conversation("u"))
    side = about(seen, GERMAN)
    assert side.why
    assert {one.name for one in side.candidates} <= {"Mia Kern", "Lars Ode"}


async def test_whoever_takes_work_is_offered_first_and_the_teams_last(desk):
    agents = await agents_of(desk.parts)
    there = [
        agent.model_copy(update={"status": Presence.ONLINE if agent.id == "mia" else Presence.OFFLINE})
        for agent in agents
    ]
    offered = targets(there, CONFIG, GERMAN, None)
    assert [one.id for one in offered] == ["mia", "lars", "service"]
    assert [one.id for one in targets(there, CONFIG, GERMAN, "mia")] == ["lars", "service"]


async def test_another_conversation_of_the_customer_is_recognised(desk):
    async with desk.harness.database.transaction() as tx:
        assert await has_one_of(tx, customer("petra"), [uuid4(), conversation("b")])
        assert not await has_one_of(tx, customer("petra"), [conversation("u")])


async def test_what_was_never_heard_of_is_not_shown(desk):
    assert await look(desk.parts, uuid4()) is None


# Words


def test_both_languages_say_the_same_things():
    german, english = VOCABULARY["de"], VOCABULARY["en"]
    for name in german.__slots__:
        assert getattr(german, name).keys() == getattr(english, name).keys(), name
    for name in ("timeline", "heading", "pending", "done", "about", "keys"):
        assert getattr(CONVERSATION["de"], name).keys() == getattr(CONVERSATION["en"], name).keys(), name
    for name in ("states", "moved", "rings", "outcomes"):
        assert getattr(STORY["de"], name).keys() == getattr(STORY["en"], name).keys(), name


@pytest.mark.parametrize(
    ("seconds", "said"), [(-1, "0 s"), (59, "59 s"), (60, "1 min"), (3660, "1 h 1 min"), (86400, "1 d")]
)
def test_lengths_of_time(seconds, said):
    assert length(timedelta(seconds=seconds)) == said


def test_what_is_filled_into_a_sentence_stands_out_and_is_never_read_as_one():
    told = sentence("{who} von {by}", who="{by}", by="<b>")
    assert [(piece.kind, piece.text) for piece in told] == [("strong", "{by}"), ("text", " von "), ("strong", "<b>")]
