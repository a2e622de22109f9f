# pyright: reportUnknownMemberType=false
"""News for open pages: the desk's changes, read once for all of them and told to each as often as it can take them.

`Hub` is one per process. It is woken by this process's folds and looks by itself what other replicas folded, twenty
times a second at the most; while nobody follows it asks for nothing. A page holds a `Subscription`: what it was not
told yet gathers there, so that a slow page, or one whose connection is cut, gets the sum of what it missed.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from time import monotonic

from nicegui import Client, background_tasks

from lotse.contracts.frozen import frozen, replace
from lotse.desk import changes
from lotse.desk.api.problems import ApiError
from lotse.desk.changes import EVERYTHING, Changes, Cursor, News
from lotse.runtime.postgres import Database, is_transient
from lotse.runtime.service import Context
from lotse.runtime.ticking import wait

log = logging.getLogger(__name__)

__all__ = ["AsOf", "Changes", "Hub", "Subscription", "while_shown"]

_LOOK = 0.25
"""Seconds between two looks where no fold of this process wakes us."""

_AT_MOST = 0.05
"""Seconds between two looks at the least."""

_FRESH = timedelta(seconds=5)
"""A projection that is this far behind what was published is said to lag."""

_AGAIN = 1.0
"""Seconds until a page that could not be brought up to date is tried again."""


_QUIET = timedelta(seconds=2)
"""Whoever reads nothing new for this long has caught up."""


@frozen
class AsOf:
    """How old what is shown may be: when the youngest event read was published, and how late it was read."""

    read_up_to: datetime | None = None
    read_at: datetime | None = None
    behind: timedelta = timedelta(0)
    away: bool = False
    """The database cannot be had: nothing new is shown."""

    @property
    def lags(self) -> bool:
        return self.away or self.behind > _FRESH


class Subscription:
    """What one follower was not told yet. The first thing it is told is `all`."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._pending = Changes()
        self._ready = asyncio.Event()
        self._ended = False

    def add(self, news: Changes) -> None:
        """Take note; an empty one only has the follower look at `hub.as_of`."""
        self._pending = self._pending | news
        self._ready.set()

    def close(self) -> None:
        self._ended = True
        self._ready.set()
        self._hub.leave(self)

    async def __aiter__(self) -> AsyncIterator[Changes]:
        while True:
            await self._ready.wait()
            if self._ended:
                return
            self._ready.clear()
            told, self._pending = self._pending, Changes()
            yield told


class Hub:
    """Reads what changed, once for everybody who follows."""

    def __init__(self) -> None:
        self.as_of = AsOf()
        self._followers: set[Subscription] = set()
        self._cursor: Cursor | None = None
        self._wake = asyncio.Event()
        self._last = 0.0

    def follow(self) -> Subscription:
        """Be told of everything from now on; `close` ends it."""
        made = Subscription(self)
        self._followers.add(made)
        if self._cursor is None:
            self._wake.set()
        else:
            made.add(EVERYTHING)
        return made

    def leave(self, follower: Subscription) -> None:
        self._followers.discard(follower)

    async def run(self, context: Context) -> None:
        """Until the service stops."""
        self._wake = context.bell.listener()
        while not context.stopping.is_set():
            await wait(self._wake, _LOOK)
            self._wake.clear()
            if not self._followers:
                self._cursor = None
                continue
            await wait(context.stopping, self._last + _AT_MOST - monotonic())
            self._last = monotonic()
            try:
                await self.look(context.database)
            except Exception as error:
                log.warning("open pages wait for news: %s", type(error).__name__, exc_info=not is_transient(error))
                self._tell(Changes(), replace(self.as_of, away=True))
                await wait(context.stopping, _AGAIN)

    async def look(self, database: Database) -> None:
        """Read once and tell everybody."""
        async with database.transaction() as tx:
            news = await changes.since(tx, self._cursor)
        self._tell(news.changes, _as_of(news, self.as_of, self._cursor is None))
        self._cursor = news.cursor

    def _tell(self, told: Changes, as_of: AsOf) -> None:
        turned, self.as_of = as_of.lags != self.as_of.lags, as_of
        if told or turned:
            for follower in self._followers:
                follower.add(told)


def _as_of(news: News, before: AsOf, first: bool) -> AsOf:
    """What has just been read and was published long ago shows that we lag; who reads nothing new does not."""
    now = news.cursor.at
    if first or news.read_up_to is None:
        return AsOf(news.read_up_to, now)
    if news.read_up_to != before.read_up_to:
        return AsOf(news.read_up_to, now, now - news.read_up_to)
    quiet = before.read_at is None or now - before.read_at > _QUIET
    return AsOf(news.read_up_to, before.read_at, timedelta(0) if quiet else before.behind)


def while_shown(hub: Hub, client: Client, show: Callable[[Changes], Awaitable[None]]) -> Subscription:
    """Have `show` told of changes for as long as the page is open, one at a time; the first are `all`.

    While the connection is cut they gather. What `show` could not do is tried again, all of it.
    """
    subscription, connected = hub.follow(), asyncio.Event()
    if client.has_socket_connection:
        connected.set()
    client.on_connect(connected.set)
    client.on_disconnect(lambda: None if client.has_socket_connection else connected.clear())
    client.on_delete(subscription.close)
    client.on_delete(connected.set)
    background_tasks.create(_show(subscription, client, connected, show), name=f"live {client.id}")
    return subscription


async def _show(
    subscription: Subscription, client: Client, connected: asyncio.Event, show: Callable[[Changes], Awaitable[None]]
) -> None:
    async for told in subscription:
        await connected.wait()
        if client.is_deleted:
            return
        try:
            with client:
                await show(told)
        except Exception as error:
            if not (isinstance(error, ApiError) or is_transient(error)):
                log.exception("a page could not be brought up to date and reads everything again")
            subscription.add(EVERYTHING)
            await asyncio.sleep(_AGAIN)
