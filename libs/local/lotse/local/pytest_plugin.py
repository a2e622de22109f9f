"""Fixtures on real engines; a test run that asks for none of them starts nothing."""

import secrets
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import pytest
import pytest_asyncio
from _pytest.capture import CaptureManager

if TYPE_CHECKING:
    from lotse.local.engines import Engines


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engines(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> "AsyncGenerator[Engines]":
    """Both engines, started at the first test that asks and stopped after the last."""
    from lotse.local.engines import Places, state_folder
    from lotse.local.engines import engines as run_engines

    places = Places(home=tmp_path_factory.mktemp("engines"), artefacts=state_folder() / "kafka")
    async with run_engines(places, _teller(pytestconfig)) as running:
        yield running
        if running.kafka_control:
            await running.kafka_control.kill()  # its data go with it, and to close a thousand logs takes 20 s


@pytest.fixture(scope="session")
def kafka(engines: "Engines") -> str:
    """Kafka's bootstrap servers."""
    return engines.kafka


@pytest.fixture(scope="session")
def postgres_admin(engines: "Engines") -> str:
    """A superuser's URL on PostgreSQL's own database."""
    return engines.postgres


@pytest_asyncio.fixture(loop_scope="session")
async def database(postgres_admin: str) -> AsyncGenerator[str]:
    """The URL of an empty database that is this test's own."""
    from lotse.local.postgres import execute

    name = f"t{secrets.token_hex(6)}"
    await execute(postgres_admin, f'CREATE DATABASE "{name}"')
    yield urlunsplit(urlsplit(postgres_admin)._replace(path=f"/{name}"))
    await execute(postgres_admin, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def prefix() -> str:
    """What this test's topics and groups begin with, such as `t3f9a1`."""
    return f"t{secrets.token_hex(4)}"


def _teller(config: pytest.Config) -> Callable[[str], None]:
    """Prints past pytest's capture, so that a first run that downloads does not look stuck."""
    capture = config.pluginmanager.getplugin("capturemanager")

    def tell(line: str) -> None:
        with capture.global_and_fixture_disabled() if isinstance(capture, CaptureManager) else nullcontext():
            print(f"\n{line}", end="", file=sys.stderr, flush=True)

    return tell
