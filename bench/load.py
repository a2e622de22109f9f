"""A load on loopback that costs little itself: keep-alive connections, bodies signed in advance."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from lotse.local.webhooks import Call


@dataclass(frozen=True, slots=True)
class Sample:
    """One webhook and the id of the message in it."""

    id: str
    call: Call


class Link:
    """One HTTP/1.1 connection to one address, for one request at a time; opened anew after a cut, also while idle."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, call: Call) -> int:
        """The status; 0 where the connection was cut or refused before an answer."""
        try:
            reader, writer = await self._opened()
            writer.write(_request(call, self._host, self._port))
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            return int(head[9:12])
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            await self.close()
            return 0

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams and self._streams[0].at_eof():
            await self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        return self._streams

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            with contextlib.suppress(OSError):
                await self._streams[1].wait_closed()
            self._streams = None


def _request(call: Call, host: str, port: int) -> bytes:
    headers = "".join(f"{name}: {value}\r\n" for name, value in call.headers.items())
    head = f"POST {call.path} HTTP/1.1\r\nHost: {host}:{port}\r\n{headers}Content-Length: {len(call.body)}\r\n\r\n"
    return head.encode() + call.body


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0


class Links:
    """A few connections to several replicas, taken in turn."""

    def __init__(self, urls: list[str], each: int = 8) -> None:
        self._free: asyncio.Queue[Link] = asyncio.Queue()
        self._all = [Link(url) for _ in range(each) for url in urls]
        for link in self._all:
            self._free.put_nowait(link)

    async def post(self, call: Call) -> int:
        link = await self._free.get()
        try:
            return await link.post(call)
        finally:
            self._free.put_nowait(link)

    async def close(self) -> None:
        for link in self._all:
            await link.close()


@asynccontextmanager
async def links(urls: list[str], each: int = 8) -> AsyncGenerator[Links]:
    made = Links(urls, each)
    try:
        yield made
    finally:
        await made.close()


Send = Callable[[Sample], Awaitable[None]]


async def at_rate(samples: Iterator[Sample], per_second: float, seconds: float, send: Send) -> int:
    """Send at a steady rate whatever comes back (open loop); how many were sent."""
    loop = asyncio.get_running_loop()
    begun, sent = loop.time(), 0
    async with asyncio.TaskGroup() as group:
        while (now := loop.time()) < begun + seconds:
            due = int((now - begun) * per_second) + 1
            for _ in range(due - sent):
                group.create_task(_once(send, next(samples)))
            sent = max(sent, due)
            await asyncio.sleep(max(0.001, begun + sent / per_second - loop.time()))
    return sent


async def _once(send: Send, sample: Sample) -> None:
    await send(sample)
