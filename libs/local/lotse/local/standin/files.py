"""Files at the providers: what a business brought to send, and what a customer's message links to.

Sources: Messenger Platform "Attachment Upload API", Instagram Messaging "Upload Media", WhatsApp Cloud API "Media",
Graph API "Page photos", all at developers.facebook.com/docs.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from lotse.contracts.channels import Channel, profile
from lotse.contracts.frozen import frozen
from lotse.local.standin.graph import INSTAGRAM, Sender, error, node_and_edge
from lotse.local.standin.http import Request, Response

MEDIA = "/media/"


@frozen
class File:
    """One file, byte for byte."""

    name: str
    media_type: str
    body: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    def shown(self) -> dict[str, object]:
        return {"name": self.name, "media_type": self.media_type, "size": len(self.body), "sha256": self.sha256}


@dataclass(slots=True)
class Shelf:
    """Files by hash, and by the ids that the providers gave them, each good for one account."""

    files: dict[str, File] = field(default_factory=dict[str, File])
    brought: dict[tuple[str, str], File] = field(default_factory=dict[tuple[str, str], File])

    def put(self, file: File) -> File:
        return self.files.setdefault(file.sha256, file)

    def bring(self, account: str, file: File) -> str:
        """Keep what an account brought; its id."""
        number = str(10**15 + secrets.randbelow(9 * 10**15))
        self.brought[account, number] = self.put(file)
        return number

    def taken(self, account: str, number: str) -> File | None:
        return self.brought.get((account, number))

    def handed_out(self, request: Request) -> Response:
        """`GET /media/<sha256>`."""
        file = self.files.get(request.path.removeprefix(MEDIA))
        if file is None:
            return Response(404, b'{"error": "no such file"}')
        return Response(200, file.body, {"content-type": file.media_type})

    def described(self, request: Request, account: str) -> Response:
        """`GET /<version>/<media id>`: where a WhatsApp file lies."""
        number = request.path.rpartition("/")[2]
        file = self.taken(account, number)
        if file is None:
            return error(400, 100, f"Object with ID '{number}' does not exist", "GraphMethodException")
        url = f"http://{request.headers.get('host', '')}{MEDIA}{file.sha256}"
        found = {"messaging_product": "whatsapp", "id": number, "url": url, "mime_type": file.media_type}
        return Response(200, json.dumps({**found, "sha256": file.sha256, "file_size": len(file.body)}).encode())

    def placed(self, request: Request, account: str) -> Response:
        """`POST /media?name=…`: a customer's file, as the body; where it lies and the id that WhatsApp would give."""
        kind = request.headers.get("content-type", "application/octet-stream")
        file = File("", kind, request.body)
        number = self.bring(account, file)
        path = f"{MEDIA}{file.sha256}"
        return Response(200, json.dumps({"path": path, "id": number}).encode())


def read(request: Request, sender: Sender) -> tuple[Channel, File] | Response | None:
    """A file that the request brings and for which channel; None where it brings none."""
    node, edge = node_and_edge(request)
    own = (sender.settings.page_id, sender.settings.instagram_id, "me")
    match edge:
        case "message_attachments" if node in own:
            return _attachment(request)
        case "media" if node == sender.settings.phone_number_id:
            form = parts(request)
            right = form.get("messaging_product", _NONE).body == b"whatsapp"
            return _checked(Channel.WHATSAPP, form.get("file"), right)
        case "photos" if node in own:
            form = parts(request)
            return _checked(Channel.FACEBOOK, form.get("source"), form.get("published", _NONE).body == b"false")
        case _:
            return None


def _attachment(request: Request) -> tuple[Channel, File] | Response:
    form = parts(request)
    instagram = form.get("platform", _NONE).body == INSTAGRAM
    channel = Channel.INSTAGRAM_DIRECT if instagram else Channel.MESSENGER
    try:
        message = cast("dict[str, dict[str, object]]", json.loads(form.get("message", _NONE).body))
        named = message["attachment"]["type"] in ("image", "video", "audio", "file")
    except (ValueError, KeyError, TypeError):
        named = False
    return _checked(channel, form.get("filedata"), named)


def _checked(channel: Channel, file: File | None, right: bool) -> tuple[Channel, File] | Response:
    """Type and size as published."""
    if file is None or not right:
        return error(400, 100, "(#100) Param is missing or wrong")
    rules = profile(channel).files
    rule = rules.of(file.media_type) if rules else None
    if rule is None:
        return error(
            400, 100, f"(#100) Param file must be a file with one of the supported types, not {file.media_type}"
        )
    if len(file.body) > rule.largest:
        return error(400, 100, "(#100) Upload attachment failure: the file is too large.")
    return channel, file


_NONE = File("", "", b"")


def parts(request: Request) -> Mapping[str, File]:
    """The parts of a multipart form by name, byte for byte (RFC 7578); nothing where it is none."""
    kind, _, options = request.headers.get("content-type", "").partition(";")
    boundary = options.partition("boundary=")[2].strip().strip('"')
    if kind != "multipart/form-data" or not boundary:
        return {}
    found: dict[str, File] = {}
    for part in request.body.split(b"--" + boundary.encode("latin-1"))[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = _headers(head.decode("utf-8", "replace"))
        disposition = headers.get("content-disposition", "")
        name, file_name = _option(disposition, "name"), _option(disposition, "filename")
        found[name] = File(file_name, headers.get("content-type", "text/plain"), content.removesuffix(b"\r\n"))
    return found


def _headers(head: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in head.split("\r\n"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _option(disposition: str, name: str) -> str:
    return disposition.partition(f'; {name}="')[2].partition('"')[0]
