"""A mail's text, its HTML and its files."""

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from email.errors import MessageError
from email.message import Message

from lotse.contracts.frozen import frozen
from lotse.ingest.channels.html import text_of_html
from lotse.ingest.channels.mail_headers import as_text, decoded
from lotse.ingest.channels.parsed import Blob
from lotse.ingest.channels.scene import MAX_ATTACHMENTS
from lotse.ingest.text import clean, one_line

_TEXTS = ("text/plain", "text/html")
_MAX_HTML = 2 * 1024 * 1024
_MAX_PICTURES = 1024 * 1024
_PICTURE = re.compile(r"cid:([^\s\"'<>)]{1,200})", re.IGNORECASE)


@frozen
class File:
    name: str
    blob: Blob


def whole_text(message: Message) -> str:
    """What the sender wrote with everything quoted: of what says the same, the plain text, else the HTML as text."""
    return _lines(_said(message))


def _said(part: Message) -> str:
    """The part's text; of alternatives (RFC 2046, 5.1.4) the plain one, else the last that says anything."""
    children = _children(part)
    if part.get_content_maintype() != "multipart" or not children:
        if _is_file(part):
            return ""
        html = part.get_content_type() == "text/html"
        return text_of_html(_text(part)[:_MAX_HTML]) if html else _text(part)
    if part.get_content_type() != "multipart/alternative":
        return "\n".join(text for child in children if (text := _said(child)).strip())
    plain = (text for child in children if child.get_content_type() == "text/plain" and (text := _said(child)).strip())
    richer = (text for child in reversed(children) if (text := _said(child)).strip())
    return next(plain, None) or next(richer, "")


def html(message: Message) -> str | None:
    """The HTML as the sender wrote it, with the pictures that lie in the mail in their places. It is not made safe."""
    leaves = list(_leaves(message))
    pages = (part for part in leaves if part.get_content_type() == "text/html" and not _is_file(part))
    found = "\n".join(_text(part) for part in pages)[:_MAX_HTML]
    return _with_pictures(found, leaves) if found.strip() else None


def _with_pictures(page: str, leaves: Sequence[Message]) -> str:
    """With `data:` in the place of `cid:`, as long as the pictures are small together."""
    pictures = {str(part["Content-ID"]).strip("<> "): part for part in leaves if part.get_content_maintype() == "image"}
    left = _MAX_PICTURES

    def data(found: re.Match[str]) -> str:
        nonlocal left
        part = pictures.get(found[1])
        body = _content(part) if part is not None else b""
        if part is None or not 0 < len(body) <= left:
            return found[0]
        left -= len(body)
        return f"data:{_media_type(part)};base64,{base64.b64encode(body).decode()}"

    return _PICTURE.sub(data, page)


def attached(message: Message) -> tuple[File, ...]:
    """The files in the mail's order; a file that cannot be decoded is in the raw mail only."""
    files: list[File] = []
    for part in _leaves(message):
        if _is_file(part) and len(files) < MAX_ATTACHMENTS:
            body = _content(part)
            if body:
                files.append(File(_name(part), Blob.of(body, _media_type(part))))
    return tuple(files)


def _leaves(part: Message) -> Iterator[Message]:
    """The parts that hold something; an attached mail is one, whatever is in it."""
    children = _children(part)
    if part.get_content_maintype() != "multipart" or not children:
        yield part
        return
    for child in children:
        yield from _leaves(child)


def _children(part: Message) -> list[Message]:
    """The parts within, of a `multipart` or an attached mail."""
    payload: Iterable[object] = part.get_payload() if part.is_multipart() else ()
    return [item for item in payload if isinstance(item, Message)]


def _is_file(part: Message) -> bool:
    return (
        part.get_content_disposition() == "attachment"
        or part.get_content_type() not in _TEXTS
        or (part.get_content_disposition() is not None and _filename(part) is not None)
    )


def _content(part: Message) -> bytes:
    inner = _children(part)
    if inner:
        return b"".join(_serialised(mail) for mail in inner)
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _serialised(mail: Message) -> bytes:
    """An attached mail as it came, or nothing where it cannot be written again."""
    try:
        return mail.as_bytes()
    except (MessageError, LookupError, ValueError, TypeError, AttributeError):
        return b""


def _text(part: Message) -> str:
    return as_text(_content(part), part.get_content_charset())


def _lines(text: str) -> str:
    return clean(text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _media_type(part: Message) -> str:
    return one_line(part.get_content_type(), 100)


def _name(part: Message) -> str:
    """The file's own name without a path, or one made of its type."""
    given = one_line(decoded(_filename(part) or ""), 200).replace("\\", "/").rpartition("/")[2]
    return given or part.get_content_type().replace("/", ".")


def _filename(part: Message) -> str | None:
    try:
        return part.get_filename()
    except (LookupError, ValueError, TypeError):
        return None
