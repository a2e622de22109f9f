"""The engines that everything runs on: Kafka and PostgreSQL, from wherever this machine has them."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol

from docker.errors import DockerException

from lotse.contracts.frozen import frozen
from lotse.local import docker
from lotse.local.errors import LocalError, PrerequisiteMissing
from lotse.local.kafka import Kafka
from lotse.local.postgres import Postgres

Progress = Callable[[str], None]


class Control(Protocol):
    """What a chaos test may do to an engine; its address and its data stay. Call from the main thread."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def kill(self) -> None: ...
    async def restart(self) -> None: ...


class _Engine(Control, Protocol):
    @property
    def address(self) -> str: ...
    async def close(self) -> None: ...


_Pair = tuple[_Engine | None, _Engine | None]
_Wanted = tuple[bool, bool]


@frozen
class Engines:
    """Kafka's bootstrap servers and a PostgreSQL superuser's URL; what is not ours to stop has no control."""

    kafka: str
    postgres: str
    kafka_control: Control | None
    postgres_control: Control | None


@frozen
class Places:
    """Where engines keep what they need: `home` their data, `artefacts` Kafka's jars; a port of None is a free one."""

    home: Path
    artefacts: Path
    kafka_port: int | None = None
    postgres_port: int | None = None


@asynccontextmanager
async def engines(places: Places, progress: Progress) -> AsyncGenerator[Engines]:
    """Run both engines for the length of the block.

    LOTSE_KAFKA (bootstrap servers) and LOTSE_POSTGRES (a superuser's URL) name engines that already run.
    LOTSE_ENGINES=docker or =embedded chooses for the rest; unset, Docker is taken where it answers and can start them.
    Raises LocalError. Enter from the main thread.
    """
    given = os.environ.get("LOTSE_KAFKA"), os.environ.get("LOTSE_POSTGRES")
    async with AsyncExitStack() as stack:
        kafka, postgres = await _start(stack, places, progress, (not given[0], not given[1]))
        yield Engines(
            kafka=kafka.address if kafka else str(given[0]),
            postgres=postgres.address if postgres else str(given[1]),
            kafka_control=kafka,
            postgres_control=postgres,
        )


def state_folder() -> Path:
    """LOTSE_HOME, else `.lotse` beside the workspace's lock file, else `.lotse` here."""
    named = os.environ.get("LOTSE_HOME")
    if named:
        return Path(named).resolve()
    here = Path(__file__).resolve()
    root = next((folder for folder in here.parents if (folder / "uv.lock").exists()), Path.cwd())
    return root / ".lotse"


async def _start(stack: AsyncExitStack, places: Places, progress: Progress, wanted: _Wanted) -> _Pair:
    """Start what is wanted in the first place that can."""
    choice = os.environ.get("LOTSE_ENGINES")
    answers = any(wanted) and choice != "embedded" and await docker.answers()
    if answers:
        try:
            return await _start_pair(stack, _in_docker(places, progress, wanted))
        except (LocalError, DockerException) as error:
            if choice == "docker":
                raise PrerequisiteMissing(f"Docker cannot run the engines: {error}") from error
            progress(f"Docker answers but cannot run the engines ({error}); running them here")
    elif choice == "docker" and any(wanted):
        raise PrerequisiteMissing("No Docker engine answers; start it, or unset LOTSE_ENGINES.")
    return await _start_pair(stack, _embedded(places, progress, wanted))


def _in_docker(places: Places, progress: Progress, wanted: _Wanted) -> _Pair:
    kafka = docker.kafka_container(places.kafka_port, progress) if wanted[0] else None
    return kafka, docker.postgres_container(places.postgres_port, progress) if wanted[1] else None


def _embedded(places: Places, progress: Progress, wanted: _Wanted) -> _Pair:
    logs = places.home / "logs"
    kafka = Kafka(places.home / "kafka", places.artefacts, logs / "kafka.log", progress, places.kafka_port)
    postgres = Postgres(places.home / "postgres", logs / "postgres.log", places.postgres_port)
    return kafka if wanted[0] else None, postgres if wanted[1] else None


async def _start_pair(stack: AsyncExitStack, pair: _Pair) -> _Pair:
    """Start both at the same time and close them with the stack; of two failures the first is raised."""
    async with AsyncExitStack() as attempt:
        try:
            async with asyncio.TaskGroup() as group:
                for engine in filter(None, pair):
                    attempt.push_async_callback(engine.close)
                    group.create_task(engine.start())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        await stack.enter_async_context(attempt.pop_all())
    return pair
