"""How a call is refused: RFC 9457, `application/problem+json`."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import ClassVar

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class ProblemDetails(BaseModel):
    """What went wrong, for people and machines."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Problem(Exception):
    """A refusal. `headers` go with the answer."""

    status: ClassVar[int] = 400

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers or {}


class NotReadable(Problem):
    """The body is not in the format that the endpoint takes."""


class Unauthorised(Problem):
    """The signature or token is missing or wrong."""

    status = 401


class Unknown(Problem):
    """There is no such thing."""

    status = 404


class NotGiven(Problem):
    """There was such a thing, and the provider does not give it."""

    status = 410


class TooLarge(Problem):
    """The body, or the event made of it, is larger than the channel's limit."""

    status = 413


class Invalid(Problem):
    """The body is readable and breaks the schema."""

    status = 422


class Away(Problem):
    """Kafka or PostgreSQL cannot be had: the caller should send the same again."""

    status = 503

    def __init__(self, detail: str) -> None:
        super().__init__(detail, {"Retry-After": "5"})


def answer(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    body = ProblemDetails(title=HTTPStatus(status).phrase, status=status, detail=detail)
    return Response(body.model_dump_json(), status, dict(headers or {}), MEDIA_TYPE)


def documented(*problems: type[Problem]) -> dict[int | str, dict[str, object]]:
    """The refusals of an endpoint, as OpenAPI says them."""
    schema = ProblemDetails.model_json_schema()
    content = {MEDIA_TYPE: {"schema": schema}}
    return {kind.status: {"description": (kind.__doc__ or "").strip(), "content": content} for kind in problems}


def install(app: FastAPI) -> None:
    """Answer every refusal of the app, its framework's too, as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework)


async def _problem(_: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    return answer(error.status, error.detail, error.headers)


async def _invalid(_: Request, error: Exception) -> Response:
    """Which fields are wrong and why, without what stood in them."""
    if not isinstance(error, RequestValidationError):
        raise error
    found: Sequence[ErrorDetails] = error.errors()
    return answer(422, "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in found))


async def _framework(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return answer(error.status_code, str(error.detail), error.headers)
