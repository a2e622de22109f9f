import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotse.contracts.channels import (
    PROFILES,
    Channel,
    LengthUnit,
    Profile,
    ProfileOverride,
    as_private_reply,
    profile,
    with_overrides,
)
from lotse.contracts.pii import scan
from lotse.contracts.replies import (
    Moment,
    Problem,
    ProblemCode,
    Remedy,
    Window,
    characters_left,
    check,
    length,
    sign,
    split,
    window,
    window_closes_at,
)
from lotse.contracts.testing import LINEAR, growth

NOW = datetime(2026, 5, 6, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
X, EMAIL, WHATSAPP, MESSENGER, WECHAT = (
    profile(channel) for channel in (Channel.X, Channel.EMAIL, Channel.WHATSAPP, Channel.MESSENGER, Channel.WECHAT)
)


def after(age: timedelta, human: bool = True, **rest) -> Moment:
    return Moment(now=NOW, last_customer_message_at=NOW - age, human=human, **rest)


def limited(limit: int, unit: LengthUnit = LengthUnit.CHARACTERS, channel: Channel = Channel.WEBCHAT) -> Profile:
    return with_overrides({channel: ProfileOverride(limit=limit, limit_unit=unit)})[channel]


JUST_NOW = after(HOUR)


# May it be sent


@pytest.mark.parametrize("found", [p for p in PROFILES.values() if p.answerable], ids=lambda p: p.channel)
def test_a_short_answer_to_a_fresh_message_may_go_on_every_channel(found):
    assert check(found, "Danke, wir kümmern uns darum.", (), JUST_NOW) == ()


def test_a_public_reply_with_personal_data_is_blocked_and_private_is_suggested():
    text = "Ihre IBAN DE89 3704 0044 0532 0130 00 stimmt."
    spans = scan(text)
    (problem,) = check(X, text, spans, JUST_NOW)
    assert problem == Problem(ProblemCode.BLOCKED_PII, (Remedy.PRIVATE, Remedy.OVERRIDE), spans=spans)


def test_a_private_reply_may_hold_personal_data():
    text = "Ihre IBAN DE89 3704 0044 0532 0130 00 stimmt."
    assert check(EMAIL, text, scan(text), JUST_NOW) == ()


@pytest.mark.parametrize("text", ["", "  \n\t\u00a0"])
def test_an_empty_reply_is_none(text):
    assert [problem.code for problem in check(EMAIL, text, (), JUST_NOW)] == [ProblemCode.EMPTY]
    assert sign(text, EMAIL, name="Ada Berg", initials="AB") == ""


@pytest.mark.parametrize(
    ("channel", "age", "human", "allowed"),
    [
        pytest.param("whatsapp", DAY - HOUR, False, None, id="WhatsApp within 24 h"),
        pytest.param("whatsapp", DAY, True, (Remedy.TEMPLATE,), id="WhatsApp after 24 h: a template"),
        pytest.param("messenger", DAY - HOUR, False, None, id="Messenger within 24 h"),
        pytest.param("messenger", 2 * DAY, True, None, id="Messenger within 7 d: a person may"),
        pytest.param("messenger", 2 * DAY, False, (Remedy.HUMAN,), id="Messenger within 7 d: a machine may not"),
        pytest.param("messenger", 7 * DAY, True, (), id="Messenger after 7 d: nobody"),
        pytest.param("instagram-direct", 6 * DAY, True, None, id="Instagram within 7 d: a person may"),
        pytest.param("instagram-direct", 6 * DAY, False, (Remedy.HUMAN,), id="Instagram within 7 d: a machine may not"),
        pytest.param("wechat", 2 * DAY - HOUR, False, None, id="WeChat within 48 h"),
        pytest.param("wechat", 2 * DAY, True, (), id="WeChat after 48 h"),
        pytest.param("email", 999 * DAY, False, None, id="mail has no window"),
        pytest.param("facebook", 999 * DAY, True, None, id="a public answer has no window"),
        pytest.param("press", HOUR, True, (), id="where we only listen"),
    ],
)
def test_a_closed_window_is_told_with_what_is_allowed(channel, age, human, allowed):
    problems = check(profile(Channel(channel)), "Guten Tag", (), after(age, human))
    expected = () if allowed is None else (Problem(ProblemCode.WINDOW_CLOSED, allowed),)
    assert problems == expected


def test_nobody_is_written_to_first_where_a_window_rules():
    never = Moment(now=NOW, last_customer_message_at=None, human=True)
    assert check(WHATSAPP, "Guten Tag", (), never) == (Problem(ProblemCode.WINDOW_CLOSED, (Remedy.TEMPLATE,)),)
    assert check(EMAIL, "Guten Tag", (), never) == ()


def test_who_left_the_chat_is_answered_by_mail():
    chat = profile(Channel.WEBCHAT)
    gone = check(chat, "Noch da?", (), after(HOUR, connected=False))
    assert gone == (Problem(ProblemCode.WINDOW_CLOSED, (Remedy.FALLBACK,)),)
    assert chat.fallback is Channel.EMAIL


def test_a_comment_gets_one_private_reply_within_seven_days():
    rules = as_private_reply(profile(Channel.FACEBOOK), MESSENGER)
    text = "Ihre Kundennummer 12345 ist gefunden."
    assert check(rules, text, scan(text), after(6 * DAY, human=False)) == ()
    assert window(rules, after(7 * DAY)) is Window.CLOSED
    assert window(rules, after(HOUR, private_replies_sent=1)) is Window.CLOSED
    assert check(rules, "ja " * 900, (), JUST_NOW)[0].code is ProblemCode.TOO_LONG


def test_the_window_says_when_meta_must_be_told_that_a_person_wrote():
    assert [window(MESSENGER, after(age)) for age in (HOUR, 2 * DAY, 8 * DAY)] == [
        Window.OPEN,
        Window.HUMAN_ONLY,
        Window.CLOSED,
    ]


@given(st.sampled_from(list(PROFILES.values())), st.booleans(), st.timedeltas(timedelta(0), timedelta(days=30)))
def test_the_window_clock_and_the_check_agree(found, human, age):
    closes = window_closes_at(found, NOW - age, human=human)
    codes = {problem.code for problem in check(found, "Guten Tag", (), after(age, human))}
    closed = not found.answerable or (closes is not None and closes <= NOW)
    assert (ProblemCode.WINDOW_CLOSED in codes) is closed


def test_all_problems_are_told_at_once():
    text = "Rufen Sie mich an: 0171 1234567. " + "Bitte. " * 60
    codes = [problem.code for problem in check(X, text, scan(text), JUST_NOW)]
    assert codes == [ProblemCode.BLOCKED_PII, ProblemCode.TOO_LONG]


# How long it is


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("This is a test.", 15),
        ("äöüß „so“ – nicht … ‚so‘", 25),
        ("a\u0308", 1),
        ("저찀쯿쿿", 8),
        ("日本語", 6),
        ("9 €", 4),
        ("👍", 2),
        ("👍🏽", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("🇩🇪🇦🇹", 4),
        ("1️⃣", 2),
        ("❤️", 2),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 2),
        ("http://test.com", 23),
        ("test.com", 23),
        ("foo.co.jp", 23),
        ("Test https://test.com test https://test.com test.com test", 86),
        ("https://www.example.de/a/very/long/path/that/goes/on?with=query&and=more#x", 23),
        ("(siehe example.de/hilfe).", 32),
        ("max@example.de", 14),
        ("Danke.Bitte z.B. um 14.30", 25),
    ],
)
def test_x_counts_by_weight(text, counted):
    assert length(X, text) == counted
    assert characters_left(X, text) == 280 - counted


@pytest.mark.parametrize(
    ("channel", "text", "counted"),
    [
        (Channel.WECHAT, "ä你👍", 2 + 3 + 4),
        (Channel.WECHAT, "\ud800", 1),
        (Channel.WHATSAPP, "ä你👍", 1 + 1 + 2),
        (Channel.LINE, "🍎", 2),
        (Channel.EMAIL, "abc", 3),
    ],
)
def test_other_channels_count_characters_or_bytes(channel, text, counted):
    assert length(profile(channel), text) == counted


def test_mail_has_no_limit_to_count_down_from():
    assert characters_left(EMAIL, "abc") is None


def test_280_weighted_characters_go_on_x_and_281_are_one_too_many():
    assert check(X, "a" * 280, (), JUST_NOW) == ()
    assert check(X, "の" * 140, (), JUST_NOW) == ()
    problem = Problem(ProblemCode.TOO_LONG, (Remedy.SHORTEN,), over=1)
    assert check(X, "a" * 281, (), JUST_NOW) == (problem,)
    assert split("a" * 281, X) == problem


# Splitting


def test_a_text_that_fits_stays_as_it_is():
    assert split(" Guten Tag \n", WHATSAPP) == (" Guten Tag \n",)
    assert split("a" * 100_000, EMAIL) == ("a" * 100_000,)


def test_a_long_text_is_cut_at_a_sentence_and_numbered():
    text = "Danke für Ihre Nachricht. Wir prüfen das heute noch! Morgen melden wir uns."
    assert split(text, limited(60)) == (
        "Danke für Ihre Nachricht. Wir prüfen das heute noch! (1/2)",
        "Morgen melden wir uns. (2/2)",
    )


@pytest.mark.parametrize(
    ("text", "first"),
    [
        pytest.param("Das ist gut. Am 3. Mai kommt der Techniker zu Ihnen", "Das ist gut.", id="not after an ordinal"),
        pytest.param("Das ist gut. Wie z. B. gestern auch schon wieder so", "Das ist gut.", id="not after z. B."),
        pytest.param("Das ist gut. Hier ist Dr. Huber aus dem Labor, hallo", "Das ist gut.", id="not after a title"),
        pytest.param(
            "Er fragt: „Ist das gut?“ Wir sagen dazu ja, gewiss ja", "Er fragt: „Ist das gut?“", id="with its quotes"
        ),
        pytest.param("Das ist gut\nund das ist schlecht, sagen die Leute hier", "Das ist gut", id="at a line's end"),
        pytest.param(
            "Das ist ein einziger langer Satz ohne jedes Ende hier", "Das ist ein einziger langer", id="between words"
        ),
        pytest.param("Donaudampfschifffahrtsgesellschaftskapitänsmützenetui", None, id="within a word"),
    ],
)
def test_the_cut_is_where_a_reader_would_make_it(text, first):
    parts = split(text, limited(36))
    assert isinstance(parts, tuple)
    assert parts[0] == f"{first or text[:30]} (1/{len(parts)})"


@pytest.mark.parametrize("before", range(20, 30))
def test_a_family_of_emoji_is_not_torn_apart(before):
    parts = split("a" * before + "👨‍👩‍👧‍👦" + "b" * 19, limited(36))
    assert isinstance(parts, tuple)
    assert sum("👨‍👩‍👧‍👦" in part for part in parts) == 1


def test_an_accent_stays_with_its_letter():
    assert split("a" * 29 + "e\u0301" + "b" * 9, limited(36)) == ("a" * 29 + " (1/2)", "e\u0301" + "b" * 9 + " (2/2)")


def test_the_number_has_its_room_however_many_parts_there_are():
    rules = limited(40)
    parts = split("wort " * 500, rules)
    assert isinstance(parts, tuple)
    assert len(parts) > 9
    assert max(length(rules, part) for part in parts) <= 40


def test_a_limit_in_bytes_is_kept_in_bytes():
    parts = split("你好。" * 500, WECHAT)
    assert isinstance(parts, tuple)
    assert len(parts) == 3
    assert all(len(part.encode()) <= 2_048 for part in parts)


def test_where_not_even_a_character_fits_beside_the_number_nothing_is_split():
    assert split("abcdefgh", limited(6)) == Problem(ProblemCode.TOO_LONG, (Remedy.SHORTEN,), over=2)


texts = st.one_of(
    st.text(min_size=1, max_size=400),
    st.lists(
        st.sampled_from(
            [
                "Guten",
                "Tag.",
                "z. B.",
                "3.",
                "(1/2)",
                "👨‍👩‍👧‍👦",
                "äöü!",
                "\n",
                "„Nein?“",
                "x" * 50,
                "example.de",
                "你好",
            ]
        ),
        min_size=1,
        max_size=120,
    ).map(" ".join),
)
units = st.sampled_from([LengthUnit.CHARACTERS, LengthUnit.BYTES, LengthUnit.WEIGHTED])


@given(texts, st.integers(40, 300), units)
def test_every_part_fits_and_together_they_say_it_all_in_order(text, limit, unit):
    rules = limited(limit, unit)
    parts = split(text, rules)
    assert isinstance(parts, tuple)
    assert split(text, rules) == parts
    assert all(length(rules, part) <= limit for part in parts)
    if len(parts) > 1:
        marked = [re.fullmatch(r"(.*) \((\d+)/(\d+)\)", part, re.DOTALL) for part in parts]
        assert [(m[2], m[3]) for m in marked if m] == [(str(n), str(len(parts))) for n in range(1, len(parts) + 1)]
        parts = tuple(m[1] for m in marked if m)
        assert all(part.strip() for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(st.lists(st.text("abcäöü", min_size=1, max_size=20), min_size=1, max_size=200), st.integers(40, 300))
def test_no_word_that_fits_is_cut(words, limit):
    parts = split(" ".join(words), limited(limit))
    assert isinstance(parts, tuple)
    said = " ".join(re.sub(r" \(\d+/\d+\)$", "", part) for part in parts)
    assert said.split() == words


@given(texts, st.integers(1, 400))
def test_too_long_is_a_problem_exactly_where_it_may_not_be_split(text, limit):
    public = limited(limit, LengthUnit.WEIGHTED, Channel.X)
    codes = {problem.code for problem in check(public, text, (), JUST_NOW)}
    assert (ProblemCode.TOO_LONG in codes) is (length(public, text) > limit)


@pytest.mark.parametrize("unit", ["a", "a. ", "a ", "👨‍👩‍👧‍👦", "\n", ".", "1. ", "\u0301", "https://a.de/ ", "„“”"])
def test_long_texts_are_measured_and_split_in_time_by_their_length(unit):
    for channel in (WHATSAPP, X):
        assert growth(lambda size, channel=channel: split(unit * (size // len(unit)), channel), 50_000) < LINEAR


# Who writes


def test_initials_stand_where_characters_count():
    assert sign("Schauen wir uns an!", X, name="Ada Berg", initials="AB") == "Schauen wir uns an! ^AB"


@pytest.mark.parametrize(
    ("text", "language", "signed"),
    [
        ("Hallo Max,\n\nerledigt.", "de", "Hallo Max,\n\nerledigt.\n\nMit freundlichen Grüßen\nAda Berg\nServiceteam"),
        ("Hi Max,\n\ndone.", "en", "Hi Max,\n\ndone.\n\nKind regards\nAda Berg\nServiceteam"),
        ("Erledigt.\n\nViele Grüße\n", "de", "Erledigt.\n\nViele Grüße\nAda Berg\nServiceteam"),
    ],
)
def test_mail_ends_with_greeting_name_and_title(text, language, signed):
    assert sign(text, EMAIL, name="Ada Berg", initials="AB", title="Serviceteam", language=language) == signed


def test_elsewhere_the_channel_shows_who_writes():
    assert sign("Gern!", profile(Channel.WEBCHAT), name="Ada Berg", initials="AB") == "Gern!"
    assert sign("Gern!", X, name="Ada Berg", initials="") == "Gern!"


@given(st.text(), st.sampled_from(list(PROFILES.values())), st.sampled_from(["", "Serviceteam"]))
def test_signing_twice_is_signing_once_and_changes_nothing_before(text, found, title):
    once = sign(text, found, name="Ada Berg", initials="AB", title=title)
    assert sign(once, found, name="Ada Berg", initials="AB", title=title) == once
    assert once.startswith(text.rstrip())
