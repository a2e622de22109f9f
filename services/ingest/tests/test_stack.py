"""Over a real broker and a real database: 2xx means that it cannot be lost."""

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256

import httpx
import pytest
from ingest_stack import BEARER, client, opened, published, settings, signed, topic
from ingest_worlds import API, META, NOW, own

from lotse.contracts.ids import message_id
from lotse.contracts.inbound import MessageDeleted, MessageEdited, MessageReceived
from lotse.ingest import store
from lotse.ingest.settings import IngestSettings
from lotse.ingest.web.calls import Calls
from lotse.runtime import telemetry

BODY = own("meta-two-messages.json")
TOKEN = {"Authorization": BEARER["letters"]}
SERVICE = {"Authorization": BEARER["blobs"]}
LETTER = {"external_id": "L-1", "channel": "letter", "sender": {"id": "K-1"}, "text": "Hallo"}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


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
    async with client(calls) as found:
        yield found


async def rows(calls: Calls, query: str) -> list[tuple[object, ...]]:
    async with calls.opened().database.connection() as connection:
        return [tuple(row) for row in await connection.fetch(query)]  # type: ignore[arg-type]


async def test_a_signed_webhook_stands_on_the_topic_with_its_trace(
    web: httpx.AsyncClient, kafka: str, inbound: str
) -> None:
    answer = await web.post("/v1/meta/social", content=BODY, headers={**signed(BODY), "traceparent": TRACE})
    assert (answer.status_code, answer.json()) == (200, {"events": 3, "not_understood": 0})
    facts = await published(kafka, inbound)
    assert {fact.id for fact in facts} == {message_id(META, mid) for mid in ("m_A1", "m_A2", "m_B1")}
    assert {fact.traceparent for fact in facts} == {TRACE}
    of_one = [fact.data.provider_id for fact in facts if isinstance(fact.data, MessageReceived)]
    assert of_one.index("m_A1") < of_one.index("m_A2")


async def test_the_same_message_many_times_at_once_is_one_id(web: httpx.AsyncClient, kafka: str, inbound: str) -> None:
    answers = await asyncio.gather(
        *(web.post("/v1/meta/social", content=BODY, headers=signed(BODY)) for _ in range(30))
    )
    assert {answer.status_code for answer in answers} == {200}
    facts = await published(kafka, inbound)
    assert len(facts) == 90
    assert len({fact.id for fact in facts}) == 3


async def test_what_is_not_understood_is_kept_once_and_the_rest_is_published(
    web: httpx.AsyncClient, calls: Calls, kafka: str, inbound: str
) -> None:
    webhook = json.loads(BODY)
    webhook["entry"][0]["messaging"].insert(0, {"sender": {"id": 1}, "hologram": {"x": 1}})
    body = json.dumps(webhook).encode()
    for _ in range(2):
        answer = await web.post("/v1/meta/social", content=body, headers=signed(body))
        assert (answer.status_code, answer.json()) == (200, {"events": 3, "not_understood": 1})
    assert len({fact.id for fact in await published(kafka, inbound)}) == 3
    assert await rows(calls, "SELECT account, reason FROM unparsed") == [(META, "messaging")]


async def test_as_large_a_webhook_as_whatsapp_sends_is_taken(web: httpx.AsyncClient, calls: Calls) -> None:
    calls.settings = calls.settings.model_copy(update={"meta_limit": IngestSettings.model_fields["meta_limit"].default})
    status = {"id": "wamid.B", "status": "sent", "recipient_id": "4915112345678", "pricing": "x" * 3_000_000}
    change = {"field": "messages", "value": {"statuses": [status]}}
    webhook = {"object": "whatsapp_business_account", "entry": [{"id": "7001", "changes": [change]}]}
    body = json.dumps(webhook).encode()
    answer = await web.post("/v1/meta/social", content=body, headers=signed(body))
    assert (answer.status_code, answer.json()) == (200, {"events": 0, "not_understood": 0})


async def test_a_record_too_large_for_kafka_is_kept_and_the_provider_is_content(
    web: httpx.AsyncClient, calls: Calls
) -> None:
    webhook = json.loads(BODY)
    files = [{"type": "image", "payload": {"url": "https://cdn.example/" + "\u00e4\x01" * 1000}} for _ in range(90)]
    webhook["entry"][0]["messaging"][0]["message"]["attachments"] = files
    calls.settings = calls.settings.model_copy(update={"meta_limit": 10_000_000})
    body = json.dumps(webhook).encode()
    answer = await web.post("/v1/meta/social", content=body, headers=signed(body))
    assert (answer.status_code, answer.json()["not_understood"]) == (200, 1)
    assert await rows(calls, "SELECT reason FROM unparsed") == [("record too large",)]


async def test_a_mail_lies_in_its_blobs_before_its_event(web: httpx.AsyncClient, kafka: str, inbound: str) -> None:
    raw = own("mail-answer.eml")
    answer = await web.post("/v1/mail/mail", content=raw, headers={"Authorization": BEARER["mail"]})
    assert answer.json() == {"events": 1, "not_understood": 0}
    (fact,) = await published(kafka, inbound)
    assert isinstance(fact.data, MessageReceived)
    assert fact.data.full is not None
    whole = await web.get(f"/v1/blobs/{fact.data.full.sha256}", headers=SERVICE)
    assert (whole.content, whole.headers["content-type"]) == (raw, "message/rfc822")
    text = await web.get(f"/v1/blobs/{fact.data.full.sha256}/text", headers=SERVICE)
    assert "Bitte senden Sie das Gerät ein." in text.text
    (attachment,) = fact.data.attachments
    file = await web.get(f"/v1/blobs/{attachment.sha256}", headers=SERVICE)
    assert file.content == b"%PDF-1.4\n"
    assert (await web.get(f"/v1/blobs/{attachment.sha256}/text", headers=SERVICE)).status_code == 404


async def test_the_html_of_a_mail_is_for_services_alone_and_never_a_page(
    web: httpx.AsyncClient, kafka: str, inbound: str
) -> None:
    for name in ("mail-html.eml", "mail-bounce.eml"):
        await web.post("/v1/mail/mail", content=own(name), headers={"Authorization": BEARER["mail"]})
    facts = [fact.data for fact in await published(kafka, inbound) if isinstance(fact.data, MessageReceived)]
    html, text = sorted(
        (fact.full.sha256 for fact in facts if fact.full),
        key=lambda sha: sha != sha256(own("mail-html.eml")).hexdigest(),
    )
    page = await web.get(f"/v1/blobs/{html}/html", headers=SERVICE)
    assert "<script>alert(1)</script>" in page.text
    assert page.headers["content-type"].startswith("text/plain")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert (await web.get(f"/v1/blobs/{text}/html", headers=SERVICE)).status_code == 404
    assert (await web.get(f"/v1/blobs/{html}/html")).status_code == 401


async def test_a_service_stores_a_file_once_and_gets_it_back_as_it_was(web: httpx.AsyncClient, calls: Calls) -> None:
    body = bytes(range(256)) * 5000
    place = f"/v1/blobs/{sha256(body).hexdigest()}"
    headers = {**SERVICE, "Content-Type": "application/pdf; a=b"}
    calls.settings = calls.settings.model_copy(update={"blob_limit": len(body)})
    answers = [await web.put(place, content=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    found = await web.get(place, headers=SERVICE)
    assert (found.content, found.headers["content-type"]) == (body, "application/pdf")
    assert (await web.put(place, content=body[1:], headers=headers)).status_code == 422
    assert (await web.put(place, content=body + b"x", headers=headers)).status_code == 413
    assert (await web.put(place, content=body)).status_code == 401


async def test_a_file_of_ours_stays_when_a_customer_who_sent_the_same_deletes_it(
    web: httpx.AsyncClient, calls: Calls
) -> None:
    letter = {**LETTER, "attachments": [{"name": "a", "content": "SGFsbG8="}]}
    await web.post("/v1/messages/letters", json=letter, headers=TOKEN)
    place = f"/v1/blobs/{sha256(b'Hallo').hexdigest()}"
    assert (await web.put(place, content=b"Hallo", headers=SERVICE)).status_code == 200
    await web.delete("/v1/messages/letters/L-1", params={"channel": "letter", "thread": "K-1"}, headers=TOKEN)
    assert (await web.get(place, headers=SERVICE)).content == b"Hallo"


async def test_a_typed_message_its_edit_and_its_deletion(
    web: httpx.AsyncClient, calls: Calls, kafka: str, inbound: str
) -> None:
    file = {"name": "a.txt", "content": "SGFsbG8="}
    posted = await web.post("/v1/messages/letters", json={**LETTER, "attachments": [file]}, headers=TOKEN)
    assert (posted.status_code, posted.json()) == (
        202,
        {"message_id": str(message_id(API, "L-1")), "external_id": "L-1"},
    )
    change = {"channel": "letter", "thread": "K-1", "text": "Hallo!", "edit": 1}
    assert (await web.put("/v1/messages/letters/L-1", json=change, headers=TOKEN)).status_code == 202
    assert await rows(calls, "SELECT body FROM blob") == [(b"Hallo",)]
    where = {"channel": "letter", "thread": "K-1"}
    for _ in range(2):
        deleted = await web.delete("/v1/messages/letters/L-1", params=where, headers=TOKEN)
        assert deleted.status_code == 202
    kinds = [type(fact.data) for fact in await published(kafka, inbound)]
    assert kinds == [MessageReceived, MessageEdited, MessageDeleted, MessageDeleted]
    assert await rows(calls, "SELECT sha256 FROM blob") == []


async def test_an_id_with_a_slash_can_be_edited_and_deleted(web: httpx.AsyncClient, kafka: str, inbound: str) -> None:
    letter = {**LETTER, "external_id": "2026/0815"}
    assert (await web.post("/v1/messages/letters", json=letter, headers=TOKEN)).status_code == 202
    change = {"channel": "letter", "thread": "K-1", "text": "Hallo!", "edit": 1}
    for place in ("2026/0815", "2026%2F0815"):
        answer = await web.put(f"/v1/messages/letters/{place}", json=change, headers=TOKEN)
        assert (answer.status_code, answer.json()["external_id"]) == (202, "2026/0815")
    where = {"channel": "letter", "thread": "K-1"}
    deleted = await web.delete("/v1/messages/letters/2026%2F0815", params=where, headers=TOKEN)
    assert deleted.json()["message_id"] == str(message_id(API, "2026/0815"))
    assert {fact.data.message_id for fact in await published(kafka, inbound)} == {message_id(API, "2026/0815")}


async def test_a_deletion_and_its_message_at_once_leave_no_file_whichever_comes_first(
    web: httpx.AsyncClient, calls: Calls
) -> None:
    where = {"channel": "letter", "thread": "K-1"}

    async def both(number: int) -> list[int]:
        content = base64.b64encode(f"file {number % 6}".encode()).decode()
        letter = {**LETTER, "external_id": f"L-{number}", "attachments": [{"name": "a", "content": content}]}
        answers = await asyncio.gather(
            web.post("/v1/messages/letters", json=letter, headers=TOKEN),
            web.delete(f"/v1/messages/letters/L-{number}", params=where, headers=TOKEN),
        )
        return [answer.status_code for answer in answers]

    assert await asyncio.gather(*(both(number) for number in range(40))) == [[202, 202]] * 40
    assert await rows(calls, "SELECT sha256 FROM blob") == []
    assert await rows(calls, "SELECT count(*) FROM gone") == [(40,)]


async def test_a_file_that_another_message_names_stays(web: httpx.AsyncClient, calls: Calls) -> None:
    for number in ("L-1", "L-2"):
        letter = {**LETTER, "external_id": number, "attachments": [{"name": "a", "content": "SGFsbG8="}]}
        assert (await web.post("/v1/messages/letters", json=letter, headers=TOKEN)).status_code == 202
    where = {"channel": "letter", "thread": "K-1"}
    await web.delete("/v1/messages/letters/L-1", params=where, headers=TOKEN)
    assert len(await rows(calls, "SELECT sha256 FROM blob")) == 1
    await web.delete("/v1/messages/letters/L-2", params=where, headers=TOKEN)
    assert await rows(calls, "SELECT sha256 FROM blob") == []


async def test_the_idempotency_key_stands_for_the_id(web: httpx.AsyncClient) -> None:
    letter = {key: value for key, value in LETTER.items() if key != "external_id"}
    headers = {**TOKEN, "Idempotency-Key": "call-1"}
    first = await web.post("/v1/messages/letters", json=letter, headers=headers)
    again = await web.post("/v1/messages/letters", json=letter, headers=headers)
    assert first.json() == again.json()
    assert first.json()["external_id"] == "call-1"


async def test_what_has_been_kept_long_enough_goes(calls: Calls, web: httpx.AsyncClient) -> None:
    body = b"[]"
    await web.post("/v1/meta/social", content=body, headers=signed(body))
    letter = {**LETTER, "attachments": [{"name": "a", "content": "SGFsbG8="}]}
    await web.post("/v1/messages/letters", json=letter, headers=TOKEN)
    for later, left in ((timedelta(0), 1), (timedelta(days=4000), 0)):
        async with calls.opened().database.transaction() as tx:
            await store.expire(tx, NOW + later, NOW + later, NOW + later)
        counts = await rows(calls, "SELECT (SELECT count(*) FROM unparsed), (SELECT count(*) FROM blob)")
        assert counts == [(left, left)]


async def test_many_messages_with_the_same_files_at_once_do_not_lock_each_other(
    web: httpx.AsyncClient, calls: Calls
) -> None:
    contents = ["SGFsbG8=", "V2VsdA==", "SWhy"]
    where = {"channel": "letter", "thread": "K-1"}

    async def there_and_gone(number: int) -> list[int]:
        files = [{"name": "a", "content": content} for content in (contents if number % 2 else contents[::-1])]
        letter = {**LETTER, "external_id": f"L-{number}", "attachments": files}
        posted = await web.post("/v1/messages/letters", json=letter, headers=TOKEN)
        gone = await web.delete(f"/v1/messages/letters/L-{number}", params=where, headers=TOKEN)
        return [posted.status_code, gone.status_code]

    answers = await asyncio.gather(*(there_and_gone(number) for number in range(24)))
    assert answers == [[202, 202]] * 24
    assert await rows(calls, "SELECT sha256 FROM blob") == []


async def test_without_a_broker_nothing_is_taken(database: str, prefix: str) -> None:
    async with opened(settings(f"127.0.0.1:{free_port()}", database, prefix)) as calls, client(calls) as web:
        answer = await web.post("/v1/meta/social", content=BODY, headers=signed(BODY))
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0


async def test_without_the_database_messages_come_in_and_mails_wait(calls: Calls, web: httpx.AsyncClient) -> None:
    calls.opened().database.terminate()
    assert (await web.post("/v1/meta/social", content=BODY, headers=signed(BODY))).status_code == 200
    mail = await web.post("/v1/mail/mail", content=own("mail-html.eml"), headers={"Authorization": BEARER["mail"]})
    assert mail.status_code == 503


async def test_a_trace_that_nobody_began_begins_here(web: httpx.AsyncClient, kafka: str, inbound: str) -> None:
    await web.post("/v1/meta/social", content=BODY, headers={**signed(BODY), "traceparent": "nonsense"})
    traces = {fact.traceparent for fact in await published(kafka, inbound)}
    assert len(traces) == 1
    assert telemetry.parse(traces.pop()) is not None


def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
