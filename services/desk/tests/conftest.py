import secrets
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lasting_database(postgres_admin):
    """A database for tests of one module that only read."""
    name = f"t{secrets.token_hex(6)}"
    admin = await asyncpg.connect(postgres_admin)
    try:
        await admin.execute(f'CREATE DATABASE "{name}"')
        yield urlunsplit(urlsplit(postgres_admin)._replace(path=f"/{name}"))
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ingest(kafka, lasting_database, tmp_path_factory):
    """The address of the service that keeps the files."""
    from desk_process import ingest_running

    async with ingest_running(kafka, lasting_database, tmp_path_factory.mktemp("ingest")) as address:
        yield address
