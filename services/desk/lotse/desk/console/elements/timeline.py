# pyright: reportUnknownMemberType=false
"""The line of time as `timeline.js` draws it: entries come and go by deltas."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, cast

from nicegui import ui
from nicegui.events import GenericEventArguments

from lotse.desk.console.conversing.story import Delta, Entry
from lotse.desk.console.html import Piece
from lotse.desk.language import Language

MODULES = {"lotse-conversing": str(Path(__file__).parent / "conversing")}
"""What the elements of a conversation share in the browser."""

Wanted = Literal["text", "html", "pictures"]


class Timeline(ui.element, component="timeline.js", esm=MODULES):
    """Shows entries. `on_ask(entry, what)`: the reader wants the whole text, the HTML, or its pictures."""

    def __init__(self, texts: Mapping[str, str], language: Language, on_ask: Callable[[str, Wanted], object]) -> None:
        super().__init__()
        self._props["texts"] = texts
        self._props["language"] = language
        self.on("ask", lambda event: on_ask(*_asked(event)))

    def begin(self, entries: Sequence[Entry]) -> None:
        """Show another conversation."""
        self.run_method("begin", list(entries))

    def change(self, delta: Delta) -> None:
        """Entries that are new or read otherwise now, and the ids of those that are no more."""
        if delta.put or delta.drop:
            self.run_method("change", {"put": list(delta.put), "drop": delta.drop})

    def text(self, entry: str, pieces: Sequence[Piece]) -> None:
        """The whole text that was asked for."""
        self.run_method("body", entry, {"mode": "text", "pieces": list(pieces)})

    def html(self, entry: str, document: str, pictures: int) -> None:
        """A sanitised document, and how many of its pictures were not fetched."""
        self.run_method("body", entry, {"mode": "html", "document": document, "pictures": pictures})

    def page(self, entry: str, address: str) -> None:
        """Where the sanitised document with its pictures is."""
        self.run_method("body", entry, {"mode": "html", "address": address, "pictures": 0})

    def problem(self, entry: str, why: str) -> None:
        """What was asked for cannot be had."""
        self.run_method("body", entry, {"problem": why})


def _asked(event: GenericEventArguments) -> tuple[str, Wanted]:
    asked = cast("dict[str, str]", event.args)
    what = asked.get("what")
    return asked.get("id", ""), what if what in ("html", "pictures") else "text"
