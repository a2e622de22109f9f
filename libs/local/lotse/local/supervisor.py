"""Keeps the services' processes running, and ends them in order."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from signal import SIGTERM
from types import TracebackType
from typing import Self

from lotse.contracts.frozen import frozen
from lotse.local.process import Child, spawn, tied

_GRACE = timedelta(seconds=30)
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 10.0
_SOUND_AFTER = 10.0
_LOOK_EVERY = 0.05


@frozen
class Program:
    """One process to run: `env` is added to our own environment, `name` is unique and names its log."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class _Run:
    program: Program
    child: Child
    started: float
    pause: float
    again_at: float | None = None


class Supervisor:
    """Processes by name, each in its own session; leaving the block stops them, the last started first.

    Enter, start and watch from the main thread: the processes die with the thread that started them.
    """

    def __init__(self, logs: Path, progress: Callable[[str], None], grace: timedelta = _GRACE) -> None:
        self._logs = logs
        self._progress = progress
        self._grace = grace
        self._runs: dict[str, _Run] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop_all()

    @property
    def pids(self) -> Mapping[str, int]:
        """The processes that run now, in the order of their first start."""
        return {name: run.child.pid for name, run in self._runs.items() if run.child.exit_code is None}

    def log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def start(self, program: Program) -> int:
        """Start a process and give its pid."""
        if program.name in self.pids:
            raise ValueError(f"{program.name} is running already.")
        self._runs[program.name] = _Run(program, self._spawn(program), time.monotonic(), _FIRST_PAUSE)
        return self._runs[program.name].child.pid

    async def stop(self, name: str) -> int:
        """End one process with SIGTERM, after the grace with SIGKILL, and give its exit code; it stays ended."""
        return await self._runs.pop(name).child.stop(SIGTERM, self._grace)

    async def kill(self, name: str) -> None:
        """End one process with SIGKILL, as a crash would; `watch` starts it again."""
        await self._runs[name].child.kill()

    async def stop_all(self) -> None:
        """Stop every process, the last started first."""
        for name in reversed(list(self._runs)):
            await self.stop(name)

    async def watch(self) -> None:
        """Start again what ended by itself, after a pause that doubles while it keeps ending; runs until cancelled."""
        while True:
            for run in list(self._runs.values()):
                self._look_after(run, time.monotonic())
            await asyncio.sleep(_LOOK_EVERY)

    def _look_after(self, run: _Run, now: float) -> None:
        if run.child.exit_code is None:
            return
        if run.again_at is None:
            run.pause = _FIRST_PAUSE if now - run.started > _SOUND_AFTER else run.pause
            run.again_at = now + run.pause
            self._progress(f"{run.program.name} ended with {run.child.exit_code}; again in {run.pause:g} s")
        elif now >= run.again_at:
            run.child, run.started, run.again_at = self._spawn(run.program), now, None
            run.pause = min(run.pause * 2, _LONGEST_PAUSE)

    def _spawn(self, program: Program) -> Child:
        return spawn(tied(program.argv), self.log(program.name), env={**os.environ, **program.env})
