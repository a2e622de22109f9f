"""What sign-in remembers for every replica: links that were used, sessions that were ended."""

from datetime import datetime
from uuid import UUID

from lotse.runtime.postgres import Tx

_USE_LINK = "INSERT INTO link (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id"
_SWEEP_LINKS = "DELETE FROM link WHERE expires_at < $1"
_LINK_USED = "SELECT 1 FROM link WHERE id = $1"
_END_SESSION = "INSERT INTO ended_session (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_SWEEP_SESSIONS = "DELETE FROM ended_session WHERE expires_at < $1"
_SESSION_ENDED = "SELECT 1 FROM ended_session WHERE id = $1"


async def use_link(tx: Tx, link: UUID, expires_at: datetime, now: datetime) -> bool:
    """Whether this is its first use; whatever expired is swept beside."""
    await tx.execute(_SWEEP_LINKS, now)
    return await tx.fetchval(_USE_LINK, link, expires_at) is not None


async def link_used(tx: Tx, link: UUID) -> bool:
    return await tx.fetchval(_LINK_USED, link) is not None


async def end_session(tx: Tx, session: UUID, expires_at: datetime, now: datetime) -> None:
    """Its cookie opens nothing from now on."""
    await tx.execute(_SWEEP_SESSIONS, now)
    await tx.execute(_END_SESSION, session, expires_at)


async def session_ended(tx: Tx, session: UUID) -> bool:
    return await tx.fetchval(_SESSION_ENDED, session) is not None
