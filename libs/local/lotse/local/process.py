"""Processes that outlive neither their work nor whoever started them."""

import asyncio
import fcntl
import os
import random
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import IO

from lotse.local.errors import LocalError, PrerequisiteMissing, StartFailed

_POLL_SECONDS = 0.02
_START_LIMIT = timedelta(seconds=60)


class Child:
    """A process in a session of its own: Ctrl-C in the terminal does not reach it, its parent's death does."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; minus the signal's number where a signal ended it."""
        return self._process.poll()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this process alone; nothing happens where it has ended."""
        self._process.send_signal(number)

    async def wait(self, at_most: timedelta | None = None) -> int:
        """Wait for its end and give the exit code; raises TimeoutError."""
        await until(self._has_ended, at_most)
        return self._process.wait()

    async def _has_ended(self) -> bool:
        return self.exit_code is not None

    async def stop(self, ask: signal.Signals, grace: timedelta) -> int:
        """Ask it to end, and end it with SIGKILL when it has not after the grace."""
        self.send(ask)
        try:
            return await self.wait(grace)
        except TimeoutError:
            return await self.kill()

    async def kill(self) -> int:
        """End it with SIGKILL and give the exit code."""
        self.send(signal.SIGKILL)
        return await self.wait()


def spawn(argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None, lock: IO[bytes] | None = None) -> Child:
    """Start a process whose output is appended to `log`; it and its children hold `lock` until they have ended."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            pass_fds=() if lock is None else (lock.fileno(),),
            start_new_session=True,
        )
    return Child(process)


def tied(argv: Sequence[str], on_parent_death: signal.Signals = signal.SIGKILL) -> list[str]:
    """The same command, sent a signal when the thread that starts it ends, however it ends.

    The kernel's notion of a parent is the thread: start such commands from the main thread. Systems other than Linux
    have no such signal; there a parent that is killed leaves its children behind.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", on_parent_death.name, "--", *argv] if setpriv else list(argv)


async def run(argv: Sequence[str], line: Callable[[str], None]) -> int:
    """Run a command to its end, hand on each line it prints, and give its exit code."""
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        if process.stdout is not None:
            async for text in process.stdout:
                line(text.decode(errors="replace").rstrip())
        return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until(fact: Callable[[], Awaitable[bool]], at_most: timedelta | None = None) -> None:
    """Return once the fact holds; raises TimeoutError when it does not in time."""
    async with asyncio.timeout(at_most.total_seconds() if at_most else None):
        while not await fact():  # noqa: ASYNC110 the fact lies outside this process and sends no event
            await asyncio.sleep(_POLL_SECONDS)


async def ready(name: str, child: Child, log: Path, answers: Callable[[], Awaitable[bool]]) -> None:
    """Return once the child answers; raises StartFailed when it ends first or takes longer than a minute."""

    async def ended_or_answers() -> bool:
        return child.exit_code is not None or await answers()

    try:
        await until(ended_or_answers, _START_LIMIT)
    except TimeoutError:
        await child.kill()
    if child.exit_code is not None:
        raise StartFailed(name, log)


@asynccontextmanager
async def locked(path: Path, at_most: timedelta | None = None) -> AsyncGenerator[IO[bytes]]:
    """Hold a file lock among processes; a child spawned with it keeps it after this block, for its whole life."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        try:
            await until(partial(_try_lock, file), at_most)
        except TimeoutError:
            raise LocalError(f"{path.parent} is in use by another process; stop that one first.") from None
        yield file


async def _try_lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def free_port() -> int:
    """A free loopback port below the range that the system hands to outgoing connections.

    In that range, a client that tries to reach a stopped engine could be given the engine's own port.
    """
    return next(free_ports())


def free_ports(*avoid: int | None) -> Iterator[int]:
    """Ports like that of `free_port`, each once: for servers of which one is chosen before another listens."""
    candidates = range(20_000, 32_000)
    return (port for port in random.sample(candidates, len(candidates)) if port not in avoid and is_free(port))


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def port_of(memory: Path, wanted: int | None) -> int:
    """The wanted port, else the one that `memory` remembers if it is free, else a free one; remembers it."""
    if wanted is not None and not is_free(wanted):
        raise PrerequisiteMissing(f"Port {wanted} is taken by another program; end that program or name another port.")
    remembered = int(memory.read_text()) if memory.exists() else None
    port = wanted or (remembered if remembered and is_free(remembered) else free_port())
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_text(str(port))
    return port


def require(program: str, remedy: str) -> str:
    """The program's path; raises PrerequisiteMissing with the remedy where there is none."""
    found = shutil.which(program)
    if found is None:
        raise PrerequisiteMissing(f"{program} was not found on PATH; {remedy}")
    return found


def running_as_root() -> bool:
    return os.geteuid() == 0
