# pyright: reportUnknownMemberType=false
"""The table behind a chart, drawn by `figure_table.js`: opened and sorted in the browser."""

from collections.abc import Callable, Sequence
from typing import cast

from nicegui import ui
from nicegui.events import GenericEventArguments

from lotse.contracts.frozen import frozen


@frozen
class Shown:
    """Headings, rows as people read them, what each cell is sorted by, and the row of the whole."""

    headings: Sequence[str]
    numeric: Sequence[bool]
    rows: Sequence[Sequence[str]]
    keys: Sequence[Sequence[str | float | None]]
    total: Sequence[str] | None


class FigureTable(ui.element, component="figure_table.js"):
    """Closed at first; rows are only sent while it is open."""

    def __init__(self, caption: str, summary: str, sort: str, nothing: str) -> None:
        super().__init__()
        self._props["caption"] = caption
        self._props["texts"] = {"summary": summary, "sort": sort, "nothing": nothing}
        self._props["shown"] = None
        self._made: Callable[[], Shown] | None = None
        self._open = False
        self.on("opened", self._opened)

    def fill(self, made: Callable[[], Shown]) -> None:
        """The rows that there are now; `made` is called when somebody looks at them."""
        self._made = made
        if self._open:
            self._send()

    def _opened(self, event: GenericEventArguments) -> None:
        self._open = cast(bool, event.args)
        if self._open:
            self._send()

    def _send(self) -> None:
        if self._made is None:
            return
        shown = self._made()
        self._props["shown"] = {
            "headings": shown.headings,
            "numeric": shown.numeric,
            "rows": shown.rows,
            "keys": shown.keys,
            "total": shown.total,
        }
        self.update()
