"""The job that closes five minutes of every channel and says where the service level changed."""

from datetime import datetime, timedelta
from typing import Final

from lotse.contracts.channels import Channel
from lotse.contracts.ids import derive
from lotse.runtime.fold import Caused, Job, Made
from lotse.runtime.postgres import Tx
from lotse.sla import tallies
from lotse.sla.core.levels import LASTING, NOTHING, PAST, WINDOW, Level, Window, closed, judge, window_of

EVERY: Final = timedelta(seconds=10)
GRACE: Final = timedelta(seconds=30)
"""A batch that began in a window is committed by then, or counts in the next."""


def closing() -> Job:
    return Job("service levels", EVERY, after_fold=False, run=_close)


async def _close(tx: Tx, now: datetime) -> Made:
    """Close every window that is over. After a standstill the last day is caught up on."""
    mine, begins = await tallies.lock_cursor(tx)
    if not mine:
        return Made()
    last = window_of(now - GRACE)
    if begins is None or begins < last - LASTING:
        begins = last if begins is None else last - LASTING
        await tallies.move_cursor(tx, begins)
    caused: list[Caused] = []
    while begins < last:
        caused += await _close_one(tx, begins)
        begins += WINDOW
        await tallies.move_cursor(tx, begins)
    return Made(caused)


async def _close_one(tx: Tx, begins: datetime) -> list[Caused]:
    found = await tallies.take(tx, begins + WINDOW)
    levels = await tallies.levels(tx)
    channels = sorted({*found, *(channel for channel, level in levels.items() if level.degraded_at)})
    if not channels:
        return []
    past = await tallies.past(tx, channels, begins - PAST, begins)
    staffed = await tallies.staffed(tx)
    caused: list[Caused] = []
    windows, changed = dict[Channel, Window](), list[Level]()
    for channel in channels:
        known = levels.get(channel, Level(channel))
        window = closed(begins, found.get(channel, NOTHING))
        level, windows[channel], events = judge(known, past[channel], window, staffed)
        if level != known:
            changed.append(level)
        caused += [Caused(derive("service level", channel, begins), None, event) for event in events]
    await tallies.close(tx, begins, windows)
    await tallies.save_levels(tx, changed)
    await tallies.forget(tx, begins - PAST)
    return caused
