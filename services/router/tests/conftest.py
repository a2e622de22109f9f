import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))

from router_stories import Router, config


@pytest_asyncio.fixture
async def router(database: str) -> AsyncIterator[Router]:
    """Router over a database of its own, with the stories' agents."""
    async with Router.open(database, config()) as running:
        yield running
