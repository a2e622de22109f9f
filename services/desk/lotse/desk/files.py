"""Files on their way between people and the store: taken in, checked, linked to, handed out."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import Literal
from uuid import UUID

from lotse.contracts import file_links
from lotse.contracts.channels import Profile
from lotse.contracts.file_links import FileLink
from lotse.contracts.files import MOST_BYTES
from lotse.contracts.frozen import frozen
from lotse.contracts.replies import Problem, ProblemCode, check_files
from lotse.contracts.values import Attachment
from lotse.desk.file_store import Content, Deleted, FileStore, StoreAway
from lotse.desk.file_types import HEAD, WrongType, agreed_type, clean_name
from lotse.desk.settings import DeskSettings
from lotse.runtime import clock

READ_FOR = timedelta(hours=1)
ATTACH_WITHIN = timedelta(days=7)
_IN_MEMORY = 1024 * 1024


class FileRefused(Exception):
    """A file that may not be sent. `problem` is what the reply rules say; `differs`: it is not what it claims to be."""

    def __init__(self, problem: Problem, *, differs: bool = False) -> None:
        super().__init__(problem.code.value)
        self.problem = problem
        self.differs = differs


class EmptyFile(Exception):
    """There is nothing in it."""


@frozen
class Stored:
    """A file that was taken in; `id` names it when it is attached to a reply."""

    id: str
    attachment: Attachment


@frozen
class Files:
    """The desk's way with files. Without a store, nothing can be attached or fetched."""

    key: bytes = b""
    store: FileStore | None = None
    clock: Callable[[], datetime] = clock.now

    @classmethod
    def of(cls, settings: DeskSettings, clock: Callable[[], datetime]) -> "Files":
        if settings.ingest_url is None or settings.service_token is None:
            return cls(file_links.key_of(settings.session_key.get_secret_value()), None, clock)
        token = settings.service_token
        return cls(file_links.key_of(token.get_secret_value()), FileStore(settings.ingest_url, token), clock)

    async def open(self) -> None:
        if self.store is not None:
            await self.store.open()

    async def close(self) -> None:
        if self.store is not None:
            await self.store.close()

    async def keep(self, name: str, said: str, chunks: AsyncIterable[bytes], profile: Profile | None = None) -> Stored:
        """Take a file in, whole or not at all; with `profile`, only what its channel would send.

        Raises:
            FileRefused: It is too large, of a type that may not be sent, or not what it is said to be.
            EmptyFile, StoreAway
        """
        if self.store is None:
            raise StoreAway("no store is configured")
        name = clean_name(name)
        limit = profile.files.largest if profile and profile.files else MOST_BYTES
        hashed, size, head = sha256(), 0, b""
        with SpooledTemporaryFile[bytes](max_size=_IN_MEMORY) as spool:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise FileRefused(_too_large(name, limit))
                head += chunk[: HEAD - len(head)]
                hashed.update(chunk)
                await asyncio.to_thread(spool.write, chunk)
            attachment = _judged(name, said, head, size, hashed.hexdigest(), profile)
            spool.seek(0)
            await self.store.put(hashed.hexdigest(), attachment.media_type, spool)
        return Stored(self._id(attachment), attachment)

    def _id(self, attachment: Attachment) -> str:
        link = FileLink(
            use="attach",
            name=attachment.name,
            media_type=attachment.media_type,
            size=attachment.size,
            sha256=attachment.sha256,
            until=file_links.until(self.clock(), ATTACH_WITHIN),
        )
        return file_links.token_of(self.key, link)

    def attached(self, file_id: str) -> Attachment | None:
        """The file that was taken in under this id; None where there was none, or too long ago."""
        link = file_links.read(self.key, file_id)
        return link.attachment() if link and link.use == "attach" and link.until > self.clock() else None

    def link(self, attachment: Attachment, message_id: UUID | None = None, number: int | None = None) -> str:
        """The path, below the desk's address, where a browser or system gets the file for the next hour.

        Message and number (its place among the message's attachments) are needed where it has no hash yet.
        """
        stored = attachment.sha256 is not None
        link = FileLink(
            name=attachment.name,
            media_type=attachment.media_type,
            size=attachment.size,
            sha256=attachment.sha256,
            message_id=None if stored else message_id,
            number=None if stored else number,
            until=file_links.until(self.clock(), READ_FOR),
        )
        return file_links.PATH + file_links.token_of(self.key, link)

    async def words(self, sha256: str, part: Literal["text", "html"]) -> str:
        """All of a long text or raw mail, or a mail's HTML as its sender wrote it. Raises FileError."""
        if self.store is None:
            raise StoreAway("no store is configured")
        return await self.store.words(sha256, part)

    @asynccontextmanager
    async def open_link(self, link: FileLink) -> AsyncGenerator[Content]:
        """What a link leads to. Raises FileError."""
        if self.store is None:
            raise StoreAway("no store is configured")
        if link.sha256 is not None:
            async with self.store.blob(link.sha256) as found:
                yield found
        elif link.message_id is not None and link.number is not None:
            async with self.store.media(link.message_id, link.number) as found:
                yield found
        else:
            raise Deleted


def _too_large(name: str, limit: int) -> Problem:
    return Problem(ProblemCode.FILE_TOO_LARGE, limit=limit, file=name)


def _judged(name: str, said: str, head: bytes, size: int, digest: str, profile: Profile | None) -> Attachment:
    """The file as it may be sent. Raises FileRefused, EmptyFile."""
    if not size:
        raise EmptyFile
    try:
        media_type = agreed_type(name, said, head)
    except WrongType as error:
        problem = Problem(ProblemCode.FILE_TYPE, file=name)
        raise FileRefused(problem, differs=not error.forbidden) from error
    found = Attachment(name=name or "file", media_type=media_type, size=size, sha256=digest)
    if profile is not None and (problems := check_files(profile, [found])):
        raise FileRefused(problems[0])
    return found
