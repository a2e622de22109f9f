"""The desk as it runs: a process over real Kafka and PostgreSQL."""

import asyncio
import re
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from desk_api import SERVICE_TOKEN, bearer, commands_of, next_command, settings_of
from desk_history import MIA, Told, conversation, customer, dump, the_day
from desk_process import environment, running, until

from lotse.contracts import conversations
from lotse.contracts.values import Status
from lotse.runtime.postgres import Database
from lotse.runtime.publish import Publisher
from lotse.runtime.topics import create_topics

CONFIG = """
agents:
  mia: {name: Mia Kern, skills: {de: 5}}
"""


class Tables:
    """The service's tables, seen from beside it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def rows(self, query: str, *args: object):
        async with self.database.connection() as connection:
            return await connection.fetch(query, *args)

    async def read(self) -> int:
        rows = await self.rows("SELECT coalesce(sum(next_offset), 0)::bigint AS read FROM inbox")
        return rows[0]["read"]


@pytest.fixture
async def settings(database, kafka, prefix, tmp_path):
    (tmp_path / "lotse.yaml").write_text(CONFIG)
    await create_topics(kafka, prefix, single=True)
    return settings_of(database, kafka, prefix, config=tmp_path / "lotse.yaml")


@pytest.fixture
async def tables(settings):
    database = await Database.open(settings.postgres.get_secret_value(), "desk", 2)
    yield Tables(database)
    await database.close()


@pytest.fixture
async def router(settings):
    """Publishes as router, sentiment, sla and notifier do."""
    publisher = Publisher(settings, "test-router")
    yield publisher
    await publisher.close()


async def rebuilt(settings) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "lotse.desk",
        "rebuild",
        env=environment(settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, out.decode()[-3000:]
    return out.decode()


async def all_read(tables: Tables, number: int) -> None:
    async def enough() -> bool:
        return await tables.read() >= number

    await until(enough)


async def test_a_rebuild_beside_a_quiet_service_restores_what_was_damaged(settings, tables, router, tmp_path):
    async with running(settings, tmp_path / "log"):
        await router.publish(the_day())
        await all_read(tables, len(the_day()))
        before = await dump(tables)
        assert len(before["conversation"]) == 4
        async with tables.database.transaction() as tx:
            await tx.execute("UPDATE conversation SET status = 'new', updated_at = now()")
            await tx.execute("DELETE FROM message")
            await tx.execute("UPDATE deadline SET state = 'open'")
        assert "the projections are rebuilt" in await rebuilt(settings)
        assert await dump(tables) == before


async def test_a_rebuild_needs_no_service(settings, tables, router, tmp_path):
    async with running(settings, tmp_path / "log"):
        await router.publish(the_day())
        await all_read(tables, len(the_day()))
    before = await dump(tables)
    async with tables.database.transaction() as tx:
        await tx.execute("TRUNCATE conversation, message, reply, note, assignment, deadline, delivery, notice, command")
    await rebuilt(settings)
    assert await dump(tables) == before


async def test_an_agent_sees_his_own_write_at_once(settings, router, tmp_path):
    told = Told()
    told.opened("a", "petra")
    told.added("a", 1, "Hallo?", 0)
    await router.publish(told.facts)
    async with (
        running(settings, tmp_path / "log") as address,
        commands_of(settings) as published,
        httpx.AsyncClient(base_url=address, headers=bearer(), timeout=30) as client,
    ):

        async def known() -> bool:
            return (await client.get(f"/v1/conversations/{conversation('a')}")).status_code == 200

        await until(known)
        path = f"/v1/conversations/{conversation('a')}/resolve"
        asking = asyncio.create_task(client.post(path, json={}, headers={"Idempotency-Key": "k"}))
        command = await next_command(published)
        outcome = told.moved(conversations.ConversationResolved, "a", Status.RESOLVED, 5, MIA, command.id)
        await router.publish([replace(outcome, traceparent=command.traceparent)])
        answer = await asking
        assert (answer.status_code, answer.json()["type"]) == (200, "de.lotse.conversation.resolved.v1")
        assert (await client.get(f"/v1/conversations/{conversation('a')}")).json()["status"] == "resolved"


CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
KNOWN = f"""
[[operations]]
include-path = "/v1/conversations/{{conversation_id}}"
parameters = {{ conversation_id = "{conversation("a")}" }}

[[operations]]
include-path = "/v1/customers/{{customer_id}}"
parameters = {{ customer_id = "{customer("petra")}" }}
"""
SCHEMATHESIS = (
    "--phases=coverage,fuzzing",
    "--max-examples=5",
    "--seed=1",
    "--workers=1",
    "--max-time=30",
    "--no-color",
)


@pytest.mark.timeout(240)
async def test_the_api_keeps_its_document_whatever_is_sent(settings, router, tables, ingest, tmp_path):
    (tmp_path / "schemathesis.toml").write_text(KNOWN)
    more = {"LOTSE_OUTCOME_WAIT": "PT0.02S", "LOTSE_INGEST_URL": ingest, "LOTSE_SERVICE_TOKEN": SERVICE_TOKEN}
    async with running(settings, tmp_path / "log", **more) as address:
        await router.publish(the_day())
        await all_read(tables, len(the_day()))
        header = f"--header=Authorization: {bearer('lars', 'lead')['Authorization']}"
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")),
            *("run", f"{address}/openapi.json", header, f"--checks={CHECKS}", *SCHEMATHESIS),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await asyncio.wait_for(process.communicate(), 200)
    assert process.returncode == 0, out.decode()[-6000:]
    selected, tested = (int(found) for found in re.findall(r"(?:Operations: +|Tested: )(\d+)", out.decode()))
    assert selected == tested >= 20


async def test_a_desk_whose_configuration_is_wrong_says_which_line(settings, tmp_path):
    settings.config.write_text("agents:\n  mia: {nam: Mia}\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lotse.desk", env=environment(settings), stderr=asyncio.subprocess.PIPE
    )
    _, said = await asyncio.wait_for(process.communicate(), 40)
    assert process.returncode == 1
    assert b"LOTSE_CONFIG" in said
    assert b"line 2" in said
