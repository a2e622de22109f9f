"""Where a service stands in each partition, and which records of a batch are news."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from lotse.contracts.frozen import frozen, replace
from lotse.runtime.postgres import Row, Tx
from lotse.runtime.record import Record, stamp_of
from lotse.runtime.writes import Write, send

Partition = tuple[str, int]

SEEN_FOR = timedelta(days=8)
"""WhatsApp repeats webhooks for days; a week and one more."""

_INSERT = """
INSERT INTO inbox (topic, partition)
SELECT topic, partition FROM unnest($1::text[], $2::integer[]) AS new (topic, partition)
ORDER BY topic, partition
ON CONFLICT DO NOTHING
"""

_LOCK = """
SELECT i.topic, i.partition, i.next_offset, i.last_stamp, i.parked
FROM inbox AS i JOIN unnest($1::text[], $2::integer[]) AS wanted (topic, partition) USING (topic, partition)
ORDER BY i.topic, i.partition
FOR UPDATE OF i
"""

_LOCK_AND_SEE = """
WITH locked AS MATERIALIZED (
    SELECT i.topic, i.partition, i.next_offset, i.last_stamp, i.parked
    FROM inbox AS i JOIN unnest($1::text[], $2::integer[]) AS wanted (topic, partition) USING (topic, partition)
    ORDER BY i.topic, i.partition
    FOR UPDATE OF i
), fresh AS (
    INSERT INTO seen (id, at)
    SELECT new.id, $4 FROM unnest($3::uuid[]) AS new (id), (SELECT count(*) FROM locked) AS first_locked
    ORDER BY new.id
    ON CONFLICT DO NOTHING RETURNING id
)
SELECT topic, partition, next_offset, last_stamp, parked, NULL::uuid AS id FROM locked
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, id FROM fresh
"""

_FORGET = "DELETE FROM seen WHERE ctid = ANY(ARRAY(SELECT ctid FROM seen WHERE at < $1 LIMIT $2))"
_AT_ONCE = 20_000

_MOVE = """
UPDATE inbox AS i SET next_offset = new.next_offset, last_stamp = new.last_stamp
FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[]) AS new (topic, partition, next_offset, last_stamp)
WHERE i.topic = new.topic AND i.partition = new.partition
"""


@frozen
class Position:
    """The next offset wanted and the highest stamp applied; `parked`: something of the partition may be."""

    next_offset: int = 0
    last_stamp: int = 0
    parked: bool = False


@dataclass(slots=True)
class Sifted:
    """A batch after its repeats were dropped."""

    news: list[Record] = field(default_factory=list[Record])
    positions: dict[Partition, Position] = field(default_factory=dict[Partition, Position])
    ahead: dict[Partition, int] = field(default_factory=dict[Partition, int])
    """Partitions whose first record lies above what is wanted, with what is wanted."""
    repeated: int = 0
    missing: int = 0


async def lock(
    tx: Tx, partitions: Collection[Partition], ids: Collection[UUID] = (), now: datetime | None = None
) -> tuple[dict[Partition, Position], set[UUID]]:
    """Lock the partitions' rows in order, making the missing ones first, and remember the ids.

    Where the partitions stand, and those of the ids that were not remembered yet.
    """
    ordered = sorted(partitions)
    topics, numbers = [topic for topic, _ in ordered], [number for _, number in ordered]
    at, fresh = await _locked(tx, topics, numbers, ids, now)
    if len(at) < len(ordered):
        await tx.execute(_INSERT, topics, numbers)
        at, _ = await _locked(tx, topics, numbers, (), now)
    return at, fresh


async def _locked(
    tx: Tx, topics: Sequence[str], numbers: Sequence[int], ids: Collection[UUID], now: datetime | None
) -> tuple[dict[Partition, Position], set[UUID]]:
    if not ids:
        return _positions(await tx.fetch(_LOCK, topics, numbers)), set()
    rows = await tx.fetch(_LOCK_AND_SEE, topics, numbers, list(ids), now)
    return _positions(row for row in rows if row["id"] is None), {row["id"] for row in rows if row["id"] is not None}


def _positions(rows: Iterable[Row]) -> dict[Partition, Position]:
    return {
        (row["topic"], row["partition"]): Position(row["next_offset"], row["last_stamp"], row["parked"]) for row in rows
    }


async def move(tx: Tx, positions: Mapping[Partition, Position], writes: Iterable[Write] = ()) -> None:
    """Move on, together with what a round writes."""
    await send(tx, writes, _MOVE, columns(positions))


def columns(positions: Mapping[Partition, Position]) -> tuple[list[str], list[int], list[int], list[int]]:
    """Topics, partitions, next offsets and stamps."""
    return (
        [topic for topic, _ in positions],
        [number for _, number in positions],
        [position.next_offset for position in positions.values()],
        [position.last_stamp for position in positions.values()],
    )


async def forget(tx: Tx, ids: Collection[UUID]) -> None:
    """Ids of records that were not applied: left for later, or parked."""
    await tx.execute("DELETE FROM seen WHERE id = ANY($1::uuid[])", list(ids))


async def positions(tx: Tx, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """The next offset of each partition, 0 where nothing was read, without a lock."""
    wanted = list(partitions)
    rows = await tx.fetch(
        "SELECT topic, partition, next_offset FROM inbox WHERE topic = ANY($1::text[])", [topic for topic, _ in wanted]
    )
    found = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
    return {partition: found.get(partition, 0) for partition in wanted}


async def forget_seen(tx: Tx, now: datetime) -> None:
    """The oldest of what need not be remembered any more."""
    await tx.execute(_FORGET, now - SEEN_FOR, _AT_ONCE)


def sift(records: Sequence[Record], at: Mapping[Partition, Position], accepted: Mapping[Partition, int]) -> Sifted:
    """Drop what was read before. A partition that begins above what is wanted is left out,

    unless `accepted` says that the broker has nothing older than this offset.
    """
    found = Sifted(positions=dict(at))
    for record in records:
        partition = (record.topic, record.partition)
        if partition in found.ahead:
            continue
        position = found.positions[partition]
        if record.offset < position.next_offset:
            found.repeated += 1
            continue
        gap = record.offset - position.next_offset
        if gap and position == at[partition] and accepted.get(partition) != record.offset:
            found.ahead[partition] = position.next_offset
            continue
        found.missing += gap
        found.positions[partition] = _take(found, record, position)
    return found


def _take(found: Sifted, record: Record, position: Position) -> Position:
    stamp = stamp_of(record)
    moved = replace(position, next_offset=record.offset + 1)
    if stamp is None:
        found.news.append(record)
        return moved
    if stamp <= position.last_stamp:
        found.repeated += 1
        return moved
    found.news.append(record)
    return replace(moved, last_stamp=stamp)
