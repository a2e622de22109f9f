"""Plain forward migrations, run at start under a lock.

A file is `0001_pre_what.sql` or `0001_post_what.sql`. `pre` files run before the release that
brings them takes work; a `post` file (dropping what the release before still used) runs at the
start of the next release, which is known by a `pre` or `post` file with a higher number.

`python -m lotse.runtime.migrate SERVICE` does it ahead of the service, for the database of `LOTSE_POSTGRES`.
"""

import argparse
import asyncio
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

import asyncpg

from lotse.runtime.errors import RuntimeFault, SettingsError
from lotse.runtime.postgres import Connection, connect, is_transient
from lotse.runtime.settings import PostgresSettings

_NAME = re.compile(r"^(\d{4})_(pre|post)_[a-z0-9_]+\.sql$")


@dataclass(frozen=True, slots=True, order=True)
class Migration:
    package: str
    name: str
    sql: str

    @property
    def number(self) -> int:
        return int(self.name[:4])

    @property
    def is_post(self) -> bool:
        return "_post_" in self.name


def found(package: str) -> list[Migration]:
    """The migrations of a package in order. Raises SettingsError for a file that is misnamed."""
    folder = files(package).joinpath("migrations")
    if not folder.is_dir():
        return []
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    for name in names:
        if not _NAME.match(name):
            raise SettingsError(f"{package}/migrations/{name}: call it 0001_pre_what.sql or 0001_post_what.sql")
    return [Migration(package, name, folder.joinpath(name).read_text(encoding="utf-8")) for name in names]


def pending(migrations: Iterable[Migration], done: set[tuple[str, str]]) -> list[Migration]:
    """What is to run now: everything not done, but for `post` files that nothing comes after."""
    ordered = list(migrations)
    highest = max((migration.number for migration in ordered), default=0)
    return [
        migration
        for migration in ordered
        if (migration.package, migration.name) not in done and not (migration.is_post and migration.number == highest)
    ]


async def migrate(url: str, schema: str, packages: Iterable[str]) -> None:
    """Bring the schema to this release; concurrent callers wait for each other.

    Raises RuntimeFault with PostgreSQL's word where it refuses; what passes by itself is raised as it is.
    """
    try:
        await _migrate(url, schema, packages)
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        if is_transient(error):
            raise
        raise RuntimeFault(f"LOTSE_POSTGRES: PostgreSQL refuses: {str(error).partition(chr(10))[0]}") from error


async def _migrate(url: str, schema: str, packages: Iterable[str]) -> None:
    connection = await connect(url, schema, f"lotse-{schema}-migrate")
    try:
        await connection.execute("SET statement_timeout = 0")
        await connection.execute("SET lock_timeout = 0")
        await connection.fetchval("SELECT pg_advisory_lock(hashtextextended('migrate ' || $1, 0))", schema)
        await _create(connection, schema)
        for package in packages:
            await _run(connection, found(package))
    finally:
        await connection.close()


async def _create(connection: Connection, schema: str) -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_namespace WHERE nspname = $1", schema):
        await connection.execute(f'CREATE SCHEMA "{schema}"')
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS migration (package text, name text, at timestamptz DEFAULT now(),"
        " PRIMARY KEY (package, name))"
    )


async def _run(connection: Connection, migrations: list[Migration]) -> None:
    rows = await connection.fetch("SELECT package, name FROM migration")
    for migration in pending(migrations, {(row["package"], row["name"]) for row in rows}):
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO migration (package, name) VALUES ($1, $2)", migration.package, migration.name
            )


async def _once_there(url: str, service: str) -> None:
    """Migrate as soon as PostgreSQL can be had, for as long as that takes."""
    while True:
        try:
            return await migrate(url, service, ("lotse.runtime", f"lotse.{service}"))
        except Exception as error:
            if not is_transient(error):
                raise
            sys.stderr.write(f"migrate: PostgreSQL cannot be had ({type(error).__name__}), trying again\n")
            await asyncio.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lotse.runtime.migrate", description="Migrates a service's schema.")
    parser.add_argument("service", help="the service, whose schema has the same name")
    service = parser.parse_args().service
    try:
        asyncio.run(_once_there(PostgresSettings.read().postgres.get_secret_value(), service))
    except RuntimeFault as error:
        sys.exit(f"migrate: {error}")


if __name__ == "__main__":
    main()
