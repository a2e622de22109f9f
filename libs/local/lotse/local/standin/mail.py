"""The mail server that takes our replies."""

import asyncio
from collections.abc import Collection, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

from lotse.contracts.config import Config, MailAccount
from lotse.contracts.references import reply_of_message_id
from lotse.local.standin.faults import Faults
from lotse.local.standin.files import File, Shelf
from lotse.local.standin.seen import Seen

_LARGEST = 35 * 1024 * 1024


class Mailbox:
    """aiosmtpd's handler: takes mail from the addresses of the configuration to anybody."""

    def __init__(self, config: Config, seen: Seen, faults: Faults, shelf: Shelf) -> None:
        self._senders = {
            account.address.lower(): name
            for name, account in config.accounts.items()
            if isinstance(account, MailAccount)
        }
        self._seen = seen
        self._faults = faults
        self._shelf = shelf

    async def handle_MAIL(  # noqa: N802 aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, mail_options: Collection[str]
    ) -> str:
        del server, session
        if address.lower() not in self._senders:
            self._seen.refused["553"] += 1
            return "553 5.7.1 this sender is not an account of ours"
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 2.1.0 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del session
        fault = self._faults.next("mail")
        wish = fault.fault if fault else None
        if wish in ("throttle", "error", "refuse"):
            code = "451 4.7.0 try again later" if wish == "throttle" else "554 5.3.0 not taken"
            self._seen.refused[code[:3]] += 1
            return code
        provider_id = self._accept(envelope, answered=wish != "drop")
        if fault and wish == "delay":
            await asyncio.sleep(fault.seconds)
        if wish == "drop" and server.transport:
            server.transport.close()
        return f"250 2.0.0 OK queued as {provider_id}"

    def _accept(self, envelope: Envelope, *, answered: bool) -> str:
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode()
        message = message_from_bytes(raw, policy=policy.default)
        body = message.get_body(("plain",))
        message_id = str(message["Message-ID"] or "")
        self._seen.accept(
            "email",
            self._senders[(envelope.mail_from or "").lower()],
            ", ".join(envelope.rcpt_tos),
            body.get_content() if body else "",
            message_id,
            reply_id=reply_of_message_id(message_id),
            in_reply_to=str(message["In-Reply-To"]) if message["In-Reply-To"] else None,
            answered=answered,
            files=[self._shelf.put(file).shown() for file in _files(message)],
        )
        return message_id


def _files(message: EmailMessage) -> Iterator[File]:
    for part in message.iter_attachments():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            yield File(part.get_filename() or "", part.get_content_type(), payload)


def session(mailbox: Mailbox) -> SMTP:
    """One client's session."""
    return SMTP(
        mailbox, hostname="localhost", data_size_limit=_LARGEST, enable_SMTPUTF8=True, loop=asyncio.get_running_loop()
    )
