"""Files behind a provider's link, fetched at once since the links expire.

Only the account's Graph API and the provider's own hosts are asked, whatever a webhook says.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from lotse.contracts.frozen import frozen
from lotse.ingest import store
from lotse.ingest.accounts import Meta
from lotse.ingest.channels.parsed import Blob
from lotse.ingest.store import Link
from lotse.runtime.fold import Begin, Effect, Made
from lotse.runtime.postgres import Tx

LEASE = timedelta(minutes=3)
TIMEOUT = timedelta(seconds=100)
MOST_TRIES = 8
_MOST_REDIRECTS = 3
_ID = re.compile(r"[0-9]{1,40}")
"""A file's id. A link that somebody shares may lead to the Graph API as well, and is nothing to show our token to."""


LARGE = 8 * 1024 * 1024
"""Bytes from which on a file waits for room."""
Key = tuple[UUID, int]


class _File(BaseModel):
    """What the Graph API says of a file's id."""

    url: str


@frozen
class Failed:
    """Why a file could not be had; `again` where it may be had later."""

    reason: str
    again: bool


class Room:
    """Room for one large file at a time, from its first bytes until it is stored: several would not fit together."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._holder: Key | None = None

    async def enter(self, key: Key) -> None:
        if self._holder != key:
            await self._lock.acquire()
            self._holder = key

    def leave(self, key: Key) -> None:
        """Nothing, where it was not large."""
        if self._holder == key:
            self._holder = None
            self._lock.release()


class _Refused(Exception):
    def __init__(self, reason: str, *, again: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again


def allowed(url: str, graph_url: str, hosts: Sequence[str]) -> bool:
    """Whether a file may be fetched there: at the account's Graph API or, by https, at one of the hosts."""
    try:
        asked, graph = urlsplit(url), urlsplit(graph_url)
        if (asked.scheme, asked.hostname, asked.port) == (graph.scheme, graph.hostname, graph.port):
            return True
        name, port = asked.hostname or "", asked.port
    except ValueError:
        return False
    known = any(name.endswith(host) if host.startswith(".") else name == host for host in hosts)
    return known and asked.scheme == "https" and port in (None, 443)


def later(tries: int) -> timedelta:
    """How long to wait after so many tries."""
    return timedelta(seconds=min(2**tries, 600))


@frozen
class Fetcher:
    """Fetches one file at a time for any account; never raises for what goes wrong on the way."""

    accounts: Mapping[str, Meta]
    hosts: Sequence[str]
    limit: int
    client: httpx.AsyncClient
    room: Room

    async def fetch(self, link: Link) -> Blob | Failed:
        """A large one keeps its room until it is settled."""
        try:
            found = await self._fetched(link)
        except BaseException:
            self.room.leave(_key(link))
            raise
        if isinstance(found, Failed):
            self.room.leave(_key(link))
        return found

    async def _fetched(self, link: Link) -> Blob | Failed:
        account = self.accounts.get(link.account)
        if account is None:
            return Failed("the account is gone", again=False)
        try:
            async with asyncio.timeout(TIMEOUT.total_seconds()):
                return await self._file(link, account)
        except _Refused as error:
            return Failed(error.reason, error.again)
        except (httpx.HTTPError, TimeoutError) as error:
            return Failed(type(error).__name__, again=True)
        except (httpx.InvalidURL, ValueError) as error:
            return Failed(type(error).__name__, again=False)

    async def _file(self, link: Link, account: Meta) -> Blob:
        graph, _, id = link.url.rpartition("/")
        if graph != account.config.graph_url:
            return self._blob(link, *await self._get(link, link.url, account, {}))
        if not _ID.fullmatch(id):
            raise _Refused("the Graph API is asked for files by their id alone")
        token = {"Authorization": f"Bearer {account.access_token.get_secret_value()}"}
        named, _ = await self._get(link, link.url, account, token)
        try:
            url = _File.model_validate_json(named).url
        except ValidationError as error:
            raise _Refused("the Graph API names no link") from error
        return self._blob(link, *await self._get(link, url, account, token))

    def _blob(self, link: Link, body: bytes, media_type: str) -> Blob:
        """The file under the type that the message gave, else the one that its host gives."""
        known = link.media_type if link.media_type != "application/octet-stream" else media_type
        return Blob.of(body, known)

    async def _get(self, link: Link, url: str, account: Meta, headers: Mapping[str, str]) -> tuple[bytes, str]:
        """The body and its type, through redirects that stay where fetching is allowed."""
        for _ in range(_MOST_REDIRECTS + 1):
            if not allowed(url, account.config.graph_url, self.hosts):
                raise _Refused("the host is not one of the provider's")
            async with self.client.stream("GET", url, headers=headers) as answer:
                if not answer.has_redirect_location:
                    return await self._body(link, answer), _type(answer)
                url = urljoin(url, answer.headers["location"])
        raise _Refused("too many redirects")

    async def _body(self, link: Link, answer: httpx.Response) -> bytes:
        if answer.status_code != 200:
            again = answer.status_code in (408, 429) or answer.status_code >= 500
            raise _Refused(f"status {answer.status_code}", again=again)
        parts: list[bytes] = []
        size = 0
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > self.limit:
                raise _Refused("the file is over the limit")
            if size > LARGE:
                await self.room.enter(_key(link))
            parts.append(part)
        return b"".join(parts)


def _key(link: Link) -> Key:
    return link.message_id, link.number


def _type(answer: httpx.Response) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip()[:100] or "application/octet-stream"


def effect(fetcher: Fetcher) -> Effect[Link, Blob | Failed]:
    """The worker: leased rows, fetched outside any transaction, settled with their blob."""

    async def claim(tx: Tx, now: datetime, limit: int, _: UUID) -> list[Link]:
        return await store.claim(tx, now, now + LEASE, limit, MOST_TRIES)

    async def settle(tx: Tx, done: Sequence[tuple[Link, Blob | Failed]], now: datetime) -> Made:
        try:
            for link, result in sorted(done, key=lambda item: _order(*item)):
                if isinstance(result, Blob):
                    await store.fetched(tx, link, result, now)
                else:
                    again = result.again and link.tries < MOST_TRIES
                    await store.not_fetched(tx, link, result.reason, now + later(link.tries) if again else None)
        finally:
            for link, _ in done:
                fetcher.room.leave(_key(link))
        return Made()

    async def perform(link: Link, _: Begin) -> Blob | Failed:
        return await fetcher.fetch(link)

    return Effect("media", timedelta(seconds=1), 8, 4, claim, perform, settle)


def _order(link: Link, result: Blob | Failed) -> tuple[str, str, int]:
    """Blobs are locked in the order of their hashes."""
    return result.sha256 if isinstance(result, Blob) else "", str(link.message_id), link.number
