"""Links to files: who holds one may fetch that one file for a while, without signing in.

Desk and notifier make them and desk serves them, on `/files/<token>`. A token is base64url of what it stands for and
of its HMAC-SHA256, with a dot between; the key is derived from the secret that the services share.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lotse.contracts.values import Attachment, AwareDatetime, Sha256

PATH = "/files/"

Use = Literal["read", "attach"]
"""`read`: fetch it. `attach`: put it under a reply, as who stored it may."""

_STEP = timedelta(minutes=15)


class FileLink(BaseModel):
    """What a token stands for: a stored file by its hash, or the attachment `number` of a message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    use: Use = "read"
    name: str
    media_type: str
    size: int | None = None
    sha256: Sha256 | None = None
    message_id: UUID | None = None
    number: int | None = Field(default=None, ge=0)
    until: AwareDatetime

    def attachment(self) -> Attachment:
        return Attachment(name=self.name, media_type=self.media_type, size=self.size, sha256=self.sha256)


def key_of(secret: str) -> bytes:
    """The key of file links, apart from whatever else the secret is good for."""
    return hmac.new(secret.encode(), b"lotse file links", hashlib.sha256).digest()


def until(now: datetime, lasts: timedelta) -> datetime:
    """The end of a link made now: on a full quarter of an hour, so that a page built again has the same links."""
    steps = -((datetime(2000, 1, 1, tzinfo=now.tzinfo) - now - lasts) // _STEP)
    return datetime(2000, 1, 1, tzinfo=now.tzinfo) + steps * _STEP


def token_of(key: bytes, link: FileLink) -> str:
    """The same link gives the same token."""
    body = link.model_dump_json(exclude_none=True, exclude_defaults=True).encode()
    return f"{_text(body)}.{_text(_mac(key, body))}"


def read(key: bytes, token: str) -> FileLink | None:
    """What the token stands for, whether it is over or not; None for what this key did not sign."""
    body_text, _, mac_text = token.partition(".")
    try:
        body, mac = _bytes(body_text), _bytes(mac_text)
    except (binascii.Error, ValueError):
        return None
    if not hmac.compare_digest(mac, _mac(key, body)):
        return None
    try:
        return FileLink.model_validate_json(body)
    except ValidationError:
        return None


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
