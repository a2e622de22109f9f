"""What the reply box knows before anything is sent: the conversation's standing, the rules, the answers, the drafts."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from desk_history import MIA, Told, at, conversation
from hypothesis import given
from hypothesis import strategies as st

from lotse.contracts import conversations as c
from lotse.contracts import replies
from lotse.contracts.channels import PROFILES, Channel
from lotse.contracts.config import Config
from lotse.contracts.values import Span, Status, Triage
from lotse.desk import drafts, store
from lotse.desk.api import models as m
from lotse.desk.auth import Caller
from lotse.desk.console.composing.asking import asks_for_personal_data
from lotse.desk.console.composing.judging import invitation, judge
from lotse.desk.console.composing.offering import first_name, offered
from lotse.desk.console.composing.standing import Setting, facts
from lotse.desk.console.composing.texts import COMPOSER
from lotse.desk.console.conversing.words import VOCABULARY
from lotse.desk.console.typing_seen import FADES, Sign, TypingSeen
from lotse.desk.drafts import Draft, File, Place
from lotse.runtime.testing import Harness

CONFIG = Config.model_validate(
    {
        "accounts": {
            "hafen": {
                "kind": "meta",
                "app_secret": "env:A",
                "verify_token": "env:B",
                "access_token": "env:C",
                "page_id": "1",
            },
            "haus": {"kind": "api", "token": "env:D", "channels": list(Channel)},
        },
        "agents": {
            "mia": {"name": "Mia Kern", "title": "Beratung", "initials": "MK"},
            "lars": {"name": "Lars Ode", "role": "lead"},
        },
        "pii": {"patterns": {"Kundenkarte": "HM-[0-9]{6}"}},
        "answers": {
            "gruss": {"title": "Gruß", "text": {"de": "Hallo {first_name}, {agent} hier.", "en": "Hi {first_name}."}},
            "lob": {"title": "Lob", "text": {"de": "Danke! {reference}"}, "when": {"triage": ["praise"]}},
            "oeffentlich": {"title": "Öffentlich", "text": {"de": "Hallo {name}"}, "when": {"public": True}},
        },
    }
)
IBAN = "Bitte auf DE89 3704 0044 0532 0130 00 überweisen 👍"


def message(text: str, minutes: float = 0, pii: tuple[Span, ...] = (), auto: bool = False) -> m.Message:
    return m.Message.model_construct(text=text, occurred_at=at(minutes), received_at=None, auto=auto, pii=pii)


def talk(channel: Channel | None = Channel.FACEBOOK, account: str | None = "haus", **more) -> m.Conversation:
    """A conversation that Mia has; what no rule looks at is left out."""
    given_ = {
        "id": conversation("a"),
        "status": Status.ASSIGNED,
        "channel": channel,
        "account": account,
        "customer_name": "Kim Sommer",
        "priority": None,
        "assignee": "mia",
        "due_at": None,
        "due_clock": None,
        "reading": m.Digest(language="de"),
        "messages": (message("Wo bleibt meine Bestellung?"),),
        "assignments": (),
    }
    return m.Conversation.model_construct(**(given_ | more))


def facing(talked: m.Conversation, who: str = "mia", role: str = "agent", language: str = "de") -> Setting:
    words = VOCABULARY[language].channels
    return Setting(CONFIG, Caller(who, role), talked, language, COMPOSER[language], words)


# ---- before a word is written


@pytest.mark.parametrize(
    ("talked", "who", "role", "said"),
    [
        (talk(), "mia", "agent", ""),
        (talk(status=Status.RESOLVED), "mia", "agent", "erledigt"),
        (talk(status=Status.SET_ASIDE), "mia", "agent", "Spam"),
        (talk(assignee="lars"), "mia", "agent", "Lars Ode hat dieses Gespräch"),
        (talk(assignee=None), "mia", "agent", "noch niemand"),
        (talk(assignee="mia"), "lars", "lead", ""),
        (talk(channel=None), "mia", "agent", "noch nicht bekannt"),
        (talk(Channel.PRESS), "mia", "agent", "hören wir nur zu"),
        (talk(account="fort"), "mia", "agent", "kein Weg hinaus"),
        (talk(account=None), "mia", "agent", "kein Weg hinaus"),
        (talk(Channel.X, account="hafen"), "mia", "agent", "kein Weg hinaus"),
    ],
)
def test_what_keeps_from_answering_is_said_first(talked, who, role, said):
    found = facts(facing(talked, who, role), at(1)).blocked
    assert said in found if said else found == ""


def test_who_leads_may_answer_for_others_and_is_told_whose_it_is():
    found = facts(facing(talk(), "lars", "lead"), at(1))
    assert (found.blocked, found.may_override) == ("", True)
    assert any("Mia Kern bearbeitet" in word for word in found.cautions)


def test_the_clocks_of_whatsapp_and_messenger_run_from_the_customers_last_own_word():
    said = (message("Hallo", 0), message("Danke", 10), message("Ich bin abwesend", 20, auto=True))
    whatsapp = facts(facing(talk(Channel.WHATSAPP, messages=said)), at(30)).window
    assert whatsapp.open_until == whatsapp.human_until == at(10) + timedelta(hours=24)
    assert "Vorlage" in whatsapp.instead
    messenger = facts(facing(talk(Channel.MESSENGER, messages=said)), at(30)).window
    assert messenger.open_until == at(10) + timedelta(hours=24)
    assert messenger.human_until == at(10) + timedelta(days=7)
    assert not facts(facing(talk(Channel.EMAIL)), at(30)).window.limited


def test_a_customer_who_never_wrote_leaves_a_window_closed():
    found = facts(facing(talk(Channel.WHATSAPP, messages=())), at(30)).window
    assert (found.limited, found.open_until, found.human_until) == (True, None, None)


@pytest.mark.parametrize(
    ("channel", "clock", "said"),
    [
        (Channel.FACEBOOK, None, "60 min"),
        (Channel.WEBCHAT, "first_response", "30 s"),
        (Channel.WEBCHAT, "next_response", "60 s"),
        (Channel.EMAIL, None, "24 h"),
        (Channel.LETTER, None, "5 d"),
    ],
)
def test_what_customers_expect_is_said_per_channel(channel, clock, said):
    assert facts(facing(talk(channel, due_clock=clock)), at(0)).expected.endswith(f"binnen {said}")


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Wie lautet meine Kundennummer?", True),
        ("Schreiben Sie mir hier meine IBAN", True),
        ("Können Sie mir einfach hier meine Adresse nennen", True),
        ("What is my customer number?", True),
        ("Please post my order number here.", True),
        ("Nennen Sie uns bitte Ihre Bestellnummer.", True),
        ("Schicken Sie uns Ihre Bestellnummer bitte als Direktnachricht.", False),
        ("Please send us your order number in a private message.", False),
        ("Wo bleibt meine Bestellung?", False),
        ("Die Adresse war richtig.", False),
        ("Danke!", False),
    ],
)
def test_asking_for_personal_data_in_public_is_told(text, asks):
    assert asks_for_personal_data(text) is asks
    cautions = facts(facing(talk(messages=(message(text),))), at(1)).cautions
    assert bool(cautions) is asks
    assert not facts(facing(talk(Channel.EMAIL, messages=(message(text),))), at(1)).cautions


def test_what_the_customer_gave_away_in_public_is_named():
    said = message("Meine Nummer ist HM-123456", pii=(Span(kind="customer-number", start=0, end=2),))
    (caution,) = facts(facing(talk(messages=(said,))), at(1)).cautions
    assert "Kundennummer" in caution


def answer(minutes: float, state: str = "sent", reason: str | None = None, private: bool = True) -> m.Reply:
    return m.Reply.model_construct(private=private, state=state, reason=reason, at=at(minutes))


@pytest.mark.parametrize(
    ("replies_", "open_"),
    [
        ((), True),
        ((answer(5, private=False),), True),
        ((answer(5, "approved"),), False),
        ((answer(5, "blocked"),), True),
        ((answer(5, "failed", "refused"),), True),
        ((answer(5, "failed", "unknown"),), False),
        ((answer(-5),), True),
    ],
    ids=["none", "in public", "given", "held back", "refused", "nobody knows", "to an older comment"],
)
def test_a_comment_has_one_private_answer(replies_, open_):
    privately = facing(talk(replies=replies_)).privately()
    assert (facts(privately, at(9)).blocked == "") is open_
    assert (judge(privately, IBAN, at(9)).problems == ()) is open_


def test_a_private_answer_goes_by_the_rules_of_the_private_channel():
    public = facing(talk(account="hafen", replies=()))
    told = facts(public.privately(), at(1))
    assert (told.channel, told.channel_id, told.public, told.splits) == ("Messenger", "messenger", False, False)
    assert told.counting.limit == PROFILES[Channel.MESSENGER].limit
    assert told.window.open_until == at(0) + timedelta(days=7)
    assert told.expected == facts(public, at(1)).expected, "what was promised stays so"
    late = judge(public.privately(), "Hallo", at(0) + timedelta(days=7))
    assert [problem.text for problem in late.problems] == [COMPOSER["de"].private_late]


@pytest.mark.parametrize("channel", [Channel.YOUTUBE, Channel.X, Channel.MESSENGER, Channel.EMAIL, None])
def test_only_where_comments_can_be_answered_in_private_it_is_offered(channel):
    assert facing(talk(channel)).privately() is None


# ---- while it is written


def test_personal_data_in_public_is_marked_where_the_browser_counts_it():
    judged = judge(facing(talk()), f"👍👍 {IBAN}", at(1))
    (mark,) = judged.marks
    text = f"👍👍 {IBAN}".encode("utf-16-le")
    assert text[mark.start * 2 : mark.end * 2].decode("utf-16-le") == "DE89 3704 0044 0532 0130 00"
    assert mark.kind == "IBAN"
    assert [problem.code for problem in judged.problems] == ["blocked-pii"]
    assert "Messenger" in judged.invitation


def test_an_operators_own_pattern_bears_its_name():
    (mark,) = judge(facing(talk()), "Ihre Karte HM-123456", at(1)).marks
    assert mark.kind == "Kundenkarte"


def test_personal_data_may_stand_in_private():
    judged = judge(facing(talk(Channel.MESSENGER)), IBAN, at(1))
    assert (judged.marks, judged.problems, judged.invitation) == ((), (), "")


@pytest.mark.parametrize(
    ("role", "reason", "left"),
    [("agent", "muss sein", True), ("lead", "", True), ("lead", "  ", True), ("lead", "muss sein", False)],
)
def test_an_override_takes_a_role_and_a_reason(role, reason, left):
    judged = judge(facing(talk(), "lars", role), IBAN, at(1), override_reason=reason)
    assert bool(judged.problems) is left
    assert judged.marks


def test_where_there_is_no_private_channel_none_is_offered():
    assert judge(facing(talk(Channel.YOUTUBE)), IBAN, at(1)).invitation == ""


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("channel", [c for c, p in PROFILES.items() if p.public and p.private_channel])
def test_every_invitation_fits_its_channel_signed(channel, language):
    setting = facing(talk(channel, reading=m.Digest(language=language)), language=language)
    signed = setting.sign(invitation(setting))
    assert replies.characters_left(PROFILES[channel], signed) >= 0
    assert judge(setting, invitation(setting), at(1)) == judge(setting, "Danke!", at(1))


def test_a_public_text_over_the_limit_is_not_split_and_a_private_one_is():
    public = judge(facing(talk(Channel.INSTAGRAM, "hafen")), "Wort. " * 500, at(1))
    assert [problem.code for problem in public.problems] == ["too-long"]
    private = judge(facing(talk(Channel.MESSENGER, "hafen")), "Wort. " * 500, at(1))
    assert (private.problems, private.parts) == ((), 2)
    assert judge(facing(talk(Channel.MESSENGER, "haus")), "Wort. " * 500, at(1)).parts == 1


def test_a_closed_window_says_what_is_possible_instead():
    late = at(0) + timedelta(days=2)
    (problem,) = judge(facing(talk(Channel.WHATSAPP)), "Hallo", late).problems
    assert "Vorlage" in problem.text
    assert judge(facing(talk(Channel.MESSENGER)), "Hallo", late).problems == ()
    (problem,) = judge(facing(talk(Channel.MESSENGER)), "Hallo", late + timedelta(days=6)).problems
    assert "Warten" in problem.text


def test_a_gap_must_be_filled_in():
    (problem,) = judge(facing(talk()), "Hallo ⟦Vorname⟧!", at(1)).problems
    assert (problem.code, "Vorname" in problem.text) == ("gap", True)


@given(st.text(max_size=200))
def test_any_text_is_judged(text):
    judged = judge(facing(talk()), text, at(1))
    size = len(text.encode("utf-16-le", "surrogatepass")) // 2
    assert all(0 <= mark.start < mark.end <= size for mark in judged.marks)


# ---- canned answers


def offers(talked: m.Conversation, language: str = "de"):
    setting = facing(talked, language=language)
    return {offer.id: offer for offer in offered(setting, setting.said.gaps)}


def test_answers_are_filled_in_and_the_fitting_ones_come_first():
    found = offers(talk(Channel.EMAIL, reading=m.Digest(language="de", triage=Triage.PRAISE)))
    assert list(found) == ["gruss", "lob", "oeffentlich"]
    assert [offer.fits for offer in found.values()] == [True, True, False]
    assert found["gruss"].text == "Hallo Kim, Mia Kern hier."
    assert found["lob"].text == f"Danke! {conversation('a').hex[:8]}"


def test_the_conversations_language_counts_and_another_is_told():
    found = offers(talk(reading=m.Digest(language="en")))
    assert (found["gruss"].text, found["gruss"].foreign) == ("Hi Kim.", False)
    assert (found["lob"].language, found["lob"].foreign) == ("de", True)
    assert offers(talk(reading=m.Digest(language="und")))["gruss"].language == CONFIG.language


def test_what_is_not_known_is_a_gap():
    found = offers(talk(customer_name=None))
    assert found["gruss"].text == "Hallo ⟦Vorname⟧, Mia Kern hier."
    assert offers(talk(customer_name=None), "en")["oeffentlich"].text == "Hallo ⟦name⟧"


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Kim Sommer", "Kim"),
        ("Sommer, Kim", "Kim"),
        ("Dr. Kim Sommer", "Kim"),
        ("Frau Dr. Sommer", ""),
        ("Frau Sommer", ""),
        ("Anna-Lena Sommer", "Anna-Lena"),
        ("kim.sommer", "kim.sommer"),
        ("kim@kunden.example", ""),
        ("", ""),
        ("  ", ""),
        ("Drago Vuk", "Drago"),
    ],
)
def test_a_first_name_is_what_one_calls_a_person_by(name, first):
    assert first_name(name) == first


# ---- drafts

MINE = Place("mia", conversation("a"), "reply")
HIS = replace(MINE, agent="lars")
FILE = File(id="x", name="plan.pdf", media_type="application/pdf", size=9)


@pytest.fixture
async def desk(database):
    async with Harness.open(database, "desk", folds=(store.fold(),)) as harness:
        yield harness


async def begun(desk, place=MINE):
    async with desk.database.transaction() as tx:
        return (await drafts.of(tx, place.agent, place.conversation)).get(place.kind)


async def save(desk, draft: Draft):
    async with desk.database.transaction() as tx:
        return await drafts.save(tx, draft, at(0))


async def test_a_draft_is_kept_until_it_is_empty_and_keeps_its_first_key(desk):
    first, second = Draft(MINE, "Hal", (FILE,)), Draft(MINE, "Hallo")
    assert await save(desk, first) == first.key
    assert await save(desk, second) == first.key
    found = await begun(desk)
    assert (found.text, found.files, found.key) == ("Hallo", (), first.key)
    async with desk.database.transaction() as tx:
        assert await drafts.drafts_of(tx, "mia") == {MINE.conversation}
        assert await drafts.drafts_of(tx, "lars") == frozenset()
    await save(desk, Draft(MINE, "  "))
    assert await begun(desk) is None


async def test_answer_and_note_are_two_drafts(desk):
    await save(desk, Draft(MINE, "für den Kunden"))
    await save(desk, Draft(replace(MINE, kind="note"), "unter uns"))
    assert (await begun(desk)).text == "für den Kunden"
    assert (await begun(desk, replace(MINE, kind="note"))).text == "unter uns"


async def ask(desk, draft: Draft, then="waiting", minutes=0.0):
    async with desk.database.transaction() as tx:
        return await drafts.ask(tx, draft, draft.asking(then, None), at(minutes))


async def test_what_is_meant_in_private_stays_so(desk):
    await save(desk, Draft(MINE, "Ihre IBAN", private=True))
    assert (await begun(desk)).private
    await save(desk, Draft(MINE, "Ihre IBAN"))
    assert not (await begun(desk)).private
    assert (await ask(desk, Draft(MINE, "Ihre IBAN", private=True))).private


def test_the_same_words_have_the_same_key_and_others_another():
    draft = Draft(MINE, "Hallo")
    assert draft.asking("waiting", None) == replace(draft).asking("waiting", None)
    others = {
        draft.asking("resolved", None).key,
        draft.asking("waiting", "muss sein").key,
        replace(draft, text="Hallo!").asking("waiting", None).key,
        replace(draft, files=(FILE,)).asking("waiting", None).key,
        replace(draft, key="k").asking("waiting", None).key,
        replace(draft, private=True).asking("waiting", None).key,
        replace(draft, place=replace(MINE, kind="note")).asking("waiting", None).key,
    }
    assert len(others) == 7
    assert draft.asking("waiting", None).key not in others


async def test_words_on_their_way_are_changed_by_nobody(desk):
    draft = Draft(MINE, "Hallo")
    asked = await ask(desk, draft)
    assert (asked.text, asked.asked.then) == ("Hallo", "waiting")
    assert await ask(desk, draft) == asked, "the same words once more are the same"
    assert await ask(desk, replace(draft, text="anders")) is None
    await save(desk, Draft(MINE, "anders"))
    await save(desk, Draft(MINE, ""))
    assert await begun(desk) == asked


async def test_sent_words_are_gone_and_refused_ones_stand_under_a_new_key(desk):
    asked = await ask(desk, Draft(MINE, "Hallo"))
    async with desk.database.transaction() as tx:
        key = await drafts.give_back(tx, MINE, asked.asked.key)
    found = await begun(desk)
    assert (found.text, found.asked, found.key) == ("Hallo", None, key)
    assert key != asked.key
    again = await ask(desk, found)
    async with desk.database.transaction() as tx:
        await drafts.sent(tx, MINE, asked.asked.key)
    assert await begun(desk) == again, "an older command's outcome does not touch it"
    async with desk.database.transaction() as tx:
        await drafts.sent(tx, MINE, again.asked.key)
    assert await begun(desk) is None


async def colleague(desk, place, minutes):
    async with desk.database.transaction() as tx:
        return await drafts.colleague(tx, place, at(minutes))


async def test_who_answers_within_five_seconds_of_a_colleague_hears_of_him(desk):
    assert await colleague(desk, HIS, 0) is None
    await ask(desk, Draft(MINE, "Hallo"))
    assert await colleague(desk, HIS, 0.05) == "mia"
    assert await colleague(desk, MINE, 0.05) is None, "not of himself"
    assert await colleague(desk, replace(HIS, conversation=uuid4()), 0.05) is None
    assert await colleague(desk, HIS, 0.1) is None, "five seconds later"


async def test_what_was_left_behind_can_be_taken_over_once(desk):
    await save(desk, Draft(HIS, "Ich sehe nach", (FILE,)))
    async with desk.database.transaction() as tx:
        assert (await drafts.left_behind(tx, MINE.conversation, "lars")).text == "Ich sehe nach"
        taken = await drafts.take_over(tx, MINE, "lars", at(1))
    assert (taken.place, taken.text, taken.files) == (MINE, "Ich sehe nach", (FILE,))
    assert await begun(desk, HIS) is None
    async with desk.database.transaction() as tx:
        assert await drafts.take_over(tx, MINE, "lars", at(2)) is None
    assert await begun(desk) == taken


async def test_nothing_is_taken_over_while_ones_own_is_on_its_way(desk):
    mine = await ask(desk, Draft(MINE, "Hallo"))
    await save(desk, Draft(HIS, "Ich sehe nach"))
    async with desk.database.transaction() as tx:
        assert await drafts.take_over(tx, MINE, "lars", at(1)) is None
    assert (await begun(desk), (await begun(desk, HIS)).text) == (mine, "Ich sehe nach")


async def test_drafts_of_conversations_that_are_long_done_are_swept(desk):
    told = Told()
    for name in ("a", "b"):
        told.opened(name, "kim")
        await save(desk, Draft(replace(MINE, conversation=conversation(name)), "Hallo"))
    told.tell(
        c.ConversationResolved(
            conversation_id=conversation("a"),
            previous=Status.ASSIGNED,
            current=Status.RESOLVED,
            actor=MIA,
            reason="done",
            at=at(0),
        ),
        0,
    )
    await desk.feed(*told.facts)
    await desk.job(drafts.sweeping(), now=at(0) + drafts.KEPT)
    assert await begun(desk) is not None
    await desk.job(drafts.sweeping(), now=at(1) + drafts.KEPT)
    assert await begun(desk) is None
    assert await begun(desk, replace(MINE, conversation=conversation("b"))) is not None


# ---- who writes


class Clock:
    def __init__(self):
        self.now = at(0)

    def __call__(self):
        return self.now


def test_a_sign_reaches_those_who_have_the_conversation_open():
    clock, heard, other = Clock(), [], []
    seen = TypingSeen(clock)
    leave = seen.follow(conversation("a"), heard.append)
    seen.follow(conversation("b"), other.append)
    sign = Sign(conversation=conversation("a"), agent="mia", what="writes")
    seen.hear(sign.model_dump_json())
    seen.hear("not a sign")
    seen.hear("{}")
    assert (heard, other) == ([sign], [])
    leave()
    leave()
    seen.hear(sign.model_dump_json())
    assert heard == [sign]


def test_who_opens_a_conversation_sees_who_writes_already_until_it_fades():
    clock = Clock()
    seen = TypingSeen(clock)
    sign = Sign(conversation=conversation("a"), agent="mia", what="writes")
    seen.hear(sign.model_dump_json())
    clock.now += FADES / 2
    heard = []
    seen.follow(conversation("a"), heard.append)
    assert heard == [sign]
    clock.now += FADES
    seen.follow(conversation("a"), heard.append)
    assert heard == [sign]


def test_who_has_stopped_is_not_seen_writing():
    seen, heard = TypingSeen(Clock()), []
    for what in ("writes", "stopped"):
        seen.hear(Sign(conversation=conversation("a"), agent="mia", what=what).model_dump_json())
    seen.follow(conversation("a"), heard.append)
    assert heard == []
