"""What the fold changed, for whoever follows it: written with each batch, read from a cursor on, swept after an hour.

A cursor is the set of offsets read so far, one a partition: each row carries its own, since rows of two partitions
are committed in any order and a serial number would pass over the later one. What has no offset (a replayed record,
a rebuild) raises the epoch, and everybody reads all again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from lotse.contracts.conversations import AgentEvent, ConversationEvent, ConversationOpened, CustomerEvent
from lotse.contracts.deadlines import DeadlineEvent
from lotse.contracts.envelope import Event
from lotse.contracts.frozen import frozen
from lotse.contracts.insights import InsightEvent
from lotse.contracts.notices import NoticeEvent
from lotse.contracts.topics import Topic
from lotse.runtime.fold import Applied, Job, Made
from lotse.runtime.postgres import Row, Tx
from lotse.runtime.writes import Write, by_column

KEPT = timedelta(hours=1)
"""How long a change stands."""

MARGIN = timedelta(minutes=5)
"""A batch may be committed this much later than it says."""

LOOKED_AT_FOR = timedelta(days=14)
"""What is older counts as read by everybody."""

Partition = tuple[str, int]


@frozen
class Changes:
    """What changed since the last time. `all`: everything may have, and is to be read again.

    `messages` are those whose reading came or went; `agents` their presence; `alarms` service levels and incidents.
    """

    conversations: frozenset[UUID] = frozenset()
    messages: frozenset[UUID] = frozenset()
    agents: bool = False
    alarms: bool = False
    all: bool = False

    def __or__(self, other: "Changes") -> "Changes":
        if not (self and other):
            return self or other
        return Changes(
            self.conversations | other.conversations,
            self.messages | other.messages,
            self.agents or other.agents,
            self.alarms or other.alarms,
            self.all or other.all,
        )

    def __bool__(self) -> bool:
        return bool(self.conversations or self.messages or self.agents or self.alarms or self.all)


EVERYTHING = Changes(agents=True, alarms=True, all=True)


@frozen
class Cursor:
    """How far a follower has read, and when."""

    epoch: int
    at: datetime
    offsets: Mapping[Partition, int]


@frozen
class News:
    """What a read brought, and where the next one goes on. `read_up_to`: when the youngest event was published."""

    changes: Changes
    cursor: Cursor
    read_up_to: datetime | None


@dataclass(slots=True)
class _Touched:
    """What the facts of one partition in one batch touch."""

    offset: int = 0
    conversations: set[UUID] = field(default_factory=set[UUID])
    messages: set[UUID] = field(default_factory=set[UUID])
    customers: set[UUID] = field(default_factory=set[UUID])
    agents: bool = False
    alarms: bool = False

    def add(self, event: Event) -> None:
        match event:
            case ConversationEvent() | DeadlineEvent() | NoticeEvent():
                self.conversations.add(event.conversation_id)
                if isinstance(event, ConversationOpened) and event.customer_name is not None:
                    self.customers.add(event.customer_id)
            case CustomerEvent():
                self.customers.add(event.customer_id)
            case AgentEvent():
                self.agents = True
            case InsightEvent():
                self.messages.add(event.message_id)
            case _:
                self.alarms = self.alarms or event.TOPIC in (Topic.INSIGHTS, Topic.DEADLINES)


_RAISE_EPOCH = "UPDATE epoch SET current = current + step FROM unnest($1::integer[]) AS new (step)"

_MARK = """
INSERT INTO change (topic, partition, "offset", at, conversations, messages, customers, agents, alarms)
SELECT topic, partition, "offset", now(), conversations::uuid[], messages::uuid[], customers::uuid[], agents, alarms
FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::boolean[])
     AS new (topic, partition, "offset", conversations, messages, customers, agents, alarms)
ON CONFLICT (topic, partition, "offset") DO UPDATE
SET at = excluded.at, conversations = excluded.conversations, messages = excluded.messages,
    customers = excluded.customers, agents = excluded.agents, alarms = excluded.alarms
"""


def mark(applied: Sequence[Applied]) -> tuple[Write, ...]:
    """Say what a batch changed: one row a partition. What has no offset raises the epoch."""
    touched: dict[tuple[str, int], _Touched] = {}
    for one in applied:
        if one.offset is None:
            return (Write(_RAISE_EPOCH, ((1,),)),)
        of = touched.setdefault((one.fact.data.TOPIC.value, one.partition), _Touched())
        of.offset = max(of.offset, one.offset)
        of.add(one.fact.data)
    rows = [
        (*key, of.offset, _array(of.conversations), _array(of.messages), _array(of.customers), of.agents, of.alarms)
        for key, of in sorted(touched.items())
    ]
    return (Write(_MARK, by_column(rows, 8)),)


def _array(ids: set[UUID]) -> str:
    """PostgreSQL's own form of an array: arrays of arrays cannot be of different lengths."""
    return "{" + ",".join([one.hex for one in ids]) + "}"


async def raise_epoch(tx: Tx) -> None:
    """Have everybody who follows read all again, once this transaction is committed."""
    await tx.execute(_RAISE_EPOCH, [1])


_FORGET = "DELETE FROM change"


async def begin_anew(tx: Tx) -> None:
    """Forget every change, as offsets begin again. The caller holds every `inbox` row."""
    await tx.execute(_FORGET)
    await raise_epoch(tx)


_SINCE = """
SELECT e.current AS epoch, now() AS at, i.topic, i.partition, i.next_offset,
       CASE WHEN i.last_stamp > 0 THEN to_timestamp(i.last_stamp / 1e6) END AS read_up_to,
       c.conversations, c.messages, c.customers, c.agents, c.alarms
FROM epoch AS e
LEFT JOIN inbox AS i ON true
LEFT JOIN unnest($1::text[], $2::integer[], $3::bigint[]) AS k (topic, partition, next_offset)
       ON k.topic = i.topic AND k.partition = i.partition
LEFT JOIN change AS c
       ON $4 = e.current AND c.topic = split_part(i.topic, '-', -1) AND c.partition = i.partition
      AND c."offset" >= coalesce(k.next_offset, 0)
"""

_OF_CUSTOMERS = "SELECT id FROM conversation WHERE customer_id = ANY($1::uuid[])"


async def since(tx: Tx, cursor: Cursor | None) -> News:
    """What was committed since the cursor; `all` where that cannot be told: no cursor, another epoch, swept away."""
    known: Mapping[Partition, int] = cursor.offsets if cursor else {}
    rows = await tx.fetch(
        _SINCE,
        [topic for topic, _ in known],
        [partition for _, partition in known],
        list(known.values()),
        cursor.epoch if cursor else 0,
    )
    offsets = {(row["topic"], row["partition"]): row["next_offset"] for row in rows if row["topic"] is not None}
    now = Cursor(rows[0]["epoch"], rows[0]["at"], offsets)
    read_up_to = max((row["read_up_to"] for row in rows if row["read_up_to"] is not None), default=None)
    if cursor is None or is_lost(cursor, now):
        return News(EVERYTHING, now, read_up_to)
    return News(await _changes(tx, [row for row in rows if row["conversations"] is not None]), now, read_up_to)


def is_lost(cursor: Cursor, now: Cursor) -> bool:
    """Whether what lies between two cursors can no longer be told."""
    return (
        cursor.epoch != now.epoch
        or now.at - cursor.at > KEPT - MARGIN
        or any(now.offsets.get(partition, 0) < offset for partition, offset in cursor.offsets.items())
    )


async def _changes(tx: Tx, rows: Sequence[Row]) -> Changes:
    conversations = {found for row in rows for found in row["conversations"]}
    customers = {found for row in rows for found in row["customers"]}
    if customers:
        conversations |= {row["id"] for row in await tx.fetch(_OF_CUSTOMERS, sorted(customers))}
    return Changes(
        frozenset(conversations),
        frozenset(found for row in rows for found in row["messages"]),
        any(row["agents"] for row in rows),
        any(row["alarms"] for row in rows),
    )


_SWEEP = "DELETE FROM change WHERE at < $1"
_SWEEP_LOOKED = "DELETE FROM looked WHERE at < $1"


def sweeping() -> Job:
    """Forgets changes that nobody can ask for any more, and looks of weeks ago."""
    return Job("changes", timedelta(minutes=5), after_fold=False, run=_sweep)


async def _sweep(tx: Tx, now: datetime) -> Made:
    await tx.execute(_SWEEP, now - KEPT)
    await tx.execute(_SWEEP_LOOKED, now - LOOKED_AT_FOR)
    return Made()
