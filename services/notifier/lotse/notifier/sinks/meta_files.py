"""Files by Meta's Graph API: first brought, then named in a message.

Sources: Messenger Platform "Attachment Upload API", Instagram Messaging "Upload Media", WhatsApp Cloud API "Media" and
"Media messages", Graph API "Page photos" and "Object comments" (`attachment_id`: an unpublished photo), all at
developers.facebook.com/docs.
"""

import json
from typing import IO, Final
from urllib.parse import quote

from aiohttp import FormData
from pydantic import BaseModel, ValidationError

from lotse.contracts.channels import Channel, profile
from lotse.contracts.config import MetaAccount
from lotse.contracts.files import FileKind
from lotse.contracts.frozen import frozen
from lotse.contracts.values import Attachment

_MESSENGER: Final = {
    FileKind.IMAGE: "image",
    FileKind.VIDEO: "video",
    FileKind.AUDIO: "audio",
    FileKind.DOCUMENT: "file",
}


@frozen
class Upload:
    """One call: the path below the Graph URL and the form."""

    path: str
    form: FormData


def upload(account: MetaAccount, channel: Channel, file: Attachment, body: IO[bytes]) -> Upload | None:
    """The call that brings a file; None where the account lacks what the channel needs."""
    page = quote(account.page_id or "me", safe="")
    match channel:
        case Channel.MESSENGER | Channel.INSTAGRAM_DIRECT:
            kind = _MESSENGER[_kind(channel, file)]
            message = {"attachment": {"type": kind, "payload": {"is_reusable": True}}}
            fields = {"message": json.dumps(message)}
            if channel is Channel.INSTAGRAM_DIRECT:
                fields["platform"] = "instagram"
            return Upload(f"/{page}/message_attachments", _form(fields, "filedata", file, body))
        case Channel.WHATSAPP if account.phone_number_id:
            fields = {"messaging_product": "whatsapp", "type": file.media_type}
            number = quote(account.phone_number_id, safe="")
            return Upload(f"/{number}/media", _form(fields, "file", file, body))
        case Channel.FACEBOOK:
            return Upload(f"/{page}/photos", _form({"published": "false"}, "source", file, body))
        case _:
            return None


def _form(fields: dict[str, str], name: str, file: Attachment, body: IO[bytes]) -> FormData:
    """The name stands in it as it is (RFC 7578, 4.2): the customer reads it."""
    form = FormData(quote_fields=False)
    for field, value in fields.items():
        form.add_field(field, value)
    form.add_field(name, body, filename=_one_line(file.name), content_type=file.media_type)
    return form


def _one_line(name: str) -> str:
    return "".join("_" if char in '"\\\r\n' else char for char in name) or "file"


def _kind(channel: Channel, file: Attachment) -> FileKind:
    rules = profile(channel).files
    rule = rules.of(file.media_type) if rules else None
    return rule.kind if rule else FileKind.DOCUMENT


class _Brought(BaseModel):
    attachment_id: str | None = None
    id: str | None = None


def handle_of(body: bytes) -> str | None:
    """What the provider calls the file from now on."""
    try:
        brought = _Brought.model_validate_json(body)
    except ValidationError:
        return None
    return brought.attachment_id or brought.id


def in_message(text: str, file: Attachment | None, handle: str | None) -> dict[str, object]:
    """Messenger and Instagram: a message is a text or a file."""
    if file is None or handle is None:
        return {"text": text}
    return {"attachment": {"type": _MESSENGER[_kind(Channel.MESSENGER, file)], "payload": {"attachment_id": handle}}}


def in_whatsapp(text: str, file: Attachment | None, handle: str | None) -> dict[str, object]:
    """A text, or a file with what stands under it."""
    if file is None or handle is None:
        return {"type": "text", "text": {"body": text}}
    kind = _kind(Channel.WHATSAPP, file)
    media = {"id": handle}
    if text:
        media["caption"] = text
    if kind is FileKind.DOCUMENT:
        media["filename"] = file.name
    return {"type": kind.value, kind.value: media}


def in_comment(text: str, handle: str | None) -> dict[str, object]:
    """A comment with its photo."""
    if handle is None:
        return {"message": text}
    return {"attachment_id": handle, **({"message": text} if text else {})}
