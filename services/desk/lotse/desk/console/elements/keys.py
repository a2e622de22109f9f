# pyright: reportUnknownMemberType=false
"""The keys of a page: each part of it registers its own, and `?` lists them all."""

from collections.abc import Awaitable, Callable, Mapping
from typing import cast

from nicegui import context, ui
from nicegui.events import GenericEventArguments

from lotse.contracts.frozen import frozen
from lotse.desk.language import Language

Do = Callable[[], Awaitable[None] | None]

_KEPT = "lotse-keys"


@frozen
class KeysTexts:
    title: str
    close: str
    either: str
    general: str
    names: Mapping[str, str]


_SHOWN = {"ArrowUp": "↑", "ArrowDown": "↓", "ArrowLeft": "←", "ArrowRight": "→", "Enter": "↵", "Meta": "⌘"}

TEXTS: Mapping[Language, KeysTexts] = {
    "de": KeysTexts(
        title="Tasten",
        close="Schließen",
        either="oder",
        general="Überall",
        names=_SHOWN | {"Control": "Strg", "Escape": "Esc", "Shift": "Umschalt", "Delete": "Entf"},
    ),
    "en": KeysTexts(
        title="Keys",
        close="Close",
        either="or",
        general="Everywhere",
        names=_SHOWN | {"Control": "Ctrl", "Escape": "Esc", "Delete": "Del"},
    ),
}


class Keys(ui.element, component="keys.js"):
    """One a page; made by the frame before the page's own parts."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._texts = TEXTS[language]
        self._keys: list[dict[str, object]] = []
        self._do: dict[int, Do] = {}
        self._props["keys"] = []
        self._props["texts"] = {
            "title": self._texts.title,
            "close": self._texts.close,
            "or": self._texts.either,
            "names": self._texts.names,
        }
        self.on("pressed", self._pressed)
        self.client.storage[_KEPT] = self

    def show(self) -> None:
        """Open the list."""
        self.run_method("show")

    def add(self, keys: str, said: str, group: str, do: Do | None, click: str | None, go: str | None) -> None:
        number = len(self._keys)
        if do is not None:
            self._do[number] = do
        self._keys.append(
            {
                "number": number,
                "keys": keys.split(" | "),
                "said": said,
                "group": group or self._texts.general,
                "go": go,
                "click": click,
                "sends": do is not None,
            }
        )
        self._props["keys"] = [*self._keys]
        self.update()

    async def _pressed(self, event: GenericEventArguments) -> None:
        do = self._do.get(cast(int, event.args))
        if do is not None:
            done = do()
            if done is not None:
                await done


def register(
    keys: str, said: str, *, group: str = "", do: Do | None = None, click: str | None = None, go: str | None = None
) -> None:
    """Add a key to the page that is being built, under the name of its part.

    `keys` is as `KeyboardEvent.key` names them: "j", "Control+Enter", "g i" for one after the other, "j | ArrowDown"
    either. A key calls `do` here, or clicks (a field: focuses) what the CSS selector `click` finds, or goes to `go`.
    With none of them it is only listed, and the part listens for it itself.
    """
    found = cast(object, context.client.storage.get(_KEPT))
    assert isinstance(found, Keys), "the frame makes the keys first"  # noqa: S101
    found.add(keys, said, group, do, click, go)
