"""Fixtures on real engines; a test run that asks for none of them starts nothing."""

import asyncio
import secrets
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
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


class _Databases:
    """Empty databases: while a test runs, a thread makes the next one and drops the last one."""

    def __init__(self, admin: str) -> None:
        self._admin = admin
        self._hand = ThreadPoolExecutor(1, "databases")
        self._ready = self._hand.submit(self._make)
        self._dropped: list[Future[None]] = []

    async def take(self) -> str:
        ready, self._ready = self._ready, self._hand.submit(self._make)
        return await asyncio.wrap_future(ready)

    def give_back(self, name: str) -> None:
        self._dropped.append(self._hand.submit(self._do, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))

    def close(self) -> None:
        self._hand.shutdown(cancel_futures=True)
        for dropped in self._dropped:
            if not dropped.cancelled():
                dropped.result()

    def _make(self) -> str:
        name = f"t{secrets.token_hex(6)}"
        self._do(f'CREATE DATABASE "{name}"')
        return name

    def _do(self, statement: str) -> None:
        from lotse.local.postgres import execute

        asyncio.run(execute(self._admin, statement))


@pytest.fixture(scope="session")
def _databases(postgres_admin: str) -> Generator[_Databases]:
    made = _Databases(postgres_admin)
    yield made
    made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def database(postgres_admin: str, _databases: _Databases) -> AsyncGenerator[str]:
    """The URL of an empty database that is this test's own."""
    name = await _databases.take()
    yield urlunsplit(urlsplit(postgres_admin)._replace(path=f"/{name}"))
    _databases.give_back(name)


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
