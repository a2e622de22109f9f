"""What strangers wrote, made fit to be shown: HTML mails sanitised, links found in plain text.

Three walls stand around an HTML mail: the allow lists here, a sandbox without scripts (`elements/timeline.js`), and
the policy in the document's own head, which fetches nothing. The first is enough, and so are the other two.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlsplit

import nh3

from lotse.contracts.frozen import frozen

MAX_LENGTH: Final = 1_000_000
"""Characters of HTML that are looked at; longer mails are shown as text."""
MAX_TAGS: Final = 20_000
"""Nesting costs quadratic time: as many tags, each in the other, take 0.7 s."""


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_TAGS: Final = _names(
    "a abbr b bdi big blockquote br caption center cite code col colgroup dd del dfn div dl dt em figcaption figure "
    "font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strike strong sub sup table tbody "
    "td tfoot th thead tr tt u ul var wbr"
)
_WITH_CONTENT: Final = _names(
    "script style title head noscript template iframe object embed applet svg math textarea select option button "
    "audio video canvas xmp noembed noframes plaintext frameset"
)
_ATTRIBUTES: Final = {
    "*": frozenset(("style", "dir", "lang", "title", "align", "valign")),
    "a": frozenset(("href",)),
    "col": frozenset(("span", "width")),
    "font": frozenset(("color", "face", "size")),
    "hr": frozenset(("size", "width")),
    "img": frozenset(("src", "alt", "width", "height")),
    "ol": frozenset(("start", "type")),
    "table": frozenset(("bgcolor", "border", "cellpadding", "cellspacing", "width")),
    "td": frozenset(("bgcolor", "colspan", "height", "nowrap", "rowspan", "width")),
    "th": frozenset(("bgcolor", "colspan", "height", "nowrap", "rowspan", "width")),
    "tr": frozenset(("bgcolor", "height")),
}
_STYLES: Final = _names(
    "background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width border-collapse "
    "border-color border-left border-left-color border-left-style border-left-width border-radius border-right "
    "border-right-color border-right-style border-right-width border-spacing border-style border-top border-top-color "
    "border-top-style border-top-width border-width clear color direction display float font font-family font-size "
    "font-style font-variant font-weight height letter-spacing line-height margin margin-bottom margin-left "
    "margin-right margin-top max-height max-width min-width opacity overflow padding padding-bottom padding-left "
    "padding-right padding-top table-layout text-align text-decoration text-indent text-transform vertical-align "
    "white-space width word-break word-wrap"
)
"""None of them takes a picture or leaves its place; `position` and `background` are missing for a reason."""

_PICTURE: Final = re.compile(r"data:image/(?:png|jpeg|jpg|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
_NOT_TEXT: Final = re.compile("[\x00\ufeff]")
_PLAIN: Final = re.compile(
    r"""[\w\s-]+:([\w\s#%.,/!+-]|"[\w\s.,-]*"|'[\w\s.,-]*'|(?<![\w-])(rgba?|hsla?|calc)\(\s*[\w.+-][\w\s%.,/+-]*\))*""",
    re.IGNORECASE,
)
"""A declaration of words, numbers, colours and names in quotes: nothing in it fetches, it has one reading."""
_NUMBER: Final = re.compile(r"\d{1,3}")
_TAG: Final = re.compile(r"<[a-zA-Z]")

BLANK: Final = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
"""One transparent pixel in the place of a picture that lies elsewhere."""

_DOCUMENT: Final = """<!doctype html><html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src {images}; style-src 'unsafe-inline'; \
base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer"><style>
html {{ color-scheme: light; background: #fff; color: #1b2733; overflow-wrap: anywhere }}
body {{ margin: 12px; font: 15px/1.5 system-ui, sans-serif }}
img {{ max-width: 100% }}
img:not([src="{blank}"]) {{ height: auto }}
img[src="{blank}"] {{ outline: 1px dashed #8a97a3; outline-offset: -1px; background: #eef2f5; min-width: 1.5em;
    min-height: 1.5em }}
table {{ max-width: 100% }}
blockquote {{ margin: 0 0 0 8px; padding-left: 8px; border-left: 3px solid #c9d2da }}
</style></head><body>{body}</body></html>"""

Refusal = Literal["too_long", "too_nested"]


@frozen
class Page:
    """An HTML mail as a whole document for a sandbox, and how many of its pictures are not fetched."""

    document: str
    pictures: int


@dataclass(slots=True)
class _Pictures:
    fetch: bool
    missing: int = 0

    def shown(self, source: str) -> str:
        """A picture in the mail itself, or one that was asked for and comes encrypted; else its place."""
        if _PICTURE.fullmatch(source):
            return source
        if _address(source, "https") is None:
            self.missing += source.lower().startswith("http")
            return BLANK
        self.missing += not self.fetch
        return source if self.fetch else BLANK


@frozen
class _Attributes:
    """Decides over each attribute that the allow lists let through."""

    pictures: _Pictures

    def __call__(self, tag: str, name: str, value: str) -> str | None:
        match tag, name:
            case "img", "src":
                return self.pictures.shown(value.strip())
            case "a", "href":
                return _address(value.strip(), "http", "https", "mailto")
            case _, "style":
                return ";".join(one for one in value.split(";") if _PLAIN.fullmatch(one))
            case _, "colspan" | "rowspan" | "span" | "start" | "cellpadding" | "cellspacing" | "border":
                return value if _NUMBER.fullmatch(value) else None
            case _, "dir":
                return value if value.lower() in ("ltr", "rtl", "auto") else None
            case _:
                return value


def page(html: str, *, pictures: bool = False) -> Page | Refusal:
    """Make a mail's HTML harmless. `pictures`: those that lie elsewhere may be fetched, as the reader asked for.

    Takes up to a second for the worst of mails, without the interpreter's lock: call it in a thread.
    """
    if len(html) > MAX_LENGTH:
        return "too_long"
    if sum(1 for _ in _TAG.finditer(html)) > MAX_TAGS:
        return "too_nested"
    found = _Pictures(fetch=pictures)
    body = nh3.clean(
        _NOT_TEXT.sub("", html),
        tags=_TAGS,
        clean_content_tags=_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=_Attributes(found),
        filter_style_properties=_STYLES,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}, "img": {"referrerpolicy": "no-referrer"}},
    )
    images = "data: https:" if pictures else "data:"
    return Page(_DOCUMENT.format(images=images, blank=BLANK, body=body), found.missing)


PieceKind = Literal["text", "link", "strong", "time"]


@frozen
class Piece:
    """A stretch of text as it is shown; `to` is the address of a link, or a moment in ISO 8601."""

    kind: PieceKind
    text: str
    to: str | None = field(default=None)


_UNSEEN: Final = r"\s<>\"`{}|\\^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_LINK: Final = re.compile(
    rf"(?<![\w@.])(?P<address>(?:https?://|mailto:)[^{_UNSEEN}]{{1,2000}})"
    r"|(?<![\w.+%@/-])(?P<mail>[A-Za-z0-9][\w.+%-]{0,63}@[A-Za-z0-9][\w-]{0,62}(?:\.[\w-]{1,63}){1,8})(?![\w@-])",
    re.IGNORECASE,
)
_OVERRIDES: Final = {0x202D: None, 0x202E: None}
"""They turn the reading direction of what follows, so that one address reads like another."""


def pieces(text: str) -> tuple[Piece, ...]:
    """Plain text with its links; everything else is text, whatever it looks like. Joined it is what was written."""
    return tuple(_pieces(text.translate(_OVERRIDES)))


def _pieces(text: str) -> Iterator[Piece]:
    position = 0
    for found in _LINK.finditer(text):
        shown = _without_punctuation(found[0])
        to = _address(f"mailto:{shown}" if found["mail"] else shown, "http", "https", "mailto")
        if to is None:
            continue
        if found.start() > position:
            yield Piece("text", text[position : found.start()])
        yield Piece("link", shown, to)
        position = found.start() + len(shown)
    if position < len(text):
        yield Piece("text", text[position:])


def _without_punctuation(address: str) -> str:
    """A sentence's full stop and the bracket around an address are not its own."""
    while address and (address[-1] in ".,;:!?'\u2019\u201c\u201d*_~" or _closes(address)):
        address = address[:-1]
    return address


def _closes(address: str) -> bool:
    opening = {")": "(", "]": "["}.get(address[-1])
    return opening is not None and address.count(opening) < address.count(address[-1])


def _address(address: str, *schemes: str) -> str | None:
    """The address, if it is whole, of one of these schemes and hides no host behind a name."""
    if re.search(rf"[{_UNSEEN}']", address):
        return None
    try:
        parts = urlsplit(address)
        hidden = "@" in parts.netloc
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in schemes or hidden:
        return None
    return address if parts.hostname or (parts.scheme.lower() == "mailto" and "@" in parts.path) else None
