"""The console in a real Chromium over the real stack."""

import asyncio
import logging
import os
import sys
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

sys.path.insert(0, str(Path(__file__).parent))

from bench.browser import FLAGS, MISSING, find  # noqa: E402
from console_world import Customers, Desk, Shelf, Windows, violations  # noqa: E402

from lotse.local.stack import Plan, running  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = "LOTSE_BROWSER_REQUIRED"
PATIENCE = 20_000
"""Milliseconds until what is expected of a page must have come; nothing waits longer than it has to."""


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in Path(item.path).parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is; without one these tests are skipped, or fail where it is required."""
    found = find()
    if found:
        return found
    if os.environ.get(REQUIRED):
        pytest.fail(f"{MISSING}, and {REQUIRED} is set")
    pytest.skip(MISSING)


def with_room(text: str) -> str:
    """The operator's file with agents whom all the tests of a session cannot fill."""
    data = yaml.safe_load(text)
    for agent in (one for one in data["agents"].values() if one.get("role") != "admin"):
        agent["capacity"] = {"soft": 500, "hard": 600}
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(chromium, engines, tmp_path_factory):
    """The whole local stack, of these tests' own."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    folder = tmp_path_factory.mktemp("console")
    config = folder / "lotse.yaml"
    config.write_text(with_room((ROOT / "config" / "lotse.yaml").read_text(encoding="utf-8")), encoding="utf-8")
    plan = Plan(folder=folder, config=config, prefix="console", database="console")
    async with running(plan, lambda _: None, engines) as found:
        yield found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium):
    """One Chromium for all tests."""
    from playwright.async_api import async_playwright, expect

    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield started
        await started.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def desk(stack):
    """The API of the desk, called as any agent."""
    async with Desk.of(stack) as made:
        yield made


@pytest.fixture(scope="session")
def shelf() -> Shelf:
    return {}


@pytest_asyncio.fixture(loop_scope="session")
async def windows(stack, browser, shelf):
    """Contexts of the browser, of one test at a time; a script that failed or was refused by policy fails it."""
    made = Windows(stack, browser, shelf)
    yield made
    await made.close()
    assert made.complaints == []


@pytest.fixture
def open_page(windows):
    """`await open_page("/team", agent="anna", language="de", theme="light", width=1280)`: a page, signed in."""
    return windows.open


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def customers(stack, desk):
    """Writes to the system as real customers do."""
    async with Customers.of(stack, desk) as made:
        yield made


@pytest.fixture(scope="session")
def accessible():
    """`await accessible(page)`: axe finds nothing serious on it."""

    async def check(page, within: str | None = None) -> None:
        assert await violations(page, within) == []

    return check


@pytest_asyncio.fixture
async def until():
    """`await until(lambda: awaitable_fact())`: for facts outside the page."""

    async def wait(fact, seconds: float = 20):
        async with asyncio.timeout(seconds):
            while not (found := await fact()):
                await asyncio.sleep(0.05)
        return found

    return wait
