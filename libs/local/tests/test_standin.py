"""The providers' stand-in over real HTTP and SMTP: what it takes, refuses, remembers, breaks and sends back."""

import asyncio
import base64
import hashlib
import hmac
import json
import smtplib
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import islice
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from lotse.contracts.config import Config
from lotse.contracts.config_file import load
from lotse.contracts.references import mail_message_id, provider_reference
from lotse.local.process import free_ports, is_free
from lotse.local.standin.app import serve
from lotse.local.standin.http import Connection, Request, Response

CONFIG = Path(__file__).parents[3] / "config" / "lotse.yaml"
SECRETS = {
    "LOTSE_META_APP_SECRET": "app-secret",
    "LOTSE_META_VERIFY_TOKEN": "verify",
    "LOTSE_META_ACCESS_TOKEN": "access",
    "LOTSE_ALERT_SECRET": "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode(),
}


@dataclass
class Ingest:
    """What the stand-in sent back; refuses as often as it is told."""

    refusals: int = 0
    taken: list[dict] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def handle(self, request: Request) -> Response:
        if self.refusals:
            self.refusals -= 1
            return Response(503)
        signed = hmac.new(b"app-secret", request.body, hashlib.sha256).hexdigest()
        assert request.headers["x-hub-signature-256"] == f"sha256={signed}"
        assert request.path == "/v1/meta/hafen"
        self.taken += json.loads(request.body)["entry"]
        self.news.set()
        return Response(200)

    async def until(self, count: int) -> list[dict]:
        async with asyncio.timeout(10):
            while len(self.taken) < count:
                self.news.clear()
                await self.news.wait()
        return self.taken


@dataclass
class World:
    http: httpx.AsyncClient
    smtp: int
    ingest: Ingest

    async def send(self, path: str, body: dict, token: str = "access") -> httpx.Response:
        return await self.http.post(f"/v23.0{path}", json=body, headers={"Authorization": f"Bearer {token}"})

    async def messenger(self, reply_id=None, text: str = "Moin!") -> httpx.Response:
        message = {"text": text, "metadata": provider_reference(reply_id or uuid4())}
        return await self.send("/880011223344/messages", {"recipient": {"id": "7001"}, "message": message})

    async def seen(self) -> dict:
        return (await self.http.get("/seen")).json()

    async def behave(self, **wish) -> None:
        assert (await self.http.post("/behave", json=wish)).status_code == 200


def configured(monkeypatch) -> Config:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return load(CONFIG.read_text(encoding="utf-8"))


@asynccontextmanager
async def opened(monkeypatch, telling: bool) -> AsyncGenerator[World]:
    port, smtp, own = islice(free_ports(), 3)
    ingest, config = Ingest(), configured(monkeypatch)
    back = await asyncio.get_running_loop().create_server(lambda: Connection(ingest.handle), "127.0.0.1", own)
    serving = asyncio.create_task(serve(config, port, smtp, f"http://127.0.0.1:{own}", telling=telling))
    async with back, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        while True:
            try:
                await http.get("/")
                break
            except httpx.ConnectError:
                await asyncio.sleep(0)
        try:
            yield World(http, smtp, ingest)
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving


@pytest.fixture
async def world(monkeypatch) -> AsyncGenerator[World]:
    async with opened(monkeypatch, telling=True) as made:
        yield made


async def test_a_messenger_reply_is_answered_remembered_and_told_back(world: World):
    reply_id = uuid4()
    answer = await world.messenger(reply_id)
    assert answer.status_code == 200
    assert answer.json()["recipient_id"] == "7001"
    mid = answer.json()["message_id"]

    (sent,) = (await world.seen())["sends"]
    assert (sent["reply_id"], sent["provider_id"], sent["answered"]) == (str(reply_id), mid, True)
    echo, delivered, read = [entry["messaging"][0] for entry in await world.ingest.until(3)]
    assert echo["message"]["is_echo"]
    assert echo["message"]["metadata"] == provider_reference(reply_id)
    assert delivered["delivery"]["mids"] == [mid]
    assert "watermark" in read["read"]


async def test_a_comment_is_answered_in_private_once(world: World):
    reply_id = uuid4()
    message = {"text": "Gern!", "metadata": provider_reference(reply_id)}
    body = {"recipient": {"comment_id": "880011223344_77"}, "message": message}
    assert (await world.send("/880011223344/messages", body)).status_code == 200
    again = await world.send("/880011223344/messages", body)
    assert (again.status_code, again.json()["error"]["code"]) == (400, 10900)
    (sent,) = (await world.seen())["sends"]
    assert (sent["channel"], sent["in_reply_to"], sent["reply_id"]) == ("messenger", "880011223344_77", str(reply_id))
    (echo, *_) = [entry["messaging"][0] for entry in await world.ingest.until(1)]
    assert echo["message"]["metadata"] == provider_reference(reply_id)


async def test_whatsapp_is_told_sent_delivered_and_read_with_our_reference(world: World):
    reference = provider_reference(uuid4())
    body = {"to": "+4917139200", "type": "text", "text": {"body": "Moin!"}, "biz_opaque_callback_data": reference}
    answer = await world.send("/440055667788/messages", body)
    wamid = answer.json()["messages"][0]["id"]
    states = [entry["changes"][0]["value"]["statuses"][0] for entry in await world.ingest.until(3)]
    assert [state["status"] for state in states] == ["sent", "delivered", "read"]
    assert {state["id"] for state in states} == {wamid}
    assert {state["biz_opaque_callback_data"] for state in states} == {reference}


@pytest.mark.parametrize(("edge", "who"), [("comments", "880011223344"), ("replies", "17841400000000001")])
async def test_our_own_comment_comes_back_as_the_accounts(world: World, edge: str, who: str):
    answer = await world.send(f"/10_55/{edge}", {"message": "Danke!"})
    (entry,) = await world.ingest.until(1)
    value = entry["changes"][0]["value"]
    assert value["from"]["id"] == who
    assert value["parent_id"] == "10_55"
    assert answer.json()["id"] in (value.get("comment_id"), value.get("id"))


async def test_a_wrong_access_token_is_refused_as_meta_refuses(world: World):
    answer = await world.send("/880011223344/messages", {}, token="wrong")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == 190
    assert answer.json()["error"]["type"] == "OAuthException"


@pytest.mark.parametrize(
    ("path", "body"),
    [("/880011223344/messages", {"recipient": {"id": "7001"}}), ("/123/messages", {}), ("/440055667788/messages", {})],
)
async def test_what_meta_would_not_take_is_not_taken(world: World, path: str, body: dict):
    answer = await world.send(path, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 100
    assert (await world.seen())["total"] == 0


@pytest.mark.parametrize(("fault", "status"), [("throttle", 429), ("error", 500), ("refuse", 401)])
async def test_a_refusal_on_wish_takes_nothing_and_ends_after_its_count(world: World, fault: str, status: int):
    await world.behave(fault=fault, times=2, retry_after=7)
    answers = [await world.messenger() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert answers[0].headers.get("retry-after") == ("7" if fault == "throttle" else None)
    seen = await world.seen()
    assert (seen["total"], seen["refused"]) == (1, {str(status): 2})


async def test_a_cut_connection_hides_what_was_accepted_from_the_caller_alone(world: World):
    await world.behave(fault="drop")
    reply_id = uuid4()
    with pytest.raises(httpx.RemoteProtocolError):
        await world.messenger(reply_id)
    (sent,) = (await world.seen())["sends"]
    assert (sent["reply_id"], sent["answered"]) == (str(reply_id), False)
    assert (await world.ingest.until(1))[0]["messaging"][0]["message"]["metadata"] == provider_reference(reply_id)


async def test_a_delay_keeps_the_answer_back(world: World):
    await world.behave(fault="delay", seconds=0.3)
    before = asyncio.get_running_loop().time()
    assert (await world.messenger()).status_code == 200
    assert asyncio.get_running_loop().time() - before >= 0.3


async def test_a_reply_that_comes_twice_is_told(world: World):
    reply_id = uuid4()
    await world.messenger(reply_id)
    await world.messenger(reply_id)
    seen = await world.seen()
    assert (seen["total"], seen["distinct"], seen["repeated"]) == (2, 1, {str(reply_id): 2})


async def test_echoes_are_repeated_until_ingest_takes_them(world: World):
    world.ingest.refusals = 2
    await world.messenger()
    assert len(await world.ingest.until(3)) == 3


async def test_where_the_mail_port_is_taken_nothing_is_left_listening(monkeypatch):
    config = configured(monkeypatch)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port, smtp = next(free_ports()), taken.getsockname()[1]
        with pytest.raises(OSError, match="address already in use"):
            await serve(config, port, smtp, "http://127.0.0.1:1", telling=False)
        assert is_free(port)


async def test_a_silent_one_tells_nothing_back(monkeypatch):
    async with opened(monkeypatch, telling=False) as world:
        await world.messenger()
        await world.http.get("/seen?counts")
        assert world.ingest.taken == []
        assert (await world.seen())["total"] == 1


def _mail(port: int, sender: str, message_id: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = sender, "kim@post.example", message_id
    message["In-Reply-To"] = "<frage@post.example>"
    message.set_content("Guten Tag, das Paket ist unterwegs.")
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(message)


async def test_a_mail_is_taken_from_our_address_and_from_no_other(world: World):
    reply_id = uuid4()
    own = mail_message_id(reply_id, "hafenmarkt.example")
    await asyncio.to_thread(_mail, world.smtp, "service@hafenmarkt.example", own)
    with pytest.raises(smtplib.SMTPSenderRefused):
        await asyncio.to_thread(_mail, world.smtp, "jemand@anders.example", "<x@anders.example>")
    (sent,) = (await world.seen())["sends"]
    assert (sent["channel"], sent["reply_id"], sent["account"]) == ("email", str(reply_id), "service")
    assert sent["in_reply_to"] == "<frage@post.example>"
    assert "unterwegs" in sent["text"]


async def test_a_mail_is_put_off_on_wish_and_lost_sight_of_on_wish(world: World):
    await world.behave(fault="throttle", on=["mail"])
    await world.behave(fault="drop", on=["mail"])
    own = mail_message_id(uuid4(), "hafenmarkt.example")
    with pytest.raises(smtplib.SMTPDataError, match="451"):
        await asyncio.to_thread(_mail, world.smtp, "service@hafenmarkt.example", own)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        await asyncio.to_thread(_mail, world.smtp, "service@hafenmarkt.example", own)
    (sent,) = (await world.seen())["sends"]
    assert sent["answered"] is False


@pytest.mark.parametrize("key", [b"0123456789abcdef01234567", b"somebody else's key 1234"])
async def test_alerts_are_checked_as_standard_webhooks_says(world: World, key: bytes):
    own, stamp = "msg_1", str(int(datetime.now(UTC).timestamp()))
    body = json.dumps({"type": "de.lotse.deadline.missed.v1", "data": {"conversation_id": "c1"}}).encode()
    digest = hmac.new(key, f"{own}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    headers = {"webhook-id": own, "webhook-timestamp": stamp, "webhook-signature": signature}
    right = key.startswith(b"0123")
    for _ in range(2):
        answer = await world.http.post("/alerts", content=body, headers=headers)
        assert answer.status_code == (200 if right else 401)
    seen = await world.seen()
    assert (seen["alerts"], seen["alerts_unverified"]) == (1, 0 if right else 1)
    assert seen["alert_list"][0]["times"] == 2


async def test_a_wish_with_a_typing_error_is_refused(world: World):
    answer = await world.http.post("/behave", json={"fault": "throtle"})
    assert answer.status_code == 400
    assert "fault" in answer.json()["error"]


PNG = b"\x89PNG\r\n\x1a\n\r\n--\r\n" + bytes(range(256))


async def bring(world: World, path: str, field: str, form: dict[str, str], kind: str = "image/png") -> httpx.Response:
    return await world.http.post(
        f"/v23.0{path}", data=form, files={field: ("foto 1.png", PNG, kind)}, headers={"Authorization": "Bearer access"}
    )


async def has(world: World) -> list[dict]:
    """The files of the last message, each with the bytes that came."""
    files = (await world.seen())["sends"][-1]["files"]
    return [file | {"body": (await world.http.get(f"/media/{file['sha256']}")).content} for file in files]


@pytest.mark.parametrize("platform", [{}, {"platform": "instagram"}])
async def test_a_file_for_messenger_is_brought_and_then_named(world: World, platform: dict[str, str]):
    message = {"attachment": {"type": "image", "payload": {"is_reusable": True}}}
    form = {"message": json.dumps(message), **platform}
    brought = await bring(world, "/880011223344/message_attachments", "filedata", form)
    assert (await world.seen())["total"] == 0
    reference = provider_reference(uuid4())
    named = {"attachment": {"type": "image", "payload": {"attachment_id": brought.json()["attachment_id"]}}}
    body = {"recipient": {"id": "7001"}, "message": {**named, "metadata": reference}}
    assert (await world.send("/880011223344/messages", body)).status_code == 200
    (file,) = await has(world)
    assert (file["name"], file["media_type"], file["body"]) == ("foto 1.png", "image/png", PNG)
    echo = (await world.ingest.until(1))[0]["messaging"][0]["message"]
    assert (echo["metadata"], echo["attachments"][0]["type"], "text" in echo) == (reference, "image", False)


async def test_a_document_for_whatsapp_is_brought_and_then_named(world: World):
    form = {"messaging_product": "whatsapp", "type": "application/pdf"}
    number = (await bring(world, "/440055667788/media", "file", form, "application/pdf")).json()["id"]
    described = await world.http.get(f"/v23.0/{number}", headers={"Authorization": "Bearer access"})
    assert described.json()["mime_type"] == "application/pdf"
    assert (await world.http.get(described.json()["url"])).content == PNG
    document = {"id": number, "filename": "brief.pdf", "caption": "Anbei"}
    body = {"to": "+4917139200", "type": "document", "document": document, "biz_opaque_callback_data": "x"}
    assert (await world.send("/440055667788/messages", body)).status_code == 200
    assert (await world.seen())["sends"][0]["text"] == "Anbei"
    assert (await has(world))[0]["body"] == PNG


async def test_a_photo_is_brought_unpublished_and_then_stands_in_a_comment(world: World):
    number = (await bring(world, "/880011223344/photos", "source", {"published": "false"})).json()["id"]
    assert (await world.send("/10_55/comments", {"message": "Siehe Bild", "attachment_id": number})).status_code == 200
    assert (await has(world))[0]["body"] == PNG


@pytest.mark.parametrize(
    ("path", "field", "form", "kind"),
    [
        ("/880011223344/photos", "source", {}, "image/png"),
        ("/880011223344/photos", "source", {"published": "false"}, "application/pdf"),
        ("/880011223344/message_attachments", "filedata", {}, "image/png"),
        ("/440055667788/media", "file", {"messaging_product": "whatsapp"}, "application/zip"),
        ("/440055667788/media", "wrong", {"messaging_product": "whatsapp"}, "image/png"),
    ],
)
async def test_a_file_that_meta_would_not_take_is_not_taken(world: World, path: str, field: str, form: dict, kind: str):
    answer = await bring(world, path, field, form, kind)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)


async def test_a_message_with_a_file_that_nobody_brought_is_not_taken(world: World):
    named = {"attachment": {"type": "image", "payload": {"attachment_id": "17"}}}
    answer = await world.send("/880011223344/messages", {"recipient": {"id": "7001"}, "message": named})
    assert answer.status_code == 400
    assert (await world.seen())["total"] == 0


async def test_bringing_a_file_fails_on_wish(world: World):
    await world.behave(fault="error", on=["uploads"])
    form = {"messaging_product": "whatsapp"}
    answers = [await bring(world, "/440055667788/media", "file", form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [500, 200]


async def test_a_mails_files_are_kept_as_they_came(world: World):
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = "service@hafenmarkt.example", "k@post.example", "<1@x>"
    message.set_content("Anbei.")
    message.add_attachment(PNG, maintype="image", subtype="png", filename="Größe.png")

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", world.smtp) as client:
            client.send_message(message)

    await asyncio.to_thread(send)
    (file,) = await has(world)
    assert (file["name"], file["body"]) == ("Größe.png", PNG)


async def test_a_customers_file_lies_where_its_message_says(world: World):
    placed = (await world.http.post("/media", content=PNG, headers={"Content-Type": "image/png"})).json()
    found = await world.http.get(placed["path"])
    assert (found.content, found.headers["content-type"]) == (PNG, "image/png")
    assert (await world.http.get("/media/unknown")).status_code == 404
