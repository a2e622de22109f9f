"""`/mails/…`: an HTML mail with the pictures that lie elsewhere, as the reader asked for.

A page's policy holds for what is written into it, too, and lets no picture in from outside. So this document has an
address and a policy of its own; it stays in a sandbox wherever it is opened.
"""

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from lotse.desk import reads
from lotse.desk.api import models as m
from lotse.desk.api.problems import ApiError, reading
from lotse.desk.console import html
from lotse.desk.file_store import FileError

if TYPE_CHECKING:
    from lotse.desk.console.console import Console

PATH = "/mails"

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src data: https:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def address(conversation: UUID, message: UUID) -> str:
    return f"{PATH}/{conversation}/{message}"


def raw_mail(conversation: m.Conversation, message: str) -> str | None:
    """The hash of the raw mail behind a message; None where there is none, or it was deleted."""
    found = next((one for one in conversation.messages if str(one.message_id) == message), None)
    return found.full_text.sha256 if found and found.full_text and found.removed_at is None else None


def router(console: "Console") -> APIRouter:
    routes = APIRouter(prefix=PATH, include_in_schema=False)

    @routes.get("/{conversation}/{message}")
    async def mail(conversation: UUID, message: UUID, request: Request) -> Response:
        parts = console.parts()
        if await console.viewer(request) is None:
            raise ApiError(401, "signed_out", "nobody is signed in")
        async with reading(parts.database) as tx:
            found = await reads.conversation(tx, conversation)
        sha256 = raw_mail(found, str(message)) if found else None
        if sha256 is None:
            raise ApiError(404, "not_found", "there is no such mail")
        try:
            raw = await parts.files.words(sha256, "html")
        except FileError as error:
            raise ApiError(404, "not_found", "there is no HTML in it, or it cannot be had") from error
        page = await asyncio.to_thread(html.page, raw, pictures=True)
        if not isinstance(page, html.Page):
            raise ApiError(404, page, "it cannot be shown safely")
        return HTMLResponse(page.document, headers=_HEADERS)

    return routes
