"""What requests need, and who may make them."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal, cast

from fastapi import Depends, FastAPI, Request
from fastapi.security import HTTPBearer

from lotse.contracts.config import Config
from lotse.contracts.frozen import frozen
from lotse.desk.api.problems import ApiError, Problem
from lotse.desk.auth import AuthError, BadToken, Caller, Guard, IssuerAway
from lotse.desk.files import Files
from lotse.desk.settings import DeskSettings
from lotse.desk.waiting import Waiting
from lotse.runtime.postgres import Database
from lotse.runtime.publish import Publisher

Responses = dict[int | str, dict[str, object]]


@frozen
class Parts:
    """Made by `app.py` once the service has its connections; requests before that are told to come again."""

    settings: DeskSettings
    config: Config
    guard: Guard
    database: Database
    publisher: Publisher
    waiting: Waiting
    clock: Callable[[], datetime]
    files: Files = Files()


def parts_of(app: FastAPI) -> Parts:
    """Raises ApiError 503 where the service has not started yet."""
    found: object = getattr(app.state, "desk", None)
    if not isinstance(found, Parts):
        raise ApiError(503, "starting", "the desk is starting", headers={"Retry-After": "1"})
    return found


def _parts(request: Request) -> Parts:
    return parts_of(cast(FastAPI, request.app))


Desk = Annotated[Parts, Depends(_parts)]

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="Claims `sub`, `lotse_role` and `exp`.")


async def _caller(request: Request, desk: Desk, _: Annotated[object, Depends(_bearer)]) -> Caller:
    try:
        return await desk.guard.caller(request.headers.get("authorization"))
    except IssuerAway as error:
        raise ApiError(503, "issuer_away", str(error)) from error
    except AuthError as error:
        challenge = 'Bearer error="invalid_token"' if isinstance(error, BadToken) else "Bearer"
        reason = "bad_token" if isinstance(error, BadToken) else "no_token"
        raise ApiError(401, reason, str(error), headers={"WWW-Authenticate": challenge}) from error


Who = Annotated[Caller, Depends(_caller)]


def told(*statuses: Literal[400, 403, 404, 409, 413, 415]) -> Responses:
    """The problems that a route may answer with, beside those of every route."""
    return {status: {"model": Problem} for status in sorted({401, 422, 503, *statuses})}
