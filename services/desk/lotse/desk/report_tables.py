"""A report's figures as tables: what stands behind a chart, on the page and in a CSV file alike. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Literal
from zoneinfo import ZoneInfo

from lotse.contracts.config import Config
from lotse.contracts.frozen import frozen
from lotse.desk.language import Language
from lotse.desk.model import Model
from lotse.desk.report_texts import COLUMNS, NOBODY, channel_name
from lotse.desk.reports import SENTIMENTS, SITUATIONS, Report

Cell = str | int | float | None

Kind = Literal["moment", "name", "count", "share", "seconds", "change"]
"""What a column holds: an ISO time, a text, a number, a part of 1, seconds, a difference."""


class Figure(StrEnum):
    """What can be drawn, read as a table and downloaded."""

    VOLUME = "volume"
    FIRST_RESPONSE = "first-response"
    NEXT_RESPONSE = "next-response"
    SERVICE_LEVEL = "service-level"
    SENTIMENT = "sentiment"
    SITUATIONS = "situations"
    SPAM = "spam"
    RESOLUTION = "resolution"
    RESOLUTION_TIME = "resolution-time"
    BLOCKED = "blocked"
    OPEN_NOW = "open-now"
    CHANNELS = "channels"
    TOPICS = "topics"
    COMPLAINTS = "complaints"
    TEAMS = "teams"
    AGENTS = "agents"


@frozen
class Column:
    """`path` leads from a row of the report to the value; it also names the column's text."""

    path: str
    kind: Kind = "count"


@frozen
class Table:
    """`total` is the row of the whole, where the rows add up to one."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None


_AT = Column("at", "moment")
_TIMES = ("p50", "p90", "business_p50", "business_p90")

_SIDE_BY_SIDE = (
    Column("messages"),
    Column("opened"),
    Column("replies"),
    Column("first_response.p50", "seconds"),
    Column("first_response.p90", "seconds"),
    Column("next_response.p50", "seconds"),
    Column("next_response.p90", "seconds"),
    Column("kept"),
    Column("missed"),
    Column("service_level", "share"),
    Column("negative_share", "share"),
    Column("spam_share", "share"),
    Column("resolved"),
    Column("reopen_rate", "share"),
    Column("resolution.p50", "seconds"),
    Column("resolution.p90", "seconds"),
    Column("block_rate", "share"),
)


def _times(name: str, kinds: Sequence[str] = _TIMES) -> tuple[Column, ...]:
    return Column(f"{name}.count"), *(Column(f"{name}.{kind}", "seconds") for kind in kinds)


_COLUMNS: Mapping[Figure, tuple[Column, ...]] = {
    Figure.VOLUME: (_AT, Column("messages"), Column("opened"), Column("replies")),
    Figure.FIRST_RESPONSE: (_AT, *_times("first_response")),
    Figure.NEXT_RESPONSE: (_AT, *_times("next_response")),
    Figure.SERVICE_LEVEL: (
        _AT,
        Column("kept"),
        Column("missed"),
        Column("service_level", "share"),
        Column("corrected"),
    ),
    Figure.SENTIMENT: (_AT, *(Column(f"sentiment.{name}") for name in SENTIMENTS), Column("negative_share", "share")),
    Figure.SITUATIONS: (_AT, *(Column(f"situation.{name}") for name in SITUATIONS)),
    Figure.SPAM: (_AT, Column("opened"), Column("spam"), Column("spam_share", "share")),
    Figure.RESOLUTION: (_AT, Column("resolved"), Column("reopened"), Column("reopen_rate", "share")),
    Figure.RESOLUTION_TIME: (_AT, *_times("resolution", _TIMES[:2])),
    Figure.BLOCKED: (_AT, Column("approved"), Column("blocked"), Column("block_rate", "share")),
    Figure.OPEN_NOW: (
        Column("channel", "name"),
        *(Column(name) for name in ("new", "queued", "assigned", "waiting", "snoozed", "total")),
    ),
    Figure.CHANNELS: (Column("channel", "name"), *_SIDE_BY_SIDE),
    Figure.TOPICS: (Column("topic", "name"), Column("conversations")),
    Figure.COMPLAINTS: (
        Column("topic", "name"),
        Column("complaints"),
        Column("complaints_before"),
        Column("change", "change"),
    ),
    Figure.TEAMS: (Column("team", "name"), *_SIDE_BY_SIDE),
    Figure.AGENTS: (Column("agent", "name"), *_SIDE_BY_SIDE),
}


@frozen
class Names:
    """What people call channels, teams and agents."""

    language: Language
    config: Config

    def of(self, figure: Figure, name: str) -> str:
        if not name:
            return NOBODY[self.language][figure.value]
        match figure:
            case Figure.TEAMS:
                return next((team.name for id, team in self.config.teams.items() if id == name), name)
            case Figure.AGENTS:
                return next((agent.name for id, agent in self.config.agents.items() if id == name), name)
            case Figure.CHANNELS | Figure.OPEN_NOW:
                return channel_name(name, self.language)
            case _:
                return name


def table(report: Report, figure: Figure, names: Names) -> Table:
    """The figure's rows: by time, or by what it is told apart by, the largest first."""
    columns = _COLUMNS[figure]
    match figure:
        case Figure.OPEN_NOW:
            rows = _rows(columns[1:], [(names.of(figure, one.channel), one) for one in report.open_now])
            return Table(columns, rows, _summed(rows, columns))
        case Figure.TOPICS | Figure.COMPLAINTS:
            measure = attrgetter("conversations" if figure is Figure.TOPICS else "complaints")
            found = [one for one in report.topics if measure(one) or (figure is Figure.COMPLAINTS and one.change)]
            return Table(
                columns, _rows(columns[1:], [(one.topic, one) for one in sorted(found, key=measure, reverse=True)])
            )
        case Figure.CHANNELS | Figure.TEAMS | Figure.AGENTS:
            lines = {Figure.CHANNELS: report.channels, Figure.TEAMS: report.teams, Figure.AGENTS: report.agents}[figure]
            ordered = sorted(lines, key=lambda line: (-line.messages - line.replies, line.name))
            rows = _rows(columns[1:], [(names.of(figure, line.name), line) for line in ordered])
        case _:
            zone = ZoneInfo(report.zone)
            rows = _rows(columns[1:], [(_moment(point.at, zone), point) for point in report.over_time])
    return Table(columns, rows, (None, *_values(columns[1:], report.total)))


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat()


def _rows(columns: Sequence[Column], given: Iterable[tuple[str, Model]]) -> tuple[tuple[Cell, ...], ...]:
    return tuple((name, *_values(columns, model)) for name, model in given)


def _values(columns: Sequence[Column], model: Model) -> tuple[Cell, ...]:
    return tuple(attrgetter(column.path)(model) for column in columns)


def _summed(rows: Sequence[Sequence[Cell]], columns: Sequence[Column]) -> tuple[Cell, ...]:
    numbers = range(1, len(columns))
    return (None, *(sum(cell for row in rows if isinstance(cell := row[number], int)) for number in numbers))


_DIALECT: Mapping[Language, tuple[str, str]] = {"de": (";", ","), "en": (",", ".")}
"""What a spreadsheet of that language takes for the next cell, and for the decimal mark."""


def as_csv(given: Table, language: Language) -> bytes:
    """For a spreadsheet: UTF-8 with a byte order mark, shares in percent, times in seconds, moments in ISO 8601."""
    separator, mark = _DIALECT[language]
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow([_header(column, language) for column in given.columns])
    for row in given.rows:
        writer.writerow([_written(cell, column, mark) for cell, column in zip(row, given.columns, strict=True)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _header(column: Column, language: Language) -> str:
    unit = {"share": " (%)", "seconds": " (s)"}.get(column.kind, "")
    return f"{COLUMNS[language][column.path]}{unit}"


def _written(cell: Cell, column: Column, mark: str) -> str:
    match cell:
        case None:
            return ""
        case str():
            return harmless(cell)
        case _ if column.kind == "share":
            return f"{cell * 100:.1f}".replace(".", mark)
        case float():
            return f"{cell:.3f}".rstrip("0").rstrip(".").replace(".", mark)
        case _:
            return str(cell)


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: what begins like one gets an apostrophe before it.

    The characters are those of OWASP's "CSV Injection", and the full-width forms that some spreadsheets read alike.
    """
    return f"'{text}" if text.lstrip(" \u00a0\u3000")[:1] in _FORMULAS else text


_FORMULAS = frozenset("=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20")
