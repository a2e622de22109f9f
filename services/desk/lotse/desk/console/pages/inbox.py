# pyright: reportUnknownMemberType=false
"""The inbox: views, list and the conversation that stands open, live."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING
from uuid import UUID

from nicegui import Client, background_tasks, ui
from starlette.requests import Request

from lotse.contracts.frozen import frozen
from lotse.desk import drafts, views
from lotse.desk import reads as lists
from lotse.desk.api.models import Summary, View
from lotse.desk.api.problems import ApiError, reading
from lotse.desk.changes import EVERYTHING, Changes
from lotse.desk.console.elements import keys
from lotse.desk.console.elements.inbox_list import InboxList, People
from lotse.desk.console.frame import page
from lotse.desk.console.inboxing import reads
from lotse.desk.console.inboxing.reads import Counts
from lotse.desk.console.inboxing.rows import Row, is_unread, row
from lotse.desk.console.inboxing.shared import ChangedRows, Counting
from lotse.desk.console.inboxing.state import State, conversation_id
from lotse.desk.console.inboxing.texts import Texts, texts
from lotse.desk.console.inboxing.window import STEP, Window, microseconds
from lotse.desk.console.live import Subscription, while_shown
from lotse.desk.console.pages import conversation
from lotse.desk.console.viewer import Viewer
from lotse.desk.reads import Filter, Place

if TYPE_CHECKING:
    from lotse.desk.console.console import Console

_MOST = 1000
"""Rows that a page asks for at once when it comes back to where it was."""

_DUE_ANEW = timedelta(seconds=5)
"""Time alone brings conversations near their deadline: the list of those is read again after this."""


def add_to(console: "Console") -> None:
    shared = Shared()

    @page(console, "/", "inbox")
    async def build(viewer: Viewer, request: Request) -> None:
        ui.add_head_html(f'<link rel="stylesheet" href="{console.static}/inbox.css">')
        inbox = Inbox(console, viewer, shared, ui.context.client)
        with ui.element("div").classes("lt-fill ib-areas"):
            inbox.build(texts(viewer.language), State.read(request.query_params).open)


@frozen
class Shared:
    """What all open inboxes of the process ask for together."""

    rows: ChangedRows = field(default_factory=ChangedRows)
    counting: Counting = field(default_factory=Counting)


class Inbox:
    """One open inbox. One thing at a time is done to its list, in the order in which it came up."""

    def __init__(self, console: "Console", viewer: Viewer, shared: Shared, client: Client) -> None:
        self._console = console
        self._viewer, self._me = viewer, viewer.caller
        self._shared = shared
        self._client = client
        self._turn = asyncio.Lock()
        self._state = State()
        self._asked = ""
        self._opened: UUID | None = None
        self._rows_wanted = STEP
        self._loaded_at = self._now()
        self._window = Window(oldest_first=True)
        self._looked: dict[UUID, datetime] = {}
        self._begun: frozenset[UUID] = frozenset()
        self._said: tuple[int | None, int, bool] | None = None
        self._list: InboxList
        self._panel: conversation.Panel
        self._subscription: Subscription | None = None

    def build(self, said: Texts, opened: UUID | None) -> None:
        config = self._console.parts().config
        people = People(
            self._me.subject,
            {name: agent.name for name, agent in config.agents.items()},
            {name: team.name for name, team in config.teams.items()},
        )
        self._list = InboxList(said, people, on_ready=self._ready, on_go=self._went, on_more=self._more)
        with ui.element("section").classes("ib-panel").props(f'tabindex=-1 aria-label="{said["conversation"]}"'):
            with ui.element("button").classes("lt-button quiet ib-back lt-narrow").props("type=button") as back:
                ui.element("i").classes("lt-icon lt-icon-back").props("aria-hidden=true")
                ui.label(str(said["back"]))
            back.on("click", self._list.close)
            self._panel = conversation.panel(self._console, self._viewer, opened)
        _name_keys(said)

    # What the person does

    def _ready(self, query: str, opened: str | None, rows: int) -> None:
        """The list stands in the page: begin, with as many rows as it had before."""
        self._asked = query
        self._opened = conversation_id(opened)
        self._rows_wanted = max(STEP, min(rows, _MOST))
        parts = self._console.parts()
        self._subscription = while_shown(self._console.hub, self._client, self._show)
        self._client.on_delete(self._console.begun.follow(self._me.subject, self._drafted))
        self._client.on_delete(self._shared.counting.tell(parts.database, parts.clock, self._count))

    def _went(self, query: str, opened: str | None) -> None:
        if query != self._asked:
            self._asked, self._rows_wanted = query, STEP
            self._again()
        left, self._opened = self._opened, conversation_id(opened)
        if left != self._opened:
            self._panel.show(self._opened)
            seen = {one for one in (left, self._opened) if one is not None}
            background_tasks.create(self._look(seen), name="inbox looks")

    def _more(self) -> None:
        background_tasks.create(self._extend(), name="inbox extends")

    def _again(self) -> None:
        """Have the list read from its beginning."""
        if self._subscription is not None:
            self._subscription.add(EVERYTHING)

    async def _look(self, seen: Collection[UUID]) -> None:
        """The person looks at one conversation, and until now at the one before."""
        now = self._now()
        self._looked |= dict.fromkeys(seen, now)
        async with reading(self._console.parts().database) as tx:
            for one in sorted(seen):
                await reads.look(tx, self._me.subject, one, now)

    def _drafted(self) -> None:
        background_tasks.create(self._look_for_drafts(), name="inbox looks for drafts")

    async def _look_for_drafts(self) -> None:
        """A draft was begun, or is gone."""
        try:
            async with self._turn, reading(self._console.parts().database) as tx:
                begun = await drafts.drafts_of(tx, self._me.subject)
        except ApiError:
            self._again()
            return
        for one in begun ^ self._begun:
            self._list.draft(str(one), there=one in begun)
        self._begun = begun

    # What changes

    async def _show(self, told: Changes) -> None:
        if told.all:
            async with self._turn:
                await self._load()
        elif told.conversations:
            rows = await self._shared.rows.read(self._console.parts().database, told)
            async with self._turn:
                await self._change(rows)
        if told:
            self._shared.counting.due()
        self._say_as_of()

    async def _load(self) -> None:
        """Read the list from its beginning, as far as it is held."""
        query, now = self._asked, self._now()
        self._state = State.parse(query)
        oldest_first = self._state.view in views.OLDEST_FIRST
        window = Window(oldest_first, self._rows_wanted)
        async with reading(self._console.parts().database) as tx:
            self._looked = await reads.looked(tx, self._me.subject, now) | self._looked
            self._begun = await drafts.drafts_of(tx, self._me.subject)
            places = await lists.places(tx, self._state.view, self._wanted, None, window.wanted + 1, now)
            found = await lists.summaries(tx, [place.id for place in places[: window.wanted]])
        window.extend(places[: window.wanted], more=len(places) > window.wanted)
        self._window, self._loaded_at = window, now
        rows = self._rows(found, {place.id: place for place in places}, now)
        self._list.whole(
            query, rows, complete=window.complete, oldest_first=oldest_first, now=microseconds(now) // 1000
        )

    async def _extend(self) -> None:
        try:
            async with self._turn:
                await self._read_on()
        except ApiError:
            self._again()

    async def _read_on(self) -> None:
        last, now = self._window.last, self._now()
        if last is None:
            return
        async with reading(self._console.parts().database) as tx:
            places = await lists.places(tx, self._state.view, self._wanted, last, STEP + 1, now)
            found = await lists.summaries(tx, [place.id for place in places[:STEP]])
        self._rows_wanted = self._window.wanted = self._window.wanted + STEP
        self._window.extend(places[:STEP], more=len(places) > STEP)
        rows = self._rows(found, {place.id: place for place in places}, now)
        self._list.extend(rows, complete=self._window.complete, now=microseconds(now) // 1000)

    async def _change(self, rows: Mapping[UUID, Summary]) -> None:
        now, wanted = self._now(), self._wanted
        places = {id: views.place_of(self._state.view, wanted, found, now) for id, found in rows.items()}
        if wanted.words and any(places.values()):
            async with reading(self._console.parts().database) as tx:
                fitting = await reads.containing(tx, [id for id, place in places.items() if place], wanted.words)
            places = {id: place if id in fitting else None for id, place in places.items()}
        shown, gone = self._window.apply(places)
        if shown or gone:
            made = self._rows([rows[id] for id in shown], places, now)
            self._list.change(
                made, [str(id) for id in gone], complete=self._window.complete, now=microseconds(now) // 1000
            )

    def _rows(self, found: Iterable[Summary], places: Mapping[UUID, Place | None], now: datetime) -> list[Row]:
        if self._opened is not None:
            self._looked[self._opened] = now
        return [
            row(one, place, unread=is_unread(one, self._me.subject, self._looked, now), draft=one.id in self._begun)
            for one in found
            if (place := places.get(one.id)) is not None
        ]

    def _count(self, counts: Counts) -> None:
        self._list.count(counts.of(self._me.subject), reads.MOST)
        if self._state.view is View.ABOUT_TO_MISS and self._now() - self._loaded_at > _DUE_ANEW:
            self._again()

    def _say_as_of(self) -> None:
        """By seconds, as it is shown."""
        at = self._console.hub.as_of
        read_up_to = microseconds(at.read_up_to) // 1_000_000 if at.read_up_to else None
        said = (read_up_to, ceil(at.behind.total_seconds()), at.away)
        if said != self._said:
            self._said = said
            self._list.as_of(*said)

    @property
    def _wanted(self) -> Filter:
        return views.selection(self._state.view, self._state.filter, self._me)

    def _now(self) -> datetime:
        return self._console.parts().clock()


def _name_keys(said: Texts) -> None:
    """The list listens for its keys itself; here they are named for `?`."""
    group = str(said["inbox"])
    for pressed, name in (
        ("j | ArrowDown", "key_next"),
        ("k | ArrowUp", "key_previous"),
        ("Enter", "key_open"),
        ("/", "key_search"),
        ("1", "key_views"),
        ("u", "key_unanswered"),
        ("Escape", "key_close"),
    ):
        keys.register(pressed, str(said[name]), group=group)
