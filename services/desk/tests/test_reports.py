"""Reports: each figure as counted from the events, and parts that add up to the whole."""

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from desk_history import TABLES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reports_history import AGENTS, CHANNELS, HISTORIES, TEAMS, counted, figures, told
from reports_volume import fill

from lotse.desk import reports_store, store
from lotse.desk.model import Model
from lotse.desk.reports import Figures, Report, Selection, Span, Step
from lotse.runtime.testing import Harness, Log

BERLIN = ZoneInfo("Europe/Berlin")
SPAN = Span(date(2026, 3, 27), date(2026, 3, 31), BERLIN, Step.HOUR)


@pytest.fixture
async def harness(database):
    async with Harness.open(database, "desk", folds=(store.fold(),)) as made:
        yield made


async def read(harness: Harness, wanted: Selection) -> Report:
    async with harness.database.transaction() as tx:
        return await reports_store.report(tx, wanted)


async def begin_with(harness: Harness, facts) -> None:
    await harness.execute(f"TRUNCATE inbox, heard, {', '.join(TABLES)}")
    harness.log = Log()
    await harness.feed(*facts)
    assert await harness.rows("SELECT error FROM parked") == []


def plain(found: Figures) -> Figures:
    """A point's or line's figures, without where they stand."""
    return Figures.model_validate(found.model_dump())


def counts(model: Model) -> dict[str, int]:
    """Everything that adds up, percentiles left aside."""
    found = {}
    for name, value in model.model_dump(exclude={"name", "at", "until"}).items():
        if isinstance(value, dict):
            found |= {f"{name}.{part}": number for part, number in value.items() if isinstance(number, int)}
        elif isinstance(value, int):
            found[name] = value
    return found


def summed(parts: Iterable[Model]) -> dict[str, int]:
    total = counts(Figures())
    for part in parts:
        for name, number in counts(part).items():
            total[name] += number
    return total


SELECTIONS = st.builds(
    Selection,
    span=st.sampled_from(
        (SPAN, Span(date(2026, 3, 28), date(2026, 3, 29), BERLIN), Span(date(2026, 3, 29), date(2026, 3, 29), BERLIN))
    ),
    channels=st.none() | st.lists(st.sampled_from([one.value for one in CHANNELS]), min_size=1, max_size=2),
    team=st.sampled_from(TEAMS),
    agent=st.sampled_from((None, None, *AGENTS)),
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(courses=HISTORIES, wanted=SELECTIONS)
async def test_every_figure_is_what_the_events_come_to(harness, courses, wanted):
    facts = told(courses)
    await begin_with(harness, facts)
    report = await read(harness, wanted)
    happened = [one for one in counted(facts) if chosen(one, wanted)]
    assert report.total == figures(happened)
    for point in report.over_time:
        assert plain(point) == figures(one for one in happened if point.at <= one.at < point.until)
    for lines, by in ((report.channels, "channel"), (report.teams, "team"), (report.agents, "agent")):
        assert {line.name for line in lines} == {getattr(one, by) for one in happened}
        for line in lines:
            assert plain(line) == figures(one for one in happened if getattr(one, by) == line.name)


def chosen(one, wanted: Selection) -> bool:
    bounds = wanted.span.bounds
    return (
        bounds[0] <= one.at < bounds[-1]
        and (wanted.channels is None or one.channel in wanted.channels)
        and wanted.team in (None, one.team)
        and wanted.agent in (None, one.agent)
    )


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(courses=HISTORIES)
async def test_hours_days_channels_teams_and_agents_each_add_up_to_the_total(harness, courses):
    await begin_with(harness, told(courses))
    hours = await read(harness, Selection(SPAN))
    days = await read(harness, Selection(Span(SPAN.first, SPAN.last, BERLIN)))
    assert days.total == hours.total
    for parts in (hours.over_time, days.over_time, days.channels, days.teams, days.agents):
        assert summed(parts) == counts(days.total)
    for day in days.over_time:
        assert summed(hour for hour in hours.over_time if day.at <= hour.at < day.until) == counts(day)
    one_by_one = [await read(harness, Selection(SPAN, channels=[channel.value])) for channel in CHANNELS]
    assert summed(report.total for report in one_by_one) == counts(days.total)


MANY = 100_000
END = datetime(2026, 3, 30, tzinfo=UTC)
WEEK = Selection(Span(date(2026, 3, 23), date(2026, 3, 29), BERLIN))
QUARTER = Selection(Span(date(2025, 12, 31), date(2026, 3, 29), BERLIN))
MOST = {"a week": (WEEK, 50), "the quarter that holds everything": (QUARTER, 200)}
"""How many counts of all messages a whole report may cost, in the server's processor time."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def many(lasting_database):
    async with Harness.open(lasting_database, "desk", folds=(store.fold(),)) as made:
        await made.execute("DROP INDEX message_words")
        async with made.database.connection() as connection:
            await connection.execute("SET statement_timeout = '300s'")
            await fill(connection, MANY, END, timedelta(days=89))
        yield made


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", MOST)
async def test_a_report_over_100_000_conversations_costs_few_counts_of_a_table(many, name):
    wanted, most = MOST[name]

    async def counting(tx) -> None:
        await tx.execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_indexonlyscan = off")
        assert await tx.fetchval("SELECT count(*) FROM message") > MANY

    async def reporting(tx) -> None:
        report = await reports_store.report(tx, wanted)
        assert report.total.opened > 5_000

    ratio = await cost(many, reporting, 3) / await cost(many, counting, 20)
    assert ratio < most, f"{ratio:.1f}"


async def cost(harness: Harness, work, times: int) -> float:
    """Seconds of the server's processor that one run takes: what else the machine does meanwhile counts little."""
    async with harness.database.transaction() as tx:
        await reports_store.begin(tx)
        await tx.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        process = await tx.fetchval("SELECT pg_backend_pid()")
        await work(tx)
        began = processor_time(process)
        for _ in range(times):
            await work(tx)
        return (processor_time(process) - began) / times


def processor_time(process: int) -> float:
    """Seconds so far, of the kernel's count."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


RANGES = {
    "messages": "message_range",
    "opened": "conversation_newest",
    "replies": "delivery_range",
    "responses": "deadline_range",
    "resolutions": "resolution_range",
    "checked": "reply_range",
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("family", RANGES)
async def test_a_day_is_read_by_its_index(many, family):
    day = Selection(Span(date(2026, 3, 28), date(2026, 3, 28), BERLIN))
    async with many.database.transaction() as tx:
        await reports_store.begin(tx)
        plan = await tx.fetch("EXPLAIN " + reports_store.FAMILIES[family], *reports_store.arguments(day))
    assert RANGES[family] in "\n".join(row[0] for row in plan)
