"""Connections, transactions and which database errors pass by themselves."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, Self, TypeVar, cast

import asyncpg

T = TypeVar("T")


class Row(Protocol):
    """One row: columns by name or position."""

    def __getitem__(self, key: str | int) -> Any: ...


class Tx(Protocol):
    """A connection inside a transaction."""

    async def fetch(self, query: str, *args: object) -> list[Row]: ...
    async def fetchrow(self, query: str, *args: object) -> Row | None: ...
    async def fetchval(self, query: str, *args: object) -> Any: ...
    async def execute(self, query: str, *args: object) -> str: ...
    async def executemany(self, query: str, args: Sequence[Sequence[object]]) -> None: ...


class Connection(Tx, Protocol):
    """A connection of one's own, for LISTEN and session locks."""

    async def add_listener(self, channel: str, callback: Callable[..., None]) -> None: ...
    async def close(self) -> None: ...
    def terminate(self) -> None: ...
    def transaction(self) -> Any: ...


class _Pool(Protocol):
    def acquire(self, *, timeout: float | None = None) -> Any: ...
    async def close(self) -> None: ...
    def terminate(self) -> None: ...


SESSION = {
    "idle_in_transaction_session_timeout": "15000",
    "lock_timeout": "10000",
    "statement_timeout": "30000",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "jit": "off",
    "enable_seqscan": "off",
}
"""Every query of a service is by key. A plan that was made while a table was still empty would go on reading all of
it, since a prepared statement keeps its plan until the next ANALYZE."""

UNIQUE_VIOLATION = "23505"
QUERY_CANCELED = "57014"
_TRANSIENT_STATES = ("25006", "25P03", "40001", "40P01", "55P03", QUERY_CANCELED, "57P01", "57P02", "57P03")
"""A standby not yet promoted, a session or statement that took too long, deadlocks, a server that stops or starts."""
_TRANSIENT_CLASSES = ("08", "53", "58")
"""The connection, the server's resources (disk, memory, connections), the system below it."""
_STALE = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
"""A migration beside us changed what a prepared statement gives; it is prepared anew."""
_AGAIN = 0.5


def sqlstate(error: BaseException) -> str | None:
    return cast("str | None", getattr(error, "sqlstate", None))


def is_transient(error: BaseException) -> bool:
    """Whether the same transaction may well succeed when tried again."""
    if isinstance(error, _STALE):
        return True
    state = sqlstate(error)
    if state is not None:
        return state in _TRANSIENT_STATES or state.startswith(_TRANSIENT_CLASSES)
    if isinstance(error, asyncpg.ClientConfigurationError):
        return False
    return isinstance(error, OSError | TimeoutError | asyncpg.InterfaceError)


async def connect(url: str, schema: str, name: str) -> Connection:
    """A connection of one's own in the service's schema."""
    connection = await asyncpg.connect(
        url, timeout=10, server_settings={**SESSION, "search_path": schema, "application_name": name}
    )
    return cast(Connection, connection)


async def _as_it_is(connection: object) -> None:
    """Nothing that is done on a pooled connection outlasts its transaction, so there is nothing to reset."""
    del connection


async def lock_all(tx: Tx, statement: str, number: int, *args: object) -> list[Row]:
    """The rows of a statement that makes what is missing and locks the rest, once it has all of them.

    Rows that another transaction made meanwhile are seen by the next statement alone.
    """
    while True:
        rows = await tx.fetch(statement, *args)
        if len(rows) >= number:
            return rows


class Database:
    """A service's pool, bound to its schema."""

    def __init__(self, url: str, schema: str, pool: _Pool) -> None:
        self.url = url
        self.schema = schema
        self._pool = pool

    @classmethod
    async def open(cls, url: str, schema: str, size: int = 6) -> Self:
        """Connect; raises OSError or asyncpg's errors when the server is away."""
        settings = {**SESSION, "search_path": schema, "application_name": f"lotse-{schema}"}
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            timeout=10,
            server_settings=settings,
            max_inactive_connection_lifetime=60,
            reset=_as_it_is,
        )
        return cls(url, schema, cast(_Pool, pool))

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Tx]:
        """A connection without a transaction, for single statements."""
        async with self._pool.acquire(timeout=10) as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        """READ COMMITTED; committed at the end, rolled back when anything raises."""
        async with self._pool.acquire(timeout=10) as connection, connection.transaction():
            yield connection

    async def lasting(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """`work` in a transaction, again for as long as what prevents it passes by itself. Raises what does not."""
        while True:
            try:
                async with self.transaction() as tx:
                    return await work(tx)
            except Exception as error:
                if not is_transient(error):
                    raise
                await asyncio.sleep(_AGAIN)

    async def close(self) -> None:
        await self._pool.close()

    def terminate(self) -> None:
        """Drop every connection at once, as a killed process would."""
        self._pool.terminate()
