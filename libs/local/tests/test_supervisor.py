"""Processes that are kept running, and what is left of them afterwards."""

import asyncio
import os
import signal
import socket
import sys
from datetime import timedelta
from itertools import islice
from pathlib import Path

import psutil
import pytest

from lotse.local.errors import PrerequisiteMissing
from lotse.local.process import free_port, free_ports, port_of, until
from lotse.local.supervisor import Program, Supervisor

SOON = timedelta(seconds=20)
SLEEPER = "import os, time; print('up', os.environ['WORD'], flush=True); time.sleep(600)"
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up deaf', flush=True); time.sleep(600)"
)


def program(name: str, code: str = SLEEPER) -> Program:
    return Program(name, (sys.executable, "-c", code), {"WORD": name})


async def said(supervisor: Supervisor, name: str, times: int = 1) -> None:
    async def enough() -> bool:
        return supervisor.log(name).read_text().count(f"up {name}") >= times

    await until(enough, SOON)


async def test_a_process_has_its_own_session_environment_and_log(tmp_path: Path):
    async with Supervisor(tmp_path, print) as supervisor:
        pid = supervisor.start(program("router"))
        await said(supervisor, "router")
        assert supervisor.pids == {"router": pid}
        assert os.getsid(pid) == pid
        assert (tmp_path / "router.log").read_text() == "up router\n"


async def test_a_killed_process_comes_back_and_a_stopped_one_does_not(tmp_path: Path):
    lines: list[str] = []
    async with asyncio.TaskGroup() as group, Supervisor(tmp_path, lines.append) as supervisor:
        watch = group.create_task(supervisor.watch())
        first = supervisor.start(program("sla"))
        supervisor.start(program("desk"))
        await said(supervisor, "sla")
        await said(supervisor, "desk")
        assert await supervisor.stop("desk") == -signal.SIGTERM
        await supervisor.kill("sla")
        await said(supervisor, "sla", times=2)
        assert list(supervisor.pids) == ["sla"]
        assert supervisor.pids["sla"] != first
        watch.cancel()
    assert lines == ["sla ended with -9; again in 0.25 s"]


async def test_a_process_that_keeps_ending_is_started_less_and_less_often(tmp_path: Path):
    lines: list[str] = []
    async with asyncio.TaskGroup() as group, Supervisor(tmp_path, lines.append) as supervisor:
        watch = group.create_task(supervisor.watch())
        supervisor.start(program("sla", "raise SystemExit(3)"))

        async def three() -> bool:
            return len(lines) == 3

        await until(three, SOON)
        watch.cancel()
    assert lines == [f"sla ended with 3; again in {pause} s" for pause in ("0.25", "0.5", "1")]


async def test_who_does_not_hear_sigterm_is_killed_after_the_grace(tmp_path: Path):
    async with Supervisor(tmp_path, print, grace=timedelta(milliseconds=200)) as supervisor:
        supervisor.start(program("deaf", DEAF))
        await said(supervisor, "deaf")
        assert await supervisor.stop("deaf") == -signal.SIGKILL


async def test_leaving_the_block_ends_everything_even_after_an_error(tmp_path: Path):
    pids: list[int] = []

    async def fail() -> None:
        async with Supervisor(tmp_path, print) as supervisor:
            pids.extend(supervisor.start(program(name)) for name in ("a", "b"))
            raise KeyError("a fault of the caller")

    with pytest.raises(KeyError):
        await fail()
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def test_a_name_is_given_to_one_process_at_a_time(tmp_path: Path):
    async with Supervisor(tmp_path, print) as supervisor:
        supervisor.start(program("a"))
        with pytest.raises(ValueError, match="running already"):
            supervisor.start(program("a"))


def test_ports_are_chosen_below_those_of_outgoing_connections():
    assert all(20_000 <= port < 32_000 for port in islice(free_ports(), 20))


def test_ports_are_each_given_once_and_never_one_to_avoid():
    first = free_port()
    ports = list(free_ports(first))
    assert len(set(ports)) == len(ports) > 10_000
    assert first not in ports


def test_a_folder_keeps_its_port_until_somebody_else_has_it(tmp_path: Path):
    first = port_of(tmp_path / "port", wanted=None)
    assert port_of(tmp_path / "port", wanted=None) == first
    with socket.create_server(("127.0.0.1", first)):
        assert port_of(tmp_path / "port", wanted=None) != first
        with pytest.raises(PrerequisiteMissing, match=f"Port {first} is taken"):
            port_of(tmp_path / "port", wanted=first)
