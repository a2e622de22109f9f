"""Reports over HTTP: who may ask for what, files that no spreadsheet takes for formulas, the night of 25 hours."""

import csv
import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from desk_api import SERVICE_TOKEN, bearer, desk_over, settings_of
from desk_history import CALM, MORNING, Told
from test_reports import counts, summed

from lotse.contracts.channels import Channel
from lotse.desk.report_tables import Column, Table, as_csv, harmless
from lotse.desk.reports import Figures, Report

MIA, LARS, OPS = bearer("mia"), bearer("lars", "lead"), bearer("jonas", "admin")
BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = {"from": "2026-10-25", "to": "2026-10-25", "zone": "Europe/Berlin"}
"""The Sunday on which three o'clock in Berlin is two o'clock once more."""


@pytest.fixture
async def desk(database):
    async with desk_over(settings_of(database, service_token=SERVICE_TOKEN)) as made:
        yield made


# ---- who may


@pytest.mark.parametrize("path", ["/v1/reports", "/v1/reports/agents.csv"])
@pytest.mark.parametrize(
    ("who", "wanted", "status"),
    [
        (MIA, {}, 200),
        (MIA, {"agent": "mia"}, 200),
        (MIA, {"team": "service"}, 200),
        (MIA, {"agent": "mia", "team": "service"}, 200),
        (MIA, {"agent": "lars"}, 403),
        (MIA, {"team": "social"}, 403),
        (MIA, {"agent": "mia", "team": "social"}, 403),
        (bearer("nobody"), {"team": "service"}, 403),
        (LARS, {"agent": "mia", "team": "social"}, 200),
        (OPS, {"agent": "mia"}, 200),
        (bearer("billing", "service"), {"agent": "mia"}, 200),
    ],
)
async def test_a_role_decides_whose_figures_may_be_asked_for(desk, path, who, wanted, status):
    answer = await desk.get(path, who, **wanted)
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["reason"] == "forbidden"


@pytest.mark.parametrize("path", ["/v1/reports", "/v1/reports/agents.csv"])
async def test_figures_are_for_who_has_a_token(desk, path):
    assert (await desk.get(path, {"Authorization": "Bearer x"})).status_code == 401


async def test_an_agent_gets_the_totals_and_no_line_of_anybody_else(desk):
    told = Told()
    for name, agent in (("a", "mia"), ("b", "lars")):
        told.opened(name, name, Channel.EMAIL, 0)
        told.added(name, 1, "Hallo?", 0, Channel.EMAIL)
        told.queued(name, 1, CALM, 0)
        told.assigned(name, agent, 2)
    await desk.harness.feed(*told.facts)
    days = {"from": "2026-03-02", "to": "2026-03-02"}
    lead, agent = [(await desk.get("/v1/reports", who, **days)).json() for who in (LARS, MIA)]
    assert [line["name"] for line in lead["agents"]] == ["lars", "mia"]
    assert [line["name"] for line in agent["agents"]] == ["mia"]
    assert (agent["total"], agent["total"]["messages"]) == (lead["total"], 2)
    file = (await desk.get("/v1/reports/agents.csv", MIA, language="de", **days)).text
    assert "Mia Kern" in file
    assert "Lars" not in file


# ---- files


def cells(answer_text: str, separator: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer_text.removeprefix("\ufeff")), delimiter=separator))


FORMULAS = ("=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1")


@pytest.mark.parametrize(("language", "separator"), [("de", ";"), ("en", ",")])
async def test_no_cell_of_a_file_begins_like_a_formula(desk, language, separator):
    told = Told()
    told.opened("a", "a", Channel.EMAIL, 0)
    told.added("a", 1, "Hallo?", 0, Channel.EMAIL)
    told.queued("a", 1, CALM.model_copy(update={"topics": (*FORMULAS, "preis")}), 0)
    await desk.harness.feed(*told.facts)
    answer = await desk.get(
        "/v1/reports/topics.csv", LARS, language=language, **{"from": "2026-03-02", "to": "2026-03-02"}
    )
    assert answer.status_code == 200, answer.text
    (_, *rows) = cells(answer.content.decode(), separator)
    assert {name for name, _ in rows} == {f"'{formula}" for formula in FORMULAS} | {"preis"}


@pytest.mark.parametrize("text", FORMULAS)
def test_what_begins_like_a_formula_is_read_as_text(text):
    assert harmless(text) == f"'{text}"
    table = Table((Column("agent", "name"), Column("messages")), ((text, -3),))
    (_, row) = cells(as_csv(table, "de").decode(), ";")
    assert row == [f"'{text}", "-3"], "a number stays one"


@pytest.mark.parametrize("text", ["preis", "a=b", "ö+", "Lars-Peter", "'zitat'", ""])
def test_other_texts_stay_as_they_are(text):
    assert harmless(text) == text


# ---- the night of 25 hours


async def report(desk, **wanted: str) -> Report:
    answer = await desk.get("/v1/reports", LARS, **wanted)
    assert answer.status_code == 200, answer.text
    return Report.model_validate(answer.json())


@pytest.fixture
async def night(desk):
    """A conversation at each half hour of the day, and one right before and after it."""
    told, start = Told(), datetime(2026, 10, 24, 22, tzinfo=UTC)
    for number in range(-1, 51):
        minutes = (start + timedelta(minutes=30 * number) - MORNING) / timedelta(minutes=1)
        told.opened(f"n{number}", f"n{number}", Channel.EMAIL, minutes)
        told.added(f"n{number}", 1, "Hallo?", minutes, Channel.EMAIL)
    await desk.harness.feed(*told.facts)
    assert await desk.harness.rows("SELECT error FROM parked") == []
    return desk


async def test_a_day_with_an_hour_more_has_it_and_adds_up(night):
    hours, days = await report(night, by="hour", **NIGHT), await report(night, **NIGHT)
    assert len(hours.over_time) == 25
    assert {point.until - point.at for point in hours.over_time} == {timedelta(hours=1)}
    assert [point.opened for point in hours.over_time] == [2] * 25
    (day,) = days.over_time
    assert day.until - day.at == timedelta(hours=25)
    assert day.opened == 50
    for found in (hours, days):
        assert found.total == days.total
        for parts in (found.over_time, found.channels, found.teams, found.agents):
            assert summed(parts) == counts(Figures.model_validate(days.total.model_dump()))


async def test_the_hour_that_comes_twice_is_told_apart_in_the_file(night):
    answer = await night.get("/v1/reports/volume.csv", LARS, language="en", by="hour", **NIGHT)
    (_, *rows) = cells(answer.content.decode(), ",")
    assert [row[0] for row in rows][2:4] == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]
    assert sum(int(row[2]) for row in rows) == 50
