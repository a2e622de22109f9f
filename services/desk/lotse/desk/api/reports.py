"""Reports: what is counted of a span of days, as JSON, and figure by figure as CSV."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from lotse.contracts.channels import Channel
from lotse.contracts.config import Config, Name
from lotse.contracts.ids import AgentId
from lotse.desk import reports_store
from lotse.desk.api.parts import Desk, Parts, Who, told
from lotse.desk.api.problems import ApiError, reading
from lotse.desk.auth import Caller
from lotse.desk.language import Language, language_of
from lotse.desk.report_tables import Figure, Names, as_csv, table
from lotse.desk.reports import (
    BadSpan,
    Reader,
    Report,
    Selection,
    Step,
    home_zone,
    span_of,
    zone_of,
)

router = APIRouter(prefix="/v1/reports")

CSV = "text/csv; charset=utf-8"
_A_WEEK = timedelta(days=6)


def reader_of(config: Config, caller: Caller) -> Reader:
    card = config.agents.get(AgentId(caller.subject))
    return Reader(caller.role, caller.subject, card.teams if card else ())


async def report_for(desk: Parts, caller: Caller, wanted: Selection) -> Report:
    """What the caller may see of it. Raises ApiError 403 where he asks for somebody else's figures alone, 503."""
    reader = reader_of(desk.config, caller)
    if not reader.may_ask(wanted):
        raise ApiError(403, "forbidden", "an agent sees the totals, his own figures and those of his own teams")
    async with reading(desk.database) as tx:
        return reader.seen(await reports_store.report(tx, wanted))


def _selection(
    desk: Desk,
    first: Annotated[date | None, Query(alias="from", description="First day; unset: six days before the last")] = None,
    last: Annotated[date | None, Query(alias="to", description="Last day, included; unset: today")] = None,
    zone: Annotated[
        str | None, Query(max_length=64, description="IANA name; unset: the zone of the configuration's first calendar")
    ] = None,
    by: Annotated[Step, Query(description="By day at most 366 days, by hour 31")] = Step.DAY,
    channel: Annotated[list[Channel] | None, Query()] = None,
    team: Annotated[Name | None, Query(description="Whose the conversation is now")] = None,
    agent: Annotated[Name | None, Query(description="Who did it, or had the conversation last")] = None,
) -> Selection:
    try:
        days = zone_of(zone) if zone else home_zone(desk.config)
        last = last or desk.clock().astimezone(days).date()
        first = first or max(date.min + _A_WEEK, last) - _A_WEEK
        return Selection(span_of(first, last, days, by), channel, team, agent)
    except BadSpan as error:
        raise ApiError(422, "bad_span", str(error)) from error


Wanted = Annotated[Selection, Depends(_selection)]


@router.get("", responses=told(403))
async def get_report(desk: Desk, who: Who, wanted: Wanted) -> Report:
    """Every figure of the span: in all, by day or hour, by channel, team, agent and topic.

    The parts add up to `total`, percentiles left aside. An agent's answer holds his own line and teams only.
    """
    return await report_for(desk, who, wanted)


@router.get(
    "/{figure}.csv",
    response_class=Response,
    responses={**told(403), 200: {"description": "The table behind the figure", "content": {"text/csv": {}}}},
)
async def get_figure(
    desk: Desk, who: Who, wanted: Wanted, figure: Figure, request: Request, language: Language | None = None
) -> Response:
    """One figure as a file for a spreadsheet, in the language asked for, else the browser's.

    UTF-8 with a byte order mark; semicolons and decimal commas in German, commas and decimal points in English.
    """
    said = language or language_of(request.headers.get("accept-language", ""))
    return csv_of(await report_for(desk, who, wanted), figure, Names(said, desk.config))


def csv_of(report: Report, figure: Figure, names: Names) -> Response:
    name = f"lotse-{figure.value}-{report.first}-{report.last}.csv"
    return Response(
        as_csv(table(report, figure, names), names.language),
        media_type=CSV,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Vary": "Accept-Language"},
    )
