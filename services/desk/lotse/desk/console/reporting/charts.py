"""Charts of a report's tables, as ECharts takes them. Pure.

Colours are the tokens of `console.css`, drawn as SVG, so that a chart changes with the theme by itself. Lines differ
in symbol and dash and bars in order, so that nothing rests on colour alone. Nothing moves.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from lotse.contracts.frozen import frozen
from lotse.desk.console.reporting.words import TEXTS
from lotse.desk.language import Language
from lotse.desk.report_tables import Cell, Figure, Table
from lotse.desk.report_texts import COLUMNS
from lotse.desk.reports import SENTIMENTS, SITUATIONS, Step

Options = dict[str, object]

MOST_ACROSS = 15
"""Bars that a chart across shows; the table has them all."""


@frozen
class Drawn:
    """How a figure is drawn: `lines` and `bars` over time, `across` by name; `share` is a line in percent."""

    kind: Literal["lines", "bars", "across"]
    series: tuple[str, ...]
    stacked: bool = False
    share: str | None = None


DRAWN: Mapping[Figure, Drawn] = {
    Figure.VOLUME: Drawn("lines", ("messages", "opened", "replies")),
    Figure.FIRST_RESPONSE: Drawn("lines", ("first_response.p50", "first_response.p90")),
    Figure.NEXT_RESPONSE: Drawn("lines", ("next_response.p50", "next_response.p90")),
    Figure.SERVICE_LEVEL: Drawn("bars", ("kept", "missed"), stacked=True, share="service_level"),
    Figure.SENTIMENT: Drawn("bars", tuple(f"sentiment.{name}" for name in SENTIMENTS), stacked=True),
    Figure.SITUATIONS: Drawn("bars", tuple(f"situation.{name}" for name in SITUATIONS), stacked=True),
    Figure.SPAM: Drawn("bars", ("spam",), share="spam_share"),
    Figure.RESOLUTION: Drawn("bars", ("resolved", "reopened"), share="reopen_rate"),
    Figure.RESOLUTION_TIME: Drawn("lines", ("resolution.p50", "resolution.p90")),
    Figure.BLOCKED: Drawn("bars", ("approved", "blocked"), stacked=True, share="block_rate"),
    Figure.OPEN_NOW: Drawn("across", ("new", "queued", "assigned", "waiting", "snoozed"), stacked=True),
    Figure.CHANNELS: Drawn("across", ("messages", "opened", "replies")),
    Figure.TOPICS: Drawn("across", ("conversations",)),
    Figure.COMPLAINTS: Drawn("across", ("complaints", "complaints_before")),
    Figure.TEAMS: Drawn("across", ("messages", "opened", "replies")),
    Figure.AGENTS: Drawn("across", ("replies", "resolved")),
}

_COLOURS: Mapping[str, int] = {
    "kept": 1, "missed": 2, "service_level": 6,
    "sentiment.positive": 3, "sentiment.neutral": 6, "sentiment.negative": 5, "sentiment.unsure": 7,
    "sentiment.unread": 8, "complaints_before": 6,
}  # fmt: skip
"""Tokens of series whose colour says something; the others take theirs in order."""

_SYMBOLS = ("circle", "rect", "triangle", "diamond")
_DASHES = ("solid", [6, 4], [2, 3], [8, 3, 2, 3])

_UNITS: Sequence[tuple[float, Mapping[Language, str]]] = (
    (2 * 86400, {"de": "Tage", "en": "days"}),
    (2 * 3600, {"de": "h", "en": "h"}),
    (2 * 60, {"de": "min", "en": "min"}),
    (0, {"de": "s", "en": "s"}),
)
_SECONDS: Mapping[str, int] = {"Tage": 86400, "days": 86400, "h": 3600, "min": 60, "s": 1}


def is_empty(table: Table, figure: Figure) -> bool:
    """Whether there is nothing to draw."""
    drawn = DRAWN[figure]
    return not any(any(_values(table, path)) for path in drawn.series)


def options(table: Table, figure: Figure, step: Step, language: Language) -> Options:
    drawn = DRAWN[figure]
    across = drawn.kind == "across"
    unit = _unit(table, drawn, language)
    labels = [_label(row[0], step, language) for row in table.rows]
    names = _category(labels[:MOST_ACROSS] if across else labels, across)
    values = [_value(language, unit)] + ([_percents(language)] if drawn.share else [])
    return {
        "animation": False,
        "textStyle": {"fontFamily": "inherit"},
        "grid": {"left": 8, "right": 12, "top": 44, "bottom": 4, "containLabel": True},
        "legend": _legend(),
        "tooltip": _tooltip(drawn),
        "xAxis": values if across else names,
        "yAxis": names if across else values,
        "series": _all_series(table, drawn, language, unit),
    }


def _legend() -> Options:
    return {
        "type": "scroll",
        "top": 0,
        "left": 0,
        "itemWidth": 18,
        "itemHeight": 9,
        "textStyle": {"color": "var(--lotse-text)"},
        "inactiveColor": "var(--lotse-line-strong)",
        "pageTextStyle": {"color": "var(--lotse-muted)"},
        "pageIconColor": "var(--lotse-text)",
        "pageIconInactiveColor": "var(--lotse-line)",
    }


def _tooltip(drawn: Drawn) -> Options:
    return {
        "trigger": "axis",
        "confine": True,
        "transitionDuration": 0,
        "backgroundColor": "var(--lotse-raised)",
        "borderColor": "var(--lotse-line-strong)",
        "textStyle": {"color": "var(--lotse-text)", "fontSize": 13},
        "axisPointer": {
            "type": "line" if drawn.kind == "lines" else "shadow",
            "lineStyle": {"color": "var(--lotse-line-strong)"},
            "shadowStyle": {"color": "var(--lotse-hover)", "opacity": 0.5},
        },
    }


def _values(table: Table, path: str) -> list[Cell]:
    place = [column.path for column in table.columns].index(path)
    return [row[place] for row in table.rows]


def _unit(table: Table, drawn: Drawn, language: Language) -> str:
    """The unit that suits the longest time; none where no times are drawn."""
    kinds = {column.path: column.kind for column in table.columns}
    if kinds[drawn.series[0]] != "seconds":
        return ""
    longest = max((v for path in drawn.series for v in _values(table, path) if isinstance(v, float)), default=0)
    return next(names[language] for least, names in _UNITS if longest >= least)


def _label(cell: Cell, step: Step, language: Language) -> str:
    return moment(cell, step, language) if isinstance(cell, str) and cell[4:5] == "-" else str(cell)


def moment(cell: str, step: Step, language: Language) -> str:
    """An ISO time as an axis and a table show it."""
    try:
        at = datetime.fromisoformat(cell)
    except ValueError:
        return cell
    day = TEXTS[language].weekdays[at.weekday()]
    date = f"{day} {at.day}.{at.month}." if language == "de" else f"{day} {at.day}/{at.month}"
    return date if step is Step.DAY else f"{date} {at:%H:%M}"


def _colour(path: str, number: int) -> str:
    return f"var(--lotse-chart-{_COLOURS.get(path, number + 1)})"


def _all_series(table: Table, drawn: Drawn, language: Language, unit: str) -> list[Options]:
    found = [_series(table, drawn, number, language, unit) for number in range(len(drawn.series))]
    return [*found, _share(table, drawn, language)] if drawn.share else found


def _series(table: Table, drawn: Drawn, number: int, language: Language, unit: str) -> Options:
    path = drawn.series[number]
    factor = _SECONDS.get(unit, 1)
    data = [round(v / factor, 2) if isinstance(v, float) else v for v in _values(table, path)]
    colour = _colour(path, number)
    found: Options = {
        "name": COLUMNS[language][path],
        "data": data[:MOST_ACROSS] if drawn.kind == "across" else data,
        "itemStyle": {"color": colour, "borderColor": "var(--lotse-surface)", "borderWidth": 0.5},
        "emphasis": {"disabled": True},
        "tooltip": {":valueFormatter": _formatter(language, unit)},
    }
    if drawn.kind == "lines":
        line = {"color": colour, "width": 2, "type": _DASHES[number % len(_DASHES)]}
        return found | {
            "type": "line",
            "symbol": _SYMBOLS[number % len(_SYMBOLS)],
            "symbolSize": 6 if len(data) <= 62 else 0,
            "showSymbol": len(data) <= 62,
            "connectNulls": False,
            "lineStyle": line,
        }
    return found | {"type": "bar", "barMaxWidth": 22, **({"stack": "all"} if drawn.stacked else {})}


def _share(table: Table, drawn: Drawn, language: Language) -> Options:
    path = drawn.share or ""
    data = [round(v * 100, 1) if isinstance(v, float | int) else None for v in _values(table, path)]
    return {
        "type": "line",
        "yAxisIndex": 1,
        "name": COLUMNS[language][path],
        "data": data,
        "symbol": "diamond",
        "symbolSize": 7,
        "showSymbol": True,
        "connectNulls": False,
        "itemStyle": {"color": "var(--lotse-text)"},
        "lineStyle": {"color": "var(--lotse-text)", "width": 1.5, "type": _DASHES[1]},
        "emphasis": {"disabled": True},
        "tooltip": {":valueFormatter": _formatter(language, "%")},
    }


def _formatter(language: Language, unit: str) -> str:
    """JavaScript of ours alone, without anything that was read: how a value is written with its unit."""
    after = f"\u00a0{unit}" if unit else ""
    return f"v => v == null ? '–' : v.toLocaleString('{language}', {{maximumFractionDigits: 1}}) + '{after}'"


def _category(labels: Sequence[str], across: bool) -> Options:
    return {
        "type": "category",
        "data": list(labels),
        "inverse": across,
        "axisLine": {"lineStyle": {"color": "var(--lotse-line-strong)"}},
        "axisTick": {"show": False},
        "axisLabel": {"color": "var(--lotse-muted)", "hideOverlap": True, "width": 130, "overflow": "truncate"},
    }


def _value(language: Language, unit: str) -> Options:
    return {
        "type": "value",
        "min": 0,
        **({} if unit else {"minInterval": 1}),
        "axisLabel": {"color": "var(--lotse-muted)", ":formatter": _formatter(language, unit)},
        "splitLine": {"lineStyle": {"color": "var(--lotse-line)"}},
    }


def _percents(language: Language) -> Options:
    return {
        "type": "value",
        "min": 0,
        "max": 100,
        "interval": 25,
        "axisLabel": {"color": "var(--lotse-muted)", ":formatter": _formatter(language, "%")},
        "splitLine": {"show": False},
    }
