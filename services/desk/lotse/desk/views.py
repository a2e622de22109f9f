"""The views of the inbox: which conversations stand in each, and in which order.

A list is read from the tables by `reads.places`; what changes afterwards is judged here, by the same rules, so that
an open page needs no query of its own. Both are held to each other by a test.
"""

from datetime import datetime

from lotse.contracts.channels import PROFILES
from lotse.contracts.frozen import replace
from lotse.contracts.values import Sentiment, Situation, Status
from lotse.desk.api import models as m
from lotse.desk.auth import Caller
from lotse.desk.core.deadlines import SOON
from lotse.desk.reads import Filter, Place

AT_WORK = (Status.NEW, Status.QUEUED, Status.ASSIGNED, Status.WAITING, Status.SNOOZED)
IN_HAND = (Status.ASSIGNED, Status.WAITING, Status.SNOOZED)
UNANSWERED = (Status.NEW, Status.QUEUED, Status.ASSIGNED)
PUBLIC = tuple(channel for channel, profile in PROFILES.items() if profile.public)

OLDEST_FIRST = frozenset({m.View.UNANSWERED, m.View.ABOUT_TO_MISS, m.View.SNOOZED, m.View.CRISIS})
"""The views whose order begins with the earliest place; the others begin with the latest."""


def selection(view: m.View, wanted: Filter, caller: Caller) -> Filter:
    """The filter that a view stands for, narrowed by what was asked for beside it."""
    match view:
        case m.View.MINE:
            mine = caller.subject if wanted.agent in (None, caller.subject) else ""
            return replace(_narrowed(wanted, IN_HAND), agent=mine)
        case m.View.WAITING:
            return _narrowed(wanted, (Status.WAITING,))
        case m.View.SNOOZED:
            return _narrowed(wanted, (Status.SNOOZED,))
        case m.View.SPAM:
            return _narrowed(wanted, (Status.SET_ASIDE,))
        case m.View.PUBLIC_NEGATIVE:
            negative = Sentiment.NEGATIVE.value if wanted.sentiment in (None, Sentiment.NEGATIVE) else ""
            return replace(_narrowed(wanted, AT_WORK, PUBLIC), sentiment=negative)
        case m.View.ALL | m.View.UNANSWERED | m.View.ABOUT_TO_MISS | m.View.CRISIS:
            return wanted


def _narrowed(wanted: Filter, statuses: tuple[str, ...], channels: tuple[str, ...] | None = None) -> Filter:
    return replace(
        wanted,
        statuses=[one for one in statuses if wanted.statuses is None or one in wanted.statuses],
        channels=wanted.channels
        if channels is None
        else [one for one in channels if wanted.channels is None or one in wanted.channels],
    )


def place_of(view: m.View, wanted: Filter, row: m.Summary, now: datetime) -> Place | None:
    """Where a conversation stands in a list, None: not in it.

    `wanted` is what `selection` made; its words are not looked at.
    """
    if not _passes(wanted, row):
        return None
    match view:
        case m.View.UNANSWERED:
            at = row.waiting_since if row.status in UNANSWERED else None
        case m.View.CRISIS:
            crisis = row.reading is not None and row.reading.situation is Situation.CRISIS
            at = row.waiting_since if crisis and row.status in UNANSWERED else None
        case m.View.ABOUT_TO_MISS:
            near = row.due_at is not None and (row.due_warned_at is not None or row.due_at <= now + SOON)
            at = row.due_at if near else None
        case m.View.SNOOZED:
            at = row.snoozed_until
        case _:
            at = row.opened_at
    return None if at is None else Place(at, row.id)


def _passes(wanted: Filter, row: m.Summary) -> bool:
    return (
        (wanted.statuses is None or row.status in wanted.statuses)
        and (wanted.channels is None or row.channel in wanted.channels)
        and wanted.agent in (None, row.assignee)
        and wanted.team in (None, row.team)
        and (wanted.sentiment is None or (row.reading is not None and row.reading.sentiment == wanted.sentiment))
    )
