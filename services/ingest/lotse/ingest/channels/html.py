"""HTML mail as plain text.

The result is never shown as HTML, so nothing has to be made safe; a tree is not built, since some mails nest
elements by the ten thousand and parsers take quadratic time for them.
"""

import re
from html import unescape

_TOKEN = re.compile(r"<!--|<[!?][^<>]*>|<(?P<closing>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]{0,15})[^<>]*>")
_BREAKS = frozenset(("p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "pre", "ul", "ol", "table", "hr"))
_CELLS = frozenset(("td", "th"))
_SHOWN = _BREAKS | _CELLS | {"blockquote", "span", "a", "b", "i", "strong", "em", "img"}
_UNSEEN = frozenset(("script", "style", "head", "title", "noscript", "template"))
_MAX_QUOTE = 5


def text_of_html(html: str) -> str:
    """What a reader sees, a line for each block, `> ` before each line that is quoted."""
    page = _Page()
    position = 0
    while token := _TOKEN.search(html, position):
        page.say(html[position : token.start()])
        position = token.end()
        if token[0] == "<!--":
            position = _after(html, "-->", position)
        elif token["name"]:
            page.tag(token["name"].lower(), closing=bool(token["closing"]))
    page.say(html[position:])
    return page.text()


def _after(html: str, mark: str, position: int) -> int:
    found = html.find(mark, position)
    return len(html) if found < 0 else found + len(mark)


class _Page:
    """The lines that were read, the one at hand, and how deep it is quoted."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._words: list[str] = []
        self._quoted = 0
        self._unseen: str | None = None

    def say(self, words: str) -> None:
        if words and self._unseen is None:
            self._words.append(words)

    def tag(self, name: str, *, closing: bool) -> None:
        if self._unseen == "head" and not closing and (name == "body" or name in _SHOWN):
            self._unseen = None  # the end of a head may be left out
        if self._unseen is not None:
            if closing and name == self._unseen:
                self._unseen = None
        elif name in _UNSEEN and not closing:
            self._unseen = name
        elif name in _CELLS:
            self._words.append(" ")
        elif name in _BREAKS:
            self._end_line()
        elif name == "blockquote":
            self._end_line()
            self._quoted = max(0, self._quoted + (-1 if closing else 1))

    def text(self) -> str:
        """All lines with at most one blank one at a time."""
        self._end_line()
        pairs = zip(["", *self._lines], self._lines, strict=False)
        return "\n".join(line for before, line in pairs if line or before).strip()

    def _end_line(self) -> None:
        text = " ".join(unescape("".join(self._words)).split())
        self._lines.append("> " * min(self._quoted, _MAX_QUOTE) + text if text else "")
        self._words = []
