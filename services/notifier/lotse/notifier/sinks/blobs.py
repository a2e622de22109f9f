"""Files of replies, from ingest's store."""

import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, Self

import aiohttp
from aiohttp import ClientSession, ClientTimeout
from pydantic import SecretStr

from lotse.contracts.values import Attachment
from lotse.notifier.core.outcome import NotSent, Refused
from lotse.notifier.core.words import Word

_CHUNK = 64 * 1024
_IN_MEMORY = 1024 * 1024


class _Missing(Exception):
    """The store has it no more, or has something else under its hash."""


class Blobs:
    """The store. What is fetched lies in memory up to 1 MB, else in a file that vanishes with its use."""

    def __init__(self, url: str, token: SecretStr) -> None:
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token.get_secret_value()}"}
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = ClientSession(headers=self._headers, auto_decompress=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def opened(
        self, files: Sequence[Attachment], within: timedelta
    ) -> AsyncGenerator[Sequence[IO[bytes]] | NotSent | Refused]:
        """All of the files, each at its beginning, or why they cannot be had."""
        async with AsyncExitStack() as stack:
            yield await self._fetched(stack, files, ClientTimeout(total=within.total_seconds(), sock_connect=5))

    async def _fetched(
        self, stack: AsyncExitStack, files: Sequence[Attachment], patience: ClientTimeout
    ) -> Sequence[IO[bytes]] | NotSent | Refused:
        try:
            return [await self._fetch(stack, file, patience) for file in files]
        except _Missing:
            return Refused(Word.FILE_GONE)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return NotSent(Word.FILE_AWAY)

    async def _fetch(self, stack: AsyncExitStack, file: Attachment, patience: ClientTimeout) -> IO[bytes]:
        if self._session is None or file.sha256 is None:
            raise _Missing
        spool = stack.enter_context(SpooledTemporaryFile[bytes](max_size=_IN_MEMORY))
        hashed = hashlib.sha256()
        async with self._session.get(f"{self._url}/v1/blobs/{file.sha256}", timeout=patience) as answer:
            if answer.status in (404, 410):
                raise _Missing
            answer.raise_for_status()
            async for chunk in answer.content.iter_chunked(_CHUNK):
                hashed.update(chunk)
                spool.write(chunk)
        if hashed.hexdigest() != file.sha256:
            raise _Missing
        spool.seek(0)
        return spool
