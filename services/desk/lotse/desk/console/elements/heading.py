# pyright: reportUnknownMemberType=false
"""What stands above a conversation, and its actions."""

from collections.abc import Callable, Mapping, Sequence

from nicegui import ui
from nicegui.events import GenericEventArguments

from lotse.desk.console.conversing.about import Heading, Read, Target
from lotse.desk.console.elements.timeline import MODULES
from lotse.desk.language import Language


class HeadingBar(ui.element, component="heading.js", esm=MODULES):
    """`on_act(event)`: something is wished for; `on_targets()`: who could be given it is asked for."""

    def __init__(
        self,
        texts: Mapping[str, object],
        words: Mapping[str, Mapping[str, str]],
        language: Language,
        on_act: Callable[[GenericEventArguments], object],
        on_targets: Callable[[], object],
    ) -> None:
        super().__init__()
        self._props["texts"] = texts
        self._props["words"] = words
        self._props["language"] = language
        self.on("act", on_act)
        self.on("targets", lambda _: on_targets())

    def show(self, heading: Heading | None) -> None:
        self.run_method("show", heading)

    def offer(self, targets: Sequence[Target]) -> None:
        """To whom it can be given."""
        self.run_method("offer", list(targets))

    def correct(self, read: Read) -> None:
        """Begin to correct the reading."""
        self.run_method("correct", read)

    def done(self, what: str, said: str) -> None:
        """What was wished for came to pass."""
        self.run_method("done", what, said)

    def refused(self, what: str, said: str) -> None:
        """Nothing changed; said in the dialog, where one is open."""
        self.run_method("refused", what, said)

    def slow(self) -> None:
        """The outcome did not come in time."""
        self.run_method("slow")
