"""The counting service as a process of its own, for tests that kill it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from counting import FOLD, TABLE  # noqa: E402

from lotse.runtime.service import Context, Service, run  # noqa: E402
from lotse.runtime.settings import RuntimeSettings  # noqa: E402


async def make_table(context: Context) -> None:
    async with context.database.connection() as connection:
        await connection.execute("SELECT pg_advisory_lock(1)")
        await connection.execute(TABLE)
        await connection.execute("SELECT pg_advisory_unlock(1)")


if __name__ == "__main__":
    run(
        Service(
            name="counting", settings=RuntimeSettings.read(), folds=(FOLD,), open=make_table, package="lotse.runtime"
        )
    )
