"""A small HTTP/1.1 server on asyncio: some 60 µs a request, and the power to cut a connection."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

from httptools import HttpParserError, HttpRequestParser

from lotse.contracts.frozen import frozen


@dataclass(slots=True)
class Request:
    """One request, read whole; header names are in lower case."""

    method: str = ""
    target: str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    pieces: list[bytes] = field(default_factory=list[bytes])
    """The body as it comes."""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


@frozen
class Response:
    """What is answered after `delay` seconds; `drop` cuts the connection instead."""

    status: int
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay: float = 0.0
    drop: bool = False


Handler = Callable[[Request], Response]


class Connection(asyncio.Protocol):
    """One client's connection. A delayed answer holds back whatever that client sends after it."""

    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._parser = HttpRequestParser(self)
        self._request = Request()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._transport = None

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserError:
            self._write(Response(400), keep=False)

    def on_message_begin(self) -> None:
        self._request = Request()

    def on_url(self, url: bytes) -> None:
        self._request.target += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._request.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._request.pieces.append(body)

    def on_message_complete(self) -> None:
        self._request.method = self._parser.get_method().decode()
        self._request.body = b"".join(self._request.pieces)
        response, keep = self._handle(self._request), self._parser.should_keep_alive()
        if not response.delay:
            self._write(response, keep=keep)
        elif self._transport:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(response.delay, self._late, response, keep)

    def _late(self, response: Response, keep: bool) -> None:
        if self._transport:
            self._transport.resume_reading()
        self._write(response, keep=keep)

    def _write(self, response: Response, *, keep: bool) -> None:
        if self._transport is None:
            return
        if response.drop:
            self._transport.abort()
            return
        head = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
        head += [f"{name}: {value}" for name, value in response.headers.items()]
        head += [] if "content-type" in response.headers else ["content-type: application/json"]
        head += [f"content-length: {len(response.body)}"]
        head += [] if keep else ["connection: close"]
        self._transport.write("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + response.body)
        if not keep:
            self._transport.close()
