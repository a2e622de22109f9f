"""Endpoints that take a bearer token."""

from collections.abc import Mapping, Sequence

from pydantic import SecretStr
from starlette.requests import Request

from lotse.ingest.channels import bearer
from lotse.ingest.web.problems import Unauthorised

BEARER: Sequence[Mapping[str, Sequence[str]]] = [{"bearer": []}]
SCHEMES: Mapping[str, Mapping[str, str]] = {"bearer": {"type": "http", "scheme": "bearer"}}


def require(token: SecretStr, request: Request) -> None:
    """Raises Unauthorised unless the call bears the token."""
    if not bearer.verify(token.get_secret_value(), request.headers.get("authorization")):
        raise Unauthorised("the token is missing or wrong", {"WWW-Authenticate": "Bearer"})
