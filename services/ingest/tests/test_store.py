"""Each query that grows with the tables has its index."""

from uuid import UUID

import pytest
from ingest_worlds import NOW

from lotse.ingest import store
from lotse.runtime.testing import Harness

SOME = UUID("5a0b7f0e-5d0b-5f53-9d6d-1a2b3c4d5e6f")


@pytest.mark.parametrize(
    ("query", "args", "index"),
    [
        (store._BLOB, ("0" * 64,), "blob_pkey"),
        (store._UNUSE, ([SOME],), "blob_use_pkey"),
        (store._FORGET, (["0" * 64],), "blob_use_sha256"),
        (store._CLAIM, (NOW, NOW, 8, 8), "media_due_at"),
        (store._GIVE_UP, (NOW, 8), "media_due_at"),
        (store._MEDIA, (SOME, 0), "media_pkey"),
        (store._EXPIRE_UNPARSED, (NOW,), "unparsed_received_at"),
        (store._EXPIRE_BLOBS, (NOW,), "blob_created_at"),
        (store._EXPIRE_MEDIA, (NOW,), "media_created_at"),
        (store._ARE_GONE, ([SOME],), "gone_pkey"),
        (store._EXPIRE_GONE, (NOW,), "gone_at"),
    ],
)
async def test_a_query_finds_its_rows_by_an_index(
    database: str, query: str, args: tuple[object, ...], index: str
) -> None:
    async with Harness.open(database, "ingest") as harness, harness.database.transaction() as tx:
        await tx.execute("SET LOCAL enable_seqscan = off")
        await tx.execute("SET LOCAL enable_bitmapscan = off")
        plan = await tx.fetch("EXPLAIN " + query, *args)
        assert index in "\n".join(row[0] for row in plan)
