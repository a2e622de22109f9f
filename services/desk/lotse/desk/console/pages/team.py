# pyright: reportUnknownMemberType=false
"""The team: who waits and why, who works on what, what was kept today; leads assign by hand and set a status. Live."""

import asyncio
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID, uuid4

from nicegui import ui
from nicegui.events import GenericEventArguments
from pydantic import Field, TypeAdapter, ValidationError
from starlette.requests import Request

from lotse.contracts import commands as c
from lotse.contracts.ids import AgentId, TeamId
from lotse.contracts.values import Presence
from lotse.desk import boards
from lotse.desk.acting import Asked, ask
from lotse.desk.api import board_models as b
from lotse.desk.api.parts import Parts
from lotse.desk.api.problems import ApiError
from lotse.desk.api.wish_models import Text
from lotse.desk.changes import Changes
from lotse.desk.console.conversing.story import Teller
from lotse.desk.console.conversing.words import say
from lotse.desk.console.elements import keys
from lotse.desk.console.elements.team_board import TeamBoard
from lotse.desk.console.frame import LEADS, page
from lotse.desk.console.live import while_shown
from lotse.desk.console.teaming.rows import Shown, shown, targets
from lotse.desk.console.teaming.texts import TEAM
from lotse.desk.console.toasts import toast
from lotse.desk.console.viewer import Viewer
from lotse.desk.model import Model

if TYPE_CHECKING:
    from lotse.desk.console.console import Console

LINES = 100
"""Conversations of the queue that are shown."""

_REST = 1.0
"""Seconds between two looks at the least, on each page."""

_BEAT = 15.0
"""Seconds until a page looks again where nothing happened: waits, holds and promises run out by themselves."""

Short = Annotated[Text, Field(max_length=200)]


class Give(Model):
    what: Literal["transfer"]
    conversation: UUID
    agent: Short | None = None
    team: Short | None = None
    reason: Short = ""


class Take(Model):
    what: Literal["take"]
    conversation: UUID


class Status(Model):
    what: Literal["status"]
    agent: Short
    status: Literal["online", "away", "offline"]
    hand_back: bool = False


AnyWish = Give | Take | Status
_WISHES: TypeAdapter[AnyWish] = TypeAdapter(Annotated[AnyWish, Field(discriminator="what")])


def add_to(console: "Console") -> None:
    looking = Looking()

    @page(console, "/team", "team")
    async def build(viewer: Viewer, _: Request) -> None:
        ui.add_head_html(
            f'<link rel="stylesheet" href="{console.static}/conversation.css">'
            f'<link rel="stylesheet" href="{console.static}/team.css">'
        )
        Team(console, viewer, looking).build()


@dataclass(slots=True)
class Looking:
    """The boards, read once for all open pages: whoever asks gets what was begun to be read after he asked."""

    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _begun: float = 0.0
    _found: tuple[b.Queue, b.Board] | None = None

    async def look(self, desk: Parts) -> tuple[b.Queue, b.Board]:
        """Raises ApiError."""
        asked = monotonic()
        async with self._lock:
            if self._found is None or self._begun < asked:
                self._begun = monotonic()
                self._found = await boards.queue(desk, LINES), await boards.board(desk)
            return self._found


class Team:
    """One open team page."""

    def __init__(self, console: "Console", viewer: Viewer, looking: Looking) -> None:
        self._console, self._viewer, self._looking = console, viewer, looking
        self._said = TEAM[viewer.language]
        self._teller = Teller.of(viewer.language, console.parts().config)
        self._leads = viewer.caller.role in LEADS
        self._shown: Shown | None = None

    def build(self) -> None:
        with ui.element("div").classes("lt-page"):
            ui.html(f'<h1 class="lt-sr">{self._said.title}</h1>', sanitize=False)
            self._board = TeamBoard(
                self._said.board,
                self._teller.words.presences,
                self._viewer.language,
                self._leads,
                on_act=self._act,
                on_targets=self._offer,
            )
        said = self._said.keys
        for key, name, method in (
            ("j", "next", lambda: self._board.run_method("step", 1)),
            ("k", "previous", lambda: self._board.run_method("step", -1)),
            ("t", "assign", lambda: self._board.run_method("begin")),
            ("p", "agents", lambda: self._board.run_method("people")),
        ):
            keys.register(key, said[name], group=said["group"], do=method)
        while_shown(self._console.hub, ui.context.client, self._changed)
        self._client = ui.context.client
        ui.timer(_BEAT, self._beat, immediate=False)

    async def _changed(self, told: Changes) -> None:
        """Everything that happens in conversations may move the queue, the load or the promises."""
        if told.all:
            self._shown = None
        if told.all or told.conversations or told.agents:
            await self._renew()
            await asyncio.sleep(_REST)

    async def _beat(self) -> None:
        """Nobody sees a page whose connection is cut."""
        if self._client.has_socket_connection:
            await self._renew()

    async def _renew(self) -> None:
        queue, board = await self._looking.look(self._console.parts())
        found = shown(queue, board, self._teller, self._said, self._viewer.caller.subject)
        if found != self._shown:
            self._shown = found
            self._board.show(found)

    async def _offer(self, event: GenericEventArguments) -> None:
        """Who could be given the conversation, as they stand now."""
        try:
            conversation = UUID(event.args["conversation"])
        except (KeyError, TypeError, ValueError):
            return
        parts = self._console.parts()
        waiting = await boards.waiting(parts, conversation, everybody=True)
        teams = {str(name): team.name for name, team in parts.config.teams.items()}
        found = targets(waiting, teams, self._teller, self._said) if waiting else ()
        self._board.offer(str(conversation), found)

    async def _act(self, event: GenericEventArguments) -> None:
        """Hand a wish on, and say what became of it."""
        try:
            wish = _WISHES.validate_python(event.args)
        except ValidationError:
            return
        if not (self._leads or isinstance(wish, Take)):
            self._refuse("forbidden")
            return
        asked = ask(self._console.parts(), self._viewer.caller, uuid4().hex)
        try:
            outcome = await asked.outcome(_command(wish, asked))
        except ApiError as error:
            self._refuse(error.problem.reason)
            return
        if outcome is not None and outcome.refused:
            self._refuse(outcome.reason or "")
            return
        said = self._said.slow if outcome is None else self._said.done[wish.what]
        self._board.done(said)
        toast(said)
        await self._renew()

    def _refuse(self, reason: str) -> None:
        said = say(self._teller.words.refusals, reason)
        self._board.refused(said)
        toast(said, danger=True)


def _command(wish: AnyWish, asked: Asked) -> c.Command:
    match wish:
        case Status():
            return c.AgentStatusRequested(
                agent_id=AgentId(wish.agent),
                **asked.by,
                status=Presence(wish.status),
                hand_back=wish.hand_back,
            )
        case Take():
            return c.TransferRequested(
                **asked.about(wish.conversation), agent_id=AgentId(asked.caller.subject), reason="transfer"
            )
        case Give():
            return c.TransferRequested(
                **asked.about(wish.conversation),
                agent_id=AgentId(wish.agent) if wish.agent else None,
                team_id=TeamId(wish.team) if wish.team else None,
                reason=wish.reason or "transfer",
            )
