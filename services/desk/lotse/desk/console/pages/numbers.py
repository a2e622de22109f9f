# pyright: reportUnknownMemberType=false
"""The numbers: each figure as a chart, with its definition, the table behind it and a file of that."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from nicegui import ui
from starlette.responses import RedirectResponse, Response

from lotse.contracts.channels import Channel
from lotse.contracts.frozen import frozen
from lotse.desk.api.parts import Desk
from lotse.desk.api.problems import ApiError
from lotse.desk.api.reports import Wanted, csv_of, reader_of, report_for
from lotse.desk.console.elements.figure_table import FigureTable, Shown
from lotse.desk.console.elements.figures_bar import FiguresBar
from lotse.desk.console.frame import page
from lotse.desk.console.reporting import charts
from lotse.desk.console.reporting.choosing import Choice, choice_of
from lotse.desk.console.reporting.words import NONE, TEXTS, duration, number, percent, written
from lotse.desk.console.viewer import Viewer
from lotse.desk.report_tables import Column, Figure, Names, Table, table
from lotse.desk.report_texts import COLUMNS, FIGURES, channel_name
from lotse.desk.reports import BadSpan, Report, home_zone, share

if TYPE_CHECKING:
    from lotse.desk.console.console import Console

WIDE = frozenset({Figure.VOLUME, Figure.CHANNELS, Figure.TEAMS, Figure.AGENTS})


def router(console: "Console") -> APIRouter:
    """The files behind the page's links, for whoever is signed in."""
    routes = APIRouter()

    @routes.get("/numbers/{figure}.csv", include_in_schema=False)
    async def file(request: Request, desk: Desk, wanted: Wanted, figure: Figure) -> Response:
        viewer = await console.viewer(request)
        if viewer is None:
            return RedirectResponse("/numbers", 303)
        report = await report_for(desk, viewer.caller, wanted)
        return csv_of(report, figure, Names(viewer.language, desk.config))

    return routes


def add_to(console: "Console") -> None:
    @page(console, "/numbers", "numbers")
    async def build(viewer: Viewer, request: Request) -> None:
        ui.add_head_html(f'<link rel="stylesheet" href="{console.static}/numbers.css">')
        Numbers(console, viewer, request.query_params)


@frozen
class Card:
    """One figure on the page."""

    chart: ui.echart
    picture: ui.element
    nothing: ui.element
    table: FigureTable
    file: ui.element


class Numbers:
    """One open page. It counts when opened, when something else is chosen, and each 30 s while it is seen."""

    def __init__(self, console: "Console", viewer: Viewer, given: Mapping[str, str]) -> None:
        self._console, self._viewer, self._said = console, viewer, TEXTS[viewer.language]
        self._choice = self._chosen(given)
        self._asked = 0
        self._tiles: dict[str, tuple[ui.label, ui.label]] = {}
        with ui.element("div").classes("lt-page nu"):
            with _tag("h1"):
                ui.label(self._said.title)
            self._bar = FiguresBar(self._bar_texts(), self._filters(), self._choose, self._again)
            self._problem = ui.element("div").classes("lt-banner lt-warn").props("role=alert")
            self._problem.set_visibility(False)
            if viewer.caller.role == "agent":
                ui.label(self._said.narrowed).classes("lt-muted lt-small")
            self._body = ui.element("div").classes("nu-body").props("aria-busy=true")
            with self._body:
                self._overview()
                with ui.element("div").classes("nu-grid"):
                    self._cards = {figure: self._card(figure) for figure in Figure}
        self._bar.show(self._choice.state(), "")
        self._bar.say(self._said.counting, busy=True)
        ui.timer(0, self._again, once=True)

    def _chosen(self, given: Mapping[str, str]) -> Choice:
        parts = self._console.parts()
        home = home_zone(parts.config)
        plain = choice_of(given, home, parts.clock().astimezone(home).date())
        return choice_of(given, home, parts.clock().astimezone(plain.zone).date())

    def _bar_texts(self) -> dict[str, object]:
        said = self._said
        return {
            "period": said.period,
            "ranges": list(said.ranges.items()),
            "first": said.first,
            "last": said.last,
            "steps_label": said.steps_label,
            "steps": list(said.steps.items()),
            "channel": said.channel,
            "team": said.team,
            "agent": said.agent,
            "any": said.any,
            "refresh": said.refresh,
        }

    def _filters(self) -> dict[str, list[tuple[str, str]]]:
        """What can be chosen: an agent finds himself and his own teams."""
        config, language = self._console.parts().config, self._viewer.language
        reader = reader_of(config, self._viewer.caller)
        everybody = reader.role != "agent"
        channels = [(channel.value, channel_name(channel, language)) for channel in Channel]
        return {
            "channel": sorted(channels, key=lambda one: one[1].lower()),
            "team": [(id, team.name) for id, team in config.teams.items() if everybody or id in reader.teams],
            "agent": [(id, one.name) for id, one in config.agents.items() if everybody or id == reader.agent],
        }

    def _overview(self) -> None:
        with ui.element("section").props(f'aria-label="{self._said.overview}"'), _tag("dl").classes("nu-tiles"):
            for name in ("messages", "opened", "replies", "open", "first", "next", "level", "negative", "resolved",
                         "blocked"):  # fmt: skip
                with ui.element("div").classes("lt-card nu-tile"):
                    with _tag("dt"):
                        ui.label(self._said.headlines[name])
                    with _tag("dd"):
                        self._tiles[name] = (
                            ui.label(NONE).classes("nu-value"),
                            ui.label("").classes("nu-more lt-muted lt-small"),
                        )

    def _card(self, figure: Figure) -> Card:
        said, words = self._said, FIGURES[self._viewer.language][figure.value]
        with _tag("section").classes("lt-card nu-card").props(f'aria-labelledby="nu-{figure.value}"') as section:
            if figure in WIDE:
                section.classes("wide")
            with ui.element("div").classes("lt-split"):
                with _tag("h2").props(f'id="nu-{figure.value}"'):
                    ui.label(words.title)
                with ui.link(target="").classes("lt-button quiet small").props("download") as file:
                    ui.label(said.csv)
                    ui.label(f": {words.title}").classes("lt-sr")
            ui.label(words.meaning).classes("lt-muted lt-small nu-meaning")
            with ui.element("div").classes("nu-picture").props("role=img") as picture:
                if charts.DRAWN[figure].kind == "across":
                    picture.classes("across")
                chart = ui.echart({"series": []}, renderer="svg").classes("nu-chart")
            nothing = ui.label(said.nothing).classes("nu-nothing lt-muted")
            nothing.set_visibility(False)
            behind = FigureTable(words.title, said.table, said.sort, said.nothing)
        return Card(chart, picture, nothing, behind, file)

    async def _choose(self, state: Mapping[str, str]) -> None:
        self._choice = self._chosen(state)
        await self._again()

    async def _again(self) -> None:
        """Count, and show it unless something else was chosen meanwhile."""
        self._asked += 1
        asked, console = self._asked, self._console
        self._choice = self._chosen(self._choice.state())
        choice = self._choice
        self._bar.show(choice.state(), f"/numbers?{choice.query()}")
        self._bar.say(self._said.counting, busy=True)
        try:
            if await console.ended(self._viewer):
                self._complain(self._said.signed_out, leave=True)
                return
            report = await report_for(console.parts(), self._viewer.caller, choice.selection())
        except (ApiError, BadSpan) as error:
            if asked == self._asked:
                self._complain(self._said.bad_span if isinstance(error, BadSpan) else self._said.away)
            return
        if asked == self._asked:
            self._problem.set_visibility(False)
            self._show(report, choice)

    def _complain(self, said: str, *, leave: bool = False) -> None:
        self._problem.clear()
        with self._problem:
            ui.label(said)
            if leave:
                ui.link(self._said.sign_in, "/numbers")
        self._problem.set_visibility(True)
        self._bar.say("", busy=False)

    def _show(self, report: Report, choice: Choice) -> None:
        names = Names(self._viewer.language, self._console.parts().config)
        for figure, card in self._cards.items():
            _fill(card, figure, table(report, figure, names), choice, self._viewer)
        for name, (value, more) in _headlines(report, self._viewer).items():
            self._tiles[name][0].set_text(value)
            self._tiles[name][1].set_text(more)
        self._body.props("aria-busy=false")
        as_of = f"{report.as_of.astimezone(choice.zone):%H:%M:%S}" if report.as_of else NONE
        said = self._said
        self._bar.say(f"{said.as_of.format(as_of)} · {said.zone.format(choice.zone.key)}", busy=False)


def _tag(name: str) -> ui.element:
    return ui.element(name)


def _fill(card: Card, figure: Figure, found: Table, choice: Choice, viewer: Viewer) -> None:
    language = viewer.language
    empty = charts.is_empty(found, figure)
    card.picture.set_visibility(not empty)
    card.nothing.set_visibility(empty)
    if not empty:
        drawn = charts.options(found, figure, choice.step, language)
        if card.chart.options != drawn:
            card.chart.options.clear()
            card.chart.options.update(drawn)
            card.chart.update()
        card.picture.props["aria-label"] = _told(figure, found, viewer)
        card.picture.style(f"--nu-rows: {min(len(found.rows), charts.MOST_ACROSS)}")
        card.picture.update()
    card.file.props["href"] = f"/numbers/{figure.value}.csv?{choice.file_query()}"
    card.file.update()
    card.table.fill(lambda: _shown(found, choice, viewer))


def _told(figure: Figure, found: Table, viewer: Viewer) -> str:
    """The chart in words: its name and, where the rows add up to something, the whole."""
    said, language = TEXTS[viewer.language], viewer.language
    columns = {column.path: (number, column) for number, column in enumerate(found.columns)}
    wanted = (*charts.DRAWN[figure].series, *([charts.DRAWN[figure].share] if charts.DRAWN[figure].share else []))
    parts: list[str] = []
    for path in wanted:
        place, column = columns[path or ""]
        if found.total is not None:
            parts.append(f"{COLUMNS[language][column.path]}: {written(found.total[place], column.kind, language)}")
    return " ".join([f"{said.chart}: {FIGURES[language][figure.value].title}.", f"{', '.join(parts)}." if parts else "",
                     said.behind])  # fmt: skip


def _shown(found: Table, choice: Choice, viewer: Viewer) -> Shown:
    language = viewer.language
    total = None
    if found.total is not None:
        total = [TEXTS[language].total, *_written(found.total[1:], found.columns[1:], choice, viewer)]
    return Shown(
        headings=[COLUMNS[language][column.path] for column in found.columns],
        numeric=[column.kind not in ("moment", "name") for column in found.columns],
        rows=[_written(row, found.columns, choice, viewer) for row in found.rows],
        keys=[
            [place if column.kind == "moment" else cell for cell, column in zip(row, found.columns, strict=True)]
            for place, row in enumerate(found.rows)
        ],
        total=total,
    )


def _written(
    row: tuple[str | int | float | None, ...], columns: tuple[Column, ...], choice: Choice, viewer: Viewer
) -> list[str]:
    return [
        charts.moment(cell, choice.step, viewer.language)
        if column.kind == "moment" and isinstance(cell, str)
        else written(cell, column.kind, viewer.language)
        for cell, column in zip(row, columns, strict=True)
    ]


def _headlines(report: Report, viewer: Viewer) -> dict[str, tuple[str, str]]:
    """The figures of the whole period: the value, and what stands small below it."""
    said, language, total = TEXTS[viewer.language].headlines, viewer.language, report.total
    ours, opened = sum(one.ours for one in report.open_now), sum(one.total for one in report.open_now)
    decided = total.kept + total.missed
    level = said["deadlines"].format(number(total.kept, language), number(decided, language))
    if total.corrected:
        level += f" · {said['corrected'].format(number(total.corrected, language))}"
    return {
        "messages": (number(total.messages, language), ""),
        "opened": (number(total.opened, language), f"{said['spam']} {percent(total.spam_share, language)}"),
        "replies": (number(total.replies, language), ""),
        "open": (number(opened, language), f"{said['ours']}: {number(ours, language)}"),
        "first": (
            duration(total.first_response.p50, language),
            said["p90"].format(duration(total.first_response.p90, language)),
        ),
        "next": (
            duration(total.next_response.p50, language),
            said["p90"].format(duration(total.next_response.p90, language)),
        ),
        "level": (percent(total.service_level, language), level),
        "negative": (
            percent(total.negative_share, language),
            said["share_of"].format(number(total.sentiment.negative, language), number(total.opened, language)),
        ),
        "resolved": (
            number(total.resolved, language),
            said["reopened"].format(percent(total.reopen_rate, language)),
        ),
        "blocked": (
            percent(share(total.blocked, total.approved + total.blocked), language),
            said["share_of"].format(number(total.blocked, language), number(total.approved + total.blocked, language)),
        ),
    }
