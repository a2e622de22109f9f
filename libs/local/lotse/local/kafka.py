"""Apache Kafka itself, one broker in KRaft mode, from its Maven artefacts."""

import asyncio
import base64
import hashlib
import re
import shutil
import struct
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from signal import SIGTERM
from string import Template
from tempfile import TemporaryDirectory
from typing import NamedTuple

from lotse.local.errors import LocalError, PrerequisiteMissing
from lotse.local.process import free_ports, locked, port_of, ready, require, run, spawn, tied
from lotse.local.server import Server

_RESOURCES = Path(__file__).with_name("kafka")
_JAVA_REMEDY = "install a Java runtime, version 17 or newer (Debian: apt-get install openjdk-17-jre-headless)."
_MAVEN_REMEDY = "install Maven, which fetches Kafka once (Debian: apt-get install maven)."
_LOCK_LIMIT = timedelta(seconds=15)

Progress = Callable[[str], None]


class _Ports(NamedTuple):
    broker: int
    controller: int


class Kafka(Server):
    """One broker."""

    def __init__(self, home: Path, artefacts: Path, log: Path, progress: Progress, port: int | None = None) -> None:
        super().__init__(home, log, port, end=SIGTERM)
        self._artefacts = artefacts
        self._progress = progress

    @property
    def address(self) -> str:
        """The bootstrap servers, known once started."""
        if self._port is None:
            raise LocalError("Kafka was never started.")
        return f"127.0.0.1:{self._port}"

    async def start(self) -> None:
        java = require("java", _JAVA_REMEDY)
        release = await fetch(self._artefacts, self._progress)
        await self.launch(java, release)

    async def launch(self, java: str, release: Path, *more: str) -> None:
        """Start the broker with the jars of `release` and more options of the JVM."""
        async with locked(self._home / "lock", _LOCK_LIMIT) as lock:
            self._port = port_of(self._home / "port", self._port or self._wanted_port)
            ports = _Ports(self._port, next(free_ports(self._port)))
            if not (self._home / "data").exists():
                await self._format(_jvm(java, release), ports)
            properties = self._write_settings(self._home / "data", ports)
            argv = [*_jvm(java, release), *more, "kafka.Kafka", str(properties)]
            self._child = spawn(tied(argv), self._log, lock=lock)
        await ready("Kafka", self._child, self._log, lambda: answers(ports.broker))

    async def _format(self, jvm: list[str], ports: _Ports) -> None:
        """Make the data folder whole or not at all."""
        await _check_java(jvm[0])
        unfinished = self._home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        properties = self._write_settings(unfinished, ports)
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = [
            "kafka.tools.StorageTool",
            "format",
            "--standalone",
            f"--cluster-id={cluster}",
            f"--config={properties}",
        ]
        lines: list[str] = []
        if await run([*jvm, "-XX:TieredStopAtLevel=1", *tool], lines.append):
            raise LocalError("Kafka's data folder could not be made:\n" + "\n".join(lines[-15:]))
        unfinished.rename(self._home / "data")

    def _write_settings(self, data: Path, ports: _Ports) -> Path:
        lines = settings(str(data), ports.broker, ports.controller).items()
        file = self._home / "server.properties"
        file.write_text("".join(f"{name}={value}\n" for name, value in lines))
        return file


async def fetch(artefacts: Path, progress: Progress) -> Path:
    """The folder of the pinned release, made where it is not there; any number of processes may ask at once."""
    pom = _RESOURCES / "pom.xml"
    release = artefacts / f"{kafka_version()}-{hashlib.sha256(pom.read_bytes()).hexdigest()[:8]}"
    if (release / "complete").exists():
        return release
    maven = require("mvn", _MAVEN_REMEDY)
    async with locked(artefacts / "lock"):
        if not (release / "complete").exists():
            progress(f"Kafka {kafka_version()}: fetching its Maven artefacts (once)")
            await _download(maven, pom, release / "libs", progress)
            progress(f"Kafka {kafka_version()}: keeping its loaded classes, to start faster (once)")
            await _keep_classes(release, progress)
            (release / "complete").touch()
    return release


async def _keep_classes(release: Path, progress: Progress) -> None:
    """Run a broker once and keep the classes it loaded: halves the processor time of each later start."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        broker = Kafka(home, release, home / "log", progress)
        try:
            await broker.launch(require("java", _JAVA_REMEDY), release, f"-XX:ArchiveClassesAtExit={_classes(release)}")
        finally:
            await broker.stop()


def settings(data: str, port: int, controller_port: int) -> dict[str, str]:
    """What server.properties says, filled in."""
    template = Template((_RESOURCES / "server.properties").read_text())
    text = template.substitute(data=data, port=port, controller_port=controller_port)
    lines = (line.partition("=") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in lines}


def kafka_version() -> str:
    """The release that pom.xml pins."""
    found = re.search(r"<kafka\.version>(.+)</kafka\.version>", (_RESOURCES / "pom.xml").read_text())
    if found is None:
        raise LocalError("pom.xml pins no Kafka release.")
    return found[1]


async def _download(maven: str, pom: Path, target: Path, progress: Progress) -> None:
    shutil.rmtree(target, ignore_errors=True)
    lines: list[str] = []

    def note(line: str) -> None:
        lines.append(line)
        if line.startswith("Downloaded from") and line.split()[3].endswith(".jar"):
            progress(f"Kafka {kafka_version()}: {line.split()[3].rpartition('/')[2]}")

    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={target}"]
    if await run([maven, "-B", "-f", str(pom), *goal], note):
        errors = [line for line in lines if line.startswith("[ERROR]")][:3]
        raise PrerequisiteMissing("Maven could not fetch Kafka; check the network and run again: " + " ".join(errors))


async def _check_java(java: str) -> None:
    lines: list[str] = []
    await run([java, "-version"], lines.append)
    found = re.search(r'version "(\d+)', "\n".join(lines))
    if found is None or int(found[1]) < 17:
        raise PrerequisiteMissing(f"{java} is too old; {_JAVA_REMEDY}")


def _jvm(java: str, release: Path) -> list[str]:
    classes = [f"-XX:SharedArchiveFile={_classes(release)}"] if (release / "complete").exists() else []
    return [
        java,
        *classes,
        "-Xlog:disable",
        "-Xms128m",
        "-Xmx512m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true",
        f"-Dlog4j2.configurationFile={_RESOURCES / 'log4j2.properties'}",
        "-cp",
        f"{release / 'libs'}/*",
    ]


def _classes(release: Path) -> Path:
    return release / "classes.jsa"


async def answers(port: int) -> bool:
    """Whether a broker answers ApiVersions (key 18, version 0); it listens only once it may take work."""
    body = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        async with asyncio.timeout(2):
            writer.write(struct.pack(">i", len(body)) + body)
            _, correlation, error = struct.unpack(">iih", await reader.readexactly(10))
            return (correlation, error) == (1, 0)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    finally:
        writer.close()
