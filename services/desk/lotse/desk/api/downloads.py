"""Files that go out, on a path that neither reads nor sets a cookie: whoever holds the link may have the file."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Final
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lotse.contracts import file_links
from lotse.contracts.file_links import PATH, FileLink
from lotse.contracts.files import is_forbidden
from lotse.contracts.values import Attachment
from lotse.desk import reads
from lotse.desk.api.file_models import FileOf, FilesOf
from lotse.desk.api.parts import Desk, Who, told
from lotse.desk.api.problems import ApiError, reading
from lotse.desk.file_store import Content, Deleted, FileError, NotGiven, StillComing
from lotse.desk.file_types import OCTETS, SAFE_IMAGES
from lotse.desk.files import Files
from lotse.desk.language import language_of

router = APIRouter()

_SAFE: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


class Cookieless:
    """Hides cookies from everything behind `/files/`, and takes away those that something wants to set there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self._app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {
                    **message,
                    "headers": [pair for pair in message["headers"] if pair[0].lower() != b"set-cookie"],
                }
            await send(message)

        bare = {**scope, "headers": [pair for pair in scope["headers"] if pair[0].lower() != b"cookie"]}
        await self._app(bare, receive, sent)


@router.get("/v1/conversations/{conversation_id}/files", responses=told(404))
async def list_files(desk: Desk, _: Who, conversation_id: UUID) -> FilesOf:
    """The files of a conversation in the order of its messages and replies, each with a link for the next hour."""
    async with reading(desk.database) as tx:
        found = await reads.conversation(tx, conversation_id)
    if found is None:
        raise ApiError(404, "not_found", "there is no such conversation")
    of_messages = [
        _file(desk.files, "message", message.message_id, number, file)
        for message in found.messages
        for number, file in enumerate(message.attachments)
    ]
    of_replies = [
        _file(desk.files, "reply", reply.reply_id, number, file)
        for reply in found.replies
        for number, file in enumerate(reply.attachments)
    ]
    return FilesOf(items=(*of_messages, *of_replies))


def _file(files: Files, of: str, owner: UUID, number: int, file: Attachment) -> FileOf:
    return FileOf(
        of="message" if of == "message" else "reply",
        id=owner,
        number=number,
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        url=files.link(file, owner, number),
    )


@router.get(PATH + "{token}", include_in_schema=False)
async def fetch(request: Request, desk: Desk, token: str) -> Response:
    """One file, by a link that says all: no session, no cookie, no token of the caller's."""
    link = file_links.read(desk.files.key, token)
    if link is None or link.use != "read":
        return _refused(request, "unknown")
    if link.until <= desk.clock():
        return _refused(request, "over")
    stack = AsyncExitStack()
    try:
        content = await stack.enter_async_context(desk.files.open_link(link))
    except FileError as error:
        return _refused(request, _WORDS.get(type(error), "away"))
    return _Streamed(stack, link, content)


class _Streamed(StreamingResponse):
    """Closes what it streams from, however the answer ends."""

    def __init__(self, stack: AsyncExitStack, link: FileLink, content: Content) -> None:
        super().__init__(content.chunks, headers=_headers(link, content), media_type=_type(link))
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._stack:
            await super().__call__(scope, receive, send)


def _type(link: FileLink) -> str:
    return OCTETS if is_forbidden(link.name, link.media_type) else link.media_type


def _headers(link: FileLink, content: Content) -> dict[str, str]:
    """Pictures that a browser shows safely are shown, everything else is saved (RFC 6266, 5987)."""
    way = "inline" if link.media_type in SAFE_IMAGES else "attachment"
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\' else "_" for char in link.name)
    found = {
        **_SAFE,
        "Content-Disposition": f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(link.name, safe='')}",
        "Cache-Control": "private, max-age=900",
    }
    return found if content.size is None else {**found, "Content-Length": str(content.size)}


_WORDS: Final[Mapping[type[FileError], str]] = {StillComing: "coming", Deleted: "deleted", NotGiven: "not_given"}
_STATUSES: Final = {"unknown": 404, "over": 410, "coming": 503, "deleted": 404, "not_given": 410, "away": 503}
_GERMAN: Final = {
    "unknown": "Diesen Link gibt es nicht.",
    "over": "Dieser Link ist abgelaufen. Bitte die Seite neu laden und die Datei noch einmal öffnen.",
    "coming": "Die Datei wird gerade beim Anbieter geholt. Bitte gleich noch einmal versuchen.",
    "deleted": "Diese Datei gibt es nicht mehr: Sie wurde gelöscht.",
    "not_given": "Der Anbieter hat diese Datei nicht herausgegeben.",
    "away": "Dateien sind im Moment nicht erreichbar. Bitte gleich noch einmal versuchen.",
}
_ENGLISH: Final = {
    "unknown": "There is no such link.",
    "over": "This link has ended. Please load the page again and open the file once more.",
    "coming": "The file is being fetched from the provider. Please try again in a moment.",
    "deleted": "This file is no longer there: it was deleted.",
    "not_given": "The provider did not give this file.",
    "away": "Files cannot be reached at the moment. Please try again shortly.",
}


def _refused(request: Request, word: str) -> Response:
    """For people, in their language; machines have the status and `X-Reason`."""
    language = language_of(request.headers.get("accept-language", ""))
    headers = {**_SAFE, "Cache-Control": "no-store", "X-Reason": word, "Content-Language": language}
    if _STATUSES[word] == 503:
        headers["Retry-After"] = "5"
    text = (_GERMAN if language == "de" else _ENGLISH)[word]
    return PlainTextResponse(f"{text}\n", _STATUSES[word], headers=headers)
