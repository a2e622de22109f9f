"""What runs often goes by an index, however long the queue and the history."""

import json
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from router_stories import Router

from lotse.router.store import conversations, matching, tables, timing

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

_FILL = """
INSERT INTO conversation
    (id, status, agent_id, held_for, active, live, units, kind, due_minute, aged_since, timer_at, record)
SELECT gen_random_uuid(), CASE WHEN n % 10 = 0 THEN 'queued' WHEN n % 50 = 1 THEN 'assigned' ELSE 'resolved' END,
    CASE WHEN n % 50 = 1 THEN 'agent' || n % 97 END, CASE WHEN n % 1000 = 0 THEN 'agent1' END, n % 50 = 1, false, 1,
    CASE WHEN n % 10 = 0 THEN ('00000000-0000-0000-0000-00000000000' || n % 7)::uuid END,
    CASE WHEN n % 10 = 0 THEN now() END, CASE WHEN n % 10 = 0 THEN now() END,
    CASE WHEN n % 100 = 2 THEN now() + interval '1 day' END, '{}'
FROM generate_series(1, 30000) AS n
"""
_AGENTS = "INSERT INTO agent (id, presence) SELECT 'agent' || n, 'online' FROM generate_series(0, 96) AS n"


@pytest_asyncio.fixture
async def full(router: Router) -> Router:
    await router.harness.execute(_FILL)
    await router.harness.execute(_AGENTS)
    await router.harness.execute(
        "INSERT INTO kept (id, about, headers, value) SELECT gen_random_uuid(), "
        "gen_random_uuid(), '[]', '' FROM generate_series(1, 5000)"
    )
    await router.harness.execute("VACUUM ANALYZE")
    return router


IDS = ["00000000-0000-0000-0000-000000000001"] * 50


@pytest.mark.parametrize(
    ("query", "arguments", "index"),
    [
        (matching._KINDS, (), "conversation_queue"),
        (matching._HEADS, (IDS[:1], [20]), "conversation_queue"),
        (matching._WORKERS, (), "conversation_counted"),
        (conversations._USED, (["agent1"], IDS), "conversation_counted"),
        (conversations._LOCK, (IDS,), "conversation_pkey"),
        (timing._ELAPSED, (NOW, 200), "conversation_timer"),
        (timing._LEFT, (NOW, 200), "conversation_hold"),
        (timing._FORGET_KEPT, (NOW,), "kept_at"),
        (tables._KEPT, (IDS,), "kept_about"),
    ],
)
async def test_the_query_goes_by_its_index_and_scans_no_conversations(
    full: Router, query: str, arguments: tuple[object, ...], index: str
) -> None:
    (row,) = await full.harness.rows(f"EXPLAIN (FORMAT JSON) {query}", *arguments)
    nodes = list(_nodes(json.loads(row[0])[0]["Plan"]))
    assert index in {node.get("Index Name") for node in nodes}
    scanned = {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"}
    assert scanned <= {"agent"}


def _nodes(plan):
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)
