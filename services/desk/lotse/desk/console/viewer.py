"""Who looks at a page: signed in by a cookie that the session middleware signs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from starlette.requests import HTTPConnection

from lotse.contracts.commands import Role
from lotse.desk.api.page import Language, language_of
from lotse.desk.auth import Caller

Theme = Literal["auto", "light", "dark"]

LASTS = timedelta(hours=12)
"""A sign-in ends with the working day."""

_KEY = "viewer"


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    subject: str
    role: Role
    until: AwareDatetime


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person, and how he wants to be spoken to."""

    caller: Caller
    language: Language
    theme: Theme = "auto"


def sign_in(connection: HTTPConnection, caller: Caller, now: datetime) -> None:
    """Begin a session afresh; whatever an older one held is gone."""
    connection.session.clear()
    kept = _Kept(subject=caller.subject, role=caller.role, until=now + LASTS)
    connection.session[_KEY] = kept.model_dump(mode="json")


def sign_out(connection: HTTPConnection) -> None:
    connection.session.clear()


def viewer_of(connection: HTTPConnection, now: datetime) -> Viewer | None:
    """The person behind a request, or None where nobody is signed in (any more)."""
    try:
        kept = _Kept.model_validate(connection.session.get(_KEY))
    except ValidationError:
        return None
    if kept.until <= now:
        return None
    return Viewer(Caller(kept.subject, kept.role), language(connection), theme(connection))


def language(connection: HTTPConnection) -> Language:
    """As chosen on the page, else as the browser asks."""
    chosen = connection.cookies.get("lotse_language")
    return chosen if chosen in ("de", "en") else language_of(connection.headers.get("accept-language", ""))


def theme(connection: HTTPConnection) -> Theme:
    chosen = connection.cookies.get("lotse_theme")
    return cast(Theme, chosen) if chosen in ("light", "dark") else "auto"
