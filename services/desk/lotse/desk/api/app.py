"""The app: routes, errors, limits and its document."""

import re
from typing import cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lotse.contracts.files import MOST_BYTES
from lotse.desk.api import boards, commands, downloads, lists, problems, reports, trying, uploads
from lotse.runtime.health import UNTRACED

MAX_BODY = 1024 * 1024
"""Bytes; four times the largest record."""

MAX_UPLOAD = MOST_BYTES + MAX_BODY
"""The largest file, with what a form adds."""

_UPLOADS = re.compile(r"/v1/files|/uploads|/_nicegui/client/[^/]+/upload/[0-9]+")

_DESCRIPTION = """
Conversations, customers, agents and deadlines, and the commands of the people who work on them.

Lists come in pages: pass `next_cursor` of one page as `cursor` for the next. Commands carry an `Idempotency-Key` and
end in one outcome: 200 with it, 409 with the reason where nothing changed, 202 where it did not come within two
seconds. Errors are `application/problem+json`.

A file goes up by `POST /v1/files` and under a reply by the `id` that this gives; files of a conversation are listed
with links that need no token and end after an hour.
"""


class BodyLimit:
    """Refuses bodies that are larger than any command, or any file where files come in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        taken, most = 0, MAX_UPLOAD if _UPLOADS.fullmatch(scope["path"]) else MAX_BODY

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise HTTPException(413, f"a body takes {most} bytes at the most")
            return message

        await self._app(scope, limited, send)


def create() -> FastAPI:
    """The app without its parts: `app.state.desk` is set once they can be had."""
    app = FastAPI(
        title="Lotse Desk", version="1", description=_DESCRIPTION, docs_url=None, redoc_url=None, telemetry=UNTRACED
    )
    app.add_middleware(BodyLimit)
    problems.install(app)
    app.include_router(lists.router, tags=["read"])
    app.include_router(boards.router, tags=["read"])
    app.include_router(reports.router, tags=["read"])
    app.include_router(commands.router, tags=["act"])
    app.include_router(uploads.router, tags=["files"])
    app.include_router(downloads.router, tags=["files"])
    trying.install(app)
    app.openapi = lambda: _document(app)
    return app


def _document(app: FastAPI) -> dict[str, object]:
    """FastAPI's document, with the media type that errors really have."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            openapi_version=app.openapi_version,
            description=app.description,
            routes=app.routes,
        )
        for path in document["paths"].values():
            for operation in path.values():
                _as_problems(operation["responses"])
        app.openapi_schema = document
    return cast("dict[str, object]", app.openapi_schema)


def _as_problems(responses: dict[str, dict[str, dict[str, object]]]) -> None:
    for status, response in responses.items():
        content = response.get("content", {})
        if status >= "400" and "application/json" in content:
            content[problems.MEDIA_TYPE] = content.pop("application/json")
