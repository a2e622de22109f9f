"""Timers whose decision raises are parked, stand still and hold up nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from counting import note

from lotse.contracts.envelope import Event
from lotse.contracts.ids import derive
from lotse.runtime.fold import Due, Timer
from lotse.runtime.postgres import Tx
from lotse.runtime.testing import Harness
from lotse.runtime.ticking import BATCH
from lotse.runtime.writes import Write

TABLE = "CREATE TABLE alarm (owner text PRIMARY KEY, at timestamptz NOT NULL, broken boolean NOT NULL DEFAULT false)"


@dataclass(slots=True)
class Rung:
    owners: list[str] = field(default_factory=list[str])


async def due(tx: Tx, now: datetime, limit: int) -> Sequence[str]:
    rows = await tx.fetch("SELECT owner FROM alarm WHERE at <= $1 ORDER BY at, owner LIMIT $2", now, limit)
    return [row["owner"] for row in rows]


async def load(tx: Tx, owners: Sequence[str], now: datetime) -> tuple[Rung, Sequence[Due[bool]]]:
    statement = "SELECT owner, broken FROM alarm WHERE owner = ANY($1::text[]) AND at <= $2 ORDER BY owner FOR UPDATE"
    rows = await tx.fetch(statement, list(owners), now)
    return Rung(), [Due(row["owner"], derive(UUID(int=0), row["owner"]), None, row["broken"]) for row in rows]


def decide(state: Rung, due: Due[bool], now: datetime) -> list[Event]:
    del now
    if due.what:
        raise ValueError("what the customer wrote")
    state.owners.append(due.owner)
    return [note(UUID(int=1), due.owner)]


def save(state: Rung) -> list[Write]:
    return [Write("DELETE FROM alarm WHERE owner = ANY($1::text[])", (state.owners,))]


ALARM = Timer("alarm", timedelta(seconds=1), due, load, decide, save)


@pytest.fixture
async def harness(database):
    async with Harness.open(database, "counting", packages=("lotse.runtime",)) as opened:
        await opened.execute(TABLE)
        yield opened


async def test_a_timer_that_cannot_be_decided_stands_still_until_it_is_replayed(harness: Harness):
    now = harness.clock()
    await harness.execute("INSERT INTO alarm VALUES ('well', $1, false), ('broken', $1, true)", now)
    assert [fact.data.text for fact in await harness.tick(ALARM)] == ["well"]
    (parked,) = await harness.rows("SELECT topic, key, reason, error FROM parked")
    assert (parked["topic"], parked["key"], parked["reason"]) == ("timer:alarm", "broken", "failed")
    assert "customer" not in parked["error"]
    await harness.execute("UPDATE alarm SET broken = false")
    assert await harness.tick(ALARM) == [], "nobody asked for it"
    await harness.execute("UPDATE parked SET replay_requested = true")
    assert [fact.data.text for fact in await harness.tick(ALARM)] == ["broken"]
    assert not await harness.rows("SELECT 1 FROM parked")


async def test_more_broken_timers_than_a_round_takes_hold_up_nobody(harness: Harness):
    now = harness.clock()
    many = [f"{number:04}" for number in range(BATCH + 30)]
    await harness.execute("INSERT INTO alarm SELECT unnest($1::text[]), $2, true", many, now)
    await harness.execute("INSERT INTO alarm VALUES ('well', $1, false)", now + timedelta(seconds=1))
    heard: list[str] = []
    for _ in range(3):
        heard += [fact.data.text for fact in await harness.tick(ALARM, now + timedelta(seconds=2))]
    assert heard == ["well"]
    assert len(await harness.rows("SELECT 1 FROM parked")) == len(many)
