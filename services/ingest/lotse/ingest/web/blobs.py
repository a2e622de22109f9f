"""`/v1/blobs` and `/v1/media`: files, raw mails and long texts, for the other services."""

import asyncio
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, Path
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lotse.ingest.channels import mail
from lotse.ingest.channels.parsed import Blob
from lotse.ingest.edge import StoreUnavailable
from lotse.ingest.web.calls import Calls, body_of
from lotse.ingest.web.problems import (
    Away,
    Invalid,
    NotGiven,
    NotReadable,
    TooLarge,
    Unauthorised,
    Unknown,
    documented,
)
from lotse.ingest.web.tokens import BEARER, require

Hash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the content, in hex.")]
_REFUSALS = documented(Unauthorised, Unknown, Invalid, Away)
_FILE = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
_BODY: Mapping[str, object] = {"required": True, **_FILE}
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,100}")


def add_to(app: FastAPI, calls: Calls) -> None:
    _as_it_came(app, calls)
    _as_people_read_it(app, calls)
    _to_be_kept(app, calls)
    _by_its_link(app, calls)


def _as_it_came(app: FastAPI, calls: Calls) -> None:
    @app.get(
        "/v1/blobs/{sha256}",
        response_class=Response,
        responses={200: {"description": "The content as it came.", **_FILE}, **_REFUSALS},
        openapi_extra={"security": BEARER},
    )
    async def content(sha256: Hash, request: Request) -> Response:
        """The content as it came."""
        return _download(await _found(calls, request, sha256))


def _as_people_read_it(app: FastAPI, calls: Calls) -> None:
    @app.get(
        "/v1/blobs/{sha256}/text",
        response_class=PlainTextResponse,
        responses=_REFUSALS,
        openapi_extra={"security": BEARER},
    )
    async def text(sha256: Hash, request: Request) -> str:
        """A long text or a raw mail as a person reads it, quotes and signature included."""
        blob = await _found(calls, request, sha256)
        if blob.media_type == "message/rfc822":
            return await asyncio.to_thread(mail.readable, blob.body)
        if blob.media_type.startswith("text/plain"):
            return blob.body.decode("utf-8", "replace")
        raise Unknown("the blob is no text")

    @app.get(
        "/v1/blobs/{sha256}/html",
        response_class=PlainTextResponse,
        responses=_REFUSALS,
        openapi_extra={"security": BEARER},
    )
    async def html(sha256: Hash, request: Request) -> Response:
        """The HTML of a raw mail as its sender wrote it, as plain text: whoever shows it makes it safe first."""
        blob = await _found(calls, request, sha256)
        page = await asyncio.to_thread(mail.page, blob.body) if blob.media_type == "message/rfc822" else None
        if page is None:
            raise Unknown("there is no HTML in it")
        return PlainTextResponse(page, headers={"X-Content-Type-Options": "nosniff"})


def _to_be_kept(app: FastAPI, calls: Calls) -> None:
    @app.put(
        "/v1/blobs/{sha256}",
        status_code=201,
        response_class=Response,
        responses={
            200: {"description": "It was stored already."},
            201: {"description": "Stored.", "content": {}},
            **documented(NotReadable, Unauthorised, TooLarge, Invalid, Away),
        },
        openapi_extra={"requestBody": _BODY, "security": BEARER},
    )
    async def keep(sha256: Hash, request: Request) -> Response:
        """Store a file under the hash of its content; the same again changes nothing. Its type is `Content-Type`."""
        require(calls.settings.service_token, request)
        blob = Blob.of(await body_of(request, calls.settings.blob_limit), _media_type(request))
        if blob.sha256 != sha256:
            raise Invalid("the content has another hash")
        with _store_to_be_had():
            return Response(status_code=201 if await calls.opened().keep(blob) else 200)


def _by_its_link(app: FastAPI, calls: Calls) -> None:
    @app.get(
        "/v1/media/{message_id}/{number}",
        response_class=Response,
        responses={
            200: {"description": "The file as the provider gave it.", **_FILE},
            **_REFUSALS,
            **documented(NotGiven),
        },
        openapi_extra={"security": BEARER},
    )
    async def media(message_id: UUID, number: Annotated[int, Path(ge=0, le=1000)], request: Request) -> Response:
        """The file of a message's attachment that bears a link and no hash; 503 while it is being fetched."""
        require(calls.settings.service_token, request)
        with _store_to_be_had():
            where = await calls.opened().media(message_id, number)
        if where is not None and where.pending:
            raise Away("the file is being fetched")
        if where is None:
            raise Unknown("there is no such file, or it was deleted")
        if where.sha256 is None:
            raise NotGiven("the provider did not give the file")
        return _download(await _found(calls, request, where.sha256))


async def _found(calls: Calls, request: Request, sha256: str) -> Blob:
    """The blob, for whoever bears the service token. Raises Unauthorised, Away, Unknown."""
    require(calls.settings.service_token, request)
    with _store_to_be_had():
        blob = await calls.opened().blob(sha256)
    if blob is None:
        raise Unknown("there is no such blob, or it was deleted")
    return blob


@contextmanager
def _store_to_be_had() -> Generator[None]:
    """Raises Away where it is not."""
    try:
        yield
    except StoreUnavailable as error:
        raise Away("the store cannot be had") from error


def _media_type(request: Request) -> str:
    """What the caller says, without parameters."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return given if _MEDIA_TYPE.fullmatch(given) else "application/octet-stream"


def _download(blob: Blob) -> Response:
    """Never to be shown by a browser as a page of ours."""
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(blob.body, headers=headers, media_type=blob.media_type)
