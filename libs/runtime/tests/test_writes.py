"""What a round writes is one statement, and does what its parts would do one after the other."""

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lotse.runtime.postgres import Database
from lotse.runtime.testing import Harness
from lotse.runtime.writes import Write, by_column, send

TABLES = ("red", "green", "blue")
NUMBERS = st.dictionaries(st.integers(0, 9), st.text(alphabet="abc$1\n", max_size=4), max_size=4)
LAST = """
WITH counted AS (SELECT count(*) AS n FROM unnest($1::integer[]) AS given (number))
SELECT n, $2::text[] AS told FROM counted
"""


@pytest.fixture
async def database(database: str):
    async with Harness.open(database, "writes", packages=("lotse.runtime",)) as harness:
        for table in TABLES:
            await harness.execute(f"CREATE TABLE {table} (number integer PRIMARY KEY, word text)")
        yield harness.database


def put(table: str, rows: dict[int, str], *, rare: bool = False) -> Write:
    statement = f"""
        INSERT INTO {table} (number, word)
        SELECT number, word FROM unnest($1::integer[], $2::text[]) AS new (number, word)
        ON CONFLICT (number) DO UPDATE SET word = EXCLUDED.word
    """
    return Write(statement, by_column(rows.items(), 2), rare=rare)


async def contents(database: Database) -> dict[str, dict[int, str]]:
    async with database.connection() as connection:
        return {t: {r["number"]: r["word"] for r in await connection.fetch(f"SELECT * FROM {t}")} for t in TABLES}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, st.booleans()), max_size=4))
async def test_a_round_leaves_what_its_writes_would_one_by_one(database, rounds) -> None:
    async with database.transaction() as tx:
        await tx.execute("TRUNCATE red, green, blue")
    expected: dict[str, dict[int, str]] = {table: {} for table in TABLES}
    for *rows, rare in rounds:
        writes = [put(table, new, rare=rare) for table, new in zip(TABLES, rows, strict=True)]
        async with database.transaction() as tx:
            told = await send(tx, writes, LAST, ([1, 2, 3], ["$1"]))
        assert [tuple(row) for row in told] == [(3, ["$1"])]
        for table, new in zip(TABLES, rows, strict=True):
            expected[table] |= new
    assert await contents(database) == expected


async def test_what_goes_first_is_seen_by_the_rest(database) -> None:
    async with database.transaction() as tx:
        await send(tx, [put("red", {1: "old", 2: "old"})])
        forget = Write("DELETE FROM red WHERE number = ANY($1::integer[])", ([1, 2],), first=True)
        await send(tx, [put("red", {1: "new"}), forget])
    assert (await contents(database))["red"] == {1: "new"}


async def test_where_nothing_is_written_nothing_is_asked(database) -> None:
    class Deaf:
        """No connection at all."""

    assert await send(Deaf(), [put("red", {}), put("green", {}, rare=True)]) == []  # type: ignore[arg-type]


async def test_a_part_that_fails_takes_the_round_with_it(database) -> None:
    with pytest.raises(asyncpg.DataError):
        async with database.transaction() as tx:
            await send(tx, [put("red", {1: "a"}), put("green", {1: "nul\x00"})])
    assert await contents(database) == {table: {} for table in TABLES}
