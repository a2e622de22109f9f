"""Where a service stands in each partition, and which records of a batch are news."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from lotse.runtime.postgres import Tx
from lotse.runtime.record import Record, stamp_of

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
SELECT i.topic, i.partition, i.next_offset, i.last_stamp
FROM inbox AS i JOIN unnest($1::text[], $2::integer[]) AS wanted (topic, partition) USING (topic, partition)
ORDER BY i.topic, i.partition
FOR UPDATE OF i
"""

_MOVE = """
UPDATE inbox AS i SET next_offset = new.next_offset, last_stamp = new.last_stamp
FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[]) AS new (topic, partition, next_offset, last_stamp)
WHERE i.topic = new.topic AND i.partition = new.partition
"""

_SEE = """
INSERT INTO seen (id, at) SELECT id, $2 FROM unnest($1::uuid[]) AS new (id) ORDER BY id
ON CONFLICT DO NOTHING RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Position:
    """The next offset wanted and the highest stamp applied."""

    next_offset: int = 0
    last_stamp: int = 0


@dataclass(slots=True)
class Sifted:
    """A batch after its repeats were dropped."""

    news: list[Record] = field(default_factory=list[Record])
    positions: dict[Partition, Position] = field(default_factory=dict[Partition, Position])
    ahead: dict[Partition, int] = field(default_factory=dict[Partition, int])
    """Partitions whose first record lies above what is wanted, with what is wanted."""
    repeated: int = 0
    missing: int = 0


async def lock(tx: Tx, partitions: Collection[Partition]) -> dict[Partition, Position]:
    """Lock the partitions' rows in order, making the missing ones first."""
    ordered = sorted(partitions)
    topics, numbers = [topic for topic, _ in ordered], [number for _, number in ordered]
    rows = await tx.fetch(_LOCK, topics, numbers)
    if len(rows) < len(ordered):
        await tx.execute(_INSERT, topics, numbers)
        rows = await tx.fetch(_LOCK, topics, numbers)
    return {(row["topic"], row["partition"]): Position(row["next_offset"], row["last_stamp"]) for row in rows}


async def move(tx: Tx, positions: Mapping[Partition, Position]) -> None:
    await tx.execute(
        _MOVE,
        [topic for topic, _ in positions],
        [number for _, number in positions],
        [position.next_offset for position in positions.values()],
        [position.last_stamp for position in positions.values()],
    )


async def positions(tx: Tx, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """The next offset of each partition, 0 where nothing was read, without a lock."""
    wanted = list(partitions)
    rows = await tx.fetch(
        "SELECT topic, partition, next_offset FROM inbox WHERE topic = ANY($1::text[])", [topic for topic, _ in wanted]
    )
    found = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
    return {partition: found.get(partition, 0) for partition in wanted}


async def first_seen(tx: Tx, ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """Remember ids; those that were not remembered yet."""
    return {row["id"] for row in await tx.fetch(_SEE, list(ids), now)}


async def forget_seen(tx: Tx, now: datetime) -> None:
    await tx.execute("DELETE FROM seen WHERE at < $1", now - SEEN_FOR)


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
