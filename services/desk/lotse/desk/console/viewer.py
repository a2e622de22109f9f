"""Who looks at a page: signed in by a cookie that the session middleware signs."""

from datetime import datetime, timedelta
from typing import Literal, cast
from uuid import UUID, uuid4

from pydantic import AwareDatetime, ValidationError
from starlette.requests import HTTPConnection

from lotse.contracts.commands import Role
from lotse.contracts.frozen import frozen
from lotse.desk.auth import Caller
from lotse.desk.language import Language, language_of
from lotse.desk.model import Model

Theme = Literal["auto", "light", "dark"]

PEOPLE: tuple[Role, ...] = ("agent", "lead", "admin")
"""The roles that have a place in the console; a service has its token and the API."""

LASTS = timedelta(hours=12)
"""A sign-in ends with the working day."""

_KEY = "viewer"
_NEXT = "next"


class _Kept(Model):
    subject: str
    role: Role
    session: UUID
    until: AwareDatetime
    by_issuer: bool = False


@frozen
class Viewer:
    """The person, and how he wants to be spoken to. `session` is the sign-in's own id, `until` when it ends."""

    caller: Caller
    language: Language
    theme: Theme = "auto"
    session: UUID | None = None
    until: datetime | None = None


def sign_in(connection: HTTPConnection, caller: Caller, now: datetime, *, by_issuer: bool = False) -> str:
    """Begin a session afresh; whatever an older one held is gone. Gives the path to go on to."""
    path = cast("str", connection.session.get(_NEXT, "/"))
    connection.session.clear()
    kept = _Kept(subject=caller.subject, role=caller.role, session=uuid4(), until=now + LASTS, by_issuer=by_issuer)
    connection.session[_KEY] = kept.model_dump(mode="json")
    return path


def sign_out(connection: HTTPConnection) -> None:
    connection.session.clear()


def go_on_to(connection: HTTPConnection, path: str) -> None:
    """Remember where a person wanted to be before signing in; nothing but a path of our own is taken."""
    if path.startswith("/") and not path.startswith(("//", "/\\")):
        connection.session[_NEXT] = path


def viewer_of(connection: HTTPConnection, now: datetime) -> Viewer | None:
    """The person behind a request, or None where nobody is signed in (any more)."""
    kept = _kept(connection)
    if kept is None or kept.until <= now:
        return None
    caller = Caller(kept.subject, kept.role)
    return Viewer(caller, language(connection), theme(connection), kept.session, kept.until)


def came_by_issuer(connection: HTTPConnection) -> bool:
    """Whether the session at the issuer is to be ended with this one."""
    kept = _kept(connection)
    return kept is not None and kept.by_issuer


def _kept(connection: HTTPConnection) -> _Kept | None:
    try:
        return _Kept.model_validate(connection.session.get(_KEY))
    except ValidationError:
        return None


def language(connection: HTTPConnection) -> Language:
    """As chosen on the page, else as the browser asks."""
    chosen = connection.cookies.get("lotse_language")
    return chosen if chosen in ("de", "en") else language_of(connection.headers.get("accept-language", ""))


def theme(connection: HTTPConnection) -> Theme:
    chosen = connection.cookies.get("lotse_theme")
    return cast(Theme, chosen) if chosen in ("light", "dark") else "auto"
