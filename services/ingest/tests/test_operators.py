"""What operators are told of each account: when it was heard last, what was refused, what nobody understood."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from ingest_stack import ACCOUNTS, BEARER, CONFIG, opened, settings, signed, topic
from ingest_worlds import META, NOW, own

from lotse.contracts.ids import AccountId
from lotse.ingest.ledger import Ledger
from lotse.ingest.web.api import build
from lotse.ingest.web.calls import Calls

BODY = own("meta-two-messages.json")
SERVICE = {"Authorization": BEARER["blobs"]}
TOKEN = {"Authorization": BEARER["letters"]}
LETTER = {"external_id": "L-1", "channel": "letter", "sender": {"id": "K-1"}, "text": "Hallo"}
ODD = json.dumps({"object": "page", "entry": [{"id": "1", "time": 1, "messaging": [{"unheard_of": {}}]}]}).encode()
TRACE = "0af7651916cd43dd8448eb211c80319c"


def client(calls: Calls) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(build(ACCOUNTS, calls, CONFIG))
    return httpx.AsyncClient(transport=transport, base_url="http://ingest")


@pytest.fixture
async def calls(kafka: str, database: str, prefix: str) -> AsyncIterator[Calls]:
    async with topic(kafka, prefix), opened(settings(kafka, database, prefix)) as made:
        made.ledger = Ledger(CONFIG.accounts, lambda: NOW)
        yield made


async def told(web: httpx.AsyncClient) -> dict[str, dict[str, object]]:
    answer = await web.get("/ops/accounts", headers=SERVICE)
    assert answer.status_code == 200, answer.text
    return {one["id"]: one for one in answer.json()["accounts"]}


async def test_each_account_says_what_came_and_what_was_refused_since_the_start(calls: Calls) -> None:
    async with client(calls) as web:
        assert (await web.post("/v1/meta/social", content=BODY, headers=signed(BODY))).status_code == 200
        assert (await web.post("/v1/meta/social", content=BODY, headers=signed(BODY))).status_code == 200
        assert (await web.post("/v1/messages/letters", json=LETTER, headers=TOKEN)).status_code == 202
        await web.post("/v1/meta/social", content=BODY + b" ", headers=signed(BODY))
        await web.post("/v1/meta/social", content=b"a=b", headers=signed(b"a=b"))
        await web.post("/v1/meta/social", content=b" " * 200_000)
        await web.post("/v1/mail/mail", content=b"x")
        found = await told(web)
    social = found["social"]
    assert (social["kind"], social["accepted"], social["refused"]) == (
        "meta",
        2,
        {"signature": 1, "unreadable": 1, "too_large": 1},
    )
    assert social["last_accepted"] == social["last_refused"] == "2026-03-02T09:00:00Z"
    assert social["last_reason"] == "too_large"
    assert (found["letters"]["accepted"], found["letters"]["refused"]) == (1, {})
    assert (found["mail"]["last_accepted"], found["mail"]["refused"]) == (None, {"signature": 1})


async def test_what_was_not_understood_is_counted_and_listed_without_what_it_says(calls: Calls) -> None:
    async with client(calls) as web:
        headers = {**signed(ODD), "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        assert (await web.post("/v1/meta/social", content=ODD, headers=headers)).json()["not_understood"] == 1
        account = (await told(web))["social"]
        answer = await web.get("/ops/unparsed", headers=SERVICE, params={"limit": 5})
    assert (account["accepted"], account["not_understood"]) == (1, 1)
    assert "unheard_of" not in answer.text
    (part,) = answer.json()["items"]
    assert (part["account"], part["trace_id"], answer.json()["total"]) == (META, TRACE, 1)
    assert part["size"] > 10


@pytest.mark.parametrize("path", ["/ops/accounts", "/ops/unparsed"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, TOKEN])
async def test_nobody_without_the_service_token_is_told(path: str, headers: dict[str, str]) -> None:
    async with client(Calls(settings())) as web:
        assert (await web.get(path, headers=headers)).status_code == 401
        assert path not in (await web.get("/openapi.json")).text


async def test_while_the_service_starts_nothing_is_said_to_be_zero() -> None:
    async with client(Calls(settings(), ledger=Ledger(CONFIG.accounts, lambda: NOW))) as web:
        assert (await web.get("/ops/unparsed", headers=SERVICE)).status_code == 503
        assert (await web.get("/ops/unparsed", headers=SERVICE, params={"limit": "x"})).status_code == 422


def test_names_that_callers_make_up_take_no_room() -> None:
    ledger = Ledger([AccountId("known")], lambda: NOW + timedelta(hours=1))
    for number in range(100):
        ledger.answered(f"made up {number}", 401)
        ledger.not_understood(f"made up {number}", 1)
    ledger.answered("known", 404)
    assert list(ledger.entries) == ["known"]
    assert (ledger.entries["known"].refused, ledger.entries["known"].accepted) == ({}, 0)
