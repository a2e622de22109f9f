"""From decided events to rows of the outbox: ids, sequence numbers and headers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from lotse.contracts.envelope import MAX_RECORD_BYTES, Event, Fact, encode_headers, encode_value
from lotse.contracts.ids import derive
from lotse.contracts.topics import TOPICS, Topic
from lotse.runtime import inbox
from lotse.runtime.errors import RecordTooLarge
from lotse.runtime.fold import Caused
from lotse.runtime.inbox import Partition, Position
from lotse.runtime.postgres import Tx
from lotse.runtime.record import headers_to_text
from lotse.runtime.writes import Write, send

_LARGEST = 2 * MAX_RECORD_BYTES
"""Bytes that Kafka takes for certain: what an edge let in, and what was decided of it."""

_APPEND = """
WITH moved AS (
    UPDATE inbox AS i SET next_offset = new.next_offset, last_stamp = new.last_stamp
    FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[])
        AS new (topic, partition, next_offset, last_stamp)
    WHERE i.topic = new.topic AND i.partition = new.partition
), counted AS (
    INSERT INTO sequence AS s (topic, key, last)
    SELECT topic, key, n FROM unnest($5::text[], $6::text[], $7::bigint[]) AS new (topic, key, n)
    ORDER BY topic, key
    ON CONFLICT (topic, key) DO UPDATE SET last = s.last + EXCLUDED.last
    RETURNING topic, key, last
)
INSERT INTO outbox (topic, key, headers, value, sequence)
SELECT new.topic, new.key, new.headers, new.value, c.last - new.after
FROM unnest($8::text[], $9::text[], $10::text[], $11::text[], $12::bytea[], $13::bigint[])
    WITH ORDINALITY AS new (topic, counted_as, key, headers, value, after, n)
LEFT JOIN counted AS c ON c.topic = new.counted_as AND c.key = new.key
ORDER BY new.n
RETURNING sequence
"""
"""The rows of `sequence` are locked before an id is given, and held until the commit."""


def facts_of(caused: Sequence[Caused], source: str, now: datetime) -> list[Fact[Event]]:
    """Envelopes for events in order. Ids are `uuid5(cause, type, n)`, n counting equal pairs from 0."""
    counted: Counter[tuple[UUID, str]] = Counter()
    facts: list[Fact[Event]] = []
    for item in caused:
        pair = (item.cause, item.event.TYPE)
        facts.append(
            Fact(
                id=derive(item.cause, item.event.TYPE, counted[pair]),
                source=source,
                time=now,
                data=item.event,
                causation_id=item.cause,
                traceparent=item.traceparent,
            )
        )
        counted[pair] += 1
    return facts


async def append(
    tx: Tx,
    names: Mapping[Topic, str],
    caused: Sequence[Caused],
    source: str,
    now: datetime,
    moved: Mapping[Partition, Position] | None = None,
    writes: Iterable[Write] = (),
) -> list[Fact[Event]]:
    """Put events in the outbox, gapless per key; what the round writes and the inbox's move are the same statement.

    The row of `sequence` is locked until the commit, so the order of ids is the order of commits for each key.
    Raises RecordTooLarge: what Kafka would refuse would hold up everything behind it.
    """
    if not caused:
        if moved:
            await inbox.move(tx, moved, writes)
        else:
            await send(tx, writes)
        return []
    facts = facts_of(caused, source, now)
    counts = Counter((fact.data.TOPIC.value, fact.key) for fact in facts if TOPICS[fact.data.TOPIC].sequenced)
    values = (*inbox.columns(moved or {}), *_counted(counts), *_columns(facts, names, counts))
    rows = await send(tx, writes, _APPEND, values)
    return [_with_sequence(fact, row["sequence"]) for fact, row in zip(facts, rows, strict=True)]


def _counted(counts: Counter[tuple[str, str]]) -> tuple[list[str], list[str], list[int]]:
    keys = sorted(counts)
    return [topic for topic, _ in keys], [key for _, key in keys], [counts[pair] for pair in keys]


def _columns(
    facts: Sequence[Fact[Event]], names: Mapping[Topic, str], counts: Counter[tuple[str, str]]
) -> tuple[list[str], list[str], list[str], list[str], list[bytes], list[int]]:
    """The outbox's columns; the last says how many events of the same key come after."""
    left, after = counts.copy(), list[int]()
    for fact in facts:
        pair = (fact.data.TOPIC.value, fact.key)
        left[pair] -= 1
        after.append(left[pair])
    return (
        [names[fact.data.TOPIC] for fact in facts],
        [fact.data.TOPIC.value for fact in facts],
        [fact.key for fact in facts],
        [headers_to_text(encode_headers(fact)) for fact in facts],
        [_value(fact.data) for fact in facts],
        after,
    )


def _value(data: Event) -> bytes:
    value = encode_value(data)
    if len(value) > _LARGEST:
        raise RecordTooLarge(len(value), _LARGEST)
    return value


def _with_sequence(fact: Fact[Event], sequence: int | None) -> Fact[Event]:
    return Fact(fact.id, fact.source, fact.time, fact.data, fact.causation_id, sequence, fact.traceparent)


def caused_by(fact: Fact[Event], events: Iterable[Event]) -> list[Caused]:
    return [Caused(fact.id, fact.traceparent, event) for event in events]
