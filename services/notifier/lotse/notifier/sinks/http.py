"""HTTP calls whose end is always known as one of three: an answer, certainly not sent, or nobody knows."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from io import BytesIO
from types import SimpleNamespace, TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    FormData,
    TCPConnector,
    TraceConfig,
    TraceRequestHeadersSentParams,
)

from lotse.contracts.frozen import frozen
from lotse.notifier.core.outcome import Ambiguous, NotSent, Refused
from lotse.notifier.core.words import Word
from lotse.notifier.sinks.networks import GuardedResolver, NetworkRefused, Networks
from lotse.runtime.fold import Begin

Clock = Callable[[], datetime]

_ANSWER_LIMIT = 64 * 1024
_AT_ONCE = 256 * 1024
_LONGEST_WAIT = timedelta(hours=1)


@frozen
class Answer:
    """What the other side answered; at most 64 KB of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def wait(self, now: datetime) -> timedelta | None:
        """`Retry-After`, in seconds or as a date (RFC 9110, 10.2.3), between 1 s and 1 h; None where it is missing."""
        text = self.headers.get("retry-after", "").strip()
        if not text:
            return None
        if text.isdecimal():
            found = timedelta(seconds=min(int(text), 86_400))
        else:
            try:
                at = parsedate_to_datetime(text)
            except ValueError:
                return None
            found = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
        return min(max(found, timedelta(seconds=1)), _LONGEST_WAIT)


def _sendable(body: bytes | FormData) -> bytes | FormData | BytesIO:
    """aiohttp copies bytes in one go, and large ones piece by piece where they come as a file."""
    return BytesIO(body) if isinstance(body, bytes) and len(body) > _AT_ONCE else body


def _begins() -> TraceConfig:
    """Tells who asked for it that a request's first byte is about to be written."""

    async def begins(_: ClientSession, context: SimpleNamespace, __: TraceRequestHeadersSentParams) -> None:
        if (begin := context.trace_request_ctx) is not None:
            begin()

    made = TraceConfig()
    made.on_request_headers_sent.append(begins)
    return made


class Http:
    """A keep-alive pool. With `networks`, only into those and public ones; never through a proxy or a redirect."""

    def __init__(self, timeout: timedelta, connections: int = 128, networks: Networks | None = None) -> None:
        self._networks = networks
        self._timeout = ClientTimeout(total=timeout.total_seconds(), connect=min(timeout.total_seconds(), 10.0))
        self._connections = connections
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        resolver = GuardedResolver(self._networks) if self._networks else None
        self._session = ClientSession(
            connector=TCPConnector(limit=self._connections, resolver=resolver, ttl_dns_cache=10, keepalive_timeout=10),
            timeout=self._timeout,
            cookie_jar=DummyCookieJar(),
            auto_decompress=True,
            trace_configs=[_begins()],
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    def _patience(self, longer: timedelta) -> ClientTimeout:
        if not longer or self._timeout.total is None:
            return self._timeout
        return ClientTimeout(total=self._timeout.total + longer.total_seconds(), connect=self._timeout.connect)

    async def post(
        self,
        url: str,
        body: bytes | FormData,
        headers: Mapping[str, str],
        longer: timedelta = timedelta(0),
        begin: Begin | None = None,
    ) -> Answer | NotSent | Ambiguous | Refused:
        """Post JSON, or a form. Raises nothing for what can happen on a network.

        `longer`: beyond the usual timeout; `begin` is called when a connection is there and nothing was written yet.
        """
        if self._session is None:
            raise RuntimeError("the pool is not open")
        try:
            if self._networks:
                self._networks.check_literal(urlsplit(url).hostname or "")
            json = {"content-type": "application/json"} if isinstance(body, bytes) else {}
            async with self._session.post(
                url,
                data=_sendable(body),
                headers={**json, **headers},
                allow_redirects=False,
                timeout=self._patience(longer),
                trace_request_ctx=begin,
            ) as response:
                text = await response.content.read(_ANSWER_LIMIT)
                lower = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, lower, text)
        except NetworkRefused:
            return Refused(Word.NETWORK)
        except aiohttp.ClientConnectorError as error:
            return Refused(Word.NETWORK) if isinstance(error.os_error, NetworkRefused) else NotSent()
        except (aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
            return NotSent()
        except (ClientError, TimeoutError, OSError):
            return Ambiguous()
