"""What nobody understood, tried again: published with the ids it had from the start, and kept no longer."""

import json
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from ingest_stack import ACCOUNTS, BEARER, CONFIG, opened, published, settings, signed, topic
from ingest_worlds import MAIL, META, own

from lotse.contracts.ids import message_id
from lotse.contracts.inbound import MessageReceived
from lotse.ingest import store
from lotse.ingest.channels import mail, messenger
from lotse.ingest.channels.parsed import NotUnderstood, Unparsed
from lotse.ingest.store import Parked
from lotse.ingest.web.api import build
from lotse.ingest.web.calls import Calls

BODY = own("meta-two-messages.json")
SERVICE = {"Authorization": BEARER["blobs"]}
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
async def inbound(kafka: str, prefix: str) -> AsyncIterator[str]:
    async with topic(kafka, prefix) as name:
        yield name


@pytest.fixture
async def calls(kafka: str, database: str, prefix: str, inbound: str) -> AsyncIterator[Calls]:
    async with opened(settings(kafka, database, prefix)) as found:
        yield found


@pytest.fixture
async def web(calls: Calls) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(build(ACCOUNTS, calls, CONFIG))
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as found:
        yield found


async def kept(web: httpx.AsyncClient) -> list[dict[str, str]]:
    return (await web.get("/ops/unparsed", headers=SERVICE)).json()["items"]


async def replayed(web: httpx.AsyncClient, id: str) -> dict[str, object]:
    answer = await web.post(f"/ops/unparsed/{id}/replay", headers=SERVICE)
    assert answer.status_code == 200, answer.text
    return answer.json()


def unheard_of(*_: object) -> None:
    raise NotUnderstood("unheard of")


async def test_a_release_that_understands_more_publishes_what_was_kept(
    web: httpx.AsyncClient, kafka: str, inbound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older_release:
        older_release.setattr(messenger, "read", unheard_of)
        headers = {**signed(BODY), "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        answer = await web.post("/v1/meta/social", content=BODY, headers=headers)
        assert answer.json() == {"events": 0, "not_understood": 3}
        (one, *_) = await kept(web)
        assert (await replayed(web, one["id"]))["understood"] is False
    parts = await kept(web)
    assert len(parts) == 3
    for part in parts:
        assert await replayed(web, part["id"]) == {"id": part["id"], "understood": True, "events": 1}
    assert await kept(web) == []
    facts = await published(kafka, inbound)
    assert {fact.id for fact in facts} == {message_id(META, mid) for mid in ("m_A1", "m_A2", "m_B1")}
    assert {fact.traceparent.split("-")[1] for fact in facts if fact.traceparent} == {TRACE}
    received = {part["received_at"] for part in parts}
    assert {
        fact.data.received_at.isoformat().replace("+00:00", "Z")
        for fact in facts
        if isinstance(fact.data, MessageReceived)
    } <= received


async def test_what_is_still_not_understood_stays_as_it_was(web: httpx.AsyncClient) -> None:
    body = json.dumps({"object": "page", "entry": [{"id": "1", "time": 1, "messaging": [{"hologram": {}}]}]}).encode()
    await web.post("/v1/meta/social", content=body, headers=signed(body))
    before = await kept(web)
    assert await replayed(web, before[0]["id"]) == {"id": before[0]["id"], "understood": False, "events": 0}
    assert await kept(web) == before


async def test_a_mail_is_tried_again_with_its_files(
    web: httpx.AsyncClient, kafka: str, inbound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = own("mail-answer.eml")
    with monkeypatch.context() as older_release:
        older_release.setattr(mail, "person", lambda *_: (None, None))
        answer = await web.post("/v1/mail/mail", content=raw, headers={"Authorization": BEARER["mail"]})
        assert answer.json() == {"events": 0, "not_understood": 1}
    (part,) = await kept(web)
    assert (part["account"], part["reason"]) == (MAIL, "no sender")
    assert (await replayed(web, part["id"]))["understood"] is True
    (fact,) = await published(kafka, inbound)
    assert isinstance(fact.data, MessageReceived)
    assert fact.data.full is not None
    found = await web.get(f"/v1/blobs/{fact.data.full.sha256}", headers=SERVICE)
    assert found.content == raw


async def test_an_event_too_large_for_kafka_stays_until_somebody_looks_at_it(
    web: httpx.AsyncClient, calls: Calls
) -> None:
    webhook = json.loads(BODY)
    files = [{"type": "image", "payload": {"url": "https://cdn.example/" + "\u00e4\x01" * 1000}} for _ in range(90)]
    webhook["entry"][0]["messaging"][0]["message"]["attachments"] = files
    calls.settings = calls.settings.model_copy(update={"meta_limit": 10_000_000})
    body = json.dumps(webhook).encode()
    await web.post("/v1/meta/social", content=body, headers=signed(body))
    before = await kept(web)
    assert (await replayed(web, before[0]["id"]))["understood"] is False
    assert await kept(web) == before


def taken_back(mid: str) -> bytes:
    webhook = json.loads(BODY)
    webhook["entry"] = webhook["entry"][:1]
    (item, *_) = webhook["entry"][0]["messaging"]
    webhook["entry"][0]["messaging"] = [{**item, "message": {"mid": mid, "is_deleted": True}}]
    return json.dumps(webhook).encode()


async def test_what_a_customer_took_back_is_kept_nowhere_and_never_comes_again(
    web: httpx.AsyncClient, kafka: str, inbound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older_release:
        older_release.setattr(messenger, "read", unheard_of)
        await web.post("/v1/meta/social", content=BODY, headers=signed(BODY))
    parts = {part["id"]: await web.get(f"/ops/unparsed/{part['id']}", headers=SERVICE) for part in await kept(web)}
    assert len(parts) == 3
    assert (
        await web.post("/v1/meta/social", content=(it := taken_back("m_A1")), headers=signed(it))
    ).status_code == 200
    left = await kept(web)
    assert len(left) == 2
    for part in left:
        assert (await replayed(web, part["id"]))["events"] == 1
    with monkeypatch.context() as older_release:
        older_release.setattr(messenger, "read", unheard_of)
        await web.post("/v1/meta/social", content=BODY, headers=signed(BODY))
    assert len(await kept(web)) == 2
    received = {fact.id for fact in await published(kafka, inbound) if isinstance(fact.data, MessageReceived)}
    assert received == {message_id(META, mid) for mid in ("m_A2", "m_B1")}


async def test_a_part_of_several_messages_brings_back_none_that_was_taken_back(
    web: httpx.AsyncClient, kafka: str, inbound: str, calls: Calls
) -> None:
    webhook, text = json.loads(BODY), "lang " * 20_000
    webhook["entry"][0]["messaging"][0]["message"]["text"] = text
    whole = Unparsed("of an older release", json.dumps(webhook).encode())
    parked = Parked(META, whole, None, calls.opened().clock())
    async with calls.opened().database.transaction() as tx:
        await store.park(tx, [parked])
    await web.post("/v1/meta/social", content=(it := taken_back("m_A1")), headers=signed(it))
    (part,) = await kept(web)
    assert (await replayed(web, part["id"]))["events"] == 2
    async with calls.opened().database.transaction() as tx:
        assert await tx.fetch("SELECT sha256 FROM blob") == []
    received = {fact.id for fact in await published(kafka, inbound) if isinstance(fact.data, MessageReceived)}
    assert received == {message_id(META, mid) for mid in ("m_A2", "m_B1")}


async def test_a_part_is_shown_whole_to_whoever_bears_the_service_token(web: httpx.AsyncClient) -> None:
    await web.post("/v1/meta/social", content=b"[7]", headers=signed(b"[7]"))
    (part,) = await kept(web)
    shown = (await web.get(f"/ops/unparsed/{part['id']}", headers=SERVICE)).json()
    assert (shown["account"], shown["reason"], shown["body"]) == (META, "envelope", "[7]")
    for method, path in (("GET", ""), ("POST", "/replay")):
        refused = await web.request(method, f"/ops/unparsed/{part['id']}{path}")
        assert refused.status_code == 401
    assert len(await kept(web)) == 1


@pytest.mark.parametrize("id", ["6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "none"])
async def test_what_is_not_kept_cannot_be_tried(web: httpx.AsyncClient, id: str) -> None:
    assert (await web.post(f"/ops/unparsed/{id}/replay", headers=SERVICE)).status_code == 404
    assert (await web.get(f"/ops/unparsed/{id}", headers=SERVICE)).status_code == 404


async def test_without_the_broker_nothing_is_taken_for_understood(
    web: httpx.AsyncClient, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older_release:
        older_release.setattr(messenger, "read", unheard_of)
        await web.post("/v1/meta/social", content=BODY, headers=signed(BODY))
    parts = await kept(web)
    edge = calls.opened()
    async with opened(settings("127.0.0.1:1", calls.settings.postgres.get_secret_value(), "away")) as away:
        calls.edge = away.edge
        answer = await web.post(f"/ops/unparsed/{UUID(parts[0]['id'])}/replay", headers=SERVICE)
        calls.edge = edge
    assert answer.status_code == 503
    assert await kept(web) == parts
