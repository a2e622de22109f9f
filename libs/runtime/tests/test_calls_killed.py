"""A process killed amid its calls: none is made twice, and none that was never begun is in doubt."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import calling_service
import pytest
from calling_service import calling

from lotse.runtime import clock
from lotse.runtime import journal as journals
from lotse.runtime.effects import EffectRunner
from lotse.runtime.journal import Journal
from lotse.runtime.testing import Harness
from lotse.runtime.ticking import Shell

CALLS, KILLS = 2000, 3


@asynccontextmanager
async def stranger(answering: asyncio.Event | None = None):
    """Who takes a call, remembers it, and answers once it may."""
    heard: Counter[UUID] = Counter()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heard[UUID(bytes=await reader.readexactly(16))] += 1
            if answering is not None:
                await answering.wait()
            writer.write(b".")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # it was killed
        finally:
            writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0, backlog=500)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()


@pytest.fixture
async def table(database):
    connection = await asyncpg.connect(database)
    await connection.execute(calling_service.TABLE)
    yield connection
    await connection.close()


async def add(table: asyncpg.Connection, number: int) -> list[UUID]:
    ids = [uuid4() for _ in range(number)]
    await table.execute("INSERT INTO calling.call (id) SELECT unnest($1::uuid[])", ids)
    return ids


async def stages(table: asyncpg.Connection) -> Counter[str]:
    rows = await table.fetch("SELECT stage, count(*) AS number FROM calling.call GROUP BY stage")
    return Counter({row["stage"]: row["number"] for row in rows})


async def test_a_process_killed_amid_its_calls_doubles_none_and_forgets_none(kafka, database, table, tmp_path):
    """Each kill may leave in doubt what was under way at that moment: heard perhaps, never answered."""
    ids = await add(table, CALLS)
    log = tmp_path / "log"
    env = os.environ | {
        "LOTSE_KAFKA": kafka,
        "LOTSE_POSTGRES": database,
        "LOTSE_CONFIG": str(tmp_path / "none.yaml"),
        "LOTSE_HTTP_PORT": "0",
        "LOTSE_SCRATCH": str(tmp_path / "scratch"),
    }
    chosen = random.Random(4)
    async with stranger() as (port, heard), asyncio.timeout(90):
        for most in (*(chosen.randrange(200, 600) for _ in range(KILLS)), CALLS):
            argv = (sys.executable, calling_service.__file__, str(port))
            with log.open("ab") as out:
                process = await asyncio.create_subprocess_exec(*argv, env=env, stdout=out, stderr=out)
            until = len(heard) + most
            while len(heard) < until and (await stages(table))["pending"]:
                assert process.returncode is None, log.read_text()[-3000:]
            process.send_signal(signal.SIGKILL if until < CALLS else signal.SIGTERM)
            assert await process.wait() in (0, -signal.SIGKILL), log.read_text()[-3000:]
    end = await stages(table)
    assert max(heard.values()) == 1
    doubtful = {row["id"] for row in await table.fetch("SELECT id FROM calling.call WHERE stage = 'sending'")}
    assert set(ids) - set(heard) <= doubtful
    assert len(set(ids) - set(heard)) <= KILLS, "only the one call whose first byte was being written"
    assert end["sent"] + len(doubtful) == CALLS
    assert "never begun: they are due again" in log.read_text()


@pytest.fixture
async def shell(database, table):
    async with Harness.open(database, "calling", packages=("lotse.runtime",)) as harness:
        yield Shell(harness.database, {}, "/calling", clock.now)


def runner(shell: Shell, port: int, journal: Journal) -> EffectRunner[UUID, None]:
    async def wake(published: int, *, left: bool = True) -> None:
        """There is no relay."""

    return EffectRunner(calling(port), shell, wake, journal=journal)


async def test_what_was_begun_is_left_in_doubt_and_the_rest_is_given_back(shell, table, tmp_path):
    begun, claimed = await add(table, 2)
    first = Journal.opened(tmp_path, "call")
    await table.execute("UPDATE calling.call SET stage = 'sending', claimed_by = $1", first.id)
    first.begin(begun)
    first.close()
    async with stranger() as (port, heard):
        await runner(shell, port, Journal.opened(tmp_path, "call")).once()
    assert heard == Counter([claimed])
    assert await stages(table) == Counter(sent=1, sending=1)


async def test_a_claim_that_was_committed_and_never_heard_of_is_given_back(shell, table, monkeypatch):
    """PostgreSQL went away between the commit and its answer."""
    ids = await add(table, 5)
    lost = asyncio.Event()

    async def unheard(tx, now, limit, by):
        async with shell.database.transaction() as other:
            await calling_service.claim(other, now, limit, by)
        lost.set()
        raise ConnectionResetError

    answering = asyncio.Event()
    async with stranger(answering) as (port, heard):
        effect = calling(port)
        running = runner(shell, port, Journal())
        stopping, wake = asyncio.Event(), asyncio.Event()
        (under_way,) = await add(table, 1)
        await table.execute("UPDATE calling.call SET stage = 'later' WHERE id <> $1", under_way)
        task = asyncio.create_task(running.run(stopping, wake))
        while not heard:
            await asyncio.sleep(0.01)
        object.__setattr__(running._effect, "claim", unheard)
        await table.execute("UPDATE calling.call SET stage = 'pending' WHERE stage = 'later'")
        await lost.wait()
        object.__setattr__(running._effect, "claim", effect.claim)
        answering.set()
        while (await stages(table))["sent"] < 6:
            await asyncio.sleep(0.01)
        stopping.set()
        wake.set()
        await task
    assert heard == Counter([*ids, under_way])


def test_a_journal_is_found_again_by_who_comes_after_the_kill(tmp_path):
    calls = [uuid4() for _ in range(3)]
    first = Journal.opened(tmp_path, "call")
    places = [first.begin(call) for call in calls]
    first.end(places[1])
    first.close()
    second = Journal.opened(tmp_path, "call")
    assert second.inherited
    assert second.id == first.id
    assert sorted(second.begun) == sorted((calls[0], calls[2]))
    second.renew()
    assert (second.inherited, second.id == first.id, list(second.begun)) == (False, False, [])


def test_two_living_processes_never_share_a_journal(tmp_path):
    first, second = Journal.opened(tmp_path, "call"), Journal.opened(tmp_path, "call")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["call.0", "call.1"]
    first.begin(uuid4())
    assert not second.inherited
    first.close()
    assert Journal.opened(tmp_path, "call").id == first.id


def test_a_renewal_cut_off_in_the_middle_gives_nothing_back(tmp_path, monkeypatch):
    first = Journal.opened(tmp_path, "call")
    first.begin(uuid4())
    first.close()
    second = Journal.opened(tmp_path, "call")

    def killed() -> UUID:
        raise KeyboardInterrupt

    monkeypatch.setattr(journals, "uuid4", killed)
    with pytest.raises(KeyboardInterrupt):
        second.renew()
    monkeypatch.undo()
    second.close()
    assert not Journal.opened(tmp_path, "call").inherited


def test_a_full_journal_says_so_and_one_without_a_folder_works(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    journal = Journal.opened(tmp_path / "file" / "below", "call")
    assert "no journal of calls in" in caplog.text
    for _ in range(4096):
        journal.begin(uuid4())
    with pytest.raises(RuntimeError, match="full"):
        journal.begin(uuid4())


def test_a_link_in_the_journals_place_is_not_followed(tmp_path, caplog):
    (tmp_path / "elsewhere").write_text("precious")
    Path(tmp_path / "call.0").symlink_to(tmp_path / "elsewhere")
    Journal.opened(tmp_path, "call")
    assert "no journal of calls in" in caplog.text
    assert (tmp_path / "elsewhere").read_text() == "precious"
