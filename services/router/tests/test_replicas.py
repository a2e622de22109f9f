"""Several replicas at once, over the real database."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from router_stories import (
    NINE,
    Router,
    agent,
    analysed,
    asks,
    config,
    fact,
    heartbeat,
    kinds,
    opened_by,
    received,
    sent,
    status,
)

from lotse.contracts.channels import Channel
from lotse.contracts.commands import ResolveRequested, TransferRequested
from lotse.contracts.config import Config
from lotse.contracts.conversations import AssignmentChanged, ConversationOpened, StatusChange
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import AgentId, ConversationId
from lotse.contracts.inbound import MessageReceived
from lotse.contracts.values import Identity, IdentityKind, Presence, Status
from lotse.router import app
from lotse.runtime.postgres import Database, is_transient
from lotse.runtime.testing import Harness


@dataclass(slots=True)
class Replica(Router):
    """One of several, with connections and partitions of its own."""

    partition: int = 0

    async def hear(self, *events: Event, now: datetime = NINE) -> list[Fact[Event]]:
        records = [replace(self.harness.log.record(fact(e)), partition=self.partition) for e in events]
        return await self.harness.feed_records(records, now=now)

    async def match(self, now: datetime = NINE) -> list[Fact[Event]]:
        """As the service does: what another replica's lock kept waiting for too long is tried again."""
        while True:
            try:
                return await self.harness.job(app.match(self.config), now=now)
            except Exception as error:
                if not is_transient(error):
                    raise


@asynccontextmanager
async def replicas(database: str, given: Config, number: int) -> AsyncGenerator[list[Replica]]:
    """The first migrates; all share the schema."""
    async with Router.open(database, given):
        opened = [await Database.open(database, "router", 2) for _ in range(number)]
    try:
        yield [
            Replica(Harness(pool, "router", [app.matching_fold(given)]), given, partition)
            for partition, pool in enumerate(opened)
        ]
    finally:
        for pool in opened:
            await pool.close()


async def _one_by_one(replica: Replica, messages: list[MessageReceived]) -> None:
    """Every message, each from another place, so that the replicas meet at all of them."""
    for n in range(len(messages)):
        await replica.hear(messages[(n + 3 * replica.partition) % len(messages)])


async def test_ten_messages_through_four_replicas_at_once_are_one_conversation_of_ten(database: str) -> None:
    async with replicas(database, config(), 4) as running:
        await asyncio.gather(*(_one_by_one(replica, [received("kim", n) for n in range(10)]) for replica in running))
        facts = await running[0].harness.outbox()
    assert Counter(kinds(facts)) == {"conversation.opened": 1, "message.added": 10}


async def test_ten_messages_at_once_open_one_conversation(database: str) -> None:
    async with replicas(database, config(), 5) as running:
        await asyncio.gather(
            *(_one_by_one(r, [received("kim", 2 * n), received("kim", 2 * n + 1)]) for n, r in enumerate(running))
        )
        facts = await running[0].harness.outbox()
    assert Counter(kinds(facts)) == {"conversation.opened": 1, "message.added": 10}


async def test_messages_at_once_after_the_window_open_one_conversation_anew(database: str) -> None:
    later = NINE + timedelta(days=30)
    async with replicas(database, config(), 4) as running:
        for n in range(5):
            first = received(f"p{n}", "first")
            await running[0].hear(first)
            await running[0].hear(asks(ResolveRequested, opened_by(first), role="lead"))
            await asyncio.gather(*(r.hear(received(f"p{n}", m, later), now=later) for m, r in enumerate(running)))
        facts = await running[0].harness.outbox()
    assert Counter(kinds(facts)) == {"conversation.opened": 10, "message.added": 25, "conversation.resolved": 5}


async def test_two_names_of_one_person_at_once_open_one_conversation(database: str) -> None:
    number = Identity(kind=IdentityKind.PHONE, value="+491701234567", verified=True)
    user = Identity(kind=IdentityKind.WHATSAPP, value="DE.777", verified=True)
    threads = ("491701234567", "DE.777")
    messages = [received(threads[n % 2], n, channel=Channel.WHATSAPP, identities=(user, number)) for n in range(8)]
    async with replicas(database, config(), 4) as running:
        await asyncio.gather(*(_one_by_one(replica, messages[n::4]) for n, replica in enumerate(running)))
        facts = await running[0].harness.outbox()
    opened = [f.data for f in facts if isinstance(f.data, ConversationOpened)]
    assert len(opened) == 1
    assert {f.data.customer_id for f in facts if hasattr(f.data, "customer_id")} == {opened[0].customer_id}


async def test_an_analysis_and_its_message_at_once_never_miss_each_other(database: str) -> None:
    async with replicas(database, config(), 2) as (one, two):
        for n in range(20):
            message = received(f"p{n}")
            await asyncio.gather(one.hear(message), two.hear(analysed(message)))
        rows = await one.harness.rows("SELECT status, count(*) AS n FROM conversation GROUP BY status")
        kept = await one.harness.rows("SELECT id FROM kept")
    assert [(row["status"], row["n"]) for row in rows] == [("queued", 20)]
    assert kept == []


WORKERS = 16
ROUNDS = 4
AGENTS = {
    AgentId(f"agent{n:02}"): agent(
        f"Agent {n}", 2 + n % 3, 3 + n % 3, **({"de": 3, "en": 2} if n % 4 else {"en": 3, "product": 1})
    )
    for n in range(24)
}
CROWD = config(AGENTS)


@pytest.mark.parametrize(("steps", "people"), [(3, 4), (4, 40)], ids=["in each other's way", "ten thousand"])
async def test_sixteen_workers_give_nothing_twice_and_exceed_no_limit(database: str, steps: int, people: int) -> None:
    """Messages, answers, transfers and agents who come and go, while every worker matches, in its batches and beside.

    After each round, when all is still, one matching run leaves no agent without work that he could do.
    """
    async with replicas(database, CROWD, WORKERS) as running:
        for turn in range(ROUNDS):
            now = NINE + timedelta(seconds=10 * turn)
            await asyncio.gather(*(_work(replica, turn, now, steps, people) for replica in running))
            await running[0].match(now)
            await _nothing_left_to_give(running[0])
        facts = await running[0].harness.outbox()
    _assigned_one_at_a_time(facts)
    _in_order(facts)
    assert Counter(kinds(facts))["conversation.opened"] == WORKERS * ROUNDS * steps * people


async def _work(replica: Replica, turn: int, now: datetime, steps: int, people: int) -> None:
    pick = random.Random(f"{replica.partition} {turn}")
    for n in range(steps):
        names = [f"p{replica.partition}-{turn}-{n}-{m}" for m in range(people)]
        messages = [received(name, when=now) for name in names]
        language = pick.choice(("de", "en"))
        await replica.hear(*messages, *(analysed(m, language=language) for m in messages), now=now)
        await _come_and_go(replica, pick, now)
        await replica.match(now)
        await _within_limits(replica)
        await _finish_some(replica, pick, now)
        await replica.elapse(now)


async def _come_and_go(replica: Replica, pick: random.Random, now: datetime) -> None:
    who = pick.sample(sorted(AGENTS), 3)
    to = (Presence.ONLINE, Presence.ONLINE, pick.choice((Presence.AWAY, Presence.OFFLINE)))
    await replica.hear(
        *(status(a, p, now, hand_back=pick.random() < 0.3) for a, p in zip(who, to, strict=True)),
        *(heartbeat(a, now) for a in AGENTS),
        now=now,
    )


async def _finish_some(replica: Replica, pick: random.Random, now: datetime) -> None:
    rows = await replica.harness.rows("SELECT id, agent_id FROM conversation WHERE active ORDER BY random() LIMIT 4")
    events: list[Event] = []
    for row in rows:
        conversation, owner = ConversationId(row["id"]), row["agent_id"]
        match pick.randrange(3):
            case 0:
                events.append(asks(ResolveRequested, conversation, owner, when=now))
            case 1:
                events.append(sent(conversation, now, agent_id=owner))
            case _:
                to = pick.choice(sorted(AGENTS))
                events.append(
                    asks(TransferRequested, conversation, owner, when=now, agent_id=to, reason=f"to {pick.random()}")
                )
    if events:
        await replica.hear(*events, now=now)


_LOAD = "SELECT agent_id, sum(units) AS units FROM conversation WHERE active GROUP BY agent_id"


async def _within_limits(replica: Replica) -> None:
    for row in await replica.harness.rows(_LOAD):
        assert row["units"] <= AGENTS[row["agent_id"]].capacity.hard


async def _nothing_left_to_give(replica: Replica) -> None:
    load = {row["agent_id"]: row["units"] for row in await replica.harness.rows(_LOAD)}
    online = await replica.harness.rows("SELECT id FROM agent WHERE presence = 'online'")
    idle = [AGENTS[r["id"]] for r in online if load.get(r["id"], 0) < AGENTS[r["id"]].capacity.soft]
    waiting = await replica.harness.rows(
        "SELECT DISTINCT record -> 'demand' -> 'required' AS required FROM conversation"
        " WHERE status = 'queued' AND held_for IS NULL"
    )
    spoken = {language for card in idle for language in card.skills}
    assert not [row for row in waiting if any(f'"{language}"' in row["required"] for language in spoken)]


def _assigned_one_at_a_time(facts: list[Fact[Event]]) -> None:
    """Whoever gets a conversation gets it from him who has it, or from nobody."""
    has: dict[ConversationId, str | None] = {}
    given = 0
    for made in facts:
        if isinstance(made.data, AssignmentChanged):
            assert made.data.previous == has.get(made.data.conversation_id)
            has[made.data.conversation_id] = made.data.current
            given += made.data.current is not None
        elif isinstance(made.data, StatusChange) and made.data.current in (Status.QUEUED, Status.RESOLVED):
            has[made.data.conversation_id] = None
    assert given > WORKERS * ROUNDS


def _in_order(facts: list[Fact[Event]]) -> None:
    """Gapless for each key, and no id twice."""
    last: Counter[str] = Counter()
    seen: set[UUID] = set()
    for made in facts:
        assert made.sequence == last[made.key] + 1
        assert made.id not in seen
        last[made.key] += 1
        seen.add(made.id)
