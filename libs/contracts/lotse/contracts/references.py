"""How our own messages are known again when a provider shows them to us.

Notifier writes these references into what it sends and ingest reads them out of echoes, receipts and answers.
Reading never raises: what was not written by us is simply not ours.
"""

import re
from uuid import UUID

from lotse.contracts.ids import ConversationId, ReplyId

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_REFERENCE = re.compile(rf"lotse:({_UUID})")
_MESSAGE_ID = re.compile(rf"<?lotse\.({_UUID})@[^@\s<>]+>?")
_PLUS_ADDRESS = re.compile(r"[^@\s]+\+([0-9a-f]{32})@[^@\s]+", re.IGNORECASE)


def provider_reference(reply_id: ReplyId) -> str:
    """What rides with a sent reply: Messenger's `metadata`, WhatsApp's `biz_opaque_callback_data`."""
    return f"lotse:{reply_id}"


def reply_of(reference: str | None) -> ReplyId | None:
    """The reply that a `provider_reference` names; None for none and for other systems' references."""
    return _reply(_REFERENCE, reference)


def mail_message_id(reply_id: ReplyId, domain: str) -> str:
    """The Message-ID of a reply by mail.

    It has a prefix because mail programs use bare UUIDs too: a mail that somebody sent from the same address
    with his own program must not pass for one of ours.
    """
    return f"<lotse.{reply_id}@{domain}>"


def reply_of_message_id(message_id: str | None) -> ReplyId | None:
    """The reply that bears this Message-ID, with or without its angle brackets; None where it is not ours."""
    return _reply(_MESSAGE_ID, message_id)


def plus_address(address: str, conversation_id: ConversationId) -> str:
    """The Reply-To of a mail: `service+<32 hex digits>@example.org` leads the answer back to its conversation.

    Raises:
        ValueError: `address` has no local part or no domain.
    """
    local, at, domain = address.rpartition("@")
    if not (local and at and domain):
        raise ValueError("a mail address has a local part and a domain")
    return f"{local}+{conversation_id.hex}@{domain}"


def conversation_of_plus_address(address: str | None) -> ConversationId | None:
    """The conversation whose plus address this is, whatever its case; None where it is none."""
    found = _PLUS_ADDRESS.fullmatch((address or "").strip())
    return ConversationId(UUID(found[1])) if found else None


def _reply(pattern: re.Pattern[str], text: str | None) -> ReplyId | None:
    found = pattern.fullmatch((text or "").strip())
    return ReplyId(UUID(found[1])) if found else None
