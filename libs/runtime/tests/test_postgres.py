"""Which errors of the database pass by themselves, and what is said of those that do not."""

import asyncpg
import pytest
from asyncpg import exceptions

from lotse.runtime import inbox, migrate
from lotse.runtime.errors import RuntimeFault
from lotse.runtime.postgres import Database, is_transient
from lotse.runtime.testing import FakeClock, Harness


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (exceptions.DiskFullError("no space left"), True),
        (exceptions.OutOfMemoryError("out of memory"), True),
        (exceptions.TooManyConnectionsError("too many clients"), True),
        (exceptions.PostgresIOError("could not read block"), True),
        (exceptions.ReadOnlySQLTransactionError("cannot execute UPDATE in a read-only transaction"), True),
        (exceptions.QueryCanceledError("statement timeout"), True),
        (exceptions.LockNotAvailableError("lock timeout"), True),
        (exceptions.InvalidCachedStatementError("cached plan must not change result type"), True),
        (exceptions.ConnectionDoesNotExistError("closed in the middle"), True),
        (exceptions.DataError("out of range"), False),
        (exceptions.CheckViolationError("violates"), False),
        (exceptions.UndefinedTableError("does not exist"), False),
        (exceptions.FeatureNotSupportedError("not supported"), False),
        (exceptions.ClientConfigurationError("invalid DSN"), False),
        (ValueError("ours"), False),
    ],
)
def test_what_passes_by_itself_is_no_records_fault(error: Exception, passes: bool):
    assert is_transient(error) is passes


async def test_a_migration_beside_us_is_no_records_fault(database):
    """The release before runs on while the next one adds a column."""
    await migrate.migrate(database, "counting", ("lotse.runtime",))
    one = await Database.open(database, "counting", 1)
    other = await Database.open(database, "counting", 1)
    try:
        async with one.transaction() as tx:
            await tx.fetch("SELECT * FROM inbox")
        async with other.connection() as connection:
            await connection.execute("ALTER TABLE inbox ADD COLUMN later integer")
        with pytest.raises(asyncpg.InvalidCachedStatementError) as raised:
            async with one.transaction() as tx:
                await tx.fetch("SELECT * FROM inbox")
        assert is_transient(raised.value)
        async with one.transaction() as tx:
            assert await tx.fetch("SELECT * FROM inbox") == []
    finally:
        await one.close()
        await other.close()


@pytest.mark.parametrize(
    ("url", "word"),
    [
        (lambda url: url.rpartition("/")[0] + "/nowhere", 'database "nowhere" does not exist'),
        (lambda url: url.replace("postgres@", "nobody@"), 'role "nobody" does not exist'),
        (lambda url: url.replace("postgresql://", "mysql://"), "LOTSE_POSTGRES"),
    ],
)
async def test_a_database_that_refuses_is_one_line_that_names_the_setting(database, url, word):
    with pytest.raises(RuntimeFault, match="LOTSE_POSTGRES") as raised:
        await migrate.migrate(url(database), "counting", ("lotse.runtime",))
    assert word in str(raised.value)
    assert "\n" not in str(raised.value)


async def test_old_ids_are_forgotten_and_young_ones_are_not(database):
    clock = FakeClock()
    async with Harness.open(database, "counting", packages=("lotse.runtime",)) as harness:
        await harness.execute("INSERT INTO seen SELECT gen_random_uuid(), $1 FROM generate_series(1, 25000)", clock())
        await harness.execute("INSERT INTO seen VALUES (gen_random_uuid(), $1)", clock() + inbox.SEEN_FOR)
        later = clock() + inbox.SEEN_FOR * 1.5
        left = []
        for _ in range(2):
            async with harness.database.connection() as connection:
                await inbox.forget_seen(connection, later)
            left += [row["n"] for row in await harness.rows("SELECT count(*) AS n FROM seen")]
        assert left == [5001, 1]
