"""Raw mail (RFC 5322 and MIME) that a mail server or provider posts.

Everything is read with the lenient `compat32` policy and decoded here, since the newer policy raises on headers
that real mail bears.
"""

import email
import hashlib
import re
from datetime import UTC, datetime
from email.message import Message
from email.policy import compat32
from email.utils import parsedate_to_datetime

from lotse.contracts.channels import Channel
from lotse.contracts.config import MailAccount
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AccountId
from lotse.contracts.references import conversation_of_plus_address, plus_address, reply_of_message_id
from lotse.contracts.values import Attachment, Identity, IdentityKind
from lotse.ingest.channels.mail_headers import addresses, all_headers, authenticated, header, is_automatic, person
from lotse.ingest.channels.mail_parts import attached, html, whole_text
from lotse.ingest.channels.parsed import Blob, Parsed, Unparsed, Unreadable, happened
from lotse.ingest.channels.quotes import without_quotes
from lotse.ingest.channels.scene import Found, Scene

MAX_REFERENCES = 50
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,500}>")


def readable(raw: bytes) -> str:
    """All of a mail's text, as a person reads it."""
    return whole_text(email.message_from_bytes(raw, policy=compat32))


def page(raw: bytes) -> str | None:
    """A mail's HTML as the sender wrote it, None where it has none. Only for who makes it safe before it is shown."""
    return html(email.message_from_bytes(raw, policy=compat32))


@frozen
class _Mail:
    message: Message
    raw: bytes
    sender: str
    name: str
    recipients: tuple[str, ...]

    @property
    def id(self) -> str:
        """The Message-ID, or a hash of what does not change on the way where there is none."""
        found = _MESSAGE_ID.search(header(self.message, "Message-ID"))
        if found:
            return found[0]
        said = "\n".join(header(self.message, name) for name in ("From", "To", "Date", "Subject"))
        _, _, body = self.raw.replace(b"\r\n", b"\n").partition(b"\n\n")
        return f"hash:{hashlib.sha256(said.encode() + body).hexdigest()}"

    @property
    def sent_at(self) -> datetime | None:
        try:
            found = parsedate_to_datetime(header(self.message, "Date"))
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None


def parse(raw: bytes, account: AccountId, config: MailAccount, received_at: datetime) -> Parsed:
    """The one event of a mail, with the mail and its attachments as blobs.

    Raises:
        Unreadable: There is not one header: this is no mail.
    """
    try:
        message = email.message_from_bytes(raw, policy=compat32)
        if not message.keys():
            raise Unreadable("the body is not a mail")
        found = _found(message, raw, account, config, received_at)
    except RecursionError:
        return Parsed(unparsed=(Unparsed("nesting", raw),))
    if found is None:
        return Parsed(unparsed=(Unparsed("no sender", raw),))
    return Parsed(found.facts, found.blobs)


def _found(
    message: Message, raw: bytes, account: AccountId, config: MailAccount, received_at: datetime
) -> Found | None:
    sender, name = person(message, "From", "Sender", "Reply-To")
    if sender is None:
        return None
    mail = _Mail(message, raw, sender, name, addresses(message, "To", "Cc", "Delivered-To", "X-Original-To"))
    occurred_at = happened(mail.sent_at, received_at=received_at)
    if sender == config.address.lower() and authenticated(message, sender, config.authserv_id) is not False:
        to = mail.recipients[0] if mail.recipients else sender
        scene = Scene(account, Channel.EMAIL, to, occurred_at, received_at)
        return scene.echoed(mail.id, to, without_quotes(whole_text(message)), reply_of_message_id(mail.id))
    return _received(mail, Scene(account, Channel.EMAIL, sender, occurred_at, received_at), config)


def _received(mail: _Mail, scene: Scene, config: MailAccount) -> Found:
    verified = authenticated(mail.message, mail.sender, config.authserv_id) is True
    whole = Blob.of(mail.raw, "message/rfc822")
    files = attached(mail.message)
    answered = _ids(header(mail.message, "In-Reply-To"))
    return scene.received(
        mail.id,
        (Identity(kind=IdentityKind.EMAIL, value=mail.sender, verified=verified),),
        without_quotes(whole_text(mail.message)),
        sender_name=mail.name,
        subject=header(mail.message, "Subject"),
        full=whole.stored(),
        blobs=(whole, *(file.blob for file in files)),
        attachments=tuple(
            Attachment(
                name=file.name, media_type=file.blob.media_type, size=len(file.blob.body), sha256=file.blob.sha256
            )
            for file in files
        ),
        reply_token=_reply_token(mail.recipients, config.address),
        in_reply_to=answered[0] if answered else None,
        references=_ids(" ".join(all_headers(mail.message, "References"))),
        auto=is_automatic(mail.message, mail.sender),
    )


def _reply_token(recipients: tuple[str, ...], own: str) -> str | None:
    """The conversation of the first plus address that is one of ours."""
    for address in recipients:
        conversation = conversation_of_plus_address(address)
        if conversation is not None and address == plus_address(own, conversation).lower():
            return str(conversation)
    return None


def _ids(text: str) -> tuple[str, ...]:
    """The Message-IDs in a header, the last ones where there are too many."""
    return tuple(_MESSAGE_ID.findall(text)[-MAX_REFERENCES:])
