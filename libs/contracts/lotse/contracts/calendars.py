"""Business time: when a team works, and how long something took or may take in its working hours.

All arithmetic runs on the wall clock of the calendar's zone. The DST night is counted by that clock: a span from
22:00 to 06:00 is eight hours in every night of the year, although seven or nine hours pass in two of them.

* In spring the skipped hour counts as if it had passed at the jump. A deadline whose reading is skipped falls due at
  the jump, so `between(start, add(start, x))` may exceed `x` by as much as the jump, there and nowhere else.
* In autumn the hour that comes twice counts once, at its first coming; while it comes again the count stands still.
  A deadline whose reading comes twice falls due the first time, so `add` stays monotone.

Instants are aware `datetime`s, and results are in UTC. Amounts are `timedelta`s of business time.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from itertools import accumulate
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo

import holidays
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from lotse.contracts import wall
from lotse.contracts.frozen import frozen

_DAY: Final = timedelta(days=1)
_NONE: Final = timedelta(0)
_VERSIONED_YEARS: Final = range(2020, 2050)
_PROBED_YEARS: Final = range(2024, 2031)
_LONGEST_CLOSED_MONTHS: Final = 24
_HOURS: Final = re.compile(r"(\d\d:\d\d(?::\d\d)?)-(\d\d:\d\d(?::\d\d)?)")


class Weekday(StrEnum):
    """The days of the week, Monday first as in `date.weekday()`."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


_WEEK: Final = tuple(Weekday)


class Hours(BaseModel):
    """One span of a day; may be written `"09:00-17:00"`.

    A span that closes at or before its opening ends on the next day: `"22:00-06:00"` is a night and `"00:00-24:00"`
    (the same as `"00:00-00:00"`) the whole day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    opens: time
    closes: time

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        if not (found := _HOURS.fullmatch(given)):
            raise ValueError(f"hours are written 09:00-17:00, not {given!r}")
        return {"opens": found[1], "closes": "00:00" if found[2].startswith("24:00") else found[2]}

    @field_validator("opens", "closes")
    @classmethod
    def _has_no_zone(cls, given: time) -> time:
        if given.tzinfo is not None:
            raise ValueError("hours have no zone of their own: the calendar has one")
        return given

    def on(self, day: date) -> tuple[datetime, datetime]:
        """Opening and closing on the wall clock when the span begins on `day`."""
        closing_day = day if self.closes > self.opens else day + _DAY
        return datetime.combine(day, self.opens), datetime.combine(closing_day, self.closes)

    def __str__(self) -> str:
        return f"{self.opens.isoformat()}-{self.closes.isoformat()}"


Spans = tuple[Hours, ...]
OnTheWall = tuple[datetime, datetime]


def _weekdays(given: str) -> tuple[Weekday, ...]:
    """`mon` or `mon-fri` as days."""
    first, _, last = given.partition("-")
    days = _WEEK[_WEEK.index(Weekday(first)) : _WEEK.index(Weekday(last or first)) + 1]
    if not days:
        raise ValueError(f"{given!r} runs backwards: the week begins on Monday")
    return days


def _checked_weekdays(given: str) -> str:
    _weekdays(given)
    return given


def _checked_month_day(given: str) -> str:
    date.fromisoformat(f"2000-{given}")
    return given


def _checked_zone(given: str) -> str:
    try:
        ZoneInfo(given)
    except (KeyError, OSError, ValueError) as unknown:
        raise ValueError(f"unknown time zone {given!r}") from unknown
    return given


WeekdayRange = Annotated[str, AfterValidator(_checked_weekdays)]
MonthDay = Annotated[str, Field(pattern=r"^\d\d-\d\d$"), AfterValidator(_checked_month_day)]


class Calendar(BaseModel):
    """A team's working hours.

    A span belongs to the day on which it begins: Friday's night runs into a Saturday that is closed, and no night
    begins on a public holiday. What a day's hours are is decided by the first of these that names it: `closed`,
    a date in `half_days`, a public holiday, a month and day in `half_days` (only on days of the week that have hours
    at all), `week`.

    Attributes:
        name: What policies call it.
        zone: IANA name of the time zone whose wall clock is meant.
        week: Hours by `mon` … `sun` or by a range such as `mon-fri`; a single day wins over a range, of two ranges
            the later. Overlapping hours count once.
        country: Country of the public holidays, as the `holidays` package names it (ISO 3166-1 alpha-2); None for none.
        subdivision: State within it (`BY`, `NW` …).
        closed: Further days without hours.
        half_days: Other hours for one date (`2026-12-24`) or for each year's (`12-24`).

    Raises:
        pydantic.ValidationError: An unknown zone, country, state or day; a calendar that never opens.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    zone: Annotated[str, AfterValidator(_checked_zone)]
    week: Mapping[WeekdayRange, Spans]
    country: str | None = None
    subdivision: str | None = None
    closed: tuple[date, ...] = ()
    half_days: Mapping[date | MonthDay, Spans] = Field(default_factory=dict[date | str, Spans])

    @model_validator(mode="after")
    def _knows_its_holidays(self) -> Self:
        if self.country is None and self.subdivision is not None:
            raise ValueError(f"calendar {self.name!r}: subdivision {self.subdivision!r} needs a country")
        try:
            _public_holidays(self.country, self.subdivision, _PROBED_YEARS.start)
        except NotImplementedError as unknown:
            raise ValueError(f"calendar {self.name!r}: {unknown}") from unknown
        return self

    @model_validator(mode="after")
    def _opens_at_all(self) -> Self:
        months = range(_PROBED_YEARS.start * 12, _PROBED_YEARS.stop * 12)
        if not any(self.week.values()) or not any(_month(self, number).total for number in months):
            raise ValueError(f"calendar {self.name!r} never opens: give at least one day of its week hours")
        return self

    def __hash__(self) -> int:
        return hash((self.name, self.zone, self.country, self.subdivision, self.closed))

    @property
    def version(self) -> str:
        """16 hex digits that change whenever the content does, whatever the name.

        The dates of the public holidays of 2020 to 2049 belong to the content: a law that adds one, once the
        `holidays` package knows it, makes a new version.
        """
        return _version(self)


@frozen
class _Rules:
    """A calendar as the arithmetic wants it."""

    zone: ZoneInfo
    week: tuple[Spans, ...]
    closed: frozenset[date]
    half_days: Mapping[date | str, Spans]
    country: str | None
    subdivision: str | None
    always: bool

    def on(self, day: date) -> Spans:
        if day in self.closed:
            return ()
        if day in self.half_days:
            return self.half_days[day]
        if day in _public_holidays(self.country, self.subdivision, day.year):
            return ()
        regular = self.week[day.weekday()]
        return self.half_days.get(f"{day:%m-%d}", regular) if regular else ()


@frozen
class _Month:
    """The open spans of one month on the wall clock, in order and apart, with the time used before each."""

    opens: tuple[datetime, ...]
    closes: tuple[datetime, ...]
    used: tuple[timedelta, ...]
    total: timedelta

    def before(self, reading: datetime) -> timedelta:
        """Business time from the month's start to `reading`."""
        number = bisect_right(self.opens, reading) - 1
        if number < 0:
            return _NONE
        return self.used[number] + min(reading, self.closes[number]) - self.opens[number]

    def reach(self, used: timedelta) -> datetime:
        """The first reading at which `used` (over zero, at most `total`) has passed."""
        number = bisect_left(self.used, used) - 1
        return self.opens[number] + (used - self.used[number])

    def holds(self, reading: datetime) -> bool:
        number = bisect_right(self.opens, reading) - 1
        return number >= 0 and reading < self.closes[number]


def add(calendar: Calendar, start: datetime, amount: timedelta) -> datetime:
    """The first instant at which `amount` of business time has passed since `start`; for nothing, `start` itself.

    A deadline that falls on the end of a span is that end, not the next opening.

    Raises:
        ValueError: `start` is naive, `amount` negative, or the result lies beyond the year 9999 or behind two years
            without hours.
    """
    start = _utc(start)
    if amount < _NONE:
        raise ValueError(f"business time runs forwards only, not by {amount}")
    rules = _rules(calendar)
    if not amount or rules.always:
        return start + amount
    reading = wall.reading(rules.zone, start)
    number = _number(reading)
    return wall.instant(rules.zone, _reach(calendar, number, amount + _month(calendar, number).before(reading)))


def between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """The business time from `start` to `end`; nothing where `end` is not later.

    Raises:
        ValueError: One of the instants is naive.
    """
    start, end = _utc(start), _utc(end)
    if end <= start:
        return _NONE
    rules = _rules(calendar)
    if rules.always:
        return end - start
    first, last = wall.reading(rules.zone, start), wall.reading(rules.zone, end)
    months = range(_number(first), _number(last))
    whole = sum((_month(calendar, number).total for number in months), _NONE)
    return whole + _month(calendar, months.stop).before(last) - _month(calendar, months.start).before(first)


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether the wall clock at `at` reads working hours; a span holds its opening and not its closing.

    Raises:
        ValueError: `at` is naive.
    """
    reading = _utc(at).astimezone(_rules(calendar).zone).replace(tzinfo=None, fold=0)
    return _month(calendar, _number(reading)).holds(reading)


def _reach(calendar: Calendar, number: int, used: timedelta) -> datetime:
    """The reading at which `used` has passed since the start of the month `number`."""
    closed_months = 0
    while used > (total := _month(calendar, number).total):
        closed_months = 0 if total else closed_months + 1
        if closed_months > _LONGEST_CLOSED_MONTHS:
            raise ValueError(f"calendar {calendar.name!r} does not open for {_LONGEST_CLOSED_MONTHS} months")
        used -= total
        number += 1
    return _month(calendar, number).reach(used)


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} is naive: business time needs an instant")
    return at.astimezone(UTC)


def _number(reading: date) -> int:
    """Months since the year 0."""
    return reading.year * 12 + reading.month - 1


def _first_of(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


@lru_cache(maxsize=8192)
def _month(calendar: Calendar, number: int) -> _Month:
    rules = _rules(calendar)
    first, end = _first_of(number), _first_of(number + 1)
    days = (first + _DAY * n for n in range(-1, (end - first).days))
    spans = (hours.on(day) for day in days for hours in rules.on(day))
    merged = tuple(_merged(_clipped(spans, datetime.combine(first, time()), datetime.combine(end, time()))))
    used = tuple(accumulate((closes - opens for opens, closes in merged), initial=_NONE))
    opens, closes = tuple(span[0] for span in merged), tuple(span[1] for span in merged)
    return _Month(opens=opens, closes=closes, used=used[:-1], total=used[-1])


def _clipped(spans: Iterable[OnTheWall], start: datetime, end: datetime) -> Iterator[OnTheWall]:
    for opens, closes in spans:
        if opens < end and closes > start:
            yield max(opens, start), min(closes, end)


def _merged(spans: Iterable[OnTheWall]) -> Iterator[OnTheWall]:
    current: OnTheWall | None = None
    for opens, closes in sorted(spans):
        if current and opens <= current[1]:
            current = (current[0], max(current[1], closes))
            continue
        if current:
            yield current
        current = (opens, closes)
    if current:
        yield current


@lru_cache(maxsize=1024)
def _rules(calendar: Calendar) -> _Rules:
    week = _written_out(calendar.week)
    all_day = all(any(hours.opens == hours.closes == time() for hours in spans) for spans in week)
    exceptions = bool(calendar.country or calendar.closed or calendar.half_days)
    return _Rules(
        zone=ZoneInfo(calendar.zone),
        week=week,
        closed=frozenset(calendar.closed),
        half_days=calendar.half_days,
        country=calendar.country,
        subdivision=calendar.subdivision,
        always=all_day and not exceptions and calendar.zone == "UTC",
    )


def _written_out(week: Mapping[str, Spans]) -> tuple[Spans, ...]:
    """The spans of Monday to Sunday."""
    by_day: dict[Weekday, Spans] = {}
    for days, spans in sorted(week.items(), key=lambda item: "-" not in item[0]):
        by_day |= dict.fromkeys(_weekdays(days), spans)
    return tuple(by_day.get(day, ()) for day in _WEEK)


@lru_cache(maxsize=4096)
def _public_holidays(country: str | None, subdivision: str | None, year: int) -> frozenset[date]:
    if country is None:
        return frozenset()
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


@lru_cache(maxsize=1024)
def _version(calendar: Calendar) -> str:
    rules = _rules(calendar)
    public = sorted(
        day for year in _VERSIONED_YEARS for day in _public_holidays(rules.country, rules.subdivision, year)
    )
    half_days = sorted((str(day), _text(spans)) for day, spans in rules.half_days.items())
    content = (calendar.zone, [_text(spans) for spans in rules.week], half_days, sorted(rules.closed), public)
    return sha256(repr(content).encode()).hexdigest()[:16]


def _text(spans: Spans) -> str:
    return ",".join(sorted(map(str, spans)))


ALWAYS: Final = Calendar(name="always", zone="UTC", week={"mon-sun": (Hours(opens=time(), closes=time()),)})
