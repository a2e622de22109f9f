"""How a service tells the desk where it stands, and lets its parked records be looked at and tried again."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from counting import AT, FOLD, counting, note
from fastapi import FastAPI
from pydantic import SecretStr

from lotse.runtime.fold import Fold
from lotse.runtime.health import Health
from lotse.runtime.ops import Ops, Parked, ParkedPage, ParkedWhole, Status, standing
from lotse.runtime.testing import fact_of

TOKEN = "what services show each other"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
TRACE = "0af7651916cd43dd8448eb211c80319c"


@asynccontextmanager
async def served(harness, token: str | None = TOKEN, health: Health | None = None, hurried: list[int] | None = None):
    app = FastAPI()

    @app.get("/{rest:path}")
    async def anything(rest: str) -> str:
        return rest

    Ops(
        service="counting",
        token=SecretStr(token) if token else None,
        database=harness.database,
        health=health or Health(),
        started_at=AT,
        replica=lambda: "here:1",
        relay_active=lambda: True,
        lag=lambda: {"lotse-commands": 3},
        hurry=lambda: (hurried if hurried is not None else []).append(1),
    ).mount(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://counting") as client:
        yield client


async def poison(harness, number: int = 1) -> None:
    facts = [fact_of(note(uuid4(), "poison"), traceparent=f"00-{TRACE}-b7ad6b7169203331-01") for _ in range(number)]
    await harness.feed(*facts)


async def parked(client: httpx.AsyncClient, **params) -> ParkedPage:
    answer = await client.get("/ops/parked", headers=BEARER, params=params)
    assert answer.status_code == 200, answer.text
    return ParkedPage.model_validate_json(answer.content)


PAGES = [
    ("GET", "/ops/status"),
    ("GET", "/ops/parked"),
    ("GET", "/ops/parked/1"),
    ("POST", "/ops/parked/1/replay"),
]


@pytest.mark.parametrize(("method", "path"), PAGES)
@pytest.mark.parametrize(
    ("token", "header", "status"),
    [
        (None, BEARER["Authorization"], 404),
        (TOKEN, "", 401),
        (TOKEN, "Bearer wrong", 401),
        (TOKEN, f"Basic {TOKEN}", 401),
        (TOKEN, "Bearer", 401),
        (TOKEN, "Bearer \xe4\xf6", 401),
    ],
)
async def test_nobody_without_the_token_learns_anything(database, method, path, token, header, status):
    async with counting(database) as harness, served(harness, token) as client:
        await poison(harness)
        answer = await client.request(method, path, headers={"Authorization": header.encode("latin-1")})
        assert answer.status_code == status
        assert "poison" not in answer.text
        (row,) = await harness.rows("SELECT replay_requested FROM parked")
        assert not row["replay_requested"]


async def test_the_pages_are_no_part_of_the_services_document(database):
    async with counting(database) as harness, served(harness) as client:
        assert [path for path in (await client.get("/openapi.json")).json()["paths"] if "ops" in path] == []


async def test_a_status_tells_outbox_parked_lag_and_why_it_is_not_ready(database):
    health = Health(ready=[lambda: None, lambda: "no partitions are assigned yet"])
    async with counting(database) as harness, served(harness, health=health) as client:
        await harness.feed(note(uuid4(), "one"), note(uuid4(), "two"))
        await poison(harness)
        answer = await client.get("/ops/status", headers=BEARER)
    found = Status.model_validate_json(answer.content)
    assert (found.service, found.replica, found.started_at, found.relay_active) == ("counting", "here:1", AT, True)
    assert (found.outbox.rows, found.parked, found.lag) == (2, 1, {"lotse-commands": 3})
    assert found.outbox.age > 0
    assert found.not_ready == ("no partitions are assigned yet",)


async def test_the_age_of_the_outbox_is_that_of_its_oldest_event(database):
    async with counting(database) as harness:
        async with harness.database.connection() as connection:
            assert await standing(connection, AT) == (0, 0.0, 0)
        await harness.feed(note(uuid4(), "one"), now=AT)
        await harness.feed(note(uuid4(), "two"), now=AT + timedelta(seconds=50))
        async with harness.database.connection() as connection:
            assert await standing(connection, AT + timedelta(seconds=90)) == (2, 90.0, 0)


async def test_parked_records_come_in_pages_youngest_first_without_what_they_say(database):
    async with counting(database) as harness, served(harness) as client:
        await poison(harness, 5)
        first = await parked(client, limit=2)
        second = await parked(client, limit=2, after=first.after)
        last = await parked(client, limit=2, after=second.after)
        assert "poison" not in (await client.get("/ops/parked", headers=BEARER)).text
    pages = [first, second, last]
    ids = [one.id for page in pages for one in page.items]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 5
    assert ([page.total for page in pages], last.after) == ([5, 5, 5], None)
    (one,) = last.items
    assert (one.reason, one.trace_id, one.replay_requested) == ("failed", TRACE, False)
    assert "ValueError" in one.error


@pytest.mark.parametrize(("params", "status"), [({"limit": "many"}, 422), ({"after": "x"}, 422), ({"limit": 0}, 200)])
async def test_a_page_that_cannot_be_meant_is_refused(database, params, status):
    async with counting(database) as harness, served(harness) as client:
        assert (await client.get("/ops/parked", headers=BEARER, params=params)).status_code == status


async def test_what_a_record_says_is_shown_to_whoever_asks_for_it_alone(database):
    async with counting(database) as harness, served(harness) as client:
        await poison(harness)
        (one,) = (await parked(client)).items
        without = await client.get(f"/ops/parked/{one.id}", headers=BEARER)
        whole = await client.get(f"/ops/parked/{one.id}", headers=BEARER, params={"value": "true"})
    assert "poison" not in without.text
    found = ParkedWhole.model_validate_json(without.content)
    assert (found.value, found.size > 10) == (None, True)
    assert dict(found.headers)["ce_type"] == "de.lotse.note.written.v1"
    assert '"poison"' in (ParkedWhole.model_validate_json(whole.content).value or "")


@pytest.mark.parametrize("value", [b"\xff\x00<script>", b"", None])
async def test_damaged_bytes_are_shown_as_text(database, value):
    async with counting(database) as harness, served(harness) as client:
        record = replace(harness.log.record(fact_of(note(uuid4(), "x"))), value=value)
        await harness.feed_records([record])
        (one,) = (await parked(client)).items
        answer = await client.get(f"/ops/parked/{one.id}", headers=BEARER, params={"value": "true"})
    assert answer.headers["content-type"] == "application/json"
    found = ParkedWhole.model_validate_json(answer.content)
    expected = None if value is None else value.decode(errors="replace")
    assert (found.reason, found.value, found.size) == ("invalid", expected, len(value or b""))


async def test_a_replay_is_asked_for_at_once_and_brings_the_record_in_once_its_fault_is_mended(database):
    hurried: list[int] = []
    async with counting(database) as harness, served(harness, hurried=hurried) as client:
        await poison(harness)
        (one,) = (await parked(client)).items
        answer = await client.post(f"/ops/parked/{one.id}/replay", headers=BEARER)
        assert Parked.model_validate_json(answer.content).replay_requested
        assert hurried == [1]
        assert await harness.processors[0].replay() == 1
        (again,) = (await parked(client)).items
        assert (again.id, again.replay_requested) == (one.id, False), "it failed again, with its newest error"
    async with counting(database, mended()) as harness, served(harness) as client:
        await client.post(f"/ops/parked/{one.id}/replay", headers=BEARER)
        assert await harness.processors[0].replay() == 1
        assert (await parked(client)).total == 0
        (row,) = await harness.rows("SELECT texts FROM tally WHERE notes = 1")
        assert row["texts"] == "mended;"


def mended() -> Fold:
    """A release that can read what the one before could not."""

    def decide(state, fact, now):
        return FOLD.decide(state, replace(fact, data=fact.data.model_copy(update={"text": "mended"})), now)

    return replace(FOLD, decide=decide)


@pytest.mark.parametrize("id", ["0", "99", str(2**63), "9" * 40])
async def test_what_is_not_parked_is_not_found(database, id):
    async with counting(database) as harness, served(harness) as client:
        assert (await client.get(f"/ops/parked/{id}", headers=BEARER)).status_code == 404
        assert (await client.post(f"/ops/parked/{id}/replay", headers=BEARER)).status_code == 404


async def test_while_the_database_is_away_nothing_is_said_to_be_zero(database):
    async with counting(database) as harness, served(harness) as client:
        harness.database.terminate()
        async with asyncio.timeout(20):
            assert (await client.get("/ops/status", headers=BEARER)).status_code == 503
