"""Errors as RFC 9457 says: `application/problem+json`, with a reason for machines and a detail for people."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, cast
from uuid import UUID

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lotse.runtime.postgres import Database, Tx, is_transient, sqlstate

if TYPE_CHECKING:
    from starlette.types import ExceptionHandler

MEDIA_TYPE = "application/problem+json"
_QUERY_CANCELED = "57014"


class Problem(BaseModel):
    """What went wrong. `reason` is stable; `detail` is English for people and may change."""

    type: str = "about:blank"
    title: str
    status: int
    reason: str
    detail: str
    command_id: UUID | None = None
    """The command that was refused."""
    errors: tuple[str, ...] = ()
    """Field by field, without the values."""


class ApiError(Exception):
    """A request that is answered with a problem."""

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        *,
        command_id: UUID | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(reason)
        self.problem = Problem(
            title=HTTPStatus(status).phrase, status=status, reason=reason, detail=detail, command_id=command_id
        )
        self.headers = dict(headers or {})


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        problem.model_dump_json(exclude_none=True), problem.status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem."""
    app.add_exception_handler(ApiError, cast("ExceptionHandler", _api_error))
    app.add_exception_handler(HTTPException, cast("ExceptionHandler", _http_error))
    app.add_exception_handler(RequestValidationError, cast("ExceptionHandler", _invalid))


async def _api_error(_: Request, error: ApiError) -> Response:
    return answer(error.problem, error.headers)


async def _http_error(_: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    problem = Problem(title=status.phrase, status=status, reason=status.name.lower(), detail=str(error.detail))
    return answer(problem, error.headers)


async def _invalid(_: Request, error: RequestValidationError) -> Response:
    problems = tuple(f"{_place(item['loc'])}: {item['msg']}" for item in error.errors())
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    problem = Problem(
        title=status.phrase, status=status, reason="invalid", detail="the request does not fit the API", errors=problems
    )
    return answer(problem)


def _place(loc: tuple[str | int, ...]) -> str:
    """Where in the request; names that a caller made up may hold what UTF-8 cannot."""
    return ".".join(str(part) for part in loc).encode("utf-8", "replace").decode()


@asynccontextmanager
async def reading(database: Database) -> AsyncGenerator[Tx]:
    """A transaction to read in; 503 where the database is away or the question too broad."""
    try:
        async with database.transaction() as tx:
            yield tx
    except Exception as error:
        if sqlstate(error) == _QUERY_CANCELED:
            raise ApiError(
                503, "too_broad", "the search takes too long: narrow it by channel, status or words"
            ) from error
        if is_transient(error):
            raise ApiError(503, "database_away", "the desk's database cannot be had at the moment") from error
        raise
