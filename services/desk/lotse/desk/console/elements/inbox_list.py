# pyright: reportUnknownMemberType=false
"""The inbox's views and list, drawn by `inbox_list.js`: rows come and go by deltas, time turns in the browser."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from nicegui import ui

from lotse.contracts.frozen import frozen
from lotse.desk.console.inboxing.rows import Row
from lotse.desk.console.inboxing.texts import Texts


@frozen
class People:
    """Who may have a conversation: names by id, in the order in which they are offered."""

    me: str
    agents: Mapping[str, str]
    teams: Mapping[str, str]


class InboxList(ui.element, component="inbox_list.js", esm={"lotse-listing": "listing"}):
    """Views, search, filters and the list. What it shows it says by `on_go`; what stands in it it is told.

    `on_ready(list, open, rows)`: it stands in the page and wants so many rows; `on_go(list, open)`: the person went
    elsewhere; `on_more()`: the end of what it was given is near. `list` is the part of the address that the list
    follows from, and `whole` gives it back.
    """

    def __init__(
        self,
        texts: Texts,
        people: People,
        *,
        on_ready: Callable[[str, str | None, int], None],
        on_go: Callable[[str, str | None], None],
        on_more: Callable[[], None],
    ) -> None:
        super().__init__()
        self._props["texts"] = texts
        self._props["me"] = people.me
        self._props["agents"] = people.agents
        self._props["teams"] = people.teams
        self.on("ready", lambda event: on_ready(*cast("tuple[str, str | None, int]", event.args)))
        self.on("go", lambda event: on_go(*cast("tuple[str, str | None]", event.args)))
        self.on("more", lambda _: on_more())

    def whole(self, query: str, rows: Sequence[Row], *, complete: bool, oldest_first: bool, now: int) -> None:
        """Begin anew with these rows: the beginning of the list that `query` stands for."""
        self.run_method("whole", {"query": query, "oldestFirst": oldest_first, **_rows(rows, complete, now)})

    def extend(self, rows: Sequence[Row], *, complete: bool, now: int) -> None:
        """What comes next in the list."""
        self.run_method("extend", _rows(rows, complete, now))

    def change(self, rows: Sequence[Row], gone: Sequence[str], *, complete: bool, now: int) -> None:
        """Rows that came, changed or moved, and those that left."""
        self.run_method("change", {"gone": gone, **_rows(rows, complete, now)})

    def draft(self, conversation: str, *, there: bool) -> None:
        """The person has begun to write in a conversation, or no longer has."""
        self.run_method("draft", conversation, there)

    def close(self) -> None:
        """Back to the list alone."""
        self.run_method("close")

    def count(self, counts: Mapping[str, int], most: int) -> None:
        """How many stand in each view, `most` at the most."""
        self.run_method("count", counts, most)

    def as_of(self, read_up_to: int | None, behind: int, away: bool) -> None:
        """How old what is shown may be, in seconds."""
        self.run_method("setAsOf", {"readUpTo": read_up_to, "behind": behind, "away": away})


def _rows(rows: Sequence[Row], complete: bool, now: int) -> dict[str, object]:
    return {"rows": rows, "complete": complete, "now": now}
