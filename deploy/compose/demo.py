"""Inside the compose network: `configure` lays the operator's file out for the services, `play` plays a day on them."""

import asyncio
import os
import sys
from pathlib import Path

import psutil

from lotse.contracts.config_file import load
from lotse.local.play.day import Pace, play
from lotse.local.stack import towards_standin
from lotse.local.state import Running
from lotse.runtime import clock

GIVEN = Path("/given/lotse.yaml")
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""Where Docker puts its networks."""


def configure(wanted: Path) -> None:
    """The same file as on one machine without containers; with LOTSE_STANDIN that host stands in for the providers."""
    text = GIVEN.read_text(encoding="utf-8")
    load(text, GIVEN.name)
    standin = os.environ.get("LOTSE_STANDIN")
    wanted.write_text(towards_standin(text, standin, 8090, 2525, PRIVATE) if standin else text, encoding="utf-8")


def run_play() -> None:
    me = psutil.Process()
    running = Running(
        pid=me.pid,
        born=me.create_time(),
        started_at=clock.now(),
        desk="http://desk:8080",
        ingest="http://ingest:8080",
        standin="http://standin:8090",
        kafka=os.environ["LOTSE_KAFKA"],
        postgres="",
        prefix="lotse",
        config=Path(os.environ["LOTSE_CONFIG"]),
        pids={},
    )
    pace = Pace(float(os.environ.get("LOTSE_SPEED", "60")), 1, once=False)
    asyncio.run(play(running, dict(os.environ), pace))


if __name__ == "__main__":
    if sys.argv[1] == "configure":
        configure(Path(os.environ["LOTSE_CONFIG"]))
    else:
        run_play()
