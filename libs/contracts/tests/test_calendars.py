from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from lotse.contracts.calendars import ALWAYS, Calendar, Hours, Weekday, add, between, is_open

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def calendar(*hours: str, days: str = "mon-fri", **rest) -> Calendar:
    return Calendar.model_validate({"name": "team", "zone": "Europe/Berlin", "week": {days: hours}, **rest})


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


OFFICE = calendar("09:00-17:00")
SPLIT = calendar("08:00-12:00", "13:30-18:00")
NIGHT = calendar("22:00-06:00", days="mon-sun")


@pytest.mark.parametrize(
    ("team", "start", "amount", "due"),
    [
        pytest.param(OFFICE, "2026-05-08 16:30", HOUR, "2026-05-11 09:30", id="Friday 16:30 + 1 h is Monday 9:30"),
        pytest.param(SPLIT, "2026-05-06 12:30", HOUR / 2, "2026-05-06 14:00", id="lunch: 12:30 + 30 min is 14:00"),
        pytest.param(NIGHT, "2026-05-06 23:00", 8 * HOUR, "2026-05-07 23:00", id="22-06 goes on the next night"),
        pytest.param(NIGHT, "2026-05-06 12:00", HOUR, "2026-05-06 23:00", id="by day the night has not begun"),
        pytest.param(OFFICE, "2026-05-06 09:00", 8 * HOUR, "2026-05-06 17:00", id="a full day ends at its closing"),
        pytest.param(OFFICE, "2026-05-09 12:00", MINUTE, "2026-05-11 09:01", id="a weekend does not count"),
        pytest.param(OFFICE, "2026-05-08 17:00", 40 * HOUR, "2026-05-15 17:00", id="forty hours are a week"),
    ],
)
def test_a_deadline_counts_working_hours_only(team, start, amount, due):
    assert add(team, berlin(start), amount) == berlin(due)
    assert between(team, berlin(start), berlin(due)) == amount


def test_a_night_that_began_before_a_closed_day_runs_to_its_end():
    fridays = calendar("22:00-06:00", days="fri")
    assert add(fridays, berlin("2026-05-08 23:00"), 6 * HOUR) == berlin("2026-05-09 05:00")
    assert not is_open(fridays, berlin("2026-05-09 23:00"))


@pytest.mark.parametrize(
    ("state", "due"),
    [("BY", "2026-06-05 09:30"), ("BE", "2026-06-04 09:30")],
)
def test_corpus_christi_is_a_holiday_in_bavaria_and_not_in_berlin(state, due):
    team = calendar("09:00-17:00", country="DE", subdivision=state)
    assert add(team, berlin("2026-06-03 16:30"), HOUR) == berlin(due)


def test_a_night_before_a_holiday_is_worked_and_the_one_on_it_is_not():
    team = calendar("22:00-06:00", days="mon-sun", country="DE")
    assert is_open(team, berlin("2026-05-01 05:59"))
    assert not is_open(team, berlin("2026-05-01 23:00"))


HALVES = calendar(
    "09:00-17:00",
    country="DE",
    closed=["2026-12-23"],
    half_days={"12-24": ["09:00-12:00"], "2026-12-26": ["10:00-11:00"], "05-01": ["09:00-12:00"], "12-31": []},
)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        pytest.param("2026-12-22", 8 * HOUR, id="ordinary"),
        pytest.param("2026-12-23", 0 * HOUR, id="closed by the operator"),
        pytest.param("2026-12-24", 3 * HOUR, id="half day each year"),
        pytest.param("2022-12-24", 0 * HOUR, id="a half day does not open a Saturday"),
        pytest.param("2026-12-25", 0 * HOUR, id="public holiday"),
        pytest.param("2026-12-26", 1 * HOUR, id="a dated half day opens even a holiday"),
        pytest.param("2026-05-01", 0 * HOUR, id="a holiday wins over a yearly half day"),
        pytest.param("2026-12-31", 0 * HOUR, id="a half day may have no hours at all"),
    ],
)
def test_the_most_particular_rule_gives_a_day_its_hours(day, worked):
    start = berlin(f"{day} 00:00")
    assert between(HALVES, start, start + DAY) == worked


@pytest.mark.parametrize(
    ("evening", "morning", "real_hours"),
    [
        pytest.param("2026-03-28", "2026-03-29", 7, id="spring forward"),
        pytest.param("2026-10-24", "2026-10-25", 9, id="fall back"),
        pytest.param("2026-05-06", "2026-05-07", 8, id="any other night"),
    ],
)
def test_every_night_has_eight_hours_by_the_wall_clock(evening, morning, real_hours):
    start, end = berlin(f"{evening} 22:00"), berlin(f"{morning} 06:00")
    assert end.astimezone(UTC) - start.astimezone(UTC) == real_hours * HOUR
    assert between(NIGHT, start, end) == 8 * HOUR
    assert add(NIGHT, start, 8 * HOUR) == end.astimezone(UTC)


@pytest.mark.parametrize(
    ("amount", "due", "counted"),
    [
        pytest.param(HOUR / 2, "2026-03-29T00:30+00:00", HOUR / 2, id="before the jump"),
        pytest.param(HOUR * 1.5, "2026-03-29T01:00+00:00", 2 * HOUR, id="02:30 is skipped: due at the jump"),
        pytest.param(2 * HOUR, "2026-03-29T01:00+00:00", 2 * HOUR, id="03:00 is the jump"),
        pytest.param(HOUR * 2.5, "2026-03-29T01:30+00:00", HOUR * 2.5, id="after the jump"),
    ],
)
def test_the_hour_skipped_in_spring_passes_at_the_jump(amount, due, counted):
    start = berlin("2026-03-29 01:00")
    assert add(NIGHT, start, amount) == datetime.fromisoformat(due)
    assert between(NIGHT, start, datetime.fromisoformat(due)) == counted


@pytest.mark.parametrize(
    ("start", "amount", "due"),
    [
        pytest.param(berlin("2026-10-25 01:30"), HOUR, "2026-10-25T00:30+00:00", id="due at the first 02:30"),
        pytest.param(berlin("2026-10-25 02:30"), HOUR, "2026-10-25T02:30+00:00", id="03:30 comes two hours later"),
        pytest.param(berlin("2026-10-25 02:10", 1), HOUR, "2026-10-25T03:00+00:00", id="second 02:10 counts as 03:00"),
        pytest.param(berlin("2026-10-25 02:50", 1), HOUR, "2026-10-25T03:00+00:00", id="and so does second 02:50"),
    ],
)
def test_the_hour_that_comes_twice_in_autumn_counts_once(start, amount, due):
    assert add(NIGHT, start, amount) == datetime.fromisoformat(due)
    assert between(NIGHT, start, datetime.fromisoformat(due)) == amount


def test_while_the_hour_comes_again_the_count_stands_still_and_the_doors_are_open():
    first, second = berlin("2026-10-25 02:10", 1), berlin("2026-10-25 02:50", 1)
    assert between(NIGHT, first, second) == 0 * HOUR
    assert is_open(NIGHT, first)


def test_a_half_hour_jump_is_counted_alike():
    team = calendar("22:00-06:00", days="mon-sun", zone="Australia/Lord_Howe")
    zone = ZoneInfo("Australia/Lord_Howe")
    for night in (date(2026, 10, 3), date(2026, 4, 4)):
        start = datetime.combine(night, time(22), zone)
        end = datetime.combine(night + DAY, time(6), zone)
        assert end.astimezone(UTC) - start.astimezone(UTC) != 8 * HOUR
        assert between(team, start, end) == 8 * HOUR


def test_a_span_holds_its_opening_and_not_its_closing():
    assert is_open(OFFICE, berlin("2026-05-06 09:00"))
    assert not is_open(OFFICE, berlin("2026-05-06 17:00"))


def test_hours_that_overlap_count_once():
    team = calendar("09:00-13:00", "12:00-17:00", "22:00-10:00")
    assert between(team, berlin("2026-05-06 00:00"), berlin("2026-05-07 00:00")) == (17 + 2) * HOUR


def test_a_day_written_by_itself_wins_over_a_range():
    team = Calendar.model_validate(
        {"name": "t", "zone": "UTC", "week": {"fri": ["09:00-12:00"], "mon-fri": ["09:00-17:00"]}}
    )
    assert between(team, datetime(2026, 5, 4, tzinfo=UTC), datetime(2026, 5, 11, tzinfo=UTC)) == 35 * HOUR


def test_the_clock_of_the_zone_decides_not_the_clock_of_the_instant():
    assert add(OFFICE, datetime(2026, 5, 6, 14, 30, tzinfo=UTC), HOUR) == berlin("2026-05-07 09:30")


def test_always_counts_every_second():
    start = datetime(2026, 3, 29, 0, 59, 45, tzinfo=UTC)
    assert add(ALWAYS, start, timedelta(seconds=30)) == start + timedelta(seconds=30)
    assert between(ALWAYS, start, start + 400 * DAY) == 400 * DAY
    assert is_open(ALWAYS, start)


def test_nothing_to_add_is_due_at_once_and_no_time_passes_backwards():
    closed = berlin("2026-05-09 12:00")
    assert add(OFFICE, closed, 0 * HOUR) == closed
    assert between(OFFICE, closed, closed - 9 * DAY) == 0 * HOUR


def test_results_are_in_utc():
    assert add(OFFICE, berlin("2026-05-06 10:00"), HOUR).tzinfo is UTC


@pytest.mark.parametrize(
    "ask",
    [
        lambda at: add(OFFICE, at, HOUR),
        lambda at: between(OFFICE, at, at),
        lambda at: is_open(OFFICE, at),
        lambda at: add(OFFICE, at.replace(tzinfo=UTC), -HOUR),
    ],
)
def test_naive_times_and_negative_amounts_are_refused(ask):
    with pytest.raises(ValueError, match=r"naive|forwards"):
        ask(datetime(2026, 5, 6))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"week": {}}, "never opens"),
        ({"week": {"mon-fri": []}}, "never opens"),
        ({"week": {}, "half_days": {"2026-12-24": ["09:00-12:00"]}}, "never opens"),
        ({"half_days": {f"{date(2028, 1, 1) + n * DAY:%m-%d}": [] for n in range(366)}}, "'team' never opens"),
        ({"zone": "Europe/Bielefeld"}, "unknown time zone"),
        ({"zone": "../etc/passwd"}, "unknown time zone"),
        ({"country": "XX"}, "XX"),
        ({"country": "DE", "subdivision": "XX"}, "XX"),
        ({"subdivision": "BY"}, "needs a country"),
        ({"week": {"monday": ["09:00-12:00"]}}, "monday"),
        ({"week": {"fri-mon": ["09:00-12:00"]}}, "backwards"),
        ({"week": {"mon": ["9-17"]}}, "09:00-17:00"),
        ({"week": {"mon": ["09:00-25:00"]}}, "closes"),
        ({"half_days": {"13-24": []}}, "half_days"),
        ({"half_days": {"2026-02-30": []}}, "half_days"),
    ],
)
def test_a_calendar_that_cannot_work_is_refused_with_the_reason(change, says):
    with pytest.raises(ValidationError, match=says):
        Calendar.model_validate(OFFICE.model_dump() | change)


def test_a_calendar_that_is_closed_for_years_says_so_instead_of_searching_on():
    days = [date(2040, 1, 1) + n * DAY for n in range(1200)]
    with pytest.raises(ValueError, match="does not open for 24 months"):
        add(calendar("09:00-17:00", closed=days), datetime(2040, 1, 1, tzinfo=UTC), HOUR)


def test_the_version_is_the_content_whatever_the_name_and_the_writing():
    written_out = {day.value: ["09:00:00-17:00:00"] for day in tuple(Weekday)[:5]}
    same = Calendar.model_validate({"name": "other", "zone": "Europe/Berlin", "week": written_out})
    assert same.version == OFFICE.version


@pytest.mark.parametrize(
    "change",
    [
        {"zone": "Europe/Vienna"},
        {"week": {"mon-fri": ["09:00-17:01"]}},
        {"week": {"mon-sat": ["09:00-17:00"]}},
        {"closed": ["2026-12-23"]},
        {"half_days": {"12-24": ["09:00-12:00"]}},
        {"country": "DE"},
        {"country": "DE", "subdivision": "BY"},
    ],
)
def test_every_change_of_content_is_a_new_version(change):
    changed = Calendar.model_validate(OFFICE.model_dump() | change)
    assert changed.version != OFFICE.version
    assert OFFICE.model_copy(update={"zone": "Asia/Tokyo"}).version != OFFICE.version


def test_a_calendar_survives_its_json_and_reads_dates_as_yaml_gives_them():
    assert Calendar.model_validate_json(HALVES.model_dump_json()) == HALVES
    assert Calendar.model_validate_json(HALVES.model_dump_json()).version == HALVES.version
    as_yaml = HALVES.model_dump() | {"half_days": {date(2026, 12, 26): ["10:00-11:00"], "12-24": ["09:00-12:00"]}}
    assert is_open(Calendar.model_validate(as_yaml), berlin("2026-12-26 10:30"))


# Laws

quarter_hours = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))
spans = st.builds(Hours, opens=quarter_hours, closes=quarter_hours)
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
# Around both changes of the clock, the turn of the year and a leap day.
starts = st.sampled_from(["2026-03-20", "2026-10-16", "2025-12-20", "2028-02-24"]).flatmap(
    lambda day: st.integers(0, 14 * 24 * 60).map(lambda n: datetime.fromisoformat(day).replace(tzinfo=UTC) + n * MINUTE)
)
amounts = st.integers(1, 60 * 60).map(lambda n: n * MINUTE)


@st.composite
def calendars(draw) -> Calendar:
    days = draw(st.lists(st.sampled_from(list(Weekday)), min_size=1, unique=True))
    return Calendar(
        name="any",
        zone=draw(zones),
        week={day: tuple(draw(st.lists(spans, min_size=1, max_size=3))) for day in days},
        country=draw(st.sampled_from([None, "DE", "US"])),
        closed=tuple(draw(st.lists(st.dates(date(2026, 3, 20), date(2026, 4, 10)), max_size=3))),
        half_days={"12-24": tuple(draw(st.lists(spans, max_size=1)))},
    )


def at_a_jump(team: Calendar, at: datetime) -> bool:
    zone = ZoneInfo(team.zone)
    before, after = (moment.astimezone(zone).utcoffset() for moment in (at - timedelta.resolution, at))
    return before < after


@given(calendars(), starts, amounts)
def test_the_time_used_until_the_deadline_is_the_time_given(team, start, amount):
    due = add(team, start, amount)
    if at_a_jump(team, due):
        assert amount <= between(team, start, due) <= amount + HOUR
    else:
        assert between(team, start, due) == amount


@given(calendars(), starts, amounts)
def test_a_deadline_is_the_first_instant_with_the_time_used(team, start, amount):
    assert between(team, start, add(team, start, amount) - timedelta.resolution) < amount


@given(calendars(), starts, amounts, amounts)
def test_time_may_be_given_in_two_parts(team, start, first, second):
    midway = add(team, start, first)
    assume(not at_a_jump(team, midway))
    assert add(team, midway, second) == add(team, start, first + second)


@given(calendars(), starts, starts, amounts, amounts)
def test_a_later_start_or_a_longer_time_is_never_due_earlier(team, one, other, short, long):
    early, late = sorted((one, other))
    short, long = sorted((short, long))
    assert add(team, early, short) <= add(team, late, short)
    assert add(team, early, short) <= add(team, early, long)


@given(calendars(), st.lists(starts, min_size=3, max_size=3).map(sorted))
def test_stretches_add_up(team, instants):
    first, second, third = instants
    assert between(team, first, second) + between(team, second, third) == between(team, first, third)


def _works(team: Calendar, reading: datetime, public: set[date]) -> bool:
    """The rules told over again, plainly, for one minute of the wall clock."""
    for day in (reading.date(), reading.date() - DAY):
        hours = team.week.get(tuple(Weekday)[day.weekday()], ())
        if day in team.closed or day in public:
            hours = ()
        elif hours and (day.month, day.day) == (12, 24):
            hours = team.half_days["12-24"]
        for span in hours:
            overnight = span.closes <= span.opens
            if day == reading.date() and span.opens <= reading.time() and (overnight or reading.time() < span.closes):
                return True
            if day < reading.date() and overnight and reading.time() < span.closes:
                return True
    return False


@settings(max_examples=25, deadline=None)
@given(calendars(), starts, st.integers(1, 14 * 24 * 60))
def test_counting_every_minute_on_the_wall_gives_the_same(team, start, minutes):
    import holidays

    years = (2025, 2026, 2027, 2028)
    public = set(holidays.country_holidays(team.country, years=years)) if team.country else set()
    zone = ZoneInfo(team.zone)

    def wall(at: datetime) -> datetime:
        return at.astimezone(zone).replace(tzinfo=None)

    # Readings seen before the start, so that an hour that already came is not counted again.
    seen = max(wall(start - n * MINUTE) for n in range(121))
    worked = 0
    for minute in range(1, minutes + 1):
        now = wall(start + minute * MINUTE)
        while seen < now:
            worked += _works(team, seen, public)
            seen += MINUTE
    assert between(team, start, start + minutes * MINUTE) == worked * MINUTE
