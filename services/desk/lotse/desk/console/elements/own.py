# pyright: reportUnknownMemberType=false
"""The person's own corner of the header, drawn by `own.js`."""

from collections.abc import Awaitable, Callable, Mapping
from typing import cast

from nicegui import ui
from nicegui.events import GenericEventArguments

from lotse.contracts.values import Presence
from lotse.desk.model import Model


class Wish(Model):
    """Which presence is asked for, and whether the work in hand is to go back at once."""

    status: Presence
    hand_back: bool


class State(Model):
    """Whether the agent takes work, and what he has in hand."""

    status: Presence
    conversations: int
    units: int
    soft: int


class Corner(ui.element, component="own.js"):
    """`state` None: a person who is no agent and takes no work."""

    def __init__(
        self,
        me: Mapping[str, object],
        state: State | None,
        texts: Mapping[str, object],
        theme: str,
        language: str,
        *,
        on_status: Callable[[Wish], Awaitable[None]],
        on_opened: Callable[[], Awaitable[None]],
        on_keys: Callable[[], None],
    ) -> None:
        super().__init__()
        self._props["me"] = me
        self._props["first"] = state and state.model_dump(mode="json")
        self._props["texts"] = texts
        self._props["theme"] = theme
        self._props["language"] = language
        self.on("status", lambda event: on_status(_wish(event)))
        self.on("opened", lambda _: on_opened())
        self.on("keys", lambda _: on_keys())

    def tell(self, state: State, said: str | None = None) -> None:
        """What holds now, and where a wish was answered, how."""
        self.run_method("tell", state.model_dump(mode="json"), said)


def _wish(event: GenericEventArguments) -> Wish:
    return Wish.model_validate(cast(object, event.args))
