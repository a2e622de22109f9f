"""Files on their way out: fetched from the store, then brought, enclosed or linked to."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import field
from datetime import timedelta
from typing import IO, Final

from lotse.contracts import file_links
from lotse.contracts.channels import Channel
from lotse.contracts.file_links import FileLink
from lotse.contracts.frozen import frozen, replace
from lotse.contracts.values import Attachment
from lotse.notifier.core.model import Outgoing
from lotse.notifier.core.outcome import Busy, NotSent, Outcome, Refused
from lotse.notifier.core.words import Word
from lotse.notifier.settings import Settings
from lotse.notifier.sinks.blobs import Blobs
from lotse.notifier.sinks.http import Clock
from lotse.notifier.sinks.meta import Meta
from lotse.notifier.sinks.smtp import Mail, Mailer, MailFile
from lotse.notifier.sinks.webhook import Carried, Webhook
from lotse.runtime import clock
from lotse.runtime.fold import Begin

_AT_ONCE: Final = 4
"""Calls with files under way: each may hold some 30 MB."""
_INLINE: Final = 256 * 1024
"""Bytes of a file that goes whole in a webhook."""
_LINKS_LAST: Final = timedelta(days=1)


@frozen
class Freight:
    """Calls that carry files. A call has half its time for fetching, and a second more for each megabyte."""

    blobs: Blobs | None = None
    call: timedelta = timedelta(seconds=30)
    clock: Clock = clock.now
    desk: str | None = None
    """Where links to files lead."""
    key: bytes = b""
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    @classmethod
    def of(cls, settings: Settings, call: timedelta, clock: Clock) -> "Freight":
        if settings.ingest_url is None or settings.service_token is None:
            return cls(None, call, clock)
        token = settings.service_token
        desk = settings.console_url.rstrip("/") if settings.console_url else None
        return cls(Blobs(settings.ingest_url, token), call, clock, desk, file_links.key_of(token.get_secret_value()))

    async def open(self, stack: AsyncExitStack) -> None:
        if self.blobs is not None:
            await stack.enter_async_context(self.blobs)

    async def to_meta(
        self, way: Meta, row: Outgoing, channel: Channel, file: Attachment, traceparent: str | None
    ) -> Outcome:
        """Bring the file of the part in hand."""
        async with self._fetched([file]) as found:
            if isinstance(found, NotSent | Refused | Busy):
                return found
            return await way.upload(channel, file, found[0], _longer(row.bytes), traceparent)

    async def by_mail(self, way: Mailer, mail: Mail, files: Sequence[Attachment], begin: Begin) -> Outcome:
        """Send a mail with its files in it."""
        if not files:
            return await way.send(mail, begin)
        async with self._fetched(files) as found:
            if isinstance(found, NotSent | Refused | Busy):
                return found
            enclosed = [
                MailFile(file.name, file.media_type, body.read()) for file, body in zip(files, found, strict=True)
            ]
            return await way.send(replace(mail, files=tuple(enclosed)), begin)

    async def by_webhook(
        self, way: Webhook, row: Outgoing, files: Sequence[Attachment], traceparent: str | None
    ) -> Outcome:
        """Post a reply with its files: those up to 256 KB whole, others as links where the desk's address is known."""
        if not files:
            return await way.send(row, traceparent)
        whole = [file for file in files if self.desk is None or (file.size or 0) <= _INLINE]
        async with self._fetched(whole) as found:
            if isinstance(found, NotSent | Refused | Busy):
                return found
            contents = {id(file): body.read() for file, body in zip(whole, found, strict=True)}
            carried = [Carried(file, contents.get(id(file)), self._link(file)) for file in files]
            return await way.send(row, traceparent, carried)

    def _link(self, file: Attachment) -> str | None:
        if self.desk is None:
            return None
        until = file_links.until(self.clock(), _LINKS_LAST)
        link = FileLink(name=file.name, media_type=file.media_type, size=file.size, sha256=file.sha256, until=until)
        return f"{self.desk}{file_links.PATH}{file_links.token_of(self.key, link)}"

    @asynccontextmanager
    async def _fetched(
        self, files: Sequence[Attachment]
    ) -> AsyncGenerator[Sequence[IO[bytes]] | NotSent | Refused | Busy]:
        """The files, or why not; `Busy` where too much is under way."""
        if self.blobs is None:
            yield Refused(Word.ATTACHMENTS)
            return
        try:
            async with asyncio.timeout(self.call.total_seconds() / 4):
                await self.room.acquire()
        except TimeoutError:
            yield Busy()
            return
        try:
            weight = sum(file.size or 0 for file in files)
            async with self.blobs.opened(files, self.call / 4 + _longer(weight) / 2) as found:
                yield found
        finally:
            self.room.release()


def _longer(size: int) -> timedelta:
    return timedelta(microseconds=size)
