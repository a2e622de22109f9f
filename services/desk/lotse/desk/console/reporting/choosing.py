"""What somebody chose to see, as the page's address keeps it. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from lotse.contracts.channels import Channel
from lotse.contracts.frozen import frozen
from lotse.desk.reports import BadSpan, Selection, Step, span_of, zone_of

_DAY = timedelta(days=1)
RANGES = ("today", "yesterday", "7", "30", "own")


@frozen
class Choice:
    """A period that moves on with the days, unless it is somebody's own; empty filters are all."""

    range: str
    first: date
    last: date
    step: Step
    zone: ZoneInfo
    named_zone: bool = False
    channel: str = ""
    team: str = ""
    agent: str = ""

    def selection(self) -> Selection:
        """Raises BadSpan."""
        return Selection(
            span_of(self.first, self.last, self.zone, self.step),
            [self.channel] if self.channel else None,
            self.team or None,
            self.agent or None,
        )

    def state(self) -> dict[str, str]:
        """As the controls know it."""
        return {
            "range": self.range,
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "by": self.step.value,
            "channel": self.channel,
            "team": self.team,
            "agent": self.agent,
        } | self._zone()

    def query(self) -> str:
        """For the page's address: a moving period by its name."""
        days = {"from": self.first.isoformat(), "to": self.last.isoformat()} if self.range == "own" else {}
        return urlencode({"range": self.range} | days | {"by": self.step.value} | self._filters())

    def file_query(self) -> str:
        """For a file: the days themselves."""
        days = {"from": self.first.isoformat(), "to": self.last.isoformat(), "by": self.step.value}
        return urlencode(days | self._filters() | {"zone": self.zone.key})

    def _filters(self) -> dict[str, str]:
        given = {"channel": self.channel, "team": self.team, "agent": self.agent} | self._zone()
        return {name: value for name, value in given.items() if value}

    def _zone(self) -> dict[str, str]:
        return {"zone": self.zone.key} if self.named_zone else {}


def choice_of(given: Mapping[str, str], home: ZoneInfo, today: date) -> Choice:
    """What was chosen; whatever cannot be read is as if it were not given. `today` is the home zone's."""
    zone = _zone(given.get("zone"))
    kind = given.get("range", "")
    kind = kind if kind in RANGES else "7"
    first, last = _days(kind, today, given)
    step = Step(given["by"]) if given.get("by") in list(Step) else (Step.HOUR if first == last else Step.DAY)
    channel = given.get("channel", "")
    return Choice(
        kind,
        first,
        last,
        step,
        zone or home,
        named_zone=zone is not None,
        channel=channel if channel in list(Channel) else "",
        team=given.get("team", ""),
        agent=given.get("agent", ""),
    )


def _days(kind: str, today: date, given: Mapping[str, str]) -> tuple[date, date]:
    match kind:
        case "today":
            return today, today
        case "yesterday":
            return today - _DAY, today - _DAY
        case "own":
            return _day(given.get("from"), today - 6 * _DAY), _day(given.get("to"), today)
        case _:
            return today - (int(kind) - 1) * _DAY, today


def _day(given: str | None, otherwise: date) -> date:
    try:
        return date.fromisoformat(given or "")
    except ValueError:
        return otherwise


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return zone_of(name) if name else None
    except BadSpan:
        return None
