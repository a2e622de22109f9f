# pyright: reportUnknownMemberType=false
"""The reply box below a conversation: checks while the agent writes, keeps what he wrote, and sends it once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING, Literal, TypeVar
from uuid import UUID

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments
from pydantic import Field, ValidationError

from lotse.contracts.frozen import replace
from lotse.desk import drafts
from lotse.desk.api import models as m
from lotse.desk.api.parts import Parts
from lotse.desk.api.problems import ApiError, reading
from lotse.desk.console.composing.judging import judge
from lotse.desk.console.composing.offering import offered
from lotse.desk.console.composing.sending import Result, Sender, State, Wish
from lotse.desk.console.composing.standing import Setting, facts
from lotse.desk.console.composing.texts import COMPOSER
from lotse.desk.console.conversing.words import VOCABULARY, say
from lotse.desk.console.elements import keys
from lotse.desk.console.elements.composer import ComposerBox, Told
from lotse.desk.console.toasts import toast
from lotse.desk.console.typing_seen import RENEWED, Sign
from lotse.desk.console.viewer import Viewer
from lotse.desk.drafts import Draft, File, Kind, Place
from lotse.desk.model import Model

if TYPE_CHECKING:
    from lotse.desk.console.console import Console

log = logging.getLogger(__name__)

_SAVE_AFTER = 0.5
"""Seconds of writing that are saved together."""
_SAVE_AGAIN = 2.0
_TRIES = 30
_NOT_READ_YET = 2.0
"""Seconds for which nobody has read what the box just said."""


class _Said(Model):
    """What the box says of a draft."""

    conversation: UUID
    kind: Kind


class _Typed(_Said):
    text: str = Field(default="", max_length=60_000, pattern=r"^[^\x00]*$")
    files: tuple[File, ...] = Field(default=(), max_length=20)
    private: bool = False
    revision: int = 0


class _Sent(_Typed):
    then: Literal["waiting", "resolved"] = "waiting"
    override_reason: str = Field(default="", max_length=1_000, pattern=r"^[^\x00]*$")
    confirmed: bool = False


S = TypeVar("S", bound=_Said)


class Composer:
    """One page's reply box. Make it where it is to stand, then `show` what is answered."""

    def __init__(self, console: "Console", viewer: Viewer) -> None:
        self._console, self._viewer = console, viewer
        self._said, self._words = COMPOSER[viewer.language], VOCABULARY[viewer.language]
        self._shown: m.Conversation | None = None
        self._told: dict[str, Told] = {}
        self._drafts: dict[Kind, Draft] = {}
        self._unsaved: dict[Place, _Typed] = {}
        self._storing = asyncio.Lock()
        self._unfollow: Callable[[], None] | None = None
        self._wrote_at = 0.0
        self._sending: set[Place] = set()
        self._kept_back: tuple[Place, str] | None = None
        """What last kept an answer from going out, since `_kept_back_at`."""
        self._kept_back_at = 0.0
        ui.add_head_html(f'<link rel="stylesheet" href="{console.static}/composer.css">')
        self._box = ComposerBox(self._said.box, viewer.language, viewer.caller.subject)
        self._box.on("typed", self._on(_Typed, self._typed))
        self._box.on("sent", self._on(_Sent, self._send))
        self._box.on("again", self._on(_Said, self._again))
        self._box.on("given_back", self._on(_Said, self._give_back))
        self._box.on("taken", self._on(_Said, self._take_over))
        ui.context.client.on_delete(self._leave)
        self._name_keys()

    def _name_keys(self) -> None:
        for name, click in (("r", ".lc-mode-reply"), ("p", ".lc-private"), ("n", ".lc-mode-note")):
            keys.register(name, self._said.keys[name], group=self._said.keys["group"], click=click)
        for name in ("Control+Enter", "Control+Shift+Enter", "Control+k"):
            keys.register(name, self._said.keys[name], group=self._said.keys["group"])

    def show(self, conversation: m.Conversation | None) -> None:
        """Answer this conversation from now on, or nothing. Called with the one that stands, it brings what is new."""
        before, self._shown = self._shown, conversation
        same = before is not None and conversation is not None and before.id == conversation.id
        background_tasks.create(self._renew() if same else self._open(), name="composer shows")

    def write(self, kind: Kind) -> None:
        """Put the cursor into an answer or a note."""
        self._box.tell("write", kind)

    async def _open(self) -> None:
        self._leave()
        self._tell_elsewhere()
        shown = self._shown
        if shown is None:
            self._box.tell("show", None)
            return
        self._unfollow = self._console.typing.follow(shown.id, self._seen)
        try:
            async with reading(self._parts.database) as tx:
                begun = await drafts.of(tx, self._me, shown.id)
        except ApiError as error:
            self._box.tell("notice", say(self._words.refusals, error.problem.reason))
            begun = {}
        if self._shown is None or self._shown.id != shown.id:
            return
        self._drafts = begun
        self._told = {}
        self._box.tell("show", {"id": str(shown.id), "drafts": {kind: _draft(one) for kind, one in begun.items()}})
        await self._renew()
        for draft in begun.values():
            if draft.asked is not None:
                self._watch(draft, _name(shown))

    async def _renew(self) -> None:
        """Bring what the box says of the conversation up to date."""
        setting = self._setting()
        if setting is None:
            return
        now = self._parts.clock()
        privately = setting.privately()
        learned = facts(setting, now).model_dump(mode="json")
        in_private = facts(privately, now).model_dump(mode="json") if privately else None
        self._bring("learn", {**learned, "in_private": in_private})
        answers = offered(setting, self._said.gaps)
        self._bring("offers", {"answers": [answer.model_dump(mode="json") for answer in answers]})
        self._bring("left_behind", await self._left_behind(setting))

    def _bring(self, what: str, told: Told) -> None:
        """Tell it where it is not what was told last."""
        if self._told.get(what) != told:
            self._told[what] = told
            self._box.tell(what, told)

    async def _left_behind(self, setting: Setting) -> Told:
        """The answer that whoever had the conversation before began, for who has it now."""
        shown = setting.conversation
        previous = next((one for one in reversed(_holders(shown)) if one != self._me), None)
        if previous is None or shown.assignee != self._me or "reply" in self._drafts:
            return {}
        try:
            async with reading(self._parts.database) as tx:
                found = await drafts.left_behind(tx, shown.id, previous)
        except ApiError:
            return {}
        return {"name": setting.name_of(previous), "agent": previous, "text": found.text} if found else {}

    # ---- writing

    async def _typed(self, typed: _Typed) -> None:
        setting = self._setting(typed.conversation)
        if setting is not None and typed.kind == "reply":
            self._judge(setting, typed)
        place = self._place(typed)
        self._unsaved[place] = typed
        if typed.files != self._draft_known(place).files:
            async with self._storing:
                await self._save()
        self._save_lazily()
        if setting is not None and typed.revision:
            await self._tell_writing(typed)

    def _judge(self, setting: Setting, typed: _Typed) -> None:
        files = [found for file in typed.files if (found := self._parts.files.attached(file.id))]
        judged = judge(setting.as_meant(typed.private), typed.text, self._parts.clock(), files).model_dump(mode="json")
        self._box.tell("judged", {**judged, "conversation": str(typed.conversation), "revision": typed.revision})

    async def _tell_writing(self, typed: _Typed) -> None:
        now = monotonic()
        if not typed.text.strip():
            await self._tell_stopped()
        elif now - self._wrote_at >= RENEWED.total_seconds():
            self._wrote_at = now
            sign = Sign(conversation=typed.conversation, agent=self._me, what="writes")
            await self._console.typing.tell(self._parts.database, sign)

    async def _tell_stopped(self) -> None:
        if self._wrote_at and self._shown is not None:
            self._wrote_at = 0.0
            sign = Sign(conversation=self._shown.id, agent=self._me, what="stopped")
            await self._console.typing.tell(self._parts.database, sign)

    def _seen(self, sign: Sign) -> None:
        """Somebody begins or stops writing in the conversation that is open here."""
        if sign.agent != self._me:
            found = self._parts.config.agents
            name = next((card.name for agent, card in found.items() if agent == sign.agent), sign.agent)
            self._box.tell("writes", {"agent": sign.agent, "name": name, "what": sign.what})

    def _save_lazily(self) -> None:
        if self._unsaved:
            background_tasks.create_lazy(self._save_soon(), name=f"drafts of {self._box.client.id} {self._box.id}")

    async def _save_soon(self) -> None:
        pause = _SAVE_AFTER
        for _ in range(_TRIES):
            await asyncio.sleep(pause)
            async with self._storing:
                saved = await self._save()
            if saved and not self._unsaved:
                return
            pause = _SAVE_AFTER if saved else _SAVE_AGAIN
            if not saved:
                self._box.tell("notice", self._said.not_saved)

    async def _save(self) -> bool:
        """Save what was typed; what cannot be saved now is kept for the next time."""
        taken, self._unsaved = self._unsaved, {}
        try:
            for place, typed in taken.items():
                await self._save_one(self._draft_of(place, typed), typed.revision)
        except ApiError:
            self._unsaved = taken | self._unsaved
            return False
        return True

    async def _save_one(self, draft: Draft, revision: int) -> None:
        async with reading(self._parts.database) as tx:
            key = await drafts.save(tx, draft, self._parts.clock())
        place = draft.place
        self._know(replace(draft, key=key))
        self._box.tell("saved", {"conversation": str(place.conversation), "kind": place.kind, "revision": revision})

    def _know(self, draft: Draft) -> None:
        """Remember a draft of the conversation that is open, and tell the pages that show which ones there are."""
        place, before = draft.place, self._draft_known(draft.place)
        here = self._is_open(place)
        if here:
            self._drafts[place.kind] = draft
        if not (here and before.empty == draft.empty):
            self._console.begun.tell(self._me)

    # ---- sending

    async def _send(self, sent: _Sent) -> None:
        place, setting = self._place(sent), self._setting(sent.conversation)
        if place in self._sending:
            return
        if setting is None:
            self._keep(sent)
            self._tell_state(place, "refused", self._said.gone_on, None)
            return
        wish = Wish(sent.then, sent.override_reason.strip() or None, sent.confirmed)
        name = _name(setting.conversation)
        self._sending.add(place)
        try:
            async with self._storing:
                self._unsaved.pop(place, None)
                result = await self._sender.send(setting, self._draft_of(place, sent), wish)
                if result.draft.asked is None and result.state != "sent":
                    self._keep(sent)
                self._tell_result(result, name)
        except ApiError as error:
            self._keep(sent)
            self._tell_state(place, "refused", say(self._words.refusals, error.problem.reason), name)
        finally:
            self._sending.discard(place)
        await self._tell_stopped()

    def _keep(self, sent: _Sent) -> None:
        """What was not sent is a draft again, unless it was changed meanwhile."""
        self._unsaved.setdefault(self._place(sent), sent)
        self._save_lazily()

    def _tell_result(self, result: Result, name: str | None) -> None:
        """Say how far a draft came; what is on its way is watched. `name` is the customer's."""
        self._know(result.draft)
        self._tell_state(result.draft.place, result.state, result.words, name)
        if result.state == "under_way":
            self._watch(result.draft, name)

    def _tell_state(self, place: Place, state: State, words: str, name: str | None) -> None:
        """Tell the box, or all of the page where another conversation is open by now."""
        self._box.tell("result", {**_named(place), "state": state, "words": words})
        if state in ("sent", "under_way") or not words:
            return
        if state == "colleague":
            words = self._said.box["colleague"].format(name=words)
        self._kept_back = (place, self._said.elsewhere.format(name=name or self._said.somebody, words=words))
        self._kept_back_at = monotonic()
        self._tell_elsewhere()

    def _tell_elsewhere(self) -> None:
        """Say to the whole page what its box cannot, or hardly could: another conversation is open there by now."""
        if self._kept_back is None or self._is_open(self._kept_back[0]):
            return
        if monotonic() - self._kept_back_at < _NOT_READ_YET:
            with self._box.client:
                toast(self._kept_back[1], danger=True, seconds=10)
        self._kept_back = None

    def _watch(self, draft: Draft, name: str | None) -> None:
        async def watch() -> None:
            self._tell_result(await self._sender.awaited(draft), name)

        background_tasks.create(watch(), name="outcome of an answer")

    async def _again(self, said: _Said) -> None:
        draft = self._drafts.get(said.kind)
        if draft is not None and draft.asked is not None and draft.place == self._place(said):
            self._tell_result(await self._sender.hand_on(draft), self._shown and _name(self._shown))

    async def _give_back(self, said: _Said) -> None:
        draft = self._drafts.get(said.kind)
        if draft is None or draft.asked is None or draft.place != self._place(said):
            return
        try:
            self._tell_result(Result("refused", "", await self._sender.give_back(draft)), None)
        except ApiError as error:
            self._box.tell("notice", say(self._words.refusals, error.problem.reason))

    async def _take_over(self, said: _Said) -> None:
        """The answer that whoever had the conversation before began becomes one's own."""
        previous = self._told.get("left_behind", {}).get("agent")
        if not isinstance(previous, str) or self._setting(said.conversation) is None:
            return
        try:
            async with reading(self._parts.database) as tx:
                taken = await drafts.take_over(tx, self._place(said), previous, self._parts.clock())
        except ApiError as error:
            self._box.tell("notice", say(self._words.refusals, error.problem.reason))
            return
        if taken is not None:
            self._know(taken)
            self._box.tell("put_in", {**_named(taken.place), **_draft(taken)})
        self._bring("left_behind", {})

    # ---- what everything needs

    @property
    def _parts(self) -> Parts:
        return self._console.parts()

    @property
    def _me(self) -> str:
        return self._viewer.caller.subject

    @property
    def _sender(self) -> Sender:
        return Sender(self._parts, self._viewer.caller, self._said, self._words)

    def _setting(self, conversation: UUID | None = None) -> Setting | None:
        """The conversation that is open; None where none is, or another than the one that is meant."""
        shown = self._shown
        if shown is None or (conversation is not None and shown.id != conversation):
            return None
        parts, viewer = self._parts, self._viewer
        return Setting(parts.config, viewer.caller, shown, viewer.language, self._said, self._words.channels)

    def _is_open(self, place: Place) -> bool:
        return self._shown is not None and self._shown.id == place.conversation

    def _place(self, said: _Said) -> Place:
        return Place(self._me, said.conversation, said.kind)

    def _draft_of(self, place: Place, typed: _Typed) -> Draft:
        """What was typed, under the key of the draft that it belongs to."""
        private = typed.private and place.kind == "reply"
        return Draft(place, typed.text, typed.files, private, self._draft_known(place).key)

    def _draft_known(self, place: Place) -> Draft:
        known = self._drafts.get(place.kind)
        return known if known is not None and known.place == place else Draft(place)

    def _leave(self) -> None:
        if self._unfollow is not None:
            self._unfollow()
            self._unfollow = None

    def _on(self, said: type[S], act: Callable[[S], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """Take what the box says where it can be read; a browser says what it likes."""

        async def heard(event: GenericEventArguments) -> None:
            try:
                read = said.model_validate(event.args)
            except ValidationError:
                self._box.tell("notice", self._said.not_read)
                return
            await act(read)

        return heard


def _holders(conversation: m.Conversation) -> list[str]:
    """Who had the conversation, the latest last."""
    found = [one for each in conversation.assignments for one in (each.previous, each.current)]
    return [one for one in found if one is not None]


def _name(conversation: m.Conversation) -> str | None:
    return conversation.customer_name


def _named(place: Place) -> dict[str, object]:
    return {"conversation": str(place.conversation), "kind": place.kind}


def _draft(draft: Draft) -> dict[str, object]:
    """A draft as the box takes it."""
    files = [file.model_dump(mode="json") for file in draft.files]
    return {"text": draft.text, "files": files, "private": draft.private, "under_way": draft.asked is not None}
