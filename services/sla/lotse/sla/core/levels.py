"""Service levels: what five minutes of a channel say against the channel's own past."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import fmean, median_low
from typing import Final

from lotse.contracts.channels import Channel
from lotse.contracts.deadlines import ServiceLevelDegraded, ServiceLevelEvent, ServiceLevelRecovered
from lotse.contracts.frozen import frozen, replace
from lotse.sla.core.deadlines import Deadline
from lotse.sla.core.waits import Reason, Status

WINDOW: Final = timedelta(minutes=5)
HOUR: Final = timedelta(hours=1)
PAST: Final = timedelta(days=7)
"""How far back a channel is compared with itself."""
ENOUGH: Final = 20
"""Answers in a window; of fewer nothing is said."""
FACTOR: Final = 1.5
LEAST: Final = 12
"""Windows with enough answers that make a baseline: an hour of work."""
LASTING: Final = timedelta(days=1)
"""A slow window is left out of the baseline for so long; what lasts longer is how the channel is."""

_DAWN = datetime(2000, 1, 1, tzinfo=UTC)


@frozen
class Tally:
    """What some facts say of one channel's waits; tallies add up, in whatever order.

    `kept` and `broken` are promises that were decided, less those that turned out otherwise. `took` are the answers'
    times in seconds, `topics` what the answered messages were about.
    """

    begun: int = 0
    kept: int = 0
    broken: int = 0
    took: tuple[float, ...] = ()
    topics: tuple[str, ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.begun + other.begun,
            self.kept + other.kept,
            self.broken + other.broken,
            self.took + other.took,
            self.topics + other.topics,
        )


NOTHING: Final = Tally()


def tallied(
    before: Iterable[Deadline], after: Iterable[Deadline], topics: tuple[str, ...] = ()
) -> Iterator[tuple[Channel, Tally]]:
    """What a conversation's deadlines changed for their channels."""
    known = {deadline.state.deadline_id: deadline for deadline in before}
    for deadline in after:
        then = known.get(deadline.state.deadline_id)
        if then == deadline:
            continue
        found = _tally(then, deadline, topics)
        if found != NOTHING:
            yield deadline.state.channel, found


def _tally(then: Deadline | None, now: Deadline, topics: tuple[str, ...]) -> Tally:
    was, is_ = then and _kept(then), _kept(now)
    answered = now.state.status is Status.MET and (then is None or then.state.status is not Status.MET)
    return Tally(
        begun=int(then is None),
        kept=(is_ is True) - (was is True),
        broken=(is_ is False) - (was is False),
        took=(now.state.business_time.total_seconds(),) if answered else (),
        topics=topics if answered else (),
    )


def _kept(deadline: Deadline) -> bool | None:
    """None: not decided, or not to be judged."""
    match deadline.state.status:
        case Status.MET:
            return not deadline.state.overrun
        case Status.OPEN:
            return False if deadline.missed else None
        case Status.CANCELLED:
            return False if deadline.missed and deadline.state.reason is Reason.RESOLVED else None


@frozen
class Window:
    """Five minutes of one channel that are over. `p90` is in seconds, None without an answer."""

    begins: datetime
    begun: int = 0
    kept: int = 0
    broken: int = 0
    answers: int = 0
    p90: float | None = None
    topics: Mapping[str, int] | None = None
    slow: bool = False
    """Enough answers, and much slower than the channel was by then."""

    @property
    def busy(self) -> bool:
        return self.answers >= ENOUGH


@frozen
class Level:
    """A channel as its readers know it."""

    channel: Channel
    degraded_at: datetime | None = None


def window_of(now: datetime) -> datetime:
    """When the window in hand began."""
    return now - (now - _DAWN) % WINDOW


def closed(begins: datetime, tally: Tally) -> Window:
    """A window as its tallies have it."""
    ordered = sorted(tally.took)
    return Window(
        begins=begins,
        begun=tally.begun,
        kept=tally.kept,
        broken=tally.broken,
        answers=len(ordered),
        p90=ordered[math.ceil(0.9 * len(ordered)) - 1] if ordered else None,
        topics=dict(sorted(Counter(tally.topics).items())),
    )


def judge(
    level: Level, past: Sequence[Window], window: Window, staffed: int
) -> tuple[Level, Window, list[ServiceLevelEvent]]:
    """Compare a window with the seven days before it, oldest first: degraded once, until it is recovered."""
    usual = [w for w in past if w.busy and not (w.slow and window.begins - w.begins < LASTING)]
    baseline = median_low([w.p90 for w in usual if w.p90 is not None]) if len(usual) >= LEAST else None
    window = replace(window, slow=baseline is not None and window.busy and (window.p90 or 0.0) > FACTOR * baseline)
    before = past[-1] if past and past[-1].begins + WINDOW == window.begins else None
    both = (before, window) if before and before.busy and window.busy else None
    if level.degraded_at is None:
        if both and baseline is not None and before and before.slow and window.slow:
            event = _degraded(level.channel, past, before, window, baseline, usual, staffed)
            return replace(level, degraded_at=event.at), window, [event]
        return level, window, []
    fast = both is not None and not any(one.slow for one in both)
    if fast or _quiet(past, window):
        event = ServiceLevelRecovered(
            channel=level.channel,
            share_met=share_met(past, window),
            at=window.begins + WINDOW,
            degraded_at=level.degraded_at,
            reason="p90" if fast else "quiet",
            p90=_time(window.p90),
            baseline=_time(baseline),
        )
        return replace(level, degraded_at=None), window, [event]
    return level, window, []


def _degraded(
    channel: Channel,
    past: Sequence[Window],
    before: Window,
    window: Window,
    baseline: float,
    usual: Sequence[Window],
    staffed: int,
) -> ServiceLevelDegraded:
    topics = Counter(before.topics or {}) + Counter(window.topics or {})
    expected = 2 * fmean(w.begun for w in usual)
    return ServiceLevelDegraded(
        channel=channel,
        share_met=share_met(past, window),
        at=window.begins + WINDOW,
        since=before.begins,
        p90=timedelta(seconds=window.p90 or 0.0),
        baseline=timedelta(seconds=baseline),
        answers=before.answers + window.answers,
        volume_change=round((before.begun + window.begun) / expected - 1, 3) if expected else None,
        staffed=staffed,
        topic=max(sorted(topics), key=topics.__getitem__) if topics else None,
    )


def _quiet(past: Sequence[Window], window: Window) -> bool:
    """For an hour too few answers to tell, and no promise broken; silence because nobody answers is not quiet."""
    hour = _last_hour(past, window)
    return not any(w.busy or w.broken > 0 for w in hour)


def share_met(past: Sequence[Window], window: Window) -> float | None:
    """Promises kept of those decided in the hour that the window ends."""
    hour = _last_hour(past, window)
    kept, broken = max(sum(w.kept for w in hour), 0), max(sum(w.broken for w in hour), 0)
    return round(kept / (kept + broken), 4) if kept + broken else None


def _last_hour(past: Sequence[Window], window: Window) -> list[Window]:
    since = window.begins + WINDOW - HOUR
    return [*(w for w in past if w.begins >= since), window]


def _time(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
