# pyright: reportUnknownMemberType=false
"""Services, topics, parked records and accounts, drawn by `operations_board.js`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import datetime

from nicegui import ui
from nicegui.events import GenericEventArguments

from lotse.desk.console.elements.timeline import MODULES
from lotse.desk.console.operating.rows import Record, Shown
from lotse.desk.language import Language

Heard = Callable[[GenericEventArguments], Awaitable[None]]


class OperationsBoard(ui.element, component="operations_board.js", esm=MODULES):
    """`on_look(event)`: a parked record is to be shown; `on_replay(event)`: tried again; `on_more()`: more of them;

    `on_part(event)`: a part that was not understood is to be read again.
    """

    def __init__(
        self,
        texts: Mapping[str, str],
        language: Language,
        may_replay: bool,
        *,
        on_look: Heard,
        on_replay: Heard,
        on_part: Heard,
        on_more: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._props["texts"] = texts
        self._props["language"] = language
        self._props["replays"] = may_replay
        self.on("look", on_look)
        self.on("replay", on_replay)
        self.on("part", on_part)
        self.on("more", lambda _: on_more())

    def show(self, shown: Shown, at: datetime) -> None:
        self.run_method("show", asdict(shown), at)

    def as_of(self, at: datetime) -> None:
        """Nothing changed since."""
        self.run_method("asOf", at)

    def record(self, record: Record) -> None:
        """The record that was asked for."""
        self.run_method("record", asdict(record))

    def say(self, said: str, *, failed: bool = False) -> None:
        """What became of a wish."""
        self.run_method("say", said, failed)
