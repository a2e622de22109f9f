"""The heart of the runtime: whatever is delivered again, interrupted or run twice, the effect is the same."""

import asyncio
import random
from uuid import UUID, uuid4

import asyncpg
import pytest
from counting import FOLD, TABLE, counting, note, resolved
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lotse.contracts.envelope import Event, Fact
from lotse.contracts.frozen import replace
from lotse.runtime import migrate
from lotse.runtime.errors import TooManyParked
from lotse.runtime.postgres import Database
from lotse.runtime.processor import Processor
from lotse.runtime.record import STAMP
from lotse.runtime.testing import PREFIX, FakeClock, FakeRecord, Harness, Log, fact_of

CONVERSATIONS = [UUID(int=n) for n in range(1, 4)]


def history(seed: int, length: int = 24) -> list[FakeRecord]:
    """A log of two topics with some events written twice, as an edge and a relay would."""
    chosen = random.Random(seed)
    log, made = Log(), []
    for n in range(length):
        conversation = chosen.choice(CONVERSATIONS)
        event = resolved(conversation) if chosen.random() < 0.25 else note(conversation, f"{n}")
        fact = fact_of(event, id=UUID(int=1000 + n))
        made.append(log.record(fact))
        if isinstance(event, type(note(conversation, ""))) and chosen.random() < 0.2:
            made.append(log.record(fact))
    return made


async def outcome(harness: Harness) -> tuple[list[tuple[object, ...]], dict[str, list[tuple[object, ...]]]]:
    """The tables and the events by key, in order, as a subscriber would see them."""
    rows = await harness.rows("SELECT id, notes, texts FROM tally ORDER BY id")
    events: dict[str, list[tuple[object, ...]]] = {}
    for fact in await harness.outbox():
        events.setdefault(fact.key, []).append((fact.id, fact.sequence, fact.data.model_dump(exclude={"at"})["text"]))
    return [tuple(row) for row in rows], events


async def run_cleanly(url: str, records: list[FakeRecord]) -> object:
    async with counting(url, schema="clean") as harness:
        await harness.feed_records(records)
        return await outcome(harness)


def in_partition_order(records: list[FakeRecord], cuts: list[int]) -> list[list[FakeRecord]]:
    """Batches with redelivery: after each cut the log may be read again from any earlier offset."""
    batches, start = [], 0
    for back, size in zip(cuts[::2], cuts[1::2], strict=False):
        begin = max(0, start - back)
        batches.append(records[begin : begin + size])
        start = max(start, begin + size)
    batches.append(records[start:] if start < len(records) else records[-3:])
    return [batch for batch in batches if batch]


class Killed(Exception):
    """The process died here."""


class Fragile:
    """A transaction that dies before its n-th statement, or at its commit."""

    def __init__(self, database: Database, after: int) -> None:
        self._database, self._left = database, after

    def __getattr__(self, name: str) -> object:
        return getattr(self._database, name)

    def transaction(self) -> "_Dying":
        return _Dying(self, self._database.transaction())

    def step(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Killed


class _Dying:
    def __init__(self, owner: Fragile, inner: object) -> None:
        self._owner, self._inner = owner, inner

    async def __aenter__(self) -> object:
        self._tx = await self._inner.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> object:
        if error[0] is None:
            try:
                self._owner.step()
            except Killed as killed:
                await self._inner.__aexit__(Killed, killed, None)
                raise
        return await self._inner.__aexit__(*error)

    def __getattr__(self, name: str) -> object:
        call = getattr(self._tx, name)

        async def stepping(*args: object) -> object:
            self._owner.step()
            return await call(*args)

        return stepping


class Dying(Processor):
    """A processor whose process ends at the first Killed instead of parking."""

    async def _lasting(self, records):
        return await self._batch(records)

    async def process(self, records):
        return await self._batch(records)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10_000),
    cuts=st.lists(st.integers(0, 12), min_size=2, max_size=12),
    deaths=st.lists(st.integers(0, 11), max_size=6),
)
async def test_any_redelivery_and_any_death_gives_the_same_tables_and_events(database, seed, cuts, deaths):
    records = history(seed)
    async with counting(database, schema=f"clean{uuid4().hex[:8]}") as clean:
        await clean.feed_records(records)
        wanted = await outcome(clean)
    schema = f"torn{uuid4().hex[:8]}"
    async with counting(database, schema=schema) as torn:
        for number, batch in enumerate(in_partition_order(records, cuts)):
            if number < len(deaths):
                dying = Dying(FOLD, Fragile(torn.database, deaths[number]), "counting", PREFIX, FakeClock())
                try:
                    await dying.process(batch)
                except Killed:
                    pass
            done = await torn.processors[0].process(batch)
            while done.seek:
                wanted_from = {p: offset for p, offset in done.seek.items()}
                again = [r for r in records if r.offset >= wanted_from.get((r.topic, r.partition), 0)]
                done = await torn.processors[0].process(again)
        await torn.feed_records(records)
        assert await outcome(torn) == wanted


async def test_two_owners_of_one_partition_at_once_double_nothing(database):
    records = history(7, length=60)
    wanted = await run_cleanly(database, records)
    async with counting(database) as harness:
        others = [Processor(FOLD, harness.database, "counting", PREFIX, FakeClock()) for _ in range(4)]
        await asyncio.gather(*(processor.process(records) for processor in others))
        assert await outcome(harness) == wanted


async def test_first_owners_of_partitions_never_seen_double_nothing(database):
    await migrate.migrate(database, "counting", ("lotse.runtime",))
    first = await Database.open(database, "counting")
    second = await Database.open(database, "counting")
    try:
        async with first.transaction() as tx:
            await tx.execute(TABLE)
        records = history(3, length=30)
        one = Processor(FOLD, first, "counting", PREFIX, FakeClock())
        two = Processor(FOLD, second, "counting", PREFIX, FakeClock())
        done = await asyncio.gather(one.process(records), two.process(records))
        assert sorted(len(part.published) for part in done)[0] == 0
    finally:
        await first.close()
        await second.close()


async def test_a_record_that_fails_alone_is_parked_and_its_neighbours_go_on(database):
    good, bad = CONVERSATIONS[0], CONVERSATIONS[1]
    async with counting(database) as harness:
        published = await harness.feed(note(good, "one"), note(bad, "poison"), note(good, "two"))
        assert [fact.data.text for fact in published] == ["1:one", "2:two"]
        (parked,) = await harness.rows("SELECT reason, error, type, value FROM parked")
        assert parked["reason"] == "failed"
        assert "ValueError" in parked["error"]
        assert "customer" not in parked["error"], "the error's text may quote a person"


async def test_later_records_of_a_parked_key_wait_behind_it_in_order(database):
    stuck, free = CONVERSATIONS[0], CONVERSATIONS[1]
    async with counting(database) as harness:
        await harness.feed(note(stuck, "a"))
        await harness.execute("UPDATE tally SET texts = 'poison;' WHERE id = $1", stuck)
        await harness.feed(resolved(stuck), resolved(free))
        await harness.feed(resolved(stuck), resolved(free))
        reasons = [row["reason"] for row in await harness.rows("SELECT reason FROM parked ORDER BY id")]
        assert reasons == ["failed", "behind"]
        await harness.execute("UPDATE tally SET texts = 'mended;' WHERE id = $1", stuck)
        assert await harness.processors[0].replay() == 0, "nobody asked for it yet"
        await harness.execute("UPDATE parked SET replay_requested = true WHERE reason = 'failed'")
        assert await harness.processors[0].replay() == 2
        (row,) = await harness.rows("SELECT texts FROM tally WHERE id = $1", stuck)
        assert row["texts"] == "mended;resolved;resolved;"
        assert not await harness.rows("SELECT 1 FROM parked")


async def test_a_type_of_a_later_release_is_parked_and_replayed_by_a_release_that_knows_it(database):
    async with counting(database) as harness:
        record = harness.log.record(fact_of(note(CONVERSATIONS[0], "later")))
        unknown = [(k, b"de.lotse.note.sung.v1" if k == "ce_type" else v) for k, v in record.headers]
        await harness.feed_records([FakeRecord(record.topic, 0, record.offset, record.key, record.value, unknown)])
        (parked,) = await harness.rows("SELECT reason, type FROM parked")
        assert (parked["reason"], parked["type"]) == ("unknown_type", "de.lotse.note.sung.v1")
        assert await harness.processors[0].replay() == 0
        await harness.execute(
            "UPDATE parked SET type = $1, headers = replace(headers, 'sung', 'written')", record_type()
        )
        assert await harness.processors[0].replay() == 1
        assert (await harness.rows("SELECT notes FROM tally"))[0]["notes"] == 1


def record_type() -> str:
    return note(CONVERSATIONS[0], "").TYPE


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda r: (r.headers, b"{"), "Invalid JSON"),
        (lambda r: (r.headers, None), "no data"),
        (lambda r: ([], r.value), "ce_type"),
        (lambda r: ([("ce_type", b"\xff\xfe")], r.value), "UTF-8"),
        (lambda r: ([(k, b"x" if k == "ce_id" else v) for k, v in r.headers], r.value), "header"),
        (lambda r: ([(k, v) for k, v in r.headers if k != "ce_time"], r.value), "ce_time"),
        (lambda r: (r.headers, b"\x00\x01"), "JSON"),
        (lambda r: ([(k, None if k == "ce_id" else v) for k, v in r.headers], r.value), "ce_id"),
    ],
)
async def test_a_damaged_record_is_parked_whole_with_what_is_wrong(database, damage, word):
    async with counting(database) as harness:
        record = harness.log.record(fact_of(note(CONVERSATIONS[0], "x")))
        headers, value = damage(record)
        await harness.feed_records([FakeRecord(record.topic, 0, record.offset, record.key, value, headers)])
        await harness.feed(note(CONVERSATIONS[0], "after"))
        (parked,) = await harness.rows("SELECT reason, error, value FROM parked")
        assert parked["reason"] == "invalid"
        assert word in parked["error"]
        assert parked["value"] == value
        assert (await harness.rows("SELECT notes FROM tally"))[0]["notes"] == 1


@pytest.mark.parametrize(
    "headers",
    [
        lambda given: [*given, ("x-from-another-client", None)],
        lambda given: [(k, b"9" * 19 if k == STAMP else v) for k, v in given],
        lambda given: [(k, b"9" * 5000 if k == STAMP else v) for k, v in given],
        lambda given: [(k, None if k == STAMP else v) for k, v in given],
    ],
)
async def test_headers_that_no_relay_of_ours_writes_hold_up_nothing(database, headers):
    async with counting(database) as harness:
        await harness.feed(note(CONVERSATIONS[0], "before"))
        record = harness.log.record(fact_of(resolved(CONVERSATIONS[0])))
        await harness.feed_records([replace(record, headers=headers(record.headers))])
        await harness.feed(resolved(CONVERSATIONS[0]))
        (row,) = await harness.rows("SELECT texts FROM tally")
        assert row["texts"] == "before;resolved;resolved;"


async def test_a_key_longer_than_an_index_takes_is_parked_and_waited_behind(database):
    key = random.Random(1).randbytes(5000).hex().encode()
    async with counting(database) as harness:
        for value in (b"{", None):
            record = harness.log.record(fact_of(resolved(CONVERSATIONS[0])))
            await harness.feed_records([replace(record, key=key, value=value or record.value)])
        rows = await harness.rows("SELECT reason, length(key) AS length FROM parked ORDER BY id")
        assert [row["reason"] for row in rows] == ["invalid", "behind"]
        assert rows[0]["length"] == rows[1]["length"] == 500


@pytest.mark.parametrize("why", ["unknown", "invalid", "failed"])
async def test_what_was_parked_and_comes_again_counts_once(database, why):
    """Providers repeat their webhooks for days: a repeat of what is parked is no second message."""
    hurt = {
        "unknown": lambda r: [(k, b"de.lotse.note.sung.v1" if k == "ce_type" else v) for k, v in r.headers],
        "invalid": lambda r: [(k, b"never" if k == "ce_time" else v) for k, v in r.headers],
        "failed": lambda r: r.headers,
    }[why]
    mend = {
        "unknown": "UPDATE parked SET type = $1, headers = replace(headers, 'de.lotse.note.sung.v1', $1)",
        "invalid": "UPDATE parked SET headers = replace(headers, 'never', '2026-03-02T09:00:00+00:00') WHERE $1 <> ''",
        "failed": "UPDATE parked SET value = replace(encode(value, 'escape'), 'poison', 'well')::bytea WHERE $1 <> ''",
    }[why]
    written = fact_of(note(CONVERSATIONS[0], "poison" if why == "failed" else "well"))
    async with counting(database) as harness:
        records = [harness.log.record(written) for _ in range(3)]
        for record in records:
            await harness.feed_records([replace(record, headers=hurt(record))])
        await harness.feed_records([replace(record, headers=hurt(record)) for record in records])
        assert len(await harness.rows("SELECT 1 FROM parked")) == 3
        await harness.execute(mend, record_type())
        await harness.execute("UPDATE parked SET replay_requested = true")
        assert await harness.processors[0].replay() == 3
        assert [row["texts"] for row in await harness.rows("SELECT texts FROM tally")] == ["well;"]
        assert not await harness.rows("SELECT 1 FROM parked")


async def test_what_is_parked_counts_no_more_once_its_repeat_was_applied(database):
    written = fact_of(note(CONVERSATIONS[0], "well"))
    async with counting(database) as harness:
        hurt = harness.log.record(written)
        await harness.feed_records([replace(hurt, value=b"{")])
        await harness.feed(written)
        await harness.execute("UPDATE parked SET replay_requested = true, value = $1", hurt.value)
        await harness.processors[0].replay()
        assert [row["notes"] for row in await harness.rows("SELECT notes FROM tally")] == [1]


async def test_an_event_that_kafka_would_not_take_parks_its_cause_and_holds_up_nothing(database):
    fold = replace(
        FOLD,
        decide=lambda state, fact, now: (
            [e.model_copy(update={"text": "x" * 600_000}) for e in FOLD.decide(state, fact, now)]
            if "large" in fact.data.text
            else FOLD.decide(state, fact, now)
        ),
    )
    async with counting(database, fold) as harness:
        published = await harness.feed(note(CONVERSATIONS[0], "large"), note(CONVERSATIONS[1], "small"))
        assert [fact.data.text for fact in published] == ["1:small"]
        (parked,) = await harness.rows("SELECT error FROM parked")
        assert "RecordTooLarge" in parked["error"]


async def test_while_the_database_takes_nothing_no_record_is_blamed(database):
    """A full disk, a standby not yet promoted: what prevents even the parking says nothing about the release."""
    async with counting(database) as harness:
        records = [harness.log.record(fact_of(note(CONVERSATIONS[0], "poison"))) for _ in range(3)]
        await harness.execute("ALTER TABLE parked ADD CONSTRAINT refused CHECK (false)")
        for _ in range(30):
            with pytest.raises(asyncpg.CheckViolationError):
                await harness.feed_records(records)
        await harness.execute("ALTER TABLE parked DROP CONSTRAINT refused")
        await harness.feed_records(records)
        assert len(await harness.rows("SELECT 1 FROM parked")) == 3


async def test_too_many_parked_in_a_row_stop_the_consumer_and_lose_nothing(database):
    async with counting(database) as harness:
        records = [harness.log.record(fact_of(note(CONVERSATIONS[0], "poison"))) for _ in range(30)]
        with pytest.raises(TooManyParked):
            await harness.feed_records(records)
        (inbox,) = await harness.rows("SELECT next_offset FROM inbox")
        (parked,) = await harness.rows("SELECT count(*) AS n FROM parked")
        assert inbox["next_offset"] == parked["n"] == 20


async def test_a_partition_that_begins_above_what_is_wanted_is_sought_back_then_accepted(database):
    async with counting(database) as harness:
        records = [harness.log.record(fact_of(note(CONVERSATIONS[0], str(n)))) for n in range(5)]
        await harness.processors[0].process(records[:1])
        done = await harness.processors[0].process(records[3:])
        assert done.seek == {(records[0].topic, 0): 1}
        assert done.published == []
        done = await harness.processors[0].process(records[3:])
        assert [fact.data.text for fact in done.published] == ["2:3", "3:4"]


async def test_sequence_numbers_are_gapless_per_key_whoever_writes(database):
    async with counting(database) as harness:
        processors = [Processor(FOLD, harness.database, "counting", PREFIX, FakeClock()) for _ in range(3)]
        logs = [[replace_partition(Log().record(f), p) for f in notes(p)] for p in range(3)]
        for partition, records in enumerate(logs):
            logs[partition] = [replace_offset(record, n) for n, record in enumerate(records)]
        await asyncio.gather(*(p.process(records) for p, records in zip(processors, logs, strict=True)))
        by_key: dict[str, list[int | None]] = {}
        for fact in await harness.outbox():
            by_key.setdefault(fact.key, []).append(fact.sequence)
        assert by_key
        assert all(found == list(range(1, len(found) + 1)) for found in by_key.values())


def notes(partition: int) -> list[Fact[Event]]:
    return [fact_of(note(CONVERSATIONS[n % 3], f"{partition}.{n}")) for n in range(20)]


def replace_partition(record: FakeRecord, partition: int) -> FakeRecord:
    return FakeRecord(record.topic, partition, record.offset, record.key, record.value, record.headers)


def replace_offset(record: FakeRecord, offset: int) -> FakeRecord:
    return FakeRecord(record.topic, record.partition, offset, record.key, record.value, record.headers)
