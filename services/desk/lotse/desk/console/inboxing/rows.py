"""A conversation as a row of the list: what `inbox_list.js` is given. Times in milliseconds since 1970."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from lotse.contracts.channels import PROFILES
from lotse.desk.api.models import Summary
from lotse.desk.changes import LOOKED_AT_FOR
from lotse.desk.console.inboxing.window import microseconds
from lotse.desk.reads import Place
from lotse.desk.views import AT_WORK

Row = Mapping[str, object]


def row(found: Summary, place: Place, *, unread: bool, draft: bool) -> Row:
    """`at` is the place in the list, in microseconds; the rest is for the eye."""
    words = found.last_words
    return {
        "id": str(found.id),
        "at": microseconds(place.at),
        "channel": found.channel,
        "public": found.channel is not None and PROFILES[found.channel].public,
        "customer": found.customer_name,
        "subject": found.subject,
        "words": words.text if words else None,
        "by": words.by if words else None,
        "situation": found.reading.situation if found.reading else None,
        "sentiment": found.reading.sentiment if found.reading else None,
        "status": found.status,
        "waiting": _ms(found.waiting_since),
        "due": _ms(found.due_at),
        "warned": found.due_warned_at is not None,
        "until": _ms(found.snoozed_until),
        "said": _ms(words.at if words else found.opened_at),
        "assignee": found.assignee,
        "unread": unread,
        "draft": draft,
    }


def is_unread(found: Summary, person: str, looked: Mapping[UUID, datetime], now: datetime) -> bool:
    """Whether the customer's last word is news to a person who has the conversation, or could take it."""
    words = found.last_words
    if words is None or words.by != "customer" or found.status not in AT_WORK or found.assignee not in (None, person):
        return False
    return words.at > max(looked.get(found.id, words.at - LOOKED_AT_FOR), now - LOOKED_AT_FOR)


def _ms(at: datetime | None) -> int | None:
    return None if at is None else microseconds(at) // 1000
