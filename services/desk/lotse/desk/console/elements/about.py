# pyright: reportUnknownMemberType=false
"""What stands beside a conversation."""

from collections.abc import Callable, Mapping

from nicegui import ui

from lotse.desk.console.conversing.about import About
from lotse.desk.console.elements.timeline import MODULES
from lotse.desk.language import Language


class SidePanel(ui.element, component="about.js", esm=MODULES):
    """`on_correct()`: the reading is to be corrected."""

    def __init__(self, texts: Mapping[str, str], language: Language, on_correct: Callable[[], object]) -> None:
        super().__init__()
        self._props["texts"] = texts
        self._props["language"] = language
        self.on("correct", lambda _: on_correct())

    def show(self, about: About | None) -> None:
        self.run_method("show", about)
