# pyright: reportUnknownMemberType=false
"""A conversation: its line of time, what can be done with it, what is known of its customer; live."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments
from pydantic import ValidationError
from starlette.requests import Request

from lotse.contracts.values import Attachment
from lotse.desk.acting import ask
from lotse.desk.api import models as m
from lotse.desk.api.lists import agents_of
from lotse.desk.api.problems import ApiError, reading
from lotse.desk.changes import Changes
from lotse.desk.console import files, html, mails
from lotse.desk.console.composer import Composer
from lotse.desk.console.conversing.about import About, Heading, Seen, about, heading, targets
from lotse.desk.console.conversing.looking import look
from lotse.desk.console.conversing.story import Entry, File, Teller, delta, entry_of, with_files
from lotse.desk.console.conversing.texts import CONVERSATION
from lotse.desk.console.conversing.wishes import WISHES, AnyWish, command
from lotse.desk.console.conversing.words import say
from lotse.desk.console.elements import keys
from lotse.desk.console.elements.about import SidePanel
from lotse.desk.console.elements.heading import HeadingBar
from lotse.desk.console.elements.timeline import Timeline, Wanted
from lotse.desk.console.frame import page
from lotse.desk.console.inboxing.reads import look as mark_as_read
from lotse.desk.console.live import while_shown
from lotse.desk.console.toasts import toast
from lotse.desk.console.viewer import Viewer
from lotse.desk.file_store import Deleted, FileError
from lotse.desk.histories import Said, has_one_of

if TYPE_CHECKING:
    from lotse.desk.console.console import Console

_NO_DIALOG = ("resolve", "reopen", "restore", "take")
_STRANGERS_WAIT = 1.0
"""Seconds between two looks whether a conversation that is not shown is the customer's, too."""
_WAITING_WAIT = 1.0
"""The same between two looks at why a conversation waits, which other people's work changes."""
_BEAT = 15.0
"""Seconds after which it is looked at although nothing was told: time alone opens rings."""
_MOST_TEXT = 200_000


def add_to(console: "Console") -> None:
    @page(console, "/conversations/{conversation_id}", "conversation")
    async def build(viewer: Viewer, request: Request) -> None:
        conversation = _uuid(request.path_params["conversation_id"])
        with ui.element("div").classes("cv-page lt-fill"):
            ui.html(f'<h1 class="lt-sr">{CONVERSATION[viewer.language].title}</h1>', sanitize=False)
            panel(console, viewer, conversation)
        if conversation is not None:
            parts = console.parts()
            async with reading(parts.database) as tx:
                await mark_as_read(tx, viewer.caller.subject, conversation, parts.clock())


def panel(console: "Console", viewer: Viewer, conversation: UUID | None) -> "Panel":
    """Put a conversation where the caller stands; the page that is being built keeps it up to date."""
    made = Panel(console, viewer)
    made.build()
    made.show(conversation)
    return made


class Panel:
    """One conversation on an open page."""

    def __init__(self, console: "Console", viewer: Viewer) -> None:
        self._console, self._viewer = console, viewer
        self._said = CONVERSATION[viewer.language]
        self._teller = Teller.of(viewer.language, console.parts().config)
        self._id: UUID | None = None
        self._seen: Seen | None = None
        self._entries: dict[str, Entry] = {}
        self._heading: Heading | None = None
        self._about: About | None = None
        self._turn = asyncio.Lock()
        self._strangers: set[UUID] = set()
        self._connected = False

    def build(self) -> None:
        language, words = self._viewer.language, self._teller.words
        ui.add_head_html(f'<link rel="stylesheet" href="{self._console.static}/conversation.css">')
        chosen = {"sentiment": words.sentiments, "triage": words.triages, "situation": words.situations}
        texts = {**self._said.heading, "pending": self._said.pending}
        with ui.element("div").classes("cv"):
            self._empty = ui.label(self._said.none).classes("lt-empty cv-none")
            with ui.element("div").classes("cv-main") as self._main:
                self._bar = HeadingBar(texts, chosen, language, self._act, self._offer)
                self._timeline = Timeline(self._said.timeline, language, self._ask)
                self._composer = Composer(self._console, self._viewer)
            self._side = SidePanel(self._said.about, language, self._correct)
        self._main.set_visibility(False)
        self._name_keys()
        while_shown(self._console.hub, ui.context.client, self._changed)
        self._client = ui.context.client
        ui.timer(_BEAT, self._beat, immediate=False)

    def _name_keys(self) -> None:
        said = self._said.keys
        for key, act in (("e", "resolve"), ("a", "take"), ("s", "snooze"), ("t", "transfer"), ("l", "link")):
            keys.register(key, said[act], group=said["group"], click=f'[data-act="{act}"]')
        keys.register("o", said["reopen"], group=said["group"], click='[data-act="reopen"], [data-act="restore"]')
        keys.register("h", said["timeline"], group=said["group"], do=lambda: self._timeline.run_method("focus"))

    def show(self, conversation: UUID | None) -> None:
        """Show this one from now on, or none."""
        self._id, self._seen = conversation, None
        background_tasks.create(self._renew(), name="conversation shows")

    # ---- what changes

    async def _changed(self, told: Changes) -> None:
        self._connected = True
        if self._concerns(told):
            await self._renew()
            return
        if self._waits and told.conversations:
            background_tasks.create_lazy(self._look_again(), name=f"wait of {id(self)}")
        if self._seen is not None and self._seen.conversation.customer_id and told.conversations:
            self._strangers |= told.conversations
            background_tasks.create_lazy(self._wonder(), name=f"strangers of {id(self)}")

    @property
    def _waits(self) -> bool:
        return self._seen is not None and self._seen.waiting is not None

    async def _look_again(self) -> None:
        """Look why it still waits, and who could take it."""
        await asyncio.sleep(_WAITING_WAIT)
        if self._waits:
            await self._renew()

    async def _beat(self) -> None:
        """Nobody sees a page whose connection is cut."""
        if self._waits and self._client.has_socket_connection:
            await self._renew()

    def _concerns(self, told: Changes) -> bool:
        seen = self._seen
        if told.all or seen is None:
            return told.all or self._id is not None
        shown = {seen.conversation.id, *(one.id for one in seen.others)}
        messages = {one.message_id for one in seen.conversation.messages}
        return bool(shown & told.conversations or messages & told.messages or (told.agents and seen.waiting))

    async def _wonder(self) -> None:
        """Look whether the customer has begun a conversation elsewhere."""
        await asyncio.sleep(_STRANGERS_WAIT)
        strangers, self._strangers = self._strangers, set()
        customer = self._seen.conversation.customer_id if self._seen else None
        if customer is None or not strangers:
            return
        async with reading(self._console.parts().database) as tx:
            his = await has_one_of(tx, customer, strangers)
        if his:
            await self._renew()

    async def _renew(self) -> None:
        """Read the conversation and bring the page up to date. Raises ApiError."""
        if not self._connected:
            return
        async with self._turn:
            wanted, known = self._id, self._seen
            found = await look(self._console.parts(), wanted) if wanted else None
            if wanted != self._id:
                return
            if found is None:
                self._show_none()
                return
            self._seen, said = found
            self._show_around(self._seen)  # first: whoever sees the messages can act
            entries = self._with_files(self._teller.tell(self._seen.conversation, said), self._seen.conversation, said)
            if known is None:
                self._timeline.begin(entries)
            else:
                self._timeline.change(delta(self._entries, entries))
            self._entries = {entry.id: entry for entry in entries}

    def _show_none(self) -> None:
        self._seen, self._heading, self._about, self._entries = None, None, None, {}
        self._empty.set_text(self._said.none if self._id is None else self._said.unknown)
        self._empty.set_visibility(True)
        self._main.set_visibility(False)
        self._side.show(None)
        self._bar.show(None)
        self._composer.show(None)

    def _show_around(self, seen: Seen) -> None:
        at = heading(seen, self._teller, self._viewer.caller.subject)
        of = about(seen, self._teller, self._console.settings.trace_url)
        self._empty.set_visibility(False)
        self._main.set_visibility(True)
        if at != self._heading:
            self._bar.show(at)
        if of != self._about:
            self._side.show(of)
        self._heading, self._about = at, of
        self._composer.show(seen.conversation)

    def _with_files(self, entries: list[Entry], of: m.Conversation, elsewhere: Sequence[Said]) -> list[Entry]:
        """With where the browser gets the files of messages and answers."""
        found = {
            **{str(one.message_id): self._files(one.attachments, one.message_id) for one in of.messages},
            **{str(one.reply_id): self._files(one.attachments, None) for one in of.replies},
            **{
                entry_of(one): self._files(one.attachments, one.id if one.kind == "message" else None)
                for one in elsewhere
            },
        }
        return [with_files(entry, found[entry.id]) if found.get(entry.id) else entry for entry in entries]

    def _files(self, attachments: Sequence[Attachment], message: UUID | None) -> list[File]:
        return [self._file(file, message, number) for number, file in enumerate(attachments)]

    def _file(self, one: Attachment, message: UUID | None, number: int) -> File:
        to = files.link(self._console, one, message, number if message else None)
        note = files.size(one.size, self._viewer.language) if one.size else ""
        return File(one.name, note, to, image=files.is_picture(one))

    # ---- what the reader wants to see

    async def _ask(self, entry: str, what: Wanted) -> None:
        sha256 = self._whole(entry)
        if sha256 is None or self._id is None:
            return
        if what == "pictures":
            self._timeline.page(entry, mails.address(self._id, UUID(entry)))
            return
        try:
            words = await self._console.parts().files.words(sha256, what)
        except FileError as error:
            gone = self._said.no_html if what == "html" else self._said.deleted
            self._timeline.problem(entry, gone if isinstance(error, Deleted) else self._said.away)
            return
        if what == "text":
            shown = html.pieces(words[:_MOST_TEXT])
            if self._whole(entry) is not None:
                self._timeline.text(entry, shown)
            return
        await self._show_html(entry, words)

    async def _show_html(self, entry: str, raw: str) -> None:
        page = await asyncio.to_thread(html.page, raw)
        if self._whole(entry) is None:
            return
        if isinstance(page, html.Page):
            self._timeline.html(entry, page.document, page.pictures)
        else:
            self._timeline.problem(entry, self._said.too_long if page == "too_long" else self._said.too_nested)

    def _whole(self, entry: str) -> str | None:
        return mails.raw_mail(self._seen.conversation, entry) if self._seen else None

    # ---- what the person does

    async def _offer(self) -> None:
        """To whom the conversation can be given, as they stand now."""
        parts = self._console.parts()
        with_now = self._seen.conversation.assignee if self._seen else None
        self._bar.offer(targets(await agents_of(parts), parts.config, self._teller, with_now))

    def _correct(self) -> None:
        if self._about is not None and self._about.read is not None:
            self._bar.correct(self._about.read)

    async def _act(self, event: GenericEventArguments) -> None:
        """Hand a wish on, and say what became of it."""
        if event.args.get("what") == "copied":
            toast(self._said.done["copied"])
            return
        try:
            wish = WISHES.validate_python(event.args)
        except ValidationError:
            words = say(self._teller.words.refusals, "not_understood")
            self._bar.refused(str(event.args.get("what", "")), words)
            return
        try:
            said = await self._wished(wish)
        except ApiError as error:
            said = say(self._teller.words.refusals, error.problem.reason)
        if said is None:
            return
        self._bar.refused(wish.what, said)
        if wish.what in _NO_DIALOG:
            toast(said, danger=True)

    async def _wished(self, wish: AnyWish) -> str | None:
        """Why nothing changed; None where it did, or may yet. Raises ApiError."""
        asked = ask(self._console.parts(), self._viewer.caller, uuid4().hex)
        outcome = await asked.outcome(command(wish, asked))
        if outcome is None:
            self._bar.slow()
            return None
        if outcome.refused:
            return say(self._teller.words.refusals, outcome.reason)
        await self._renew()
        self._bar.done(wish.what, self._said.done[wish.what])
        toast(self._said.done[wish.what])
        return None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
