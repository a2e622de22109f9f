"""Ten thousand webhooks, a third of them repeats, through two replicas of ingest and two of router."""

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from bench.load import Links, links

from lotse.contracts.conversations import ConversationOpened, MessageAdded
from lotse.contracts.ids import message_id

UNSAMPLED = {"traceparent": f"00-{'4' * 32}-{'2' * 16}-00"}
WEBHOOKS = 10_000
CUSTOMERS = 2_000


@pytest.mark.timeout(300)
async def test_as_many_messages_as_distinct_ones_and_as_many_conversations_as_threads(world):
    run, chosen = world.fresh("d"), random.Random(5)
    distinct = [(f"{run}-{n % CUSTOMERS}", f"m_{run}_{n}") for n in range(WEBHOOKS * 2 // 3)]
    repeats = [chosen.choice(distinct) for _ in range(WEBHOOKS - len(distinct))]
    webhooks = distinct + repeats
    chosen.shuffle(webhooks)
    at = datetime.now(UTC)
    queue, meta = iter(webhooks), world.meta
    statuses: Counter[int] = Counter()

    async def provider(to: Links) -> None:
        for customer, mid in queue:
            call = meta.messenger(customer, mid, "Wo bleibt denn nun meine Bestellung?", at)
            statuses[await to.post(replace(call, headers=call.headers | UNSAMPLED))] += 1

    async with links(world.stack.urls("ingest")) as to, asyncio.TaskGroup() as group:
        for _ in range(16):
            group.create_task(provider(to))
    assert statuses == {200: WEBHOOKS}

    wanted = {message_id(world.meta.account, mid) for _, mid in distinct}
    await world.facts.some(len(distinct), MessageAdded, lambda e: e.message_id in wanted, seconds=180)
    await quiet(world, wanted)
    added = Counter(f.data.message_id for f in effective(world) if isinstance(f.data, MessageAdded))
    opened = Counter(f.data.address.thread for f in effective(world) if isinstance(f.data, ConversationOpened))
    assert {m: n for m, n in added.items() if m in wanted} == dict.fromkeys(wanted, 1)
    threads = {customer for customer, _ in distinct}
    assert {t: n for t, n in opened.items() if t in threads} == dict.fromkeys(threads, 1)


def effective(world):
    """Facts without what a subscriber drops: a second copy of the same event."""
    return {fact.id: fact for fact in world.facts.all}.values()


async def quiet(world, wanted) -> None:
    """Until router has read everything that was accepted: its lag is nothing."""

    async def no_lag() -> bool:
        found = []
        for url in world.stack.urls("router"):
            text = (await world.http.get(f"{url}/metrics")).text
            found += [
                float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith("lotse_consumer_lag")
            ]
        return bool(found) and sum(found) == 0

    await world.until(no_lag, 120)
