"""How numbers are written, and what the page of numbers says."""

from collections.abc import Mapping

from lotse.contracts.frozen import frozen
from lotse.desk.language import Language
from lotse.desk.report_tables import Cell, Kind


@frozen
class NumbersTexts:
    title: str
    period: str
    ranges: Mapping[str, str]
    first: str
    last: str
    steps_label: str
    steps: Mapping[str, str]
    channel: str
    team: str
    agent: str
    any: str
    refresh: str
    counting: str
    as_of: str
    zone: str
    table: str
    csv: str
    nothing: str
    total: str
    overview: str
    headlines: Mapping[str, str]
    behind: str
    chart: str
    sort: str
    away: str
    signed_out: str
    sign_in: str
    narrowed: str
    weekdays: tuple[str, ...]
    bad_span: str


TEXTS: Mapping[Language, NumbersTexts] = {
    "de": NumbersTexts(
        title="Zahlen",
        period="Zeitraum",
        ranges={"today": "Heute", "yesterday": "Gestern", "7": "7 Tage", "30": "30 Tage", "own": "Eigener Zeitraum"},
        first="Von",
        last="Bis",
        steps_label="Schritte",
        steps={"day": "Tage", "hour": "Stunden"},
        channel="Kanal",
        team="Team",
        agent="Agent",
        any="alle",
        refresh="Aktualisieren",
        counting="wird gezählt …",
        as_of="Stand {}",
        zone="Tage nach {}",
        table="Tabelle",
        csv="CSV",
        nothing="In diesem Zeitraum gibt es dazu nichts.",
        total="Zusammen",
        overview="Überblick",
        headlines={
            "messages": "Nachrichten",
            "opened": "Gespräche eröffnet",
            "replies": "Antworten",
            "open": "Jetzt offen",
            "ours": "davon am Zug: wir",
            "first": "Erste Antwort",
            "next": "Weitere Antwort",
            "level": "Servicegrad",
            "deadlines": "{} von {} Fristen",
            "p90": "p90 {}",
            "negative": "Negativ",
            "spam": "Spam",
            "resolved": "Erledigt",
            "reopened": "{} wieder geöffnet",
            "blocked": "Aufgehalten",
            "share_of": "{} von {}",
            "corrected": "{} berichtigt",
        },
        behind="Die Werte stehen in der Tabelle darunter.",
        chart="Diagramm",
        sort="Sortieren nach {}",
        away="Die Zahlen sind gerade nicht zu haben. Der nächste Versuch folgt von selbst.",
        signed_out="Die Anmeldung ist abgelaufen.",
        sign_in="Neu anmelden",
        narrowed="Sie sehen die Summen, Ihre eigene Zeile und die Ihrer Teams.",
        weekdays=("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
        bad_span="Bitte einen Zeitraum wählen, der vorwärts läuft: nach Tagen höchstens 366 Tage, nach Stunden 31.",
    ),
    "en": NumbersTexts(
        title="Numbers",
        period="Period",
        ranges={"today": "Today", "yesterday": "Yesterday", "7": "7 days", "30": "30 days", "own": "Own period"},
        first="From",
        last="To",
        steps_label="Steps",
        steps={"day": "Days", "hour": "Hours"},
        channel="Channel",
        team="Team",
        agent="Agent",
        any="all",
        refresh="Refresh",
        counting="counting …",
        as_of="As of {}",
        zone="Days in {}",
        table="Table",
        csv="CSV",
        nothing="There is none of it in this period.",
        total="Together",
        overview="Overview",
        headlines={
            "messages": "Messages",
            "opened": "Conversations opened",
            "replies": "Replies",
            "open": "Open now",
            "ours": "of those, our turn",
            "first": "First response",
            "next": "Next response",
            "level": "Service level",
            "deadlines": "{} of {} deadlines",
            "p90": "p90 {}",
            "negative": "Negative",
            "spam": "Spam",
            "resolved": "Resolved",
            "reopened": "{} reopened",
            "blocked": "Held back",
            "share_of": "{} of {}",
            "corrected": "{} corrected",
        },
        behind="The values are in the table below.",
        chart="Chart",
        sort="Sort by {}",
        away="The numbers cannot be had at the moment. They are asked for again by themselves.",
        signed_out="The sign-in has ended.",
        sign_in="Sign in again",
        narrowed="You see the totals, your own line and those of your teams.",
        weekdays=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        bad_span="Please choose a period that runs forwards: 366 days at the most by day, 31 by hour.",
    ),
}

_GROUP: Mapping[Language, str] = {"de": ".", "en": ","}
_DECIMAL: Mapping[Language, str] = {"de": ",", "en": "."}
_DAYS: Mapping[Language, str] = {"de": "T", "en": "d"}

NONE = "–"


def number(value: int, language: Language) -> str:
    return f"{value:,}".replace(",", _GROUP[language])


def decimal(value: float, language: Language) -> str:
    return f"{value:.1f}".replace(".", _DECIMAL[language])


def percent(value: float | None, language: Language) -> str:
    """A share; German puts a space before the sign."""
    if value is None:
        return NONE
    return decimal(value * 100, language) + ("\u00a0%" if language == "de" else "%")


def duration(seconds: float | None, language: Language) -> str:
    """Two units at the most, the second only where it is not nothing."""
    if seconds is None:
        return NONE
    whole = round(seconds)
    if whole < 60:
        return f"{whole}\u00a0s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return _joined(minutes, "min", rest, "s")
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return _joined(hours, "h", minutes, "min")
    days, hours = divmod(hours, 24)
    return _joined(days, _DAYS[language], hours, "h")


def _joined(large: int, unit: str, small: int, smaller: str) -> str:
    return f"{large}\u00a0{unit}" + (f" {small}\u00a0{smaller}" if small else "")


def written(cell: Cell, kind: Kind, language: Language) -> str:
    """A cell as people read it; moments are written by who knows their step."""
    match cell:
        case None:
            return NONE
        case str():
            return cell
        case _:
            pass
    match kind:
        case "share":
            return percent(cell, language)
        case "seconds":
            return duration(cell, language)
        case "change":
            return f"{'+' if cell > 0 else '−' if cell < 0 else '±'}{number(abs(int(cell)), language)}"
        case _:
            return number(int(cell), language)
