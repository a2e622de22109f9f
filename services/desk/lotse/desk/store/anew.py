"""The projections from the start of the log: readers are sent back, and are told what they still have to read."""

from collections.abc import Sequence

from lotse.desk import changes
from lotse.runtime.postgres import Tx

_ANEW = "UPDATE generation SET current = current + 1 RETURNING current"
_STAND = "SELECT topic, partition, next_offset FROM inbox ORDER BY topic, partition FOR UPDATE"
_FROM_THE_START = "UPDATE inbox SET next_offset = 0, last_stamp = 0"
_BEHIND = """
SELECT coalesce(sum(greatest(w.next_offset - i.next_offset, 0)), 0)::bigint
FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS w (topic, partition, next_offset)
JOIN inbox AS i USING (topic, partition)
"""

Stand = Sequence[tuple[str, int, int]]
"""Topic, partition and the offset that was read up to."""


async def begin(tx: Tx) -> Stand:
    """Send every reader back to the start of its topics, and make every key one of an older generation.

    Waits for batches in hand, which hold the same rows. What stood before is the answer.
    """
    stood = await tx.fetch(_STAND)
    await tx.execute(_ANEW)
    await tx.execute(_FROM_THE_START)
    await changes.begin_anew(tx)
    return [(row["topic"], row["partition"], row["next_offset"]) for row in stood]


async def behind(tx: Tx, stood: Stand) -> int:
    """How many records are still to be read until everything that stood is read again."""
    return await tx.fetchval(
        _BEHIND, [topic for topic, _, _ in stood], [part for _, part, _ in stood], [offset for _, _, offset in stood]
    )
