"""The services' own pages `/ops/…`, asked over HTTP: of every replica, or of whichever answers first."""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

from aiohttp import ClientError, ClientSession, ClientTimeout
from pydantic import BaseModel, SecretStr, ValidationError

from lotse.contracts.frozen import frozen

M = TypeVar("M", bound=BaseModel)

_TIMEOUT = ClientTimeout(total=3, sock_connect=1.5)


class Unreachable(Exception):
    """A part that cannot be asked: nothing is known of it, which is not the same as zero. `word` says why."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class NotThere(Unreachable):
    """The part answers, and has no such thing; or none of these pages, as it knows no LOTSE_SERVICE_TOKEN."""

    def __init__(self) -> None:
        super().__init__("HTTP 404")


@frozen
class Replica:
    """One process of a service. `url` is by number, `host` what it is called by."""

    service: str
    url: str
    host: str


class Replicas:
    """Knows where each service is. A name that stands for several addresses stands for as many replicas."""

    def __init__(self, urls: Mapping[str, Sequence[str]], token: SecretStr | None) -> None:
        self._urls = urls
        self._token = token
        self._session: ClientSession | None = None

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(self._urls)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def of(self, service: str) -> list[Replica]:
        """Every replica that the service's addresses stand for now. Raises Unreachable where there is none."""
        found = [found for url in self._urls.get(service, ()) for found in await _resolved(service, url)]
        if not found:
            raise Unreachable("not configured")
        return found

    async def get(self, replica: Replica, path: str, model: type[M], **params: str) -> M:
        """Raises Unreachable."""
        return await self._ask("GET", replica, path, model, params)

    async def first(self, service: str, path: str, model: type[M], *, method: str = "GET", **params: str) -> M:
        """Of the first replica that answers: for what all of them read from one database.

        Raises Unreachable where none does, NotThere where the last one has no such thing.
        """
        fault = Unreachable("not configured")
        for replica in await self.of(service):
            try:
                return await self._ask(method, replica, path, model, params)
            except Unreachable as error:
                fault = error
        raise fault

    async def _ask(self, method: str, replica: Replica, path: str, model: type[M], params: Mapping[str, str]) -> M:
        if self._token is None:
            raise Unreachable("no LOTSE_SERVICE_TOKEN")
        headers = {"Authorization": f"Bearer {self._token.get_secret_value()}", "Host": replica.host}
        session = self._session = self._session or ClientSession(timeout=_TIMEOUT)
        try:
            async with session.request(method, replica.url + path, headers=headers, params=params) as answer:
                body = await answer.read()
        except (ClientError, TimeoutError, OSError) as error:
            raise Unreachable(type(error).__name__) from error
        if answer.status == 404:
            raise NotThere
        if answer.status != 200:
            raise Unreachable(f"HTTP {answer.status}")
        try:
            return model.model_validate_json(body)
        except ValidationError as error:
            raise Unreachable("an answer of another release") from error


async def _resolved(service: str, url: str) -> list[Replica]:
    """One replica for each address of the name; IPv4 where it has such, so that none is asked twice."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        told = await asyncio.get_running_loop().getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable("the name is not known") from error
    family = socket.AF_INET if any(one[0] == socket.AF_INET for one in told) else socket.AF_INET6
    addresses = sorted({str(one[4][0]) for one in told if one[0] == family})
    if parts.scheme == "https" or len(addresses) == 1:
        return [Replica(service, url.rstrip("/"), parts.netloc)]
    return [Replica(service, _at(parts.scheme, address, port), parts.netloc) for address in addresses]


def _at(scheme: str, address: str, port: int) -> str:
    host = f"[{address}]" if ":" in address else address
    return urlunsplit((scheme, f"{host}:{port}", "", "", ""))
