"""What the inbox asks beside its lists: how many stand in each view, which hold some words, what a person has seen."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from lotse.contracts.frozen import frozen
from lotse.desk.api.models import View
from lotse.desk.changes import LOOKED_AT_FOR
from lotse.desk.core.deadlines import SOON
from lotse.desk.views import PUBLIC
from lotse.runtime.postgres import Tx

MOST = 10_000
"""More than that is not counted."""

_COUNTS = """
SELECT
    (SELECT count(*) FROM (
        SELECT 1 FROM conversation
        WHERE status IN ('new', 'queued', 'assigned') AND waiting_since IS NOT NULL LIMIT $1) AS x) AS unanswered,
    (SELECT count(*) FROM (
        SELECT 1 FROM deadline AS d JOIN conversation AS c ON c.id = d.conversation_id
        WHERE d.state = 'open' AND (d.warned_at IS NOT NULL OR d.due_at <= $2)
          AND NOT EXISTS (
            SELECT 1 FROM deadline AS e WHERE e.conversation_id = d.conversation_id AND e.state = 'open'
              AND (e.due_at, e.deadline_id) < (d.due_at, d.deadline_id))
        LIMIT $1) AS x) AS about_to_miss,
    (SELECT count(*) FROM (
        SELECT 1 FROM conversation WHERE status = 'waiting' LIMIT $1) AS x) AS waiting,
    (SELECT count(*) FROM (
        SELECT 1 FROM conversation
        WHERE sentiment = 'negative' AND status IN ('new', 'queued', 'assigned', 'waiting', 'snoozed')
          AND channel = ANY($3::text[]) LIMIT $1) AS x) AS public_negative,
    (SELECT count(*) FROM (
        SELECT 1 FROM conversation WHERE status = 'snoozed' AND snoozed_until IS NOT NULL LIMIT $1) AS x) AS snoozed,
    (SELECT count(*) FROM (
        SELECT 1 FROM conversation WHERE status = 'set_aside' LIMIT $1) AS x) AS spam,
    (SELECT count(*) FROM (
        SELECT 1 FROM conversation
        WHERE status IN ('new', 'queued', 'assigned') AND waiting_since IS NOT NULL
          AND reading ->> 'situation' = 'crisis' LIMIT $1) AS x) AS crisis
"""

_IN_HAND = """
SELECT assignee, count(*) AS number FROM conversation
WHERE assignee IS NOT NULL AND status IN ('assigned', 'waiting', 'snoozed') GROUP BY assignee
"""


@frozen
class Counts:
    """How many stand in each view, `MOST` at the most, and with each person."""

    views: Mapping[View, int]
    in_hand: Mapping[str, int]

    def of(self, person: str) -> dict[str, int]:
        """By the views' names, for one person."""
        return {view.value: number for view, number in self.views.items()} | {
            View.MINE.value: self.in_hand.get(person, 0)
        }


async def counts(tx: Tx, now: datetime) -> Counts:
    """Every view but `all`, for everybody at once."""
    row = await tx.fetchrow(_COUNTS, MOST, now + SOON, list(PUBLIC))
    views = (
        View.UNANSWERED,
        View.ABOUT_TO_MISS,
        View.WAITING,
        View.PUBLIC_NEGATIVE,
        View.SNOOZED,
        View.SPAM,
        View.CRISIS,
    )
    found = {} if row is None else {view: row[number] for number, view in enumerate(views)}
    return Counts(found, {row["assignee"]: row["number"] for row in await tx.fetch(_IN_HAND)})


_CONTAINING = """
SELECT DISTINCT conversation_id FROM message
WHERE conversation_id = ANY($1::uuid[])
  AND to_tsvector('german', coalesce(subject, '') || ' ' || coalesce(text, ''))
      @@ websearch_to_tsquery('german', $2)
"""


async def containing(tx: Tx, conversations: Collection[UUID], words: str) -> set[UUID]:
    """Those of the conversations that hold the words, as the search of the list finds them."""
    return {row["conversation_id"] for row in await tx.fetch(_CONTAINING, sorted(conversations), words)}


_LOOKED = "SELECT conversation_id, at FROM looked WHERE person = $1 AND at > $2"

_LOOK = """
INSERT INTO looked (person, conversation_id, at) VALUES ($1, $2, $3)
ON CONFLICT (person, conversation_id) DO UPDATE SET at = greatest(looked.at, excluded.at)
"""


async def looked(tx: Tx, person: str, now: datetime) -> dict[UUID, datetime]:
    """Until when a person has looked at which conversations."""
    rows = await tx.fetch(_LOOKED, person, now - LOOKED_AT_FOR)
    return {row["conversation_id"]: row["at"] for row in rows}


async def look(tx: Tx, person: str, conversation: UUID, now: datetime) -> None:
    """Remember that a person looks at a conversation now."""
    await tx.execute(_LOOK, person, conversation, now)
