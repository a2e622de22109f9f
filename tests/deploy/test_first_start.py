"""What an installation runs before its services: roles and schemas, migrations, topics; on real engines."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import pytest_asyncio
from deploy.access import SERVICES

from lotse.contracts.topics import TOPICS
from lotse.runtime.postgres import connect

ROOT = Path(__file__).resolve().parents[2]


def run(*argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("LOTSE_", "PG"))}
    return subprocess.run(argv, env={**plain, **environment}, capture_output=True, text=True, check=False, timeout=60)


@pytest_asyncio.fixture(loop_scope="session")
async def server(postgres_admin: str, database: str) -> AsyncGenerator[dict[str, str]]:
    """What psql must know, with roles' names taken back afterwards: they belong to the whole server."""
    if shutil.which("psql") is None:
        pytest.skip("psql is not on the PATH")
    admin = await connect(postgres_admin, "public", "test")
    parts = urlsplit(database)
    yield {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port),
        "PGUSER": parts.username or "postgres",
        "PGDATABASE": parts.path.removeprefix("/"),
        **{f"LOTSE_ROLE_{service.upper()}": secrets.token_hex(8) for service in SERVICES},
    }
    inside = await connect(database, "public", "test")
    for service in SERVICES:
        if await inside.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", f"lotse_{service}"):
            await inside.execute(f'DROP OWNED BY "lotse_{service}" CASCADE')
            await admin.execute(f'DROP ROLE "lotse_{service}"')
    await inside.close()
    await admin.close()


async def test_a_role_may_migrate_its_own_schema_and_see_no_other(server: dict[str, str], database: str) -> None:
    for _ in range(2):
        made = run("sh", str(ROOT / "deploy/postgres/provision.sh"), **server)
        assert (made.returncode, made.stderr) == (0, "")
    password = server["LOTSE_ROLE_ROUTER"]
    parts = urlsplit(database)
    url = urlunsplit(parts._replace(netloc=f"lotse_router:{password}@{parts.hostname}:{parts.port}"))
    for _ in range(2):
        migrated = run(sys.executable, "-m", "lotse.runtime.migrate", "router", LOTSE_POSTGRES=url)
        assert (migrated.returncode, migrated.stderr) == (0, "")
    own = await connect(url, "router", "test")
    assert await own.fetchval("SELECT count(*) FROM conversation") == 0
    refused = await own.fetchval("SELECT has_schema_privilege('lotse_router', 'desk', 'USAGE')")
    await own.close()
    assert refused is False


def test_migrating_says_which_variable_is_missing() -> None:
    done = run(sys.executable, "-m", "lotse.runtime.migrate", "router")
    assert done.returncode == 1
    assert "LOTSE_POSTGRES" in done.stderr


def test_topics_are_made_once_and_left_alone_afterwards(kafka: str, prefix: str) -> None:
    argv = (sys.executable, "-m", "lotse.runtime.topics", "--single")
    names = [spec.topic.full_name(prefix) for spec in TOPICS.values()]
    first, second = (run(*argv, LOTSE_KAFKA=kafka, LOTSE_TOPIC_PREFIX=prefix) for _ in range(2))
    assert first.stdout.splitlines() == [f"{name}: made" for name in names]
    assert second.stdout.splitlines() == [f"{name}: was there" for name in names]
