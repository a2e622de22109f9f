"""The service as a process, while what it reads from and writes to is away."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest_asyncio
from router_stories import ANNA, BEN, heartbeat, status

from lotse.contracts.ids import AgentId
from lotse.contracts.values import Presence
from lotse.runtime.publish import Publisher
from lotse.runtime.settings import RuntimeSettings
from lotse.runtime.testing import fact_of
from lotse.runtime.topics import create_topics

CONFIG = """
routing: {offline_after: 3 s}
agents:
  anna: {name: Anna, skills: {de: 3}}
  ben: {name: Ben, skills: {de: 3}}
"""


@pytest_asyncio.fixture
async def settings(kafka: str, database: str, prefix: str, tmp_path: Path) -> AsyncIterator[RuntimeSettings]:
    """Of a router that runs."""
    config = tmp_path / "lotse.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    made = RuntimeSettings(kafka=kafka, postgres=database, topic_prefix=prefix, config=config, sample_ratio=0)
    await create_topics(kafka, prefix, single=True)
    env = os.environ | {
        "LOTSE_KAFKA": kafka,
        "LOTSE_POSTGRES": database,
        "LOTSE_TOPIC_PREFIX": prefix,
        "LOTSE_CONFIG": str(config),
        "LOTSE_HTTP_PORT": "0",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "lotse.router", env=env)
    try:
        yield made
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 40) == 0


async def say(publisher: Publisher, *agents: AgentId) -> None:
    now = datetime.now(UTC)
    await publisher.publish([fact_of(heartbeat(agent_id, now)) for agent_id in agents])


async def online(connection: asyncpg.Connection) -> set[str]:
    try:
        return {row["id"] for row in await connection.fetch("SELECT id FROM router.agent WHERE presence = 'online'")}
    except asyncpg.UndefinedTableError:
        return set()


async def test_who_could_not_be_heard_is_not_absent_and_who_then_keeps_silent_is(settings: RuntimeSettings) -> None:
    publisher = Publisher(settings, "test")
    connection = await asyncpg.connect(settings.postgres.get_secret_value())
    holding = await asyncpg.connect(settings.postgres.get_secret_value())
    try:
        await publisher.publish([fact_of(status(who, Presence.ONLINE, datetime.now(UTC))) for who in (ANNA, BEN)])
        async with asyncio.timeout(30):
            while await online(connection) != {ANNA, BEN}:
                await asyncio.sleep(0.1)
        async with holding.transaction():
            await holding.execute("SELECT 1 FROM router.inbox FOR UPDATE")
            for _ in range(16):
                await say(publisher, ANNA, BEN)
                await asyncio.sleep(0.5)
                assert await online(connection) == {ANNA, BEN}
        async with asyncio.timeout(30):
            while await online(connection) != {ANNA}:
                await say(publisher, ANNA)
                await asyncio.sleep(0.2)
    finally:
        await holding.close()
        await connection.close()
        await publisher.close()
