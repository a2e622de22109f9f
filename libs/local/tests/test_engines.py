"""Engines that are stopped, killed, orphaned or asked for the impossible."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from lotse.local import docker
from lotse.local import postgres as pg
from lotse.local.engines import Engines, Places, engines, state_folder
from lotse.local.errors import LocalError, PrerequisiteMissing, StartFailed
from lotse.local.kafka import Kafka, fetch, kafka_version
from lotse.local.postgres import Postgres
from lotse.local.process import locked

ARTEFACTS = state_folder() / "kafka"


@asynccontextmanager
async def own_engines(home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Engines]:
    for name in ("LOTSE_KAFKA", "LOTSE_POSTGRES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOTSE_ENGINES", "embedded")
    async with engines(Places(home=home, artefacts=ARTEFACTS), print) as running:
        yield running


async def produce(bootstrap: str, topic: str, *values: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True) as producer:
        for value in values:
            await producer.send_and_wait(topic, value, partition=0)


async def everything_in(bootstrap: str, topic: str) -> list[bytes]:
    partition = TopicPartition(topic, 0)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        return [(await consumer.getone()).value for _ in range(end)]


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_engines_come_back_at_the_same_address_with_all_they_acknowledged(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with own_engines(tmp_path, monkeypatch) as running:
        assert running.kafka_control
        assert running.postgres_control
        admin = AIOKafkaAdminClient(bootstrap_servers=running.kafka)
        await admin.start()
        await admin.create_topics([NewTopic("words", 1, 1)])
        await admin.close()
        await produce(running.kafka, "words", b"moin", b"servus")
        await pg.execute(running.postgres, "CREATE TABLE word AS SELECT 'moin' AS text")

        await getattr(running.kafka_control, end)()
        await getattr(running.postgres_control, end)()
        await asyncio.gather(running.kafka_control.start(), running.postgres_control.start())

        assert await everything_in(running.kafka, "words") == [b"moin", b"servus"]
        await produce(running.kafka, "words", b"hallo")
        session = await asyncpg.connect(running.postgres)
        assert await session.fetchval("SELECT text FROM word") == "moin"
        await session.close()


PARENT = """
import asyncio, sys
from pathlib import Path
from lotse.local.engines import Places, engines

async def main():
    async with engines(Places(home=Path(sys.argv[1]), artefacts=Path(sys.argv[2])), lambda line: None) as running:
        print(running.kafka_control.pid, running.postgres_control.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_engines_die_with_a_killed_parent_and_their_folder_can_be_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(tmp_path), str(ARTEFACTS)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "LOTSE_ENGINES": "embedded"},
    )
    assert parent.stdout
    pids = [int(word) for word in (await parent.stdout.readline()).split()]
    assert [os.getsid(pid) for pid in pids] == pids, "a Ctrl-C in the terminal would reach the engines"
    children = [psutil.Process(pid) for pid in pids]
    grandchildren = children[1].children(recursive=True)
    assert grandchildren

    parent.kill()
    await parent.wait()

    async with own_engines(tmp_path, monkeypatch) as running:
        await pg.execute(running.postgres, "SELECT 1")
    assert not [process for process in (*children, *grandchildren) if runs(process)]


def runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


async def test_a_folder_in_use_is_not_given_to_a_second_owner(tmp_path: Path):
    server = Postgres(tmp_path / "postgres", tmp_path / "log")
    await server.start()
    try:
        with pytest.raises(LocalError, match="in use by another process"):
            async with locked(tmp_path / "postgres" / "lock", timedelta(milliseconds=50)):
                pass
    finally:
        await server.stop()
    async with locked(tmp_path / "postgres" / "lock", timedelta(milliseconds=50)):
        pass


@pytest.mark.timeout(300)
async def test_two_that_fetch_kafka_at_once_get_one_whole_copy(tmp_path: Path):
    first, second = await asyncio.gather(fetch(tmp_path, print), fetch(tmp_path, print))
    assert first == second
    assert (first / "libs" / f"kafka_2.13-{kafka_version()}.jar").exists()
    assert sorted(os.listdir(first)) == ["classes.jsa", "complete", "libs"]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def old_java(folder: Path) -> None:
    java = folder / "java"
    java.write_text("""#!/bin/sh\necho 'openjdk version "11.0.2" 2019-01-15' >&2\n""")
    java.chmod(0o755)


async def refusal(broker: Kafka) -> str:
    with pytest.raises(PrerequisiteMissing) as refused:
        await broker.start()
    return str(refused.value)


async def test_a_missing_prerequisite_is_one_line_that_says_what_to_do(programs: Path, tmp_path: Path):
    broker = Kafka(tmp_path / "kafka", tmp_path / "artefacts", tmp_path / "log", print)
    said = [await refusal(broker)]
    old_java(programs)
    said.append(await refusal(broker))
    for words, line in zip((("java", "install"), ("mvn", "install Maven")), said, strict=True):
        assert "\n" not in line
        assert all(word in line for word in words)


async def test_an_old_java_is_named_before_anything_is_made(programs: Path, tmp_path: Path):
    libs = await fetch_with_the_usual_programs()
    old_java(programs)
    line = await refusal(Kafka(tmp_path / "kafka", libs, tmp_path / "log", print))
    assert "too old" in line
    assert "17" in line
    assert not (tmp_path / "kafka" / "data").exists()


async def fetch_with_the_usual_programs() -> Path:
    """The repository's own artefacts; made with the system's PATH where they are not there yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.defpath)
        await fetch(ARTEFACTS, print)
    return ARTEFACTS


async def test_a_port_that_is_asked_for_and_taken_is_named(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PrerequisiteMissing, match=f"Port {port} is taken"):
            await Postgres(tmp_path / "postgres", tmp_path / "log", port).start()


async def test_an_engine_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path):
    server = Postgres(tmp_path / "postgres", tmp_path / "log")
    await server.start()
    await server.stop()
    (tmp_path / "postgres" / "data" / "global" / "pg_control").unlink()
    with pytest.raises(StartFailed, match="pg_control"):
        await server.start()


async def test_engines_that_already_run_are_used_and_left_alone(
    kafka: str, postgres_admin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LOTSE_KAFKA", kafka)
    monkeypatch.setenv("LOTSE_POSTGRES", postgres_admin)
    async with engines(Places(home=tmp_path, artefacts=tmp_path), print) as running:
        assert running == Engines(kafka, postgres_admin, None, None)
    assert os.listdir(tmp_path) == []
    await pg.execute(postgres_admin, "SELECT 1")


async def test_asking_for_docker_where_none_answers_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("LOTSE_KAFKA", raising=False)
    monkeypatch.setenv("LOTSE_ENGINES", "docker")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(PrerequisiteMissing, match="No Docker engine answers"):
        async with engines(Places(home=tmp_path, artefacts=tmp_path), print):
            pass


@pytest.mark.parametrize(("status", "answers"), [("200 OK", True), ("500 Internal Server Error", False)])
async def test_docker_is_there_when_its_socket_answers_a_ping(
    status: str, answers: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET /_ping ")
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        writer.close()
        await writer.wait_closed()

    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/d.sock")
    async with await asyncio.start_unix_server(answer, tmp_path / "d.sock"):
        assert await docker.answers() is answers


def test_the_broker_in_docker_has_the_settings_of_the_embedded_one():
    variables = docker.kafka_environment(29092)
    assert variables["KAFKA_ADVERTISED_LISTENERS"] == "HOST://127.0.0.1:29092,BROKER://localhost:9094"
    assert variables["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert variables["KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS"] == "0"
    assert not [value for value in variables.values() if "$" in value]
