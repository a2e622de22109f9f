"""One-time links: a signed token that says who, for a short while, and counts once on all replicas together."""

from datetime import datetime
from uuid import UUID

import jwt
from pydantic import AwareDatetime, Field, SecretStr, ValidationError

from lotse.contracts.frozen import frozen
from lotse.desk.model import Model

AUDIENCE = "lotse-console-link"
"""Keeps a link from being taken for a token of the API, and the other way round."""


class BadLink(Exception):
    """The token is expired, forged or no link at all."""


@frozen
class Link:
    id: UUID
    agent: str
    expires_at: datetime


class _Claims(Model):
    jti: UUID
    sub: str = Field(min_length=1, max_length=200)
    exp: AwareDatetime


def read(token: str, secret: SecretStr | None, now: datetime) -> Link:
    """What the token says. Raises BadLink."""
    if secret is None:
        raise BadLink
    try:
        claims = _Claims.model_validate(
            jwt.decode(
                token,
                secret.get_secret_value(),
                algorithms=["HS256"],
                audience=AUDIENCE,
                options={"require": ["exp", "sub", "jti", "aud"], "verify_exp": False},
            )
        )
    except (jwt.PyJWTError, ValidationError, ValueError) as error:
        raise BadLink from error
    if claims.exp <= now:
        raise BadLink
    return Link(claims.jti, claims.sub, claims.exp)
