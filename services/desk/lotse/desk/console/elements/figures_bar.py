# pyright: reportUnknownMemberType=false
"""What the numbers are about and when they are counted again, drawn by `figures_bar.js`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import cast

from nicegui import ui
from nicegui.events import GenericEventArguments

Choice = Mapping[str, str]
"""What was chosen, by name: range, from, to, by, channel, team, agent; empty for all."""


class FiguresBar(ui.element, component="figures_bar.js"):
    """Calls `choose` when something else is wanted, `again` each 30 s that the page is seen, or when asked."""

    def __init__(
        self,
        texts: Mapping[str, object],
        options: Mapping[str, Sequence[tuple[str, str]]],
        choose: Callable[[Choice], Awaitable[None]],
        again: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._props["texts"] = texts
        self._props["options"] = options
        self._props["state"] = {}
        self._props["said"] = ""
        self._props["busy"] = True

        async def chosen(event: GenericEventArguments) -> None:
            given = cast("dict[str, object]", event.args)
            await choose({name: value for name, value in given.items() if isinstance(value, str)})

        self.on("choose", chosen)
        self.on("again", again, [])

    def show(self, state: Choice, address: str) -> None:
        """What is chosen now; it also becomes the page's address."""
        self._props["state"] = dict(state)
        self._props["address"] = address
        self.update()

    def say(self, said: str, *, busy: bool) -> None:
        self._props["said"] = said
        self._props["busy"] = busy
        self.update()
