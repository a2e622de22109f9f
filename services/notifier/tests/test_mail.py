"""Replies by SMTP to a real server that notes what it gets."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from notifier_world import Shop, address, approved, config, conversation, echo, opened, other, queued, reply_id, shop

from lotse.contracts.channels import Channel
from lotse.contracts.notices import NoticeSent, ReplyFailed, ReplySent
from lotse.contracts.references import conversation_of_plus_address, reply_of_message_id
from lotse.notifier.core.model import Sink
from lotse.notifier.sinks.smtp import subject

WHERE = address(Channel.EMAIL)


@dataclass
class Mailbox:
    """Answers as told for a step (`MAIL`, `RCPT`, `DATA`), in order; notes every mail and its connection."""

    mails: list[EmailMessage] = field(default_factory=list)
    peers: list[Any] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, sender: str, options: Any) -> str:
        envelope.mail_from = sender
        return self._answer("MAIL")

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, options: Any) -> str:
        said = self._answer("RCPT")
        if said.startswith("2"):
            envelope.rcpt_tos.append(to)
        return said

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        said = self._answer("DATA")
        if said == "hang up":
            server.transport.abort()
            return "250 never heard"
        if said.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
            self.peers.append(session.peer)
        return said

    def _answer(self, step: str) -> str:
        waiting = self.answers.get(step)
        return waiting.pop(0) if waiting else "250 OK"


@pytest_asyncio.fixture
async def mailbox() -> AsyncIterator[tuple[Mailbox, int]]:
    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, loop=loop, hostname="mx.example"), "127.0.0.1", 0)
    try:
        yield box, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@pytest_asyncio.fixture
async def desk(mailbox: tuple[Mailbox, int], database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    templates = {"received": {"de": "Guten Tag {name}, Ihre Nachricht {reference} ist da."}}
    async with shop(database, config(smtp=mailbox[1], templates=templates), monkeypatch) as made:
        yield made


async def test_a_mail_stands_in_its_thread_and_leads_back_to_its_conversation(
    desk: Shop, mailbox: tuple[Mailbox, int]
) -> None:
    where = other(WHERE, subject="Schlüssel verloren", in_reply_to="<b@mail.example>", references=("<a@mail.example>",))
    await desk.feed(opened(where=where), approved(where=where, text="Grüße 🙂\n.\nEnde"))
    (sent,) = await desk.send(Sink.MAIL)
    (mail,) = mailbox[0].mails
    assert isinstance(sent, ReplySent)
    assert sent.provider_ids == (mail["Message-ID"],)
    assert reply_of_message_id(mail["Message-ID"]) == reply_id()
    assert conversation_of_plus_address(mail["Reply-To"].addresses[0].addr_spec) == conversation()
    assert mail["Subject"] == "Re: Schlüssel verloren"
    assert (mail["In-Reply-To"], mail["References"]) == ("<b@mail.example>", "<a@mail.example> <b@mail.example>")
    assert mail["From"].addresses[0].display_name == "Ada Beck – Shop"
    assert mail["To"].addresses[0].addr_spec == "kunde1@mail.example"
    assert mail["Auto-Submitted"] is None
    assert mail.get_content().splitlines()[:3] == ["Grüße 🙂", ".", "Ende"]
    assert "Ada Beck" in mail.get_content()


async def test_the_automatic_word_says_that_it_is_one(desk: Shop, mailbox: tuple[Mailbox, int]) -> None:
    await desk.feed(opened(where=WHERE, name="Frau Muster"), queued(where=WHERE))
    (sent,) = await desk.send(Sink.MAIL)
    assert isinstance(sent, NoticeSent)
    (mail,) = mailbox[0].mails
    assert mail["Auto-Submitted"] == "auto-replied"
    assert "Guten Tag Frau Muster, Ihre Nachricht" in mail.get_content()


async def test_mails_share_a_connection(desk: Shop, mailbox: tuple[Mailbox, int]) -> None:
    for number in (1, 2, 3):
        where = address(Channel.EMAIL, number)
        await desk.feed(opened(number, where), approved(number, where))
        assert isinstance((await desk.send(Sink.MAIL))[0], ReplySent)
    assert len(set(mailbox[0].peers)) == 1


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
async def test_greylisting_is_waited_for(desk: Shop, mailbox: tuple[Mailbox, int], step: str) -> None:
    mailbox[0].answers[step] = ["451 4.7.1 later"]
    await desk.feed(opened(where=WHERE), approved(where=WHERE))
    assert await desk.send(Sink.MAIL) == []
    desk.later(seconds=2)
    assert isinstance((await desk.send(Sink.MAIL))[0], ReplySent)
    assert len(mailbox[0].mails) == 1


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
async def test_a_refused_mail_fails_in_plain_words(desk: Shop, mailbox: tuple[Mailbox, int], step: str) -> None:
    mailbox[0].answers[step] = ["550 5.1.1 no such user"]
    await desk.feed(opened(where=WHERE), approved(where=WHERE))
    (lost,) = await desk.send(Sink.MAIL)
    assert isinstance(lost, ReplyFailed)
    assert lost.reason == "refused"
    assert "no such user" in lost.detail


async def test_a_line_that_breaks_after_the_mail_is_never_repeated(desk: Shop, mailbox: tuple[Mailbox, int]) -> None:
    mailbox[0].answers["DATA"] = ["hang up"]
    await desk.feed(opened(where=WHERE), approved(where=WHERE))
    assert await desk.send(Sink.MAIL) == []
    assert await desk.stages() == ["sending"]
    desk.later(minutes=2)
    (lost,) = await desk.tick()
    assert isinstance(lost, ReplyFailed)
    assert lost.reason == "unknown"
    (sent,) = await desk.feed(echo(f"<lotse.{reply_id()}@shop.example>", reply_id(), where=WHERE))
    assert isinstance(sent, ReplySent)


async def test_a_server_that_is_not_there_is_tried_again(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with shop(database, config(smtp=1), monkeypatch) as desk:
        await desk.feed(opened(where=WHERE), approved(where=WHERE))
        assert await desk.send(Sink.MAIL) == []
        assert await desk.stages() == ["pending"]


async def test_a_refused_password_stops_the_account(
    mailbox: tuple[Mailbox, int], database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()

    def refuse(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    server = await loop.create_server(
        lambda: SMTP(mailbox[0], loop=loop, authenticator=refuse, auth_require_tls=False), "127.0.0.1", 0
    )
    settings = config(smtp=server.sockets[0].getsockname()[1])
    mail = settings.accounts[WHERE.account]
    smtp = mail.smtp.model_copy(update={"username": "shop", "password": "env:T"})  # type: ignore[union-attr]
    accounts = {**settings.accounts, WHERE.account: mail.model_copy(update={"smtp": smtp})}
    async with shop(database, settings.model_copy(update={"accounts": accounts}), monkeypatch) as desk:
        await desk.feed(opened(where=WHERE), approved(where=WHERE))
        assert await desk.send(Sink.MAIL) == []
        (row,) = await desk.harness.rows("SELECT account, reason FROM stopped")
        assert (row["account"], row["reason"]) == (WHERE.account, "token")
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("recipient", ["no-address", "käthe@mail.example", "a@mail.example\r\nBcc: b@mail.example"])
async def test_what_is_no_mail_address_is_refused_before_any_call(desk: Shop, recipient: str) -> None:
    where = other(WHERE, recipient=recipient)
    await desk.feed(opened(where=where), approved(where=where))
    (lost,) = await desk.send(Sink.MAIL)
    assert isinstance(lost, ReplyFailed)


async def test_nothing_is_sent_to_ourselves_as_if_a_customer_would_read_it(
    desk: Shop, mailbox: tuple[Mailbox, int]
) -> None:
    where = other(WHERE, recipient="Service@shop.example")
    await desk.feed(opened(where=where), approved(where=where))
    (lost,) = await desk.send(Sink.MAIL)
    assert isinstance(lost, ReplyFailed)
    assert (lost.reason, mailbox[0].mails) == ("blocked", [])
    assert "Reply-To" in lost.detail


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ("Frage", "Re: Frage"),
        ("RE: Frage", "RE: Frage"),
        ("AW: Frage", "AW: Frage"),
        (None, "Re:"),
        ("zwei\r\nZeilen", "Re: zwei Zeilen"),
    ],
)
def test_the_subject_bears_re_once(given: str | None, answer: str) -> None:
    assert subject(given) == answer
