# pyright: reportUnknownMemberType=false
"""The boards of queue, agents and today's promises, drawn by `team_board.js`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict

from nicegui import ui
from nicegui.events import GenericEventArguments

from lotse.desk.console.conversing.about import Target
from lotse.desk.console.elements.timeline import MODULES
from lotse.desk.console.teaming.rows import Shown
from lotse.desk.language import Language


class TeamBoard(ui.element, component="team_board.js", esm=MODULES):
    """`on_act(event)`: a conversation is to be given to somebody, or an agent's status changed;

    `on_targets(event)`: who could be given a conversation is asked for.
    """

    def __init__(
        self,
        texts: Mapping[str, str],
        presences: Mapping[str, str],
        language: Language,
        leads: bool,
        *,
        on_act: Callable[[GenericEventArguments], Awaitable[None]],
        on_targets: Callable[[GenericEventArguments], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._props["texts"] = texts
        self._props["presences"] = presences
        self._props["language"] = language
        self._props["leads"] = leads
        self.on("act", on_act)
        self.on("targets", on_targets)

    def show(self, shown: Shown) -> None:
        self.run_method("show", asdict(shown))

    def offer(self, conversation: str, targets: Sequence[Target]) -> None:
        """To whom the conversation can be given."""
        self.run_method("offer", conversation, [asdict(target) for target in targets])

    def done(self, said: str) -> None:
        """What was wished for came to pass, or is on its way."""
        self.run_method("done", said)

    def refused(self, said: str) -> None:
        """Nothing changed."""
        self.run_method("refused", said)
