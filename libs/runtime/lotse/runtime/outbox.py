"""From decided events to rows of the outbox: ids, sequence numbers and headers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from lotse.contracts.envelope import Event, Fact, encode_headers, encode_value
from lotse.contracts.ids import derive
from lotse.contracts.topics import TOPICS, Topic
from lotse.runtime.fold import Caused
from lotse.runtime.postgres import Tx
from lotse.runtime.record import headers_to_text

_NEXT = """
INSERT INTO sequence AS s (topic, key, last)
SELECT topic, key, n FROM unnest($1::text[], $2::text[], $3::bigint[]) AS new (topic, key, n)
ORDER BY topic, key
ON CONFLICT (topic, key) DO UPDATE SET last = s.last + EXCLUDED.last
RETURNING topic, key, last
"""

_APPEND = """
INSERT INTO outbox (topic, key, headers, value)
SELECT topic, key, headers, value
FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[])
    WITH ORDINALITY AS new (topic, key, headers, value, n)
ORDER BY n
"""


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
    tx: Tx, names: Mapping[Topic, str], caused: Sequence[Caused], source: str, now: datetime
) -> list[Fact[Event]]:
    """Put events in the outbox, gapless per key. The row of `sequence` is locked until the commit,

    so the order of ids is the order of commits for each key.
    """
    if not caused:
        return []
    facts = await _numbered(tx, facts_of(caused, source, now))
    await tx.execute(
        _APPEND,
        [names[fact.data.TOPIC] for fact in facts],
        [fact.key for fact in facts],
        [headers_to_text(encode_headers(fact)) for fact in facts],
        [encode_value(fact.data) for fact in facts],
    )
    return facts


async def _numbered(tx: Tx, facts: list[Fact[Event]]) -> list[Fact[Event]]:
    counts = Counter((fact.data.TOPIC.value, fact.key) for fact in facts if TOPICS[fact.data.TOPIC].sequenced)
    if not counts:
        return facts
    keys = sorted(counts)
    rows = await tx.fetch(
        _NEXT, [topic for topic, _ in keys], [key for _, key in keys], [counts[pair] for pair in keys]
    )
    following = {(row["topic"], row["key"]): row["last"] - counts[row["topic"], row["key"]] for row in rows}
    return [_with_sequence(fact, following) for fact in facts]


def _with_sequence(fact: Fact[Event], following: dict[tuple[str, str], int]) -> Fact[Event]:
    pair = (fact.data.TOPIC.value, fact.key)
    if pair not in following:
        return fact
    following[pair] += 1
    return Fact(fact.id, fact.source, fact.time, fact.data, fact.causation_id, following[pair], fact.traceparent)


def caused_by(fact: Fact[Event], events: Iterable[Event]) -> list[Caused]:
    return [Caused(fact.id, fact.traceparent, event) for event in events]
