"""The queue stays quick when it is long, and forgets what is over."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from notifier_world import AT, Shop, approved, config, delivered, echo, opened, provider, queued, shop

from lotse.notifier import app, queue, store


@pytest_asyncio.fixture
async def desk(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    async with provider() as meta, shop(database, config(graph=meta.url), monkeypatch) as made:
        yield made


async def _plan(desk: Shop, query: str, *args: object) -> str:
    rows = await desk.harness.rows(f"EXPLAIN (FORMAT JSON) {query}", *args)
    return json.dumps(json.loads(rows[0][0]))


async def _many(desk: Shop) -> None:
    """A table as after a busy month: fifty thousand sent, a few due."""
    await desk.harness.execute(
        """INSERT INTO outgoing (id, kind, conversation_id, ordinal, sink, account, thread, content, due_at, expires_at,
                                 cause, stage, sent_at, provider_ids)
           SELECT gen_random_uuid(), 'received', gen_random_uuid(), 1, 'meta', 'shop', gen_random_uuid(), '{}', $1, $1::timestamptz + interval '1 day',
                  gen_random_uuid(), CASE WHEN n % 500 = 0 THEN 'pending' ELSE 'sent' END, $1, ARRAY['m_' || n]
           FROM generate_series(1, 50000) AS n""",
        AT,
    )
    await desk.harness.execute(
        """INSERT INTO provider_message (account, provider_id, outgoing_id)
           SELECT 'shop', 'm_' || row_number() OVER (), id FROM outgoing"""
    )
    await desk.harness.execute("ANALYZE")


MANY = [uuid4() for _ in range(100)]
NAMES = [str(one) for one in MANY]


@pytest.mark.parametrize(
    ("query", "args"),
    [
        (queue._CLAIM, ("meta", AT, 100, AT, None, MANY[0])),
        (queue._CLAIM, ("meta", AT, 1, AT, "shop", MANY[0])),
        (queue._NEVER_BEGUN, ("meta", MANY[0], MANY)),
        (queue._TRY_OUT, ("meta", AT, timedelta(minutes=5), ["shop"], 100, timedelta(seconds=65))),
        (queue._OVERDUE, (AT - timedelta(days=1), 100)),
        (queue._OVERDUE_ROWS, (AT, MANY)),
        (store._PLACES, (MANY, ["shop"] * 100, NAMES)),
        (store._THREAD_ROWS, (MANY, MANY)),
        (store._LOCK_OUTGOING, (MANY,)),
        (store._LOCK_MESSAGES, (["shop"] * 100, NAMES)),
        (store._KEPT_ECHOES, (MANY,)),
    ],
)
async def test_no_query_of_the_hot_path_reads_a_whole_table(desk: Shop, query: str, args: Any) -> None:
    await _many(desk)
    plan = await _plan(desk, query, *args)
    assert not re.search(r'"Node Type": "Seq Scan", [^}]*"Relation Name": "(outgoing|provider_message)"', plan), plan


async def test_what_is_over_is_forgotten_after_its_time(desk: Shop) -> None:
    await desk.feed(opened(), approved(), opened(2), approved(2))
    await desk.send()
    await desk.feed(delivered("m_unknown"), echo("m_alien", text="?", number=77))
    job = app.forgetting(timedelta(days=30))
    await desk.harness.job(job, now=AT + timedelta(hours=23))
    assert await _counts(desk) == (2, 4)
    await desk.harness.job(job, now=AT + timedelta(days=2))
    assert await _counts(desk) == (2, 2)
    await desk.harness.job(job, now=AT + timedelta(days=31))
    assert await _counts(desk) == (0, 0)


async def test_all_that_is_over_is_forgotten_at_once_however_much_it_is(desk: Shop) -> None:
    await desk.harness.execute(
        """INSERT INTO outgoing (id, kind, conversation_id, ordinal, sink, account, thread, content, due_at, expires_at,
                                 cause, stage)
           SELECT gen_random_uuid(), 'received', gen_random_uuid(), 1, 'meta', 'shop', gen_random_uuid(), '{}', $1, $1,
                  gen_random_uuid(), 'sent' FROM generate_series(1, 12000)""",
        AT,
    )
    await desk.harness.execute(
        """INSERT INTO provider_message (account, provider_id, outgoing_id, kept_at)
           SELECT 'shop', 'm_' || row_number() OVER (), id, $1 FROM outgoing""",
        AT,
    )
    await desk.harness.execute("INSERT INTO address (id) SELECT gen_random_uuid() FROM generate_series(1, 6000)")
    await desk.harness.job(app.forgetting(timedelta(days=30)), now=AT + timedelta(days=31))
    assert await _counts(desk) == (0, 0)
    assert await desk.harness.rows("SELECT 1 FROM address") == []


async def test_without_an_automatic_word_no_address_is_kept(desk: Shop) -> None:
    await desk.feed(opened(), queued())
    assert await desk.harness.rows("SELECT 1 FROM address") == []


async def _counts(desk: Shop) -> tuple[int, int]:
    (row,) = await desk.harness.rows(
        "SELECT (SELECT count(*) FROM outgoing) AS rows, (SELECT count(*) FROM provider_message) AS messages"
    )
    return row["rows"], row["messages"]


async def test_of_more_accounts_that_have_rested_than_there_is_room_for_the_others_wait(desk: Shop) -> None:
    accounts = ["one", "two", "three"]
    await desk.harness.execute(
        """INSERT INTO outgoing (id, kind, conversation_id, ordinal, sink, account, thread, content, due_at, expires_at,
                                 cause, stage)
           SELECT gen_random_uuid(), 'received', gen_random_uuid(), 1, 'meta', account, gen_random_uuid(), $3, $1,
                  $1::timestamptz + interval '1 day', gen_random_uuid(), 'pending'
           FROM unnest($2::text[]) AS account""",
        AT,
        accounts,
        await _content(desk),
    )
    await desk.harness.execute(
        "INSERT INTO stopped (account, reason, since, until) SELECT account, 'paused', $1, $1 FROM unnest($2::text[]) AS account",
        AT,
        accounts,
    )
    tried = []
    for _ in accounts:
        (call,) = await desk.claim(limit=1)
        tried.append(call.row.account)
    assert sorted(tried) == sorted(accounts)
    assert await desk.claim(limit=1) == []


async def _content(desk: Shop) -> str:
    """What a row holds, from one that was made by the rules and sent."""
    await desk.feed(opened(), approved())
    await desk.send()
    (row,) = await desk.harness.rows("SELECT content FROM outgoing")
    return row["content"]
