"""The service as it is run: one process, its settings in the environment, its accounts in a file."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from ingest_stack import published, signed, topic
from ingest_worlds import META, own

from lotse.contracts.ids import message_id

ACCOUNTS = """
accounts:
  social:
    kind: meta
    app_secret: env:APP_SECRET
    verify_token: env:TOKEN
    access_token: env:TOKEN
  mail:
    kind: mail
    address: service@lotse.example
    token: env:TOKEN
    smtp: {host: localhost}
  letters:
    kind: api
    token: env:TOKEN
    channels: [letter, phone]
"""

PINNED = f"""
hooks = "{Path(__file__).with_name("openapi_hooks.py")}"

[[operations]]
include-path = "/v1/meta/{{account}}"
parameters = {{ "path.account" = "social" }}

[[operations]]
include-path = "/v1/mail/{{account}}"
parameters = {{ "path.account" = "mail" }}

[[operations]]
include-path-regex = "/v1/messages/.*"
parameters = {{ "path.account" = "letters" }}
"""
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,ignored_auth,unsupported_method"
)
BIN = Path(sys.executable).parent


@dataclass
class Running:
    process: Process
    url: str
    log: str = ""


@asynccontextmanager
async def started(folder: Path, environment: dict[str, str]) -> AsyncIterator[Running]:
    """The process, once it says on which port it is ready."""
    (folder / "lotse.yaml").write_text(ACCOUNTS, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        str(BIN / "lotse-ingest"), env={**os.environ, **environment}, stdout=PIPE, stderr=PIPE
    )
    assert process.stderr is not None
    try:
        yield Running(process, f"http://127.0.0.1:{await port_of(process.stderr)}")
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def port_of(log: asyncio.StreamReader) -> int:
    seen = ""
    async with asyncio.timeout(40):
        while line := (await log.readline()).decode():
            seen += line
            if found := re.search(r"ready for work on port (\d+)", line):
                return int(found[1])
    raise AssertionError(f"the service did not start:\n{seen}")


def environment(folder: Path, kafka: str, database: str, prefix: str) -> dict[str, str]:
    return {
        "LOTSE_KAFKA": kafka,
        "LOTSE_POSTGRES": database,
        "LOTSE_TOPIC_PREFIX": prefix,
        "LOTSE_CONFIG": str(folder / "lotse.yaml"),
        "LOTSE_HTTP_PORT": "0",
        "LOTSE_SERVICE_TOKEN": "token",
        "APP_SECRET": "app_secret",
        "TOKEN": "token",
    }


@pytest.fixture
async def running(tmp_path: Path, kafka: str, database: str, prefix: str) -> AsyncIterator[Running]:
    async with topic(kafka, prefix), started(tmp_path, environment(tmp_path, kafka, database, prefix)) as found:
        yield found


async def test_the_service_takes_a_webhook_and_ends_when_told(running: Running, kafka: str, prefix: str) -> None:
    body = own("meta-two-messages.json")
    async with httpx.AsyncClient(base_url=running.url) as web:
        assert (await web.get("/readyz")).status_code == 200
        answer = await web.post("/v1/meta/social", content=body, headers=signed(body))
        assert answer.json() == {"events": 3, "not_understood": 0}
        assert 'lotse_calls_total{kind="meta",status="200"} 1.0' in (await web.get("/metrics")).text
    assert message_id(META, "m_A1") in {fact.id for fact in await published(kafka, f"{prefix}-inbound")}
    running.process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(20):
        assert await running.process.wait() == 0


async def test_the_api_keeps_what_its_document_promises(running: Running, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(PINNED, encoding="utf-8")
    command = [
        str(BIN / "schemathesis"),
        f"--config-file={tmp_path / 'schemathesis.toml'}",
        "run",
        f"{running.url}/openapi.json",
        "--header=Authorization: Bearer token",
        f"--checks={CHECKS}",
        "--phases=examples,coverage,fuzzing",
        "--max-examples=10",
        "--generation-deterministic",
        "--suppress-health-check=all",
        "--no-color",
    ]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, cwd=tmp_path)
    said, complaint = await asyncio.wait_for(process.communicate(), 100)
    assert process.returncode == 0, said.decode() + complaint.decode()


@pytest.mark.parametrize(("missing", "named"), [("TOKEN", "TOKEN"), ("LOTSE_SERVICE_TOKEN", "LOTSE_SERVICE_TOKEN")])
async def test_a_missing_secret_is_named(tmp_path: Path, missing: str, named: str) -> None:
    (tmp_path / "lotse.yaml").write_text(ACCOUNTS, encoding="utf-8")
    given = {**os.environ, **environment(tmp_path, "127.0.0.1:1", "postgresql://nobody@127.0.0.1:1/x", "t")}
    del given[missing]
    process = await asyncio.create_subprocess_exec(str(BIN / "lotse-ingest"), env=given, stdout=PIPE, stderr=PIPE)
    _, complaint = await asyncio.wait_for(process.communicate(), 40)
    assert process.returncode == 1
    assert named in complaint.decode()
    assert "Traceback" not in complaint.decode()
