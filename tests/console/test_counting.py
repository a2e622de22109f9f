"""The browser counts a text as the server does, signature and all: Python and JavaScript side by side."""

import unicodedata
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lotse.contracts import replies, weighted
from lotse.contracts.channels import PROFILES, Channel, LengthUnit
from lotse.contracts.config import Agent, Config
from lotse.desk.console.composing.judging import utf16
from lotse.desk.console.composing.standing import signing_of

MODULES = Path(__file__).resolve().parents[2] / "services/desk/lotse/desk/console/elements/composing"
ADDRESS = "https://modules.example/"

ANNA = Agent(name="Anna Petersen", title="Kundenservice", initials="AP")
OWN = Config.model_validate(
    {"templates": {"signature": {"de": "Freundliche Grüße\n{agent}\nHafenmarkt Kundenservice"}}}
)
CONFIGS = {"own": OWN, "de": Config(language="de"), "en": Config(language="en")}

WRITTEN = "abcABCxyzXYZäöüßÄÖÜẞéñçığİſåøœ0123456789"
SIGNS = " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\u00a0\u2003\u2028\u202f\u3000\u200b\ufeff\u180e.,;:!?…'\")]}^@#$/-_–«»"
PICTURES = "👍❤️‍🔥👨‍👩‍👧‍👦🏳️‍🌈🇩🇪🇬🇧1️⃣#️⃣©️®™ℹⓂⓜ✂️🏴󠁧󠁢󠁥󠁮󠁧󠁿🤷🏽‍♀️〰㊗"
OTHERS = "日本語한국어العربيةעבריתдобро́हिन्दीไทยͅȺﬅ\u0301\u0308\u0323\u20d2\u1f80ΐⅨⅸ①Ⓐⓐ𝔸𐐀𐐨"

links = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "https://", "http://", "HTTPS://", "ftp://", "@", "#", "."]),
    st.sampled_from(["hafenmarkt", "Über-uns", "a.b.c", "ıssız", "x_y", "1", "münchen", "K"]),
    st.sampled_from([".de", ".COM", ".versicherung", ".museum.", ".nope", ".ıt", ".co.uk", ".reisen", ".i", ".KOELN"]),
    st.sampled_from(
        ["", "/", "/pfad?x=1", "/a(b)", "?q=ä.", ":8080/x", "/\u00a0", "/\x1fx", "/ende.", "?a>b", "/über/uns!"]
    ),
)
letters = st.characters(exclude_categories=("Cs", "Cn")).filter(lambda char: unicodedata.category(char) != "Co")
pieces = st.one_of(
    links,
    st.text(WRITTEN + SIGNS, max_size=12),
    st.text(PICTURES, max_size=6),
    st.text(OTHERS, max_size=6),
    st.text(letters, max_size=8),
    st.sampled_from(
        ["Mit freundlichen Grüßen", "KIND REGARDS", "Gruß,", "sincerely !", "GRÜẞEN", "^AP", "Anna Petersen"]
    ),
)
texts = st.lists(pieces, max_size=12).map("".join)

SIGNED_AND_COUNTED = [
    (Channel.X, "own"),
    (Channel.REVIEWS, "own"),
    (Channel.MESSENGER, "own"),
    (Channel.EMAIL, "own"),
    (Channel.EMAIL, "de"),
    (Channel.EMAIL, "en"),
]
"""Every unit, and every way to sign."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def modules(browser):
    """The composer's modules in a page that has nothing else."""
    page = await browser.new_page()

    async def serve(route):
        name = route.request.url.removeprefix(ADDRESS)
        kind, body = ("text/javascript", (MODULES / name).read_text("utf-8")) if name else ("text/html", "<p>")
        await route.fulfill(body=body, content_type=f"{kind}; charset=utf-8")

    await page.route(f"{ADDRESS}**", serve)
    await page.goto(ADDRESS)
    yield page
    await page.close()


def test_every_unit_is_compared():
    compared = {PROFILES[channel].limit_unit for channel, _ in SIGNED_AND_COUNTED}
    assert compared == {profile.limit_unit for profile in PROFILES.values() if profile.answerable} == set(LengthUnit)


@given(st.lists(texts, min_size=10, max_size=20))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize(("channel", "signature"), SIGNED_AND_COUNTED)
async def test_both_sign_and_count_alike(modules, channel: Channel, signature: str, written: list[str]):
    profile, config = PROFILES[channel], CONFIGS[signature]
    counting = {
        "limit": profile.limit,
        "unit": profile.limit_unit.value,
        "top_levels": weighted.TOP_LEVELS,
        "signing": signing_of(profile, ANNA, config).model_dump(mode="json"),
    }
    seen = await modules.evaluate(
        """async ({texts, counting}) => {
            const { left, length, sign } = await import("/index.js");
            return texts.map((text) => {
                const signed = sign(text, counting.signing);
                return [signed, length(signed, counting), left(text, counting)];
            });
        }""",
        {"texts": written, "counting": counting},
    )
    own = config.templates.signature.get(config.language, "")
    for text, (signed, length, left) in zip(written, seen, strict=True):
        expected = replies.sign(
            text, profile, name=ANNA.name, initials=ANNA.initials, title=ANNA.title, language=config.language, own=own
        )
        assert signed == expected
        assert length == replies.length(profile, expected)
        assert left == replies.characters_left(profile, expected)


@given(st.lists(texts, min_size=10, max_size=20))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
async def test_x_is_counted_alike_in_the_browser(modules, written: list[str]):
    counting = {"limit": 280, "unit": "weighted", "top_levels": weighted.TOP_LEVELS, "signing": {"mode": "none"}}
    seen = await modules.evaluate(
        'async ({texts, counting}) => { const m = await import("/index.js"); return texts.map((t) => m.length(t, counting)); }',
        {"texts": written, "counting": counting},
    )
    profile = PROFILES[Channel.X]
    assert seen == [replies.length(profile, text) for text in written]


@given(st.lists(texts.filter(bool), min_size=1, max_size=20), st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
async def test_a_place_in_python_is_the_same_place_in_the_browser(modules, written: list[str], data):
    cuts = [data.draw(st.integers(0, len(text))) for text in written]
    places = [utf16(text, cut) for text, cut in zip(written, cuts, strict=True)]
    seen = await modules.evaluate(
        "({texts, places}) => texts.map((text, n) => text.slice(0, places[n]))", {"texts": written, "places": places}
    )
    assert seen == [text[:cut] for text, cut in zip(written, cuts, strict=True)]


@given(texts, st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=4), texts, st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
async def test_a_mark_that_moved_still_stands_on_its_words(modules, before: str, spans, put_in: str, data):
    size = utf16(before, len(before))
    marks = [{"start": a, "end": a + b, "kind": "", "what": "private"} for a, b in spans if a + b <= size]
    start = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(start, len(before)))
    after = before[:start] + put_in + before[end:]
    found = await modules.evaluate(
        """async ({before, after, marks}) => {
            const { moved } = await import("/index.js");
            const words = (text, mark) => text.slice(mark.start, mark.end);
            return [moved(marks, before, after).map((mark) => words(after, mark)), marks.map((mark) => words(before, mark)),
                    moved(marks, before, before).length];
        }""",
        {"before": before, "after": after, "marks": marks},
    )
    kept, all_words, untouched = found
    assert all(words in all_words for words in kept)
    assert untouched == len(marks)
