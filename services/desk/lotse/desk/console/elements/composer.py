# pyright: reportUnknownMemberType=false
"""The reply box in the browser."""

from collections.abc import Mapping

from nicegui import ui

from lotse.desk.console.composing.texts import Words

Told = Mapping[str, object]


class ComposerBox(ui.element, component="composer.js", esm={"lotse-composing": "composing"}):
    """Shows what it is told by methods, and says what is done in it by events.

    Methods: `show` a conversation or nothing; `learn` its facts, `offers` and `left_behind` of it; `judged`, `saved`
    and `result` of a draft; `put_in` a draft; `writes` of a colleague; `notice`; `write`.
    Events: `typed`, `sent`, `again`, `given_back`, `taken`.
    """

    def __init__(self, said: Words, language: str, agent: str) -> None:
        super().__init__()
        self._props["said"] = dict(said)
        self._props["language"] = language
        self._props["agent"] = agent

    def tell(self, what: str, told: Told | str | None) -> None:
        """Call a method of the box; nothing happens where its page is gone."""
        self.run_method(what, told)
