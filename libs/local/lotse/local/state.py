"""What runs on this machine, told to the other commands: `.lotse/running.json`."""

import os
from datetime import datetime
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from lotse.local.errors import LocalError
from lotse.local.secrets import local_secrets
from lotse.local.stack import Stack
from lotse.runtime import clock


class NothingRuns(LocalError):
    """No stack runs that this command could speak to."""


class Running(BaseModel):
    """Addresses and processes of a running stack. `postgres` is a superuser's URL of the installation's database."""

    model_config = ConfigDict(frozen=True)

    pid: int
    born: float
    """When that process began, as psutil tells it: a number that was given again does not deceive."""
    started_at: datetime
    desk: str
    ingest: str
    standin: str | None
    kafka: str
    postgres: str
    prefix: str
    config: Path
    pids: dict[str, int]

    @classmethod
    def of(cls, stack: Stack) -> "Running":
        me = psutil.Process(os.getpid())
        return cls(
            pid=me.pid,
            born=me.create_time(),
            started_at=clock.now(),
            desk=stack.desk,
            ingest=stack.ingest,
            standin=stack.standin_url,
            kafka=stack.engines.kafka,
            postgres=stack.database_url,
            prefix=stack.plan.prefix,
            config=stack.plan.local_config.resolve(),
            pids=dict(stack.supervisor.pids),
        )

    @property
    def alive(self) -> bool:
        """Whether the process that wrote this still runs."""
        try:
            return abs(psutil.Process(self.pid).create_time() - self.born) < 1
        except psutil.NoSuchProcess:
            return False


def place(folder: Path) -> Path:
    return folder / "running.json"


def write(folder: Path, running: Running) -> None:
    path = place(folder)
    path.touch(mode=0o600)
    path.write_text(running.model_dump_json(indent=2), encoding="utf-8")


def forget(folder: Path) -> None:
    place(folder).unlink(missing_ok=True)


def find(folder: Path) -> Running | None:
    """The stack that runs by this folder; a file left behind by one that was killed is removed."""
    try:
        found = Running.model_validate_json(place(folder).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValidationError:
        found = None
    if found is None or not found.alive:
        forget(folder)
        return None
    return found


def require(folder: Path) -> Running:
    """The stack that runs by this folder. Raises NothingRuns."""
    found = find(folder)
    if found is None:
        raise NothingRuns("Lotse is not running here: start it with `make up` or `lotse up`, then try again.")
    return found


def secrets(folder: Path) -> dict[str, str]:
    """The secrets of the stack that runs by this folder."""
    return local_secrets(folder)
