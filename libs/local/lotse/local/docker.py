"""The same two engines in containers, where a Docker engine answers."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import cast

import httpx
from docker.models.containers import Container as Handle
from testcontainers.core.container import DockerContainer

from lotse.local import kafka, postgres
from lotse.local.errors import LocalError, PrerequisiteMissing
from lotse.local.process import free_port, is_free, until

_DEFAULT_HOST = "unix:///var/run/docker.sock"
_PING_SECONDS = 2
_START_LIMIT = timedelta(seconds=120)
_STOP_SECONDS = 20
_KAFKA_PORT = 9092
_POSTGRES_IMAGE = "postgres:16"
_POSTGRES_PORT = 5432

Progress = Callable[[str], None]


class Container:
    """An engine in a container: its data last as long as the container, which `close` removes."""

    def __init__(
        self, recipe: DockerContainer, address: str, answers: Callable[[], Awaitable[bool]], progress: Progress
    ) -> None:
        self.address = address
        self._recipe = recipe
        self._answers = answers
        self._progress = progress
        self._handle: Handle | None = None

    async def start(self) -> None:
        """Start the container, fetching its image where it is not there, and return when the engine answers."""
        if self._handle is None:
            self._progress(f"{self._recipe.image}: starting in Docker")
            await asyncio.to_thread(self._recipe.start)
            self._handle = self._recipe.get_wrapped_container()
        else:
            await asyncio.to_thread(self._handle.start)
        await self._ready()

    async def stop(self) -> None:
        """Ask the engine to end, and end it by force when it does not."""
        if self._handle:
            await asyncio.to_thread(self._handle.stop, timeout=_STOP_SECONDS)

    async def kill(self) -> None:
        """End the engine with SIGKILL, as a crash would."""
        if self._handle:
            await asyncio.to_thread(self._handle.kill)

    async def restart(self) -> None:
        """Stop the engine if it runs, and start it again."""
        await self.stop()
        await self.start()

    async def close(self) -> None:
        """Remove the container with its data."""
        self._handle = None
        await asyncio.to_thread(self._recipe.stop)

    async def _ready(self) -> None:
        try:
            await until(self._answers, _START_LIMIT)
        except TimeoutError:
            text = f"{self._recipe.image} started in Docker and does not answer; see `docker logs`."
            raise LocalError(text) from None


async def answers() -> bool:
    """Whether a Docker engine answers within two seconds, on DOCKER_HOST or where it usually listens."""
    scheme, _, place = os.environ.get("DOCKER_HOST", _DEFAULT_HOST).partition("://")
    local = scheme == "unix"
    transport = httpx.AsyncHTTPTransport(uds=place if local else None)
    async with httpx.AsyncClient(transport=transport, timeout=_PING_SECONDS) as engine:
        try:
            return (await engine.get(f"http://{'docker' if local else place}/_ping")).is_success
        except httpx.HTTPError:
            return False


def kafka_container(port: int | None, progress: Progress) -> Container:
    """One broker from the official image, with the settings that the embedded one has."""
    port = _open_port(port)
    recipe = DockerContainer(f"apache/kafka:{kafka.kafka_version()}")
    _publish(recipe, _KAFKA_PORT, port)
    recipe.with_envs(**kafka_environment(port))
    return Container(recipe, f"127.0.0.1:{port}", lambda: kafka.answers(port), progress)


def postgres_container(port: int | None, progress: Progress) -> Container:
    """One server from the official image, with the settings that the embedded one has."""
    port = _open_port(port)
    recipe = DockerContainer(_POSTGRES_IMAGE)
    _publish(recipe, _POSTGRES_PORT, port)
    recipe.with_env("POSTGRES_HOST_AUTH_METHOD", "trust").with_command(["postgres", *postgres.options()])
    address = postgres.url(port)
    return Container(recipe, address, lambda: postgres.takes_connections(address), progress)


def kafka_environment(port: int) -> dict[str, str]:
    """server.properties as the image's variables; clients on this machine come by `port`."""
    settings = kafka.settings(data="/var/lib/kafka/data", port=port, controller_port=9093)
    del settings["controller.quorum.bootstrap.servers"]
    settings |= {
        "controller.quorum.voters": "1@localhost:9093",
        "listeners": f"HOST://:{_KAFKA_PORT},BROKER://:9094,CONTROLLER://:9093",
        "advertised.listeners": f"HOST://127.0.0.1:{port},BROKER://localhost:9094",
        "listener.security.protocol.map": "HOST:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    }
    return {"KAFKA_" + name.upper().replace(".", "_"): value for name, value in settings.items()}


def _publish(recipe: DockerContainer, inside: int, port: int) -> None:
    """Publish a port on loopback alone, which `with_bind_ports` cannot say and Docker's client takes as a pair."""
    cast("dict[str, tuple[str, int]]", recipe.ports)[f"{inside}/tcp"] = ("127.0.0.1", port)


def _open_port(port: int | None) -> int:
    if port is not None and not is_free(port):
        raise PrerequisiteMissing(f"Port {port} is taken by another program; end that program or name another port.")
    return port or free_port()
