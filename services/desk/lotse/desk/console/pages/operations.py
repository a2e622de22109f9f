# pyright: reportUnknownMemberType=false
"""Operations: services, topics and lag, parked records to look at and try again, accounts with what came and failed."""

from typing import TYPE_CHECKING
from uuid import UUID

from nicegui import ui
from nicegui.events import GenericEventArguments
from pydantic import ValidationError
from starlette.requests import Request

from lotse.desk.console.elements import keys
from lotse.desk.console.elements.operations_board import OperationsBoard
from lotse.desk.console.frame import LEADS, page
from lotse.desk.console.operating.rows import Shown, Telling
from lotse.desk.console.operating.texts import OPERATIONS
from lotse.desk.console.toasts import toast
from lotse.desk.console.viewer import Viewer
from lotse.desk.model import Model
from lotse.desk.operations import SHOWN, Operations
from lotse.desk.replicas import NotThere, Replicas, Unreachable
from lotse.runtime.ops import MOST

if TYPE_CHECKING:
    from lotse.desk.console.console import Console

_EVERY = 5.0
"""Seconds between two looks of an open page."""

_SOON = (0.4, 1.5)
"""Seconds until looks after a replay, which a service does at once."""


class Named(Model):
    """A parked record, as the browser names it."""

    service: str
    id: int


def add_to(console: "Console") -> None:
    settings = console.settings
    operations = Operations(Replicas(settings.services, settings.service_token))

    @page(console, "/operations", "operations", LEADS)
    async def build(viewer: Viewer, _: Request) -> None:
        ui.add_head_html(f'<link rel="stylesheet" href="{console.static}/operations.css">')
        Page(console, viewer, operations).build()


class Page:
    """One open page. It looks every few seconds; what stands does not change in the topics that the desk follows."""

    def __init__(self, console: "Console", viewer: Viewer, operations: Operations) -> None:
        self._console, self._viewer, self._operations = console, viewer, operations
        self._said = OPERATIONS[viewer.language]
        self._telling = Telling(self._said, console.settings.trace_url)
        self._admin = viewer.caller.role == "admin"
        self._wanted = SHOWN
        self._shown: Shown | None = None

    def build(self) -> None:
        with ui.element("div").classes("lt-page"):
            ui.html(f'<h1 class="lt-sr">{self._said.title}</h1>', sanitize=False)
            self._board = OperationsBoard(
                self._said.board,
                self._viewer.language,
                self._admin,
                on_look=self._look,
                on_replay=self._replay,
                on_part=self._read_again,
                on_more=self._more,
            )
        keys.register("r", self._said.keys["refresh"], group=self._said.keys["group"], do=self.renew)
        self._client = ui.context.client
        ui.timer(_EVERY, self._look_again)

    async def _look_again(self) -> None:
        """Nobody sees a page whose connection is cut."""
        if self._client.has_socket_connection:
            await self.renew()

    async def renew(self) -> None:
        look = await self._operations.look(self._console.parts(), self._wanted)
        found = self._telling.shown(look)
        if found == self._shown:
            self._board.as_of(look.at)
        else:
            self._shown = found
            self._board.show(found, look.at)

    async def _more(self) -> None:
        self._wanted = MOST
        await self.renew()

    async def _look(self, event: GenericEventArguments) -> None:
        """Show a record; what it says only to an admin."""
        named = _named(event)
        if named is None:
            return
        try:
            found = await self._operations.parked(named.service, named.id, value=self._admin)
        except Unreachable as error:
            await self._failed(error)
        else:
            self._board.record(self._telling.record(named.service, found))

    async def _replay(self, event: GenericEventArguments) -> None:
        named = _named(event)
        if named is None:
            return
        if not self._admin:
            self._say(self._said.forbidden, failed=True)
            return
        try:
            await self._operations.replay(named.service, named.id)
        except Unreachable as error:
            await self._failed(error)
            return
        self._say(self._said.asked)
        for seconds in _SOON:
            ui.timer(seconds, self._afresh, once=True)

    async def _read_again(self, event: GenericEventArguments) -> None:
        """Have a part read again that was not understood."""
        if not self._admin:
            self._say(self._said.forbidden, failed=True)
            return
        try:
            found = await self._operations.replay_part(UUID(event.args["id"]))
        except (KeyError, TypeError, ValueError):
            return
        except Unreachable as error:
            await self._failed(error)
            return
        self._say(self._said.understood.format(n=found.events) if found.understood else self._said.not_yet)
        await self._afresh()

    async def _afresh(self) -> None:
        self._operations.forget()
        await self.renew()

    async def _failed(self, error: Exception) -> None:
        self._say(self._said.gone if isinstance(error, NotThere) else self._said.unreachable, failed=True)
        await self._afresh()

    def _say(self, said: str, *, failed: bool = False) -> None:
        self._board.say(said, failed=failed)
        toast(said, danger=failed)


def _named(event: GenericEventArguments) -> Named | None:
    try:
        return Named.model_validate(event.args)
    except ValidationError:
        return None
