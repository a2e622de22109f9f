"""Mail by SMTP: one Message-ID per reply, threaded by In-Reply-To and References (RFC 5322, 3.6.4)."""

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID

import aiosmtplib
from pydantic import SecretStr

from lotse.contracts.config import MailAccount, Smtp
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import ConversationId, ReplyId
from lotse.contracts.references import mail_message_id, plus_address
from lotse.contracts.values import Address
from lotse.notifier.core.outcome import Accepted, Ambiguous, Busy, NotSent, Outcome, Refused, SignInRefused
from lotse.notifier.core.words import Word
from lotse.notifier.sinks.http import Clock
from lotse.runtime.fold import Begin

_REPLY = re.compile(r"(re|aw|antw|wg|fwd?)\s*:", re.IGNORECASE)
_POLICY = SMTP.clone(cte_type="7bit")
_BREAKS = re.compile(r"[\r\n\x00]+")
_MESSAGE_ID = re.compile(r"<?([^\s<>]+@[^\s<>]+)>?")
_MOST_REFERENCES = 20
_COMPOSITE = ("message", "multipart")
"""Types that may not go as base64 (RFC 2045, 6.4)."""
_IDLE = 10.0
_MOST_IDLE = 8


@frozen
class MailFile:
    """A file of a mail with its content."""

    name: str
    media_type: str
    body: bytes


@frozen
class Mail:
    """What a mail is made of."""

    address: Address
    conversation_id: ConversationId
    row_id: UUID
    text: str
    agent_name: str = ""
    auto: bool = False
    files: tuple[MailFile, ...] = ()


def compose(account: MailAccount, mail: Mail, now: datetime) -> EmailMessage:
    """The mail with every header that keeps it in its thread and leads the answer back to its conversation."""
    domain = account.address.rpartition("@")[2]
    message = EmailMessage(policy=_POLICY)
    message["From"] = MailAddress(_sender_name(account, mail), addr_spec=account.address)
    message["To"] = MailAddress(addr_spec=mail.address.recipient)
    message["Subject"] = subject(mail.address.subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = mail_message_id(ReplyId(mail.row_id), domain)
    message["Reply-To"] = plus_address(account.address, mail.conversation_id)
    references = _references(mail.address)
    if references:
        message["In-Reply-To"] = references[-1]
        message["References"] = " ".join(references)
    if mail.auto:
        message["Auto-Submitted"] = "auto-replied"
        message["X-Auto-Response-Suppress"] = "All"
    message.set_content(mail.text)
    for file in mail.files:
        kind, _, sub = file.media_type.partition("/")
        if kind in _COMPOSITE or not sub:
            kind, sub = "application", "octet-stream"
        message.add_attachment(file.body, maintype=kind, subtype=sub, filename=_BREAKS.sub(" ", file.name))
    return message


def subject(given: str | None) -> str:
    """The subject of an answer: `Re:` once."""
    text = _BREAKS.sub(" ", given or "").strip()
    return text if _REPLY.match(text) else f"Re: {text}".strip()


def _sender_name(account: MailAccount, mail: Mail) -> str:
    names = (mail.agent_name, account.name)
    return _BREAKS.sub(" ", " – ".join(name for name in names if name))


def _references(address: Address) -> Sequence[str]:
    """The chain of Message-IDs in angle brackets, the answered one last; the first and the newest are kept."""
    given = (*address.references, address.in_reply_to or "")
    found = [f"<{match[1]}>" for text in given if (match := _MESSAGE_ID.fullmatch(text.strip()))]
    chain = list(dict.fromkeys(reversed(found)))[::-1]
    return chain if len(chain) <= _MOST_REFERENCES else [chain[0], *chain[1 - _MOST_REFERENCES :]]


class Mailer:
    """One mail account's way out; connections are kept for some seconds and used again.

    `timeout`, in seconds, bounds each half of a call: up to the accepted recipient, and the mail itself, which has a
    second more for each megabyte.
    """

    def __init__(self, account: MailAccount, password: SecretStr | None, timeout: float, clock: Clock) -> None:
        self._clock = clock
        self._account = account
        self._password = password
        self._timeout = timeout
        self._idle: list[tuple[float, aiosmtplib.SMTP]] = []

    async def send(self, mail: Mail, begin: Begin) -> Outcome:
        """Send one mail."""
        recipient = mail.address.recipient
        if not recipient.isascii() or _BREAKS.search(recipient) or "@" not in recipient:
            return Refused(Word.RECIPIENT)
        if recipient.lower() == self._account.address.lower():
            return Refused(Word.OURSELVES)
        try:
            content = await self._content(mail)
        except ValueError:
            return Refused(Word.RECIPIENT)
        return await self._transfer(recipient, content, mail_id(self._account, mail), begin)

    async def _content(self, mail: Mail) -> bytes:
        """The mail's bytes; files are encoded beside the loop."""
        message = compose(self._account, mail, self._clock())
        return await asyncio.to_thread(message.as_bytes) if mail.files else message.as_bytes()

    async def _transfer(self, recipient: str, content: bytes, message_id: str, begin: Begin) -> Outcome:
        """Everything up to the mail's own bytes is certain to fail or succeed; only from there on is it open."""
        try:
            async with asyncio.timeout(self._timeout):
                client = await self._begin(recipient)
        except aiosmtplib.SMTPAuthenticationError:
            return SignInRefused()
        except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused) as error:
            return _refusal(error, Word.RECIPIENT)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            return NotSent()
        try:
            begin()
            longer = len(content) / 1_000_000
            async with asyncio.timeout(self._timeout + longer):
                await client.data(content, timeout=self._timeout + longer)
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            return _refusal(error, Word.REFUSED)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            client.close()
            return Ambiguous()
        self._keep(client)
        return Accepted(message_id, self._clock())

    async def _begin(self, recipient: str) -> aiosmtplib.SMTP:
        """A connection on which sender and recipient are accepted; a kept one that went stale is replaced."""
        kept = self._kept()
        if kept is not None:
            try:
                return await self._envelope(kept, recipient)
            except (aiosmtplib.SMTPServerDisconnected, OSError, TimeoutError):
                kept.close()
        client = _client(self._account.smtp, self._password, self._timeout)
        await client.connect()
        return await self._envelope(client, recipient)

    async def _envelope(self, client: aiosmtplib.SMTP, recipient: str) -> aiosmtplib.SMTP:
        try:
            await client.mail(self._account.address)
            await client.rcpt(recipient)
        except aiosmtplib.SMTPException:
            client.close()
            raise
        return client

    def _keep(self, client: aiosmtplib.SMTP) -> None:
        if len(self._idle) < _MOST_IDLE:
            self._idle.append((asyncio.get_running_loop().time(), client))
        else:
            client.close()

    def _kept(self) -> aiosmtplib.SMTP | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            since, client = self._idle.pop()
            if client.is_connected and now - since < _IDLE:
                return client
            client.close()
        return None

    async def close(self) -> None:
        for _, client in self._idle:
            client.close()
        self._idle.clear()


def mail_id(account: MailAccount, mail: Mail) -> str:
    """The Message-ID under which the mail is known from now on."""
    return mail_message_id(ReplyId(mail.row_id), account.address.rpartition("@")[2])


def _client(smtp: Smtp, password: SecretStr | None, timeout: float) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=smtp.host,
        port=smtp.port,
        use_tls=smtp.tls == "tls",
        start_tls=smtp.tls == "starttls",
        username=smtp.username,
        password=password.get_secret_value() if password else None,
        timeout=timeout,
    )


def _refusal(error: aiosmtplib.SMTPException, word: Word) -> Outcome:
    """4xx passes, 5xx does not (RFC 5321, 4.2.1)."""
    code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else 550
    if 400 <= code < 500:
        return Busy()
    said = error.message if isinstance(error, aiosmtplib.SMTPResponseException) else ""
    return Refused(word, said)
