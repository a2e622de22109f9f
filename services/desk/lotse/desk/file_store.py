"""Ingest's store of files, over HTTP: the one place where files are kept."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, Literal
from uuid import UUID

import aiohttp
from aiohttp import ClientSession, ClientTimeout
from pydantic import SecretStr

from lotse.contracts.frozen import frozen

_CHUNK = 64 * 1024
_MOST_WORDS = 8 * 1024 * 1024
_TIMEOUT = ClientTimeout(total=300, sock_connect=3, sock_read=15)


class FileError(Exception):
    """A file that cannot be had or kept now."""


class StoreAway(FileError):
    """Ingest cannot be had, or is not configured: the same may work later."""


class StillComing(FileError):
    """The provider's link is known and the file is being fetched."""


class Deleted(FileError):
    """There is no such file, or its sender or the retention deleted it."""


class NotGiven(FileError):
    """The provider does not give the file."""


@frozen
class Content:
    """A file on its way."""

    size: int | None
    chunks: AsyncIterator[bytes]


_FAULTS = {404: Deleted, 410: NotGiven}


class FileStore:
    """Opened once, shared by all."""

    def __init__(self, url: str, token: SecretStr) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
        self._session: ClientSession | None = None

    async def open(self) -> None:
        self._session = ClientSession(timeout=_TIMEOUT, headers=self._headers, auto_decompress=False)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def put(self, sha256: str, media_type: str, body: IO[bytes]) -> None:
        """Store a file under its hash. Raises StoreAway."""
        try:
            async with self._opened().put(
                f"{self._url}/v1/blobs/{sha256}", data=body, headers={"Content-Type": media_type}
            ) as answer:
                if answer.status not in (200, 201):
                    raise StoreAway(f"ingest answers {answer.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise StoreAway(type(error).__name__) from error

    @asynccontextmanager
    async def blob(self, sha256: str) -> AsyncGenerator[Content]:
        """A stored file. Raises FileError."""
        async with self._get(f"/v1/blobs/{sha256}") as found:
            yield found

    async def words(self, sha256: str, part: Literal["text", "html"]) -> str:
        """All of a long text or raw mail as a person reads it, or a mail's HTML. Raises FileError."""
        read = bytearray()
        async with self._get(f"/v1/blobs/{sha256}/{part}") as found:
            async for chunk in found.chunks:
                read += chunk
                if len(read) > _MOST_WORDS:
                    raise NotGiven
        return read.decode("utf-8", "replace")

    @asynccontextmanager
    async def media(self, message_id: UUID, number: int) -> AsyncGenerator[Content]:
        """A file that lay behind a provider's link when its message came. Raises FileError."""
        async with self._get(f"/v1/media/{message_id}/{number}") as found:
            yield found

    @asynccontextmanager
    async def _get(self, path: str) -> AsyncGenerator[Content]:
        try:
            async with self._opened().get(self._url + path) as answer:
                if answer.status != 200:
                    raise await _fault(answer)
                yield Content(answer.content_length, answer.content.iter_chunked(_CHUNK))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise StoreAway(type(error).__name__) from error

    def _opened(self) -> ClientSession:
        if self._session is None:
            raise StoreAway("the desk is starting")
        return self._session


async def _fault(answer: aiohttp.ClientResponse) -> FileError:
    if kind := _FAULTS.get(answer.status):
        return kind()
    said = await answer.content.read(2000)
    return StillComing() if answer.status == 503 and b"being fetched" in said else StoreAway(f"ingest {answer.status}")
