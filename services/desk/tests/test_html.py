"""HTML mails come out harmless, whatever is put in; plain texts come out as text with safe links."""

from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hostile_html import HOSTILE
from hypothesis import given, settings
from hypothesis import strategies as st

from lotse.contracts.testing import LINEAR, growth
from lotse.desk.console import html

FORBIDDEN = """
script style iframe object embed applet form input button select textarea svg math template link meta base title
noscript frame frameset video audio source track picture body html head xmp plaintext details marquee
"""
FETCHED = {"src", "srcset", "background", "poster", "action", "formaction", "data", "ping", "cite", "codebase"}


@dataclass
class Seen(HTMLParser):
    """What a parser of another make sees in a document."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    handle_startendtag = handle_starttag

    def handle_data(self, data):
        self.words.append(data)


def shown(source: str, **more) -> html.Page:
    page = html.page(source, **more)
    assert isinstance(page, html.Page), page
    return page


def body_of(page: html.Page) -> str:
    return page.document.partition("<body>")[2].removesuffix("</body></html>")


def read(body: str) -> Seen:
    seen = Seen()
    seen.feed(body)
    seen.close()
    return seen


def harm_in(body: str, remote: bool = False) -> list[str]:
    """Everything in a sanitised body that should not be there."""
    return [harm for tag, attributes in read(body).tags for harm in _harm(tag, attributes, remote)]


def _harm(tag: str, attributes: dict[str, str], remote: bool):
    if tag in FORBIDDEN.split() or ":" in tag or "-" in tag:
        yield tag
    for name, value in attributes.items():
        if name.startswith("on") or name in FETCHED - {"src"} or name in ("id", "name", "class", "is", "slot"):
            yield f"{tag} {name}"
        if name == "href" and (
            urlsplit(value).scheme not in ("http", "https", "mailto") or "@" in urlsplit(value).netloc
        ):
            yield f"{tag} href {value}"
        if name == "src" and not value.startswith("data:image/") and not (remote and value.startswith("https://")):
            yield f"{tag} src {value}"
        if name == "src" and "svg" in value:
            yield f"{tag} src {value}"
        if name == "style" and any(word in value.lower() for word in ("url(", "position", "expression(", "@", "\\")):
            yield f"{tag} style {value}"
    if tag == "a" and "href" in attributes and attributes.get("target") != "_blank":
        yield "a link that stays in the frame"
    if tag == "a" and "noopener" not in attributes.get("rel", ""):
        yield "a link that knows where it was opened"


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_hostile_html_comes_out_harmless(source):
    assert harm_in(body_of(shown(source))) == []
    assert harm_in(body_of(shown(source, pictures=True)), remote=True) == []


SOURCES = st.sampled_from(list(HOSTILE.values()))
INSERTED = st.sampled_from(
    list("<>/\"'`= \t\n\r\x00\x0b&;:!-?[]{}\\") + ["<!--", "-->", "</style>", "<svg>", "</svg>", "&lt;"]
)
NAMES = "table td select option math mtext svg style title noscript template textarea xmp p a form b iframe noembed li"
AROUND = st.integers(0, 18).map(lambda number: NAMES.split()[number])


@st.composite
def mutated(draw):
    """Hostile HTML cut, joined, disturbed and wrapped, as attackers' generators do."""
    text = "".join(draw(st.lists(SOURCES, min_size=1, max_size=3)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(text)))
        match draw(st.integers(0, 4)):
            case 0:
                text = text[:at] + draw(INSERTED) + text[at:]
            case 1:
                text = text[:at] + text[at + draw(st.integers(1, 6)) :]
            case 2:
                text = text[:at] + text[at : at + 12].swapcase() + text[at + 12 :]
            case 3:
                name = draw(AROUND)
                text = f"<{name}>{text}" + draw(st.sampled_from([f"</{name}>", ""]))
            case _:
                text = text[:at] + draw(SOURCES) + text[at:]
    return text


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_disturbed_hostile_html_comes_out_harmless(source):
    assert harm_in(body_of(shown(source))) == []


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_what_came_out_holds_nothing_else_when_it_is_read_again(source):
    """Nothing waits in it to become something else in the browser's parser. A link across a table may be told twice."""
    once = read(body_of(shown(source)))
    again = read(body_of(shown(body_of(shown(source)))))
    assert again.words == once.words
    assert [tag for tag in again.tags if tag not in once.tags] == []


IN_STYLES = """xpression( calc( rgb( ) ( +1 || 0 = . ; " ' !important /* */ - # % 5px , url( \\ { } [ @ é U+26"""
STYLED = st.lists(st.sampled_from(IN_STYLES.split()))


@settings(max_examples=500, deadline=None)
@given(STYLED)
def test_a_style_reads_the_same_when_it_is_read_again(parts):
    once = body_of(shown(f'<p style="{escape("width:" + "".join(parts))}">x</p>'))
    assert read(body_of(shown(once))) == read(once)


@pytest.mark.parametrize(
    "style",
    ["width:calc(100% - 5px)", "color:rgb(1, 2, 3)", "font-family:'Segoe UI',Ärial,sans-serif", "margin:-1.5em"],
)
def test_a_plain_style_stays(style):
    (_, attributes), *_ = read(body_of(shown(f'<p style="{style}">x</p>'))).tags
    assert attributes["style"].replace(" ", "") == style.replace(" ", "").replace("'", '"')


@given(st.text())
def test_any_text_comes_out_harmless(source):
    assert harm_in(body_of(shown(source))) == []


def test_a_newsletter_keeps_its_looks():
    source = """<html><head><style>p{color:red}</style><title>x</title></head><body bgcolor="#fff">
    <table width="600" cellpadding="0" align="center" style="border-collapse:collapse;max-width:600px !important">
    <tr><td bgcolor="#eeeeee" style="font-family:Arial,sans-serif;color:#333;padding:10px 20px;position:absolute">
    <h1 style="margin:0">Angebot</h1><a href="https://shop.example/?a=1&amp;b=2">Hier</a><br>
    <font color="red" size="3">nur heute</font></td></tr></table></body></html>"""
    body = body_of(shown(source))
    for kept in (
        'width="600"',
        "border-collapse:collapse",
        "max-width:600px",
        'bgcolor="#eeeeee"',
        "font-family:Arial",
        '<font color="red" size="3">',
        'href="https://shop.example/?a=1&amp;b=2"',
    ):
        assert kept in body
    assert "position" not in body
    assert "p{color:red}" not in body


PIXEL = "data:image/png;base64,iVBORw0KGgo="


def test_pictures_from_elsewhere_wait_until_they_are_asked_for():
    source = (
        f'<img src="https://a.example/1.png"><img src="http://a.example/2.png"><img src="{PIXEL}"><img src="cid:x">'
    )
    page = shown(source)
    assert page.pictures == 2
    assert "a.example" not in body_of(page)
    assert PIXEL in body_of(page)
    asked = shown(source, pictures=True)
    assert 'src="https://a.example/1.png"' in body_of(asked)
    assert "http://a.example" not in body_of(asked)
    assert asked.pictures == 1


def test_the_document_fetches_nothing_by_its_own_policy():
    policy = "default-src 'none'; img-src {}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    assert policy.format("data:") in shown("x").document
    assert policy.format("data: https:") in shown("x", pictures=True).document


@pytest.mark.parametrize(
    ("source", "refusal"), [("x" * (html.MAX_LENGTH + 1), "too_long"), ("<b>" * (html.MAX_TAGS + 1), "too_nested")]
)
def test_what_cannot_be_read_in_time_is_refused(source, refusal):
    assert html.page(source) == refusal


@pytest.mark.parametrize("tag", ["<div>", "<b>", "<table><td>", "<a href=x><b>", "<ul><li>", "<font>"])
def test_the_worst_that_is_taken_takes_bounded_time(tag):
    """The parser's time rises with the square of the nesting, which is why there is a limit; never with the cube."""
    most = html.MAX_TAGS // tag.count("<")
    assert growth(lambda count: shown(tag * count), most // 4) < 4 * LINEAR


# Plain text


def joined(text: str) -> str:
    return "".join(piece.text for piece in html.pieces(text))


def links(text: str) -> list[tuple[str, str | None]]:
    return [(piece.text, piece.to) for piece in html.pieces(text) if piece.kind == "link"]


@given(st.text() | mutated())
def test_plain_text_stays_what_was_written(text):
    assert joined(text) == text.replace("\u202d", "").replace("\u202e", "")


@given(
    st.lists(
        st.sampled_from(
            [
                "https://",
                "http://",
                "a.example",
                "@",
                "javascript:",
                ":",
                "/",
                " ",
                "\n",
                "\u202e",
                "mailto:",
                "x",
                ")",
                "(",
                ".",
                "\x00",
                "&",
                "<",
                '"',
                "'",
                "[",
                "]",
                "%",
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_links_lead_where_they_say(text):
    for shown_text, to in links(text):
        parts = urlsplit(to)
        assert parts.scheme in ("http", "https", "mailto")
        assert parts.hostname or "@" in parts.path
        assert "@" not in parts.netloc
        assert to.removeprefix("mailto:") == shown_text.removeprefix("mailto:")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Siehe https://a.example/x.", [("https://a.example/x", "https://a.example/x")]),
        ("(http://a.example/b_(c))", [("http://a.example/b_(c)", "http://a.example/b_(c)")]),
        ("an max@muster.example, bitte", [("max@muster.example", "mailto:max@muster.example")]),
        ("mailto:max@muster.example?subject=x", [("mailto:max@muster.example?subject=x",) * 2]),
        ("https://bank.example@evil.example/", []),
        ("javascript:alert(1)", []),
        ("data:text/html,x", []),
        ("https://", []),
        ("http://[::1", []),
        ("https://a.example:99999/", []),
        ("https://a.example/\u200bx", [("https://a.example/", "https://a.example/")]),
        ("HTTPS://A.EXAMPLE/", [("HTTPS://A.EXAMPLE/", "HTTPS://A.EXAMPLE/")]),
        ("<a href='https://a.example/'>", [("https://a.example/", "https://a.example/")]),
    ],
)
def test_links_in_plain_text(text, found):
    assert links(text) == found


def test_turned_text_is_shown_in_the_order_in_which_it_was_written():
    assert joined("https://evil.example/\u202egpj.exe") == "https://evil.example/gpj.exe"


@pytest.mark.parametrize("piece", ["a", "@", "a@", "a.", "https://", "https://a.", "x)", "mailto:a@b", "https://a.b/("])
def test_plain_text_is_read_in_linear_time(piece):
    assert growth(lambda size: html.pieces(piece * (size // len(piece))), 50_000) < LINEAR
