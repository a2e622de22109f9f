"""Replies with files: brought first, sent once, exactly as they were stored."""

import base64
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from notifier_world import (
    AT,
    Provider,
    Shop,
    address,
    answer,
    approved,
    config,
    echo,
    hang_up,
    meta_error,
    opened,
    provider,
    reply_id,
    shop,
    unheard,
)
from pydantic import SecretStr
from test_mail import Mailbox, mailbox

from lotse.contracts import file_links
from lotse.contracts.channels import Channel
from lotse.contracts.envelope import Event
from lotse.contracts.notices import ReplyFailed, ReplySent
from lotse.contracts.values import Address, Attachment
from lotse.notifier.core import delivery
from lotse.notifier.core.delivery import Call
from lotse.notifier.core.fold import decide
from lotse.notifier.core.model import Sink, Stage, State
from lotse.notifier.core.outcome import Accepted, Ambiguous, Busy, NotSent, Uploaded
from lotse.notifier.core.parts import lay_out
from lotse.notifier.core.rules import Rules
from lotse.notifier.freight import Freight
from lotse.notifier.sinks.blobs import Blobs
from lotse.notifier.sinks.webhook import signed_headers
from lotse.runtime.testing import fact_of

__all__ = ["mailbox"]

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
PDF = b"%PDF-1.7\n--boundary\r\n\r\n" + bytes(range(256)) * 6000


def file(content: bytes, media_type: str, name: str) -> Attachment:
    return Attachment(name=name, media_type=media_type, size=len(content), sha256=hashlib.sha256(content).hexdigest())


PICTURE = file(PNG, "image/png", 'Größe "1".png')
INVOICE = file(PDF, "application/pdf", "Rechnung 17.pdf")
SONG = file(b"ID3" + PNG, "audio/mpeg", "ansage.mp3")


@dataclass
class Store:
    """Answers as ingest's store does, for whoever bears the services' token."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    away: bool = False
    url: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        if self.away:
            return web.Response(status=503)
        if request.headers.get("authorization") != "Bearer services":
            return web.Response(status=401)
        found = self.blobs.get(request.match_info["sha256"])
        return web.Response(status=404) if found is None else web.Response(body=BytesIO(found))


@asynccontextmanager
async def stored() -> AsyncGenerator[Store]:
    made = Store({hashlib.sha256(content).hexdigest(): content for content in (PNG, PDF, b"ID3" + PNG)})
    site = web.Application()
    site.router.add_get("/v1/blobs/{sha256}", made.handle)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://{host}:{port}"
    try:
        yield made
    finally:
        await runner.cleanup()


@pytest_asyncio.fixture
async def store() -> AsyncIterator[Store]:
    async with stored() as made:
        yield made


@pytest_asyncio.fixture
async def meta() -> AsyncIterator[Provider]:
    async with provider() as made:
        yield made


@asynccontextmanager
async def freighted(desk: Shop, store: Store, address: str | None = None) -> AsyncGenerator[Shop]:
    blobs = Blobs(store.url, SecretStr("services"))
    async with blobs:
        key = file_links.key_of("services")
        desk.sender.freight = Freight(blobs, timedelta(seconds=5), lambda: desk.now, address, key)
        yield desk


@pytest_asyncio.fixture
async def desk(meta: Provider, store: Store, database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    async with shop(database, config(graph=meta.url), monkeypatch) as made, freighted(made, store):
        yield made


def form(seen: Any) -> dict[str, tuple[dict[str, str], bytes]]:
    """The parts of a multipart form by name, byte for byte."""
    kind = next(value for name, value in seen.headers.items() if name.lower() == "content-type")
    boundary = kind.partition("boundary=")[2].strip('"').encode()
    found = {}
    for part in seen.body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n"))
        name = headers["content-disposition"].split('name="')[1].split('"')[0]
        found[name] = ({**headers, "as it came": head.decode()}, content.removesuffix(b"\r\n"))
    return found


async def send_all(desk: Shop, sink: Sink = Sink.META) -> list[Event]:
    told: list[Event] = []
    for _ in range(8):
        told += await desk.send(sink)
    return told


def sends(meta: Provider) -> list[Any]:
    """What customers saw, without the files that were only brought."""
    return [seen.json for seen in meta.seen if seen.path.rsplit("/", 1)[1] in ("messages", "comments", "replies")]


async def test_on_messenger_the_text_goes_first_and_the_file_is_a_message_of_its_own(
    desk: Shop, meta: Provider
) -> None:
    await desk.feed(opened(), approved(attachments=(PICTURE, INVOICE)))
    (sent,) = await send_all(desk)
    assert isinstance(sent, ReplySent)
    assert len(sent.provider_ids) == 3
    assert [seen.path for seen in meta.seen] == [
        "/100/messages",
        "/100/message_attachments",
        "/100/messages",
        "/100/message_attachments",
        "/100/messages",
    ]
    brought = form(meta.seen[1])
    assert json.loads(brought["message"][1]) == {"attachment": {"type": "image", "payload": {"is_reusable": True}}}
    assert brought["filedata"][1] == PNG
    assert brought["filedata"][0]["content-type"] == "image/png"
    assert 'filename="Größe _1_.png"' in brought["filedata"][0]["as it came"]
    text, picture, invoice = sends(meta)
    assert text["message"]["text"] == "Antwort 1"
    handle = picture["message"]["attachment"]["payload"]["attachment_id"]
    assert picture["message"] == {
        "attachment": {"type": "image", "payload": {"attachment_id": handle}},
        "metadata": f"lotse:{reply_id()}",
    }
    assert invoice["message"]["attachment"]["type"] == "file"
    assert form(meta.seen[3])["filedata"][1] == PDF
    assert int(meta.seen[3].headers["Content-Length"]) == len(meta.seen[3].body)


async def test_on_whatsapp_a_short_text_stands_under_the_first_file(desk: Shop, meta: Provider) -> None:
    where = address(Channel.WHATSAPP)
    await desk.feed(opened(where=where), approved(where=where, attachments=(INVOICE, PICTURE)))
    (sent,) = await send_all(desk)
    assert isinstance(sent, ReplySent)
    brought = form(meta.seen[0])
    assert meta.seen[0].path == "/200/media"
    assert (brought["messaging_product"][1], brought["type"][1]) == (b"whatsapp", b"application/pdf")
    assert brought["file"][1] == PDF
    first, second = sends(meta)
    assert first["type"] == "document"
    assert first["document"] == {"id": "m_1", "caption": "Antwort 1", "filename": "Rechnung 17.pdf"}
    assert first["biz_opaque_callback_data"] == f"lotse:{reply_id()}"
    assert (second["type"], set(second["image"])) == ("image", {"id"})


@pytest.mark.parametrize(("text", "attached"), [("Zuhören!", SONG), ("lang " * 250, INVOICE)])
async def test_on_whatsapp_other_texts_go_before_the_file(desk: Shop, meta: Provider, text: str, attached: Any) -> None:
    where = address(Channel.WHATSAPP)
    await desk.feed(opened(where=where), approved(where=where, text=text, attachments=(attached,)))
    await send_all(desk)
    first, second = sends(meta)
    assert (first["type"], first["text"]["body"]) == ("text", text.rstrip())
    assert second["type"] in ("audio", "document")


async def test_a_comment_has_its_picture_in_it(desk: Shop, meta: Provider) -> None:
    where = address(Channel.FACEBOOK)
    await desk.feed(opened(where=where), approved(where=where, attachments=(PICTURE,)))
    (sent,) = await send_all(desk)
    assert isinstance(sent, ReplySent)
    assert [seen.path for seen in meta.seen] == ["/100/photos", "/comment_1/comments"]
    brought = form(meta.seen[0])
    assert (brought["published"][1], brought["source"][1]) == (b"false", PNG)
    assert sends(meta) == [{"attachment_id": "m_1", "message": "Antwort 1"}]


async def test_instagram_is_told_that_a_file_is_for_instagram(desk: Shop, meta: Provider) -> None:
    where = address(Channel.INSTAGRAM_DIRECT)
    await desk.feed(opened(where=where), approved(where=where, text="", attachments=(PICTURE,)))
    (sent,) = await send_all(desk)
    assert isinstance(sent, ReplySent)
    assert form(meta.seen[0])["platform"][1] == b"instagram"
    assert len(sends(meta)) == 1


async def test_killed_while_a_file_is_brought_it_is_brought_again_and_sent_once(desk: Shop, meta: Provider) -> None:
    await desk.feed(opened(), approved(text="", attachments=(PICTURE,)))
    await desk.send_and_die()
    assert [seen.path for seen in meta.seen] == ["/100/message_attachments"]
    desk.later(minutes=2)
    assert await desk.tick() == []
    (sent,) = await send_all(desk)
    assert isinstance(sent, ReplySent)
    assert len(meta.seen) == 3
    assert len(sends(meta)) == 1


async def test_killed_between_bringing_and_sending_the_file_is_sent_once(desk: Shop, meta: Provider) -> None:
    await desk.feed(opened(), approved(text="", attachments=(PICTURE,)))
    assert await desk.send() == []
    (row,) = await desk.harness.rows("SELECT stage, uploaded FROM outgoing")
    assert (row["stage"], row["uploaded"]) == ("pending", "m_1")
    (sent,) = await send_all(desk)
    assert isinstance(sent, ReplySent)
    assert [seen.path for seen in meta.seen] == ["/100/message_attachments", "/100/messages"]


async def test_killed_after_sending_a_file_the_reply_is_known_by_its_echo_and_not_sent_again(
    desk: Shop, meta: Provider
) -> None:
    await desk.feed(opened(), approved(text="", attachments=(PICTURE,)))
    await desk.send()
    await desk.send_and_die()
    assert len(sends(meta)) == 1
    (sent,) = await desk.feed(echo("m_2", reply_id()))
    assert isinstance(sent, ReplySent)
    desk.later(minutes=10)
    assert [*await desk.tick(), *await send_all(desk)] == []
    assert len(sends(meta)) == 1


async def test_a_sent_file_whose_answer_is_lost_ends_as_unknown(desk: Shop, meta: Provider) -> None:
    await desk.feed(opened(), approved(text="", attachments=(PICTURE,)))
    await desk.send()
    meta.answers = [hang_up]
    assert await desk.send() == []
    desk.later(minutes=2)
    (lost,) = await desk.tick()
    assert isinstance(lost, ReplyFailed)
    assert lost.reason == "unknown"
    assert await send_all(desk) == []


@pytest.mark.parametrize("fault", [hang_up, answer(500), answer(504), answer(429)])
async def test_a_file_that_could_not_be_brought_is_brought_later(desk: Shop, meta: Provider, fault: Any) -> None:
    meta.answers = [fault]
    await desk.feed(opened(), approved(text="", attachments=(PICTURE,)))
    assert await desk.send() == []
    desk.later(minutes=2)
    await desk.tick()
    (sent,) = await send_all(desk)
    assert isinstance(sent, ReplySent)
    assert len(sends(meta)) == 1


async def test_a_file_that_the_provider_refuses_fails_in_its_words(desk: Shop, meta: Provider) -> None:
    meta.answers = [meta_error(400, 100, 2018047, "(#100) Upload attachment failure.")]
    await desk.feed(opened(), approved(text="", attachments=(PICTURE,)))
    (lost,) = await desk.send()
    assert isinstance(lost, ReplyFailed)
    assert "Upload attachment failure" in lost.detail
    assert sends(meta) == []


async def test_while_the_store_is_away_the_reply_waits(desk: Shop, meta: Provider, store: Store) -> None:
    store.away = True
    await desk.feed(opened(), approved(text="", attachments=(PICTURE,)))
    assert await desk.send() == []
    assert await desk.stages() == ["pending"]
    store.away = False
    desk.later(seconds=2)
    (sent,) = await send_all(desk)
    assert isinstance(sent, ReplySent)


async def test_a_store_that_is_away_too_long_gives_the_reply_back(desk: Shop, store: Store) -> None:
    store.away = True
    await desk.feed(opened(), approved(text="", attachments=(PICTURE,)))
    await desk.send()
    desk.later(hours=25)
    (lost,) = await desk.tick()
    assert isinstance(lost, ReplyFailed)
    assert lost.reason == "file_away"


@pytest.mark.parametrize("content", [None, b"something else"])
async def test_a_file_that_is_gone_is_told_and_nothing_is_sent(
    desk: Shop, meta: Provider, store: Store, content: bytes | None
) -> None:
    assert PICTURE.sha256
    store.blobs.pop(PICTURE.sha256)
    if content:
        store.blobs[PICTURE.sha256] = content
    await desk.feed(opened(), approved(text="", attachments=(PICTURE,)))
    (lost,) = await desk.send()
    assert isinstance(lost, ReplyFailed)
    assert lost.reason == "file_gone"
    assert "nicht mehr da" in lost.detail
    assert meta.seen == []


@pytest.mark.parametrize(
    ("channel", "attached", "words"),
    [
        (Channel.INSTAGRAM, PICTURE, "keine Dateien"),
        (Channel.FACEBOOK, INVOICE, "von einer Art"),
        (Channel.MESSENGER, PICTURE.model_copy(update={"size": 9_000_000}), "zu groß"),
    ],
)
async def test_what_the_channel_does_not_take_is_stopped_at_the_door(
    desk: Shop, meta: Provider, channel: Channel, attached: Attachment, words: str
) -> None:
    where = address(channel)
    await desk.feed(opened(where=where), approved(where=where, attachments=(attached,)))
    (lost,) = await desk.send()
    assert isinstance(lost, ReplyFailed)
    assert lost.reason == "blocked"
    assert words in lost.detail
    assert meta.seen == []


async def test_without_a_store_replies_with_files_go_back_and_others_go_on(desk: Shop, meta: Provider) -> None:
    desk.sender.freight = Freight()
    await desk.feed(opened(), approved(reply=1, text="", attachments=(PICTURE,)), approved(reply=2))
    first, second = await send_all(desk)
    assert isinstance(first, ReplyFailed)
    assert first.reason == "blocked"
    assert isinstance(second, ReplySent)


async def test_a_strangers_photo_is_not_taken_for_ours(desk: Shop, meta: Provider) -> None:
    where = address(Channel.FACEBOOK)
    await desk.feed(opened(where=where), approved(where=where, text="", attachments=(PICTURE,)))
    await desk.send()
    calls = await desk.claim()
    assert await desk.feed(echo("m_99", text="", where=where)) == []
    done = [(call, await desk.sender.perform(call, unheard)) for call in calls]
    told = await desk.settle(*done)
    ours, other = (event for event in told if isinstance(event, ReplySent))
    assert (ours.reply_id, ours.provider_ids) == (reply_id(), ("m_2",))
    assert (other.elsewhere, other.provider_ids) == (True, ("m_99",))


async def test_a_lease_lasts_a_second_longer_for_each_megabyte(desk: Shop) -> None:
    heavy = INVOICE.model_copy(update={"size": 20_000_000})
    await desk.feed(opened(), approved(text="", attachments=(heavy,)), opened(2), approved(2))
    await desk.claim()
    rows = await desk.harness.rows("SELECT lease_until FROM outgoing ORDER BY bytes")
    assert rows[1]["lease_until"] - rows[0]["lease_until"] == timedelta(seconds=20)


async def test_a_mail_has_its_files_in_it(
    mailbox: tuple[Mailbox, int], store: Store, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = address(Channel.EMAIL)
    odd = file(PNG, "message/rfc822", "Weiter.eml")
    async with shop(database, config(smtp=mailbox[1]), monkeypatch) as desk, freighted(desk, store):
        await desk.feed(opened(where=where), approved(where=where, attachments=(INVOICE, PICTURE, odd)))
        (sent,) = await desk.send(Sink.MAIL)
        assert isinstance(sent, ReplySent)
    (mail,) = mailbox[0].mails
    assert "Antwort 1" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    invoice, picture, forwarded = mail.iter_attachments()
    assert (invoice.get_filename(), invoice.get_content_type()) == ("Rechnung 17.pdf", "application/pdf")
    assert (invoice.get_content(), picture.get_content()) == (PDF, PNG)
    assert picture.get_filename() == PICTURE.name
    assert (forwarded.get_content_type(), forwarded.get_content()) == ("application/octet-stream", PNG)


@pytest.mark.parametrize("known", [True, False])
async def test_a_system_of_our_own_gets_small_files_whole_and_large_ones_as_links(
    store: Store, database: str, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    where = address(Channel.IN_APP)
    async with (
        provider() as crm,
        shop(database, config(hook=f"{crm.url}/hook"), monkeypatch) as desk,
        freighted(desk, store, "https://desk.example" if known else None),
    ):
        await desk.feed(opened(where=where), approved(where=where, attachments=(PICTURE, INVOICE)))
        (sent,) = await desk.send(Sink.WEBHOOK)
        assert isinstance(sent, ReplySent)
        (seen,) = crm.seen
        small, large = seen.json["data"]["attachments"]
        now = desk.now
    assert base64.b64decode(small["content"]) == PNG
    assert (small["name"], small["media_type"], small["size"]) == (PICTURE.name, "image/png", len(PNG))
    assert (
        seen.headers["webhook-signature"]
        == signed_headers(b"0123456789abcdef0123456789abcdef", reply_id(), seen.body, now)["webhook-signature"]
    )
    if known:
        token = large["url"].removeprefix("https://desk.example/files/")
        link = file_links.read(file_links.key_of("services"), token)
        assert link
        assert (link.sha256, link.name, link.use) == (INVOICE.sha256, INVOICE.name, "read")
        assert timedelta(days=1) <= link.until - now <= timedelta(days=1, minutes=15)
    else:
        assert base64.b64decode(large["content"]) == PDF


RULES = Rules(config())


@given(
    st.sampled_from([Channel.MESSENGER, Channel.WHATSAPP, Channel.FACEBOOK, Channel.EMAIL, Channel.IN_APP]),
    st.text(max_size=2500),
    st.lists(st.sampled_from([PICTURE, INVOICE, SONG]), max_size=4),
)
def test_every_file_and_the_whole_text_are_laid_out_once_and_in_order(
    channel: Channel, text: str, files: list[Attachment]
) -> None:
    parts, of_parts = lay_out(RULES, address(channel), RULES.profile(channel), text, files)
    assert [one for some in of_parts for one in some] == files
    assert len(of_parts) <= len(parts)
    filled = (*of_parts, *(() for _ in parts))
    assert all(part.strip() or filled[number] for number, part in enumerate(parts)) or not text.strip()
    if len(text) <= 1000 and text.strip() and channel is not Channel.FACEBOOK:
        assert text in parts


class Story:
    """One reply with a text and two files in core alone."""

    def __init__(self, where: Address) -> None:
        self.state, self.now = State(), AT
        self.told: list[Event] = []
        self.calls: list[Call] = []
        self.shown: list[tuple[int, str]] = []
        self.hear(opened(where=where), approved(where=where, attachments=(PICTURE, INVOICE)))

    @property
    def row(self) -> Any:
        return self.state.outgoing.get(reply_id())

    def hear(self, *events: Event) -> None:
        for event in events:
            self.told += decide(RULES, self.state, fact_of(event), self.now)

    def claim(self) -> None:
        row = self.row
        if row.stage is Stage.PENDING and row.due_at <= self.now < row.expires_at:
            lease = self.now + timedelta(seconds=90)
            claimed = replace(row, stage=Stage.SENDING, attempts=row.attempts + 1, lease_until=lease)
            self.state.put_outgoing(claimed)
            self.calls.append(Call(claimed))

    def settle(self, number: int, ended: str) -> None:
        """What the provider made of a call. The customer sees what it took, and no file that was only brought."""
        if number >= len(self.calls):
            return
        call = self.calls[number]
        taken = ended in ("taken", "lost")
        if taken and not call.row.uploading:
            shown = (call.row.done, f"m_{number}")
            self.shown += [shown] if shown not in self.shown else []
        outcomes = {
            "taken": Uploaded(f"h_{number}") if call.row.uploading else Accepted(f"m_{number}", self.now),
            "lost": Ambiguous(),
            "busy": Busy(),
            "not sent": NotSent(),
        }
        self.told += delivery.settle(RULES, self.state, call, outcomes[ended], self.now)

    def tick(self) -> None:
        self.now += timedelta(seconds=61)
        self.told += delivery.overdue(RULES, self.state, reply_id(), self.now)


ENDS = st.sampled_from(["taken", "lost", "busy", "not sent"])


@given(
    st.sampled_from([address(), address(Channel.WHATSAPP)]),
    st.lists(st.one_of(st.just("claim"), st.just("tick"), ENDS), max_size=40),
)
def test_whatever_is_lost_no_part_is_shown_twice_and_none_is_left_out(where: Address, steps: list[str]) -> None:
    story, settled = Story(where), 0
    for step in steps:
        match step:
            case "claim":
                story.claim()
            case "tick":
                story.tick()
            case _ if settled < len(story.calls):
                story.settle(settled, step)
                settled += 1
            case _:
                pass
        parts = [part for part, _ in story.shown]
        assert len(parts) == len(set(parts)), "a part is shown once"
        assert parts == sorted(parts), "in their order"
    if story.row.stage is Stage.SENT:
        assert len(story.shown) == story.row.part_count
        assert sum(isinstance(event, ReplySent) for event in story.told) == 1
