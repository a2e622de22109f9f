"""The wall clock of a zone as a count that never runs backwards, also in the two nights when the clock changes.

It jumps in spring with the clock; in autumn it stands still while an hour comes again. `calendars` counts by it.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_SECOND: Final = timedelta(seconds=1)


def reading(zone: ZoneInfo, at: datetime) -> datetime:
    """What the wall clock counts at `at`: its reading, held at the end of the hour while that hour comes again."""
    local = at.astimezone(zone)
    shown = local.replace(tzinfo=None, fold=0)
    if not local.fold:
        return shown
    first_coming = local.replace(fold=0).astimezone(UTC)
    return shown + (_transition(zone, first_coming, at) - first_coming)


def instant(zone: ZoneInfo, counted: datetime) -> datetime:
    """The first instant at which the wall clock has counted to `counted`."""
    early = counted.replace(tzinfo=zone).astimezone(UTC)
    late = counted.replace(tzinfo=zone, fold=1).astimezone(UTC)
    # PEP 495: for a skipped reading fold=0 takes the offset from before the jump, which gives the later instant.
    return early if early <= late else _transition(zone, late, early)


def _transition(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The instant, a whole second, at which the zone goes over to the offset that it has at `after`."""
    low, high = before.replace(microsecond=0), after.replace(microsecond=0)
    offset = high.astimezone(zone).utcoffset()
    while high - low > _SECOND:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high
