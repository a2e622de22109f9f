"""A service that calls a stranger who knows no repeats, as a process of its own, for tests that kill it."""

import asyncio
import random
import sys
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from lotse.runtime.fold import Begin, Effect, GiveBack, Made
from lotse.runtime.postgres import Tx
from lotse.runtime.service import Service, run
from lotse.runtime.settings import RuntimeSettings

TABLE = """
CREATE SCHEMA calling;
CREATE TABLE calling.call (id uuid PRIMARY KEY, stage text NOT NULL DEFAULT 'pending', claimed_by uuid)
"""

_CLAIM = """
UPDATE calling.call SET stage = 'sending', claimed_by = $1
WHERE id IN (SELECT id FROM calling.call WHERE stage = 'pending' ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING id
"""

_GIVE_BACK = """
UPDATE calling.call SET stage = 'pending' WHERE stage = 'sending' AND claimed_by = $1 AND id <> ALL($2::uuid[])
RETURNING id
"""


async def claim(tx: Tx, _: datetime, limit: int, by: UUID) -> list[UUID]:
    return [row["id"] for row in await tx.fetch(_CLAIM, by, limit)]


async def never_begun(tx: Tx, by: UUID, kept: Collection[UUID]) -> int:
    return len(await tx.fetch(_GIVE_BACK, by, list(kept)))


async def settle(tx: Tx, done: Sequence[tuple[UUID, None]], _: datetime) -> Made:
    await tx.execute("UPDATE calling.call SET stage = 'sent' WHERE id = ANY($1::uuid[])", [one for one, _ in done])
    return Made()


def calling(port: int) -> Effect[UUID, None]:
    async def perform(call: UUID, begin: Begin) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(random.uniform(0, 0.1))  # noqa: S311
        begin()
        writer.write(call.bytes)
        await reader.readexactly(1)
        writer.close()

    give_back: GiveBack[UUID] = GiveBack(lambda call: call, never_begun)
    return Effect("call", timedelta(seconds=0.1), 100, 100, claim, perform, settle, give_back)


if __name__ == "__main__":
    effect = calling(int(sys.argv[1]))
    run(Service("calling", RuntimeSettings.read(), effects=(effect,), package="lotse.runtime"))
