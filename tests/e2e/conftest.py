import logging
import sys
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))

from world import World, config_with_haste, listening  # noqa: E402

from lotse.local.stack import Plan, running  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in Path(item.path).parents:
            item.add_marker(pytest.mark.e2e)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(engines, tmp_path_factory):
    """One installation with two replicas of ingest and router, every trace recorded."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    folder = tmp_path_factory.mktemp("e2e")
    config = config_with_haste(ROOT / "config" / "lotse.yaml", folder / "lotse.yaml")
    plan = Plan(
        folder=folder,
        config=config,
        prefix="e2e",
        database="e2e",
        sample_ratio=1.0,
        replicas={"ingest": 2, "router": 2},
    )
    async with (
        running(plan, lambda _: None, engines) as stack,
        listening(stack) as facts,
        httpx.AsyncClient(timeout=15) as http,
    ):
        yield World(stack, facts, http)
