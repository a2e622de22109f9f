"""Raw mail (RFC 5322 and MIME) that a mail server or provider posts.

Everything is read with the lenient `compat32` policy and decoded here, since the newer policy raises on headers
that real mail bears.
"""

import email
import hashlib
import re
from datetime import UTC, datetime
from email.errors import MessageError
from email.message import Message
from email.policy import Compat32
from email.utils import parsedate_to_datetime

from lotse.contracts.channels import Channel
from lotse.contracts.config import MailAccount
from lotse.contracts.frozen import frozen, replace
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


_UNREADABLE = (MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError)
"""What Python's parser raises where it meets what nobody wrote by mistake."""
_MOST_PARAMETERS = 50
_LONGEST_PARAMETERS = 4_000


class _Lenient(Compat32):
    """Cuts the parameters of a part's headers where there are too many: taking them apart takes quadratic time."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        if name.lower().startswith("content-"):
            value = ";".join(value[:_LONGEST_PARAMETERS].split(";", _MOST_PARAMETERS)[:_MOST_PARAMETERS])
        return name, value


_POLICY = _Lenient()


def _read(raw: bytes) -> Message:
    return email.message_from_bytes(raw, policy=_POLICY)


def readable(raw: bytes) -> str:
    """All of a mail's text, as a person reads it."""
    return whole_text(_read(raw))


def page(raw: bytes) -> str | None:
    """A mail's HTML as the sender wrote it, None where it has none. Only for who makes it safe before it is shown."""
    return html(_read(raw))


@frozen
class _Mail:
    message: Message
    raw: bytes
    sender: str
    name: str
    recipients: tuple[str, ...]
    vouched: bool = True
    """The sender is whom a signature can speak for."""

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
        message = _read(raw)
        if not message.keys():
            raise Unreadable("the body is not a mail")
        found = _found(message, raw, account, config, received_at)
    except RecursionError:
        return Parsed(unparsed=(Unparsed("nesting", raw),))
    except _UNREADABLE:
        return Parsed(unparsed=(Unparsed("unreadable mime", raw),))
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
    own = sender == config.address.lower() and authenticated(message, sender, config.authserv_id) is not False
    if own and _to_ourselves(mail, config):
        # Forms on our own site write so: from us to us, and who filled it in stands in Reply-To.
        author, name = person(message, "Reply-To")
        mail = replace(mail, sender=author or sender, name=name, vouched=False)
    elif own:
        to = mail.recipients[0] if mail.recipients else sender
        scene = Scene(account, Channel.EMAIL, to, occurred_at, received_at)
        return scene.echoed(mail.id, to, without_quotes(whole_text(message)), reply_of_message_id(mail.id))
    return _received(mail, Scene(account, Channel.EMAIL, mail.sender, occurred_at, received_at), config)


def _to_ourselves(mail: _Mail, config: MailAccount) -> bool:
    """Nobody but us is to have it, and it is no answer of ours."""
    ours = config.address.lower()
    strangers = (to for to in mail.recipients if to != ours and _reply_token((to,), ours) is None)
    return bool(mail.recipients) and next(strangers, None) is None and reply_of_message_id(mail.id) is None


def _received(mail: _Mail, scene: Scene, config: MailAccount) -> Found:
    verified = mail.vouched and authenticated(mail.message, mail.sender, config.authserv_id) is True
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
