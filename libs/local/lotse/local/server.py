"""A server program that runs as a child of this process, and whose data outlive it."""

from abc import ABC, abstractmethod
from datetime import timedelta
from pathlib import Path
from signal import Signals

from lotse.local.process import Child

_STOP_GRACE = timedelta(seconds=20)


class Server(ABC):
    """One server with its data under `home`; it comes back on the same port with the same data."""

    def __init__(self, home: Path, log: Path, port: int | None, end: Signals) -> None:
        """`end` is the signal that asks the program to end."""
        self._home = home
        self._log = log
        self._wanted_port = port
        self._end = end
        self._port: int | None = None
        self._child: Child | None = None

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @abstractmethod
    async def start(self) -> None:
        """Start the server and return when it answers; call from the main thread."""

    async def stop(self) -> None:
        """Ask the server to end, and end it by force when it does not."""
        child, self._child = self._child, None
        if child:
            await child.stop(self._end, _STOP_GRACE)

    async def kill(self) -> None:
        """End the server with SIGKILL, as a crash would."""
        child, self._child = self._child, None
        if child:
            await child.kill()

    async def restart(self) -> None:
        """Stop the server if it runs, and start it again."""
        await self.stop()
        await self.start()

    async def close(self) -> None:
        """Stop the server; its data stay."""
        await self.stop()
