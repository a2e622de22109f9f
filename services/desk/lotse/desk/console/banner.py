# pyright: reportUnknownMemberType=false
"""What is wrong now, above every page: channels that are slower than usual, crises that nobody has answered."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from nicegui import Client, background_tasks, ui

from lotse.contracts.frozen import frozen
from lotse.desk import alarms
from lotse.desk.api import models as m
from lotse.desk.api.problems import ApiError, reading
from lotse.desk.changes import EVERYTHING
from lotse.desk.console.conversing.words import VOCABULARY, say
from lotse.desk.console.frame import LEADS
from lotse.desk.console.live import Hub, Subscription
from lotse.desk.console.viewer import Viewer
from lotse.desk.language import Language
from lotse.runtime.postgres import Database

if TYPE_CHECKING:
    from lotse.desk.console.console import Console

log = logging.getLogger(__name__)

_AT_MOST = 1.0
"""Seconds between two reads at the least."""

_CRISIS = "crisis"


@frozen
class BannerTexts:
    one_crisis: str
    crises: str
    show: str
    slow: str
    figures: str
    share: str
    more: str
    fewer: str
    staffed: str
    topic: str
    numbers: str
    dismiss: str
    seconds: str
    minutes: str
    hours: str


TEXTS: Mapping[Language, BannerTexts] = {
    "de": BannerTexts(
        one_crisis="1 Gespräch liest sich wie eine Krise und ist unbeantwortet.",
        crises="{} Gespräche lesen sich wie eine Krise und sind unbeantwortet.",
        show="Zeigen",
        slow="{channel}: Kunden warten gerade deutlich länger als sonst.",
        figures="{channel}: 9 von 10 Antworten brauchen bis zu {p90}, üblich sind {baseline}.",
        share="In der letzten Stunde {}\u00a0% pünktlich.",
        more="{}\u00a0% mehr Anfragen als sonst.",
        fewer="{}\u00a0% weniger Anfragen als sonst.",
        staffed="{} im Dienst.",
        topic="Vor allem: {}.",
        numbers="Zahlen",
        dismiss="Ausblenden, bis sich etwas ändert",
        seconds="{}\u00a0s",
        minutes="{}\u00a0min",
        hours="{}\u00a0h {}\u00a0min",
    ),
    "en": BannerTexts(
        one_crisis="1 conversation reads as a crisis and is unanswered.",
        crises="{} conversations read as a crisis and are unanswered.",
        show="Show",
        slow="{channel}: customers are waiting much longer than usual.",
        figures="{channel}: 9 of 10 answers take up to {p90}, {baseline} is usual.",
        share="{}\u00a0% in time during the last hour.",
        more="{}\u00a0% more requests than usual.",
        fewer="{}\u00a0% fewer requests than usual.",
        staffed="{} on duty.",
        topic="Above all: {}.",
        numbers="Numbers",
        dismiss="Hide until something changes",
        seconds="{}\u00a0s",
        minutes="{}\u00a0min",
        hours="{}\u00a0h {}\u00a0min",
    ),
}


@frozen
class Alarm:
    """One banner: what it is called, since when it is as it is, what it says and where it leads."""

    name: str
    at: datetime
    kind: Literal["danger", "warn"]
    text: str
    path: str
    leads_to: str


def banners(found: m.Alarms, viewer: Viewer) -> list[Alarm]:
    """What a person is told, the most urgent first. Figures of the team are for those who lead it."""
    said = TEXTS[viewer.language]
    told: list[Alarm] = []
    if found.crisis.unanswered and found.crisis.newest is not None:
        number = found.crisis.unanswered
        text = said.one_crisis if number == 1 else said.crises.format(number)
        told.append(Alarm(_CRISIS, found.crisis.newest, "danger", text, "/?view=crisis", said.show))
    for level in found.service_levels:
        text = _figures(level, viewer.language) if viewer.caller.role in LEADS else _slow(level, viewer.language)
        name = f"level {level.channel.value}"
        told.append(Alarm(name, level.degraded_at, "warn", text, "/numbers", said.numbers))
    return told


def _channel(level: m.ServiceLevel, language: Language) -> str:
    return say(VOCABULARY[language].channels, level.channel.value)


def _slow(level: m.ServiceLevel, language: Language) -> str:
    return TEXTS[language].slow.format(channel=_channel(level, language))


def _figures(level: m.ServiceLevel, language: Language) -> str:
    said = TEXTS[language]
    times = {"p90": _time(level.p90_seconds, said), "baseline": _time(level.baseline_seconds, said)}
    told = [said.figures.format(channel=_channel(level, language), **times)]
    if level.share_met is not None:
        told.append(said.share.format(round(level.share_met * 100)))
    change = round((level.volume_change or 0) * 100)
    if change:
        told.append((said.more if change > 0 else said.fewer).format(abs(change)))
    told.append(said.staffed.format(level.staffed))
    if level.topic is not None:
        told.append(said.topic.format(level.topic))
    return " ".join(told)


def _time(seconds: float, said: BannerTexts) -> str:
    if seconds < 60:
        return said.seconds.format(round(seconds))
    minutes = round(seconds / 60)
    return said.minutes.format(minutes) if minutes < 60 else said.hours.format(*divmod(minutes, 60))


Told = Callable[[m.Alarms], None]


class Board:
    """Reads the alarms once a second while something changes, for all open pages together and only for them."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._told: set[Told] = set()
        self._last: m.Alarms | None = None
        self._subscription: Subscription | None = None
        self.dismissed: dict[str, dict[str, datetime]] = {}
        """By person, what he dismissed, while he has a page open here."""

    def tell(self, database: Database, told: Told) -> Callable[[], None]:
        """Tell a page at once and from now on; what is given back ends it."""
        self._told.add(told)
        if self._last is not None:
            told(self._last)
        if self._subscription is None:
            self._subscription = self._hub.follow()
            background_tasks.create(self._run(database, self._subscription), name="alarms")
        return lambda: self._leave(told)

    def again(self) -> None:
        """Have each page show what there is for its person."""
        found = self._last
        if found is None:
            return
        for told in tuple(self._told):
            try:
                told(found)
            except Exception:
                log.exception("a page could not be told of alarms")

    def _leave(self, told: Told) -> None:
        self._told.discard(told)
        if not self._told and self._subscription is not None:
            self._subscription.close()
            self._subscription, self._last = None, None
            self.dismissed.clear()

    async def _run(self, database: Database, subscription: Subscription) -> None:
        async for changes in subscription:
            if not changes:
                continue
            try:
                async with reading(database) as tx:
                    found = await alarms.standing(tx)
            except Exception as error:
                log.warning("alarms are read again after %s", type(error).__name__)
                subscription.add(EVERYTHING)
            else:
                if subscription is self._subscription and found != self._last:
                    self._last = found
                    self.again()
            await asyncio.sleep(_AT_MOST)


class Banner:
    """One alarm on one page. It stays the same element while its figures change."""

    def __init__(self, alarm: Alarm, said: BannerTexts, dismiss: Callable[["Banner"], Awaitable[None]]) -> None:
        self.alarm = alarm
        with ui.element("div").classes(f"lt-banner lt-alarm lt-{alarm.kind}") as self.element:
            ui.element("i").classes("lt-icon lt-icon-warning").props("aria-hidden=true")
            self._text = ui.label(alarm.text).classes("lt-grow")
            ui.link(alarm.leads_to, alarm.path)
            self.button = ui.element("button").classes("lt-button quiet icon small")
            self.button.props(f'type=button aria-label="{said.dismiss}" title="{said.dismiss}"')
            with self.button:
                ui.element("i").classes("lt-icon lt-icon-close").props("aria-hidden=true")
            self.button.on("click", lambda: dismiss(self))

    def tell(self, alarm: Alarm) -> None:
        self.alarm = alarm
        self._text.set_text(alarm.text)


class Banners:
    """The banners of one page."""

    def __init__(self, console: "Console", board: Board, viewer: Viewer, client: Client) -> None:
        self._console, self._board, self._viewer, self._client = console, board, viewer, client
        self._found: m.Alarms | None = None
        self._built = False
        self._shown: dict[str, Banner] = {}
        self._place = ui.element("div").props("tabindex=-1")

    async def begin(self) -> None:
        person = self._viewer.caller.subject
        async with reading(self._console.parts().database) as tx:
            self._board.dismissed[person] = dict(await alarms.dismissed(tx, person))
        self._client.on_delete(self._board.tell(self._console.parts().database, self._tell))
        self._client.on_connect(self._catch_up)
        self._built = True

    def _tell(self, found: m.Alarms) -> None:
        """Show it, or, while the connection is cut, after that."""
        self._found = found
        if self._client.has_socket_connection or not self._built:
            self._show(found)

    def _catch_up(self) -> None:
        if self._found is not None:
            self._show(self._found)

    def _show(self, found: m.Alarms) -> None:
        """Change only what is otherwise, so that the rest is not read out again."""
        if self._client.is_deleted:
            return
        seen = self._board.dismissed.get(self._viewer.caller.subject, {})
        told = banners(found, self._viewer)
        wanted = [alarm for alarm in told if alarm.name not in seen or alarm.at > seen[alarm.name]]
        for name in self._shown.keys() - {alarm.name for alarm in wanted}:
            self._shown.pop(name).element.delete()
        for number, alarm in enumerate(wanted):
            known = self._shown.get(alarm.name)
            if known is not None:
                known.tell(alarm)
                continue
            with self._client, self._place:
                made = self._shown[alarm.name] = Banner(alarm, TEXTS[self._viewer.language], self._dismiss)
                made.element.move(self._place, number)

    async def _dismiss(self, banner: Banner) -> None:
        """Hide it on every page of this person; the focus goes on to what is left."""
        person, alarm = self._viewer.caller.subject, banner.alarm
        try:
            async with reading(self._console.parts().database) as tx:
                await alarms.dismiss(tx, person, alarm.name, alarm.at)
        except ApiError:
            return
        self._board.dismissed.setdefault(person, {})[alarm.name] = alarm.at
        self._board.again()
        left = next(iter(self._shown.values()), None)
        (left.button if left else self._place).run_method("focus")


def add_to(console: "Console") -> None:
    board = Board(console.hub)

    async def fill(viewer: Viewer) -> None:
        await Banners(console, board, viewer, ui.context.client).begin()

    console.banners.append(fill)
