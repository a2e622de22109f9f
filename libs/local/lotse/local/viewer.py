"""A trace viewer: Zipkin from Maven, on loopback, fed with the spans that the services write."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from lotse.local.errors import PrerequisiteMissing
from lotse.local.process import free_port, locked, ready, require, run, spawn, tied

VERSION = "3.6.1"
_ARTEFACT = f"io.zipkin:zipkin-server:{VERSION}:jar:slim"
_EVERY = 0.5
_BATCH = 500

Progress = Callable[[str], None]


@asynccontextmanager
async def viewer(folder: Path, artefacts: Path, progress: Progress) -> AsyncGenerator[str]:
    """Run it for the length of the block and give its address. Enter from the main thread. Raises LocalError."""
    jar = await fetch(artefacts, progress)
    port, log = free_port(), folder / "logs" / "viewer.log"
    child = spawn(tied([*_command(jar), *_only_on(port)]), log)
    address = f"http://127.0.0.1:{port}/zipkin/"
    try:
        progress("Starting the trace viewer")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
            await ready("The trace viewer", child, log, lambda: _healthy(client))
            forwarding = asyncio.create_task(forward(folder / "traces", client))
            try:
                yield address
            finally:
                forwarding.cancel()
    finally:
        await child.kill()


async def fetch(artefacts: Path, progress: Progress) -> Path:
    """The server's jar, downloaded where it is not there. Raises PrerequisiteMissing."""
    jar = artefacts / f"zipkin-server-{VERSION}-slim.jar"
    if jar.exists():
        return jar
    maven = require("mvn", "install Maven, which fetches the viewer once (Debian: apt-get install maven).")
    async with locked(artefacts / "lock"):
        if jar.exists():
            return jar
        progress(f"Zipkin {VERSION}: fetching it from Maven (once)")
        arriving, lines = artefacts / "arriving", list[str]()
        goal = ["dependency:copy", f"-Dartifact={_ARTEFACT}", f"-DoutputDirectory={arriving}"]
        if await run([maven, "-B", *goal], lines.append):
            errors = " ".join([line for line in lines if line.startswith("[ERROR]")][:3])
            raise PrerequisiteMissing(f"Maven could not fetch the viewer; check the network and try again: {errors}")
        (arriving / jar.name).rename(jar)
    return jar


def _command(jar: Path) -> list[str]:
    java = require(
        "java", "install a Java runtime, version 17 or newer (Debian: apt-get install openjdk-17-jre-headless)."
    )
    return [java, "-Xmx256m", "-XX:+UseSerialGC", "-jar", str(jar)]


def _only_on(port: int) -> list[str]:
    ports = "--armeria.ports[0]"
    return [f"{ports}.ip=127.0.0.1", f"{ports}.port={port}", f"{ports}.protocols[0]=http"]


async def _healthy(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health")).status_code == 200
    except httpx.HTTPError:
        return False


async def forward(traces: Path, client: httpx.AsyncClient) -> None:
    """Post every span that stands in the files and each that is added, for ever; what the viewer refuses is lost."""
    read: dict[Path, int] = {}
    while True:
        for path in _files(traces):
            read[path] = await _forward(path, read.get(path, 0), client)
        await asyncio.sleep(_EVERY)


def _files(traces: Path) -> list[Path]:
    return sorted(traces.glob("*.jsonl"))


async def _forward(path: Path, start: int, client: httpx.AsyncClient) -> int:
    """Post what follows `start`, whole lines only; where it stands then."""
    with path.open("rb") as file:
        file.seek(start)
        text = file.read()
    whole = text[: text.rfind(b"\n") + 1]
    lines = [line for line in whole.splitlines() if line.strip()]
    for at in range(0, len(lines), _BATCH):
        spans: list[object] = [json.loads(line) for line in lines[at : at + _BATCH]]
        try:
            (await client.post("/api/v2/spans", json=spans)).raise_for_status()
        except httpx.HTTPError:
            return start
    return start + len(whole)
