"""Who calls: a bearer token, checked against our own secret or the issuer's public keys."""

import asyncio
from typing import get_args

import jwt
from jwt import PyJWKClient, PyJWKClientConnectionError
from pydantic import Field, ValidationError

from lotse.contracts.commands import Role
from lotse.contracts.frozen import frozen
from lotse.desk.model import Model
from lotse.desk.settings import DeskSettings

ROLES: tuple[Role, ...] = get_args(Role)

_LEEWAY = 30
_JWKS_TIMEOUT = 2.0


class AuthError(Exception):
    """The caller is not let in; the text is for him and quotes nothing of the token."""


class NoToken(AuthError):
    """The request bears no token at all."""


class BadToken(AuthError):
    """The token is expired, forged or not for us."""


class IssuerAway(AuthError):
    """The issuer's keys cannot be had at the moment."""


class _Claims(Model):
    sub: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")
    lotse_role: Role


@frozen
class Caller:
    """Who asks. For agents and leads `subject` is the agent id."""

    subject: str
    role: Role

    def may_act_for(self, agent: str) -> bool:
        """An agent acts for himself alone; everybody else for any agent."""
        return self.role != "agent" or self.subject == agent


class Guard:
    """Reads bearer tokens. The algorithm follows from who is to have signed, never from the token alone."""

    def __init__(self, settings: DeskSettings) -> None:
        self._secret = settings.jwt_secret
        self._issuer = settings.oidc_issuer
        self._audience = settings.oidc_audience
        self._keys = PyJWKClient(settings.oidc_jwks_url, timeout=_JWKS_TIMEOUT) if settings.oidc_jwks_url else None

    async def caller(self, authorization: str | None) -> Caller:
        """Who the header speaks for. Raises NoToken, BadToken, IssuerAway."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NoToken("send the header Authorization: Bearer <token>")
        try:
            claims = _Claims.model_validate(await self._claims(token.strip()))
        except ValidationError as error:
            raise BadToken(f"the token needs sub and lotse_role, one of {', '.join(ROLES)}") from error
        except PyJWKClientConnectionError as error:
            raise IssuerAway("the keys of the token's issuer cannot be had at the moment") from error
        except jwt.ExpiredSignatureError as error:
            raise BadToken("the token has expired") from error
        except (jwt.PyJWTError, ValueError) as error:
            raise BadToken("the token cannot be trusted") from error
        return Caller(claims.sub, claims.lotse_role)

    async def _claims(self, token: str) -> dict[str, object]:
        if jwt.get_unverified_header(token).get("alg") == "HS256":
            return self._by_secret(token)
        return await self._by_issuer(token)

    def _by_secret(self, token: str) -> dict[str, object]:
        if self._secret is None:
            raise jwt.InvalidAlgorithmError
        return jwt.decode(
            token,
            self._secret.get_secret_value(),
            algorithms=["HS256"],
            leeway=_LEEWAY,
            options={"require": ["exp", "sub"], "verify_aud": False},
        )

    async def _by_issuer(self, token: str) -> dict[str, object]:
        if self._keys is None:
            raise jwt.InvalidAlgorithmError
        key = await asyncio.to_thread(self._keys.get_signing_key_from_jwt, token)
        return jwt.decode(
            token,
            key.key,
            algorithms=["RS256", "ES256"],
            issuer=self._issuer,
            audience=self._audience,
            leeway=_LEEWAY,
            options={"require": ["exp", "sub", "iss"], "verify_aud": self._audience is not None},
        )
