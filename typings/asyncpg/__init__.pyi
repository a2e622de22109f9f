"""What Lotse uses of asyncpg; connections are typed by `lotse.runtime.postgres`."""

from collections.abc import Awaitable, Callable, Mapping

class PostgresError(Exception):
    sqlstate: str

class InterfaceError(Exception): ...
class UniqueViolationError(PostgresError): ...
class InvalidCachedStatementError(PostgresError): ...
class OutdatedSchemaCacheError(Exception): ...
class ClientConfigurationError(InterfaceError, ValueError): ...

async def connect(
    dsn: str, *, timeout: float = 60, server_settings: Mapping[str, str] | None = None, database: str | None = None
) -> object: ...
async def create_pool(
    dsn: str,
    *,
    min_size: int = 10,
    max_size: int = 10,
    timeout: float = 60,
    max_inactive_connection_lifetime: float = 300,
    server_settings: Mapping[str, str] | None = None,
    reset: Callable[[object], Awaitable[None]] | None = None,
) -> object: ...
