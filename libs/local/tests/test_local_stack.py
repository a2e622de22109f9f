"""The whole stack on real engines, seen through `lotse`."""

import asyncio
import json
import os
import secrets
import signal
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import psutil
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from click.testing import Result
from typer.testing import CliRunner

from lotse.contracts.config_file import load
from lotse.local import state
from lotse.local.cli import app
from lotse.local.play.day import Pace, play
from lotse.local.process import until
from lotse.local.state import Running
from lotse.local.webhooks import Meta
from lotse.runtime import clock
from lotse.runtime.postgres import connect

ROOT = Path(__file__).parents[3]
WITHIN = timedelta(seconds=30)

pytestmark = pytest.mark.timeout(180)


@dataclass
class Up:
    """`lotse up` in a process of its own, and the first line that names an address."""

    process: asyncio.subprocess.Process
    told: str
    folder: Path
    argv: list[str]
    env: dict[str, str]

    @property
    def running(self) -> Running:
        return state.require(self.folder)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def up(engines, tmp_path_factory) -> AsyncGenerator[Up]:
    own, folder = f"t{secrets.token_hex(4)}", tmp_path_factory.mktemp("stack")
    argv = [sys.executable, "-c", "from lotse.local.cli import main; main()", "up"]
    argv += ["--folder", str(folder), "--desk-port", "0", "--ingest-port", "0", "--prefix", own]
    env = os.environ | {"LOTSE_KAFKA": engines.kafka, "LOTSE_POSTGRES": engines.postgres, "LOTSE_LANG": "en"}
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE, env=env, cwd=ROOT)
    assert process.stdout
    async with asyncio.timeout(150):
        while "http" not in (line := (await process.stdout.readline()).decode()):
            assert line, "it ended before it ran"
    try:
        yield Up(process, line, folder, argv, env)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def lotse(up: Up, *args: object) -> Result:
    line = [*map(str, args), "--folder", str(up.folder)]
    env = {"LOTSE_POSTGRES": None, "LOTSE_KAFKA": None, "LOTSE_TOPIC_PREFIX": None}
    return await asyncio.to_thread(CliRunner().invoke, app, line, env=env)


@asynccontextmanager
async def schema(up: Up, service: str):
    connection = await connect(up.running.postgres, service, "test")
    try:
        yield connection
    finally:
        await connection.close()


async def conversations(up: Up) -> list[dict]:
    """Every conversation, by the desk's lists."""
    bearer = (await lotse(up, "token")).output.strip()
    found, cursor = [], None
    async with httpx.AsyncClient(base_url=up.running.desk, headers={"Authorization": f"Bearer {bearer}"}) as desk:
        while True:
            params = {"limit": 100} | ({"cursor": cursor} if cursor else {})
            page = (await desk.get("/v1/conversations", params=params)).json()
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found


async def test_a_token_lets_into_the_desk_with_its_agents_role(up: Up):
    async with httpx.AsyncClient(base_url=up.running.desk) as desk:
        for args, role in (((), "admin"), (("--agent", "anna"), "lead"), (("--agent", "eva"), "agent")):
            bearer = (await lotse(up, "token", *args)).output.strip()
            me = (await desk.get("/v1/me", headers={"Authorization": f"Bearer {bearer}"})).json()
            assert me["role"] == role
        assert (await desk.get("/")).status_code == 200
    unknown = await lotse(up, "token", "--agent", "nobody")
    assert unknown.exit_code == 1
    assert "There are: anna, bruno" in unknown.stderr


async def test_a_message_can_be_followed_through_every_service(up: Up):
    meta = Meta.of(load(up.running.config.read_text()), state.secrets(up.folder)["LOTSE_META_APP_SECRET"])
    text = f"Moin, mein Paket {secrets.token_hex(4)} ist kaputt angekommen!"
    call = meta.messenger("7200000001", f"m_{secrets.token_hex(8)}", text, clock.now())
    async with httpx.AsyncClient() as http:
        assert (
            await http.post(up.running.ingest + call.path, content=call.body, headers=call.headers)
        ).status_code == 200
    found: list[str] = []

    async def known() -> bool:
        found[:] = [one["id"] for one in await conversations(up) if one["last_words"]["text"] == text]
        return bool(found)

    await until(known, WITHIN)

    async def whole() -> bool:
        result = await lotse(up, "trace", found[0][:8])
        return all(service in result.output for service in ("ingest", "sentiment", "router", "sla", "notifier", "desk"))

    await until(whole, WITHIN)
    result = await lotse(up, "trace", found[0])
    assert result.output.startswith("trace ")
    assert "└─ " in result.output


async def test_topics_tell_their_readers_lag_and_are_not_made_twice(up: Up):
    listed = (await lotse(up, "topics", "list")).output
    assert f"{up.running.prefix}-inbound  6 partitions" in listed
    for reader in ("sentiment", "router", "notifier"):
        assert f"{up.running.prefix}-{reader}" in listed
    again = await lotse(up, "topics", "create", "--single")
    assert again.output.count("was there") == 6


async def test_a_record_that_cannot_be_read_is_listed_shown_and_tried_again(up: Up):
    async with AIOKafkaProducer(bootstrap_servers=up.running.kafka) as producer:
        headers = [("ce_type", b"de.lotse.message.received.v1"), ("ce_id", b"no id")]
        await producer.send_and_wait(
            f"{up.running.prefix}-inbound", b'{"broken": "K\xc3\xb6rper"}', b"key", headers=headers
        )

    async def parked() -> bool:
        return "router" in (await lotse(up, "parked", "list")).output

    await until(parked, WITHIN)
    async with schema(up, "router") as router:
        number = await router.fetchval("SELECT id FROM parked")
        shown = await lotse(up, "parked", "show", "router", number)
        assert '{"broken": "Körper"}' in shown.output
        assert "de.lotse.message.received.v1" in shown.output
        neither = await lotse(up, "parked", "replay", "router")
        assert neither.exit_code == 1
        missing = await lotse(up, "parked", "replay", "router", number + 1)
        assert f"nothing parked under {number + 1}" in missing.stderr
        assert (await lotse(up, "parked", "replay", "router", number)).exit_code == 0

        async def tried() -> bool:
            row = await router.fetchrow("SELECT reason, replay_requested FROM parked WHERE id = $1", number)
            return row is not None and not row["replay_requested"] and row["reason"] in ("failed", "invalid")

        await until(tried, WITHIN)


async def test_what_ingest_did_not_understand_is_listed_shown_and_tried_again(up: Up):
    config = load(up.running.config.read_text("utf-8"), "config")
    meta = Meta.of(config, state.secrets(up.folder)["LOTSE_META_APP_SECRET"])
    odd = {"sender": {"id": "4711"}, "hologram": "in blue"}
    call = meta.call({"object": "page", "entry": [{"id": "1", "time": 1, "messaging": [odd]}]})
    async with httpx.AsyncClient(base_url=up.running.ingest) as http:
        answer = await http.post(call.path, content=call.body, headers=call.headers)
    assert answer.json() == {"events": 0, "not_understood": 1}
    listed = (await lotse(up, "unparsed", "list")).output
    assert "messaging" in listed
    assert "hologram" not in listed
    number = listed.split()[0]
    shown = (await lotse(up, "unparsed", "show", number)).output
    assert json.dumps(odd) in shown
    again = await lotse(up, "unparsed", "replay", "--all")
    assert "0 understood, 0 events published. 1 still not understood." in again.output
    async with schema(up, "ingest") as ingest:
        understood = json.dumps({"object": "page", "entry": [{"id": "1", "messaging": []}]}).encode()
        await ingest.execute("UPDATE unparsed SET body = $1", understood)
    assert "1 understood, 0 events published." in (await lotse(up, "unparsed", "replay", number)).output
    assert "Nothing is kept" in (await lotse(up, "unparsed", "list")).output
    assert f"Nothing is kept under {number}" in (await lotse(up, "unparsed", "show", number)).stderr
    wrong = await lotse(up, "unparsed", "list", "--token", "wrong")
    assert "check --token" in wrong.stderr


async def test_an_inbox_is_reset_by_name_and_only_when_it_is_meant(up: Up):
    topic = f"{up.running.prefix}-inbound"
    unknown = await lotse(up, "inbox", "reset", "inbound", "--service", "notifier")
    assert unknown.exit_code == 1
    assert topic in unknown.stderr
    async with schema(up, "notifier") as notifier:
        await notifier.execute(
            "INSERT INTO inbox (topic, partition, next_offset, last_stamp) VALUES ('made-anew', 0, 9, 9)"
        )
        declined = await lotse(up, "inbox", "reset", "made-anew", "--service", "notifier")
        assert declined.exit_code == 1
        done = await lotse(up, "inbox", "reset", "made-anew", "--service", "notifier", "--yes")
        assert "Restart notifier now" in done.output
        row = await notifier.fetchrow("SELECT next_offset, last_stamp FROM inbox WHERE topic = 'made-anew'")
        assert row is not None
        assert (row["next_offset"], row["last_stamp"]) == (0, 0)
        await notifier.execute("DELETE FROM inbox WHERE topic = 'made-anew'")


async def test_a_played_day_ends_with_every_customer_answered_once_and_no_iban_told(up: Up, capsys):
    await asyncio.wait_for(play(up.running, state.secrets(up.folder), Pace(speed=3000, seed=7, once=True)), 120)
    out = capsys.readouterr().out
    assert "an Clara" in out or "an Anna" in out
    assert "IBAN gehört nicht" in out or "IBAN does not belong" in out
    async with httpx.AsyncClient(base_url=up.running.standin or "") as standin:
        seen = (await standin.get("/seen")).json()
    assert seen["repeated"] == {}
    assert seen["alerts_unverified"] == 0
    assert not any("DE89" in sent["text"] for sent in seen["sends"])
    assert {"messenger", "facebook", "instagram", "whatsapp", "email"} <= set(seen["by_channel"])
    ended = Counter(one["status"] for one in await conversations(up))
    assert ended["resolved"] >= 50
    assert ended["set_aside"] >= 2


async def test_up_names_the_desk_first_and_runs_once_a_folder(up: Up):
    address = up.told.split()[-1]
    assert up.running.desk == address.rstrip("/")
    async with httpx.AsyncClient() as http:
        assert (await http.get(address)).status_code == 200
    stderr = asyncio.subprocess.PIPE
    again = await asyncio.create_subprocess_exec(*up.argv, stderr=stderr, env=up.env, cwd=ROOT)
    assert b"runs already" in (await again.communicate())[1]
    assert again.returncode == 1


async def test_ctrl_c_stops_everything_and_keeps_the_secrets(up: Up):
    found = up.running
    assert len(found.pids) == 7
    up.process.send_signal(signal.SIGINT)
    assert up.process.stdout
    told = (await up.process.stdout.read()).decode()
    assert "Stopped." in told
    assert await up.process.wait() == 0
    assert state.find(up.folder) is None
    assert not [pid for pid in found.pids.values() if psutil.pid_exists(pid)]
    assert len(json.loads((up.folder / "secrets.json").read_text())) >= 10
