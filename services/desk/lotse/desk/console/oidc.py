"""Signing in at an OpenID Connect issuer: authorization code flow with PKCE (RFC 7636), state and nonce.

What comes back is believed only where it was asked for by this browser, signed by the issuer's keys and meant for this
client. Who it is and what he may do is read from the claims that the settings name.
"""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, cast
from urllib.parse import quote, urlencode

import jwt
from aiohttp import ClientError, ClientSession, ClientTimeout
from jwt import PyJWKClient, PyJWKClientConnectionError
from pydantic import AwareDatetime, ValidationError
from starlette.requests import HTTPConnection

from lotse.contracts.commands import Role
from lotse.contracts.config import Config
from lotse.contracts.ids import AgentId
from lotse.desk.auth import Caller
from lotse.desk.console.viewer import PEOPLE
from lotse.desk.model import Model
from lotse.desk.settings import DeskSettings

Why = Literal["denied", "stale", "away", "untrusted", "no_role", "no_agent"]

_ALGORITHMS = ["RS256", "ES256", "PS256"]
_LEEWAY = 30
_TIMEOUT = 5.0
_METADATA_LASTS = timedelta(hours=1)
_ATTEMPT_LASTS = timedelta(minutes=15)
_ATTEMPTS = 4
"""Windows that may be on their way to the issuer at once; the cookie holds no more."""

_KEY = "oidc"


class SignInFailed(Exception):
    """Nobody comes in this time. `why` is what the page says, `detail` is for the log and quotes no token."""

    def __init__(self, why: Why, detail: str) -> None:
        super().__init__(detail)
        self.why: Why = why
        self.detail = detail


class Provider(Model):
    """What the issuer says of itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class Attempt(Model):
    """What this browser was sent off with."""

    state: str
    nonce: str
    verifier: str
    at: AwareDatetime


class _Tokens(Model):
    id_token: str
    access_token: str = ""


@dataclass(slots=True)
class Issuer:
    """The issuer of the settings, which name a client; what it says of itself is asked once an hour."""

    settings: DeskSettings
    _provider: Provider | None = field(default=None, init=False)
    _asked_at: datetime | None = field(default=None, init=False)
    _keys: PyJWKClient | None = field(default=None, init=False)

    @property
    def redirect_uri(self) -> str:
        return f"{self.settings.console_url.rstrip('/')}/oidc/callback"

    async def begin(self, connection: HTTPConnection, now: datetime) -> str:
        """Where to send the browser. Raises SignInFailed."""
        provider = await self.provider(now)
        attempt = Attempt(
            state=secrets.token_urlsafe(24), nonce=secrets.token_urlsafe(24), verifier=secrets.token_urlsafe(48), at=now
        )
        _keep(connection, [*_attempts(connection, now), attempt][-_ATTEMPTS:])
        asked = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": self.redirect_uri,
            "scope": self.settings.oidc_scopes,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }
        return _with(provider.authorization_endpoint, asked)

    async def finish(
        self, connection: HTTPConnection, answer: Mapping[str, str], config: Config, now: datetime
    ) -> Caller:
        """Who came back. Raises SignInFailed; either way the attempt is used up."""
        attempt = _take(connection, answer.get("state", ""), now)
        if attempt is None:
            raise SignInFailed("stale", "no attempt of this browser has that state")
        provider = await self.provider(now)
        _said_by(provider, answer)
        if "error" in answer:
            raise SignInFailed("denied", f"the issuer answers {answer['error'][:60]!r}")
        tokens = await self._redeem(provider, answer.get("code", ""), attempt)
        claims = await self._verified(provider, tokens.id_token, attempt.nonce)
        return await self._caller(provider, tokens, claims, config)

    async def provider(self, now: datetime) -> Provider:
        """Raises SignInFailed where the issuer cannot be had or is not who it should be."""
        if self._provider is None or self._asked_at is None or now - self._asked_at > _METADATA_LASTS:
            issuer = self.settings.oidc_issuer or ""
            said = await _json("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            try:
                found = Provider.model_validate(said)
            except ValidationError as error:
                raise SignInFailed("away", "the issuer's configuration is incomplete") from error
            if found.issuer != issuer:
                raise SignInFailed("untrusted", "the issuer names itself differently than LOTSE_OIDC_ISSUER")
            if self._provider is None or self._provider.jwks_uri != found.jwks_uri:
                self._keys = PyJWKClient(found.jwks_uri, timeout=int(_TIMEOUT))
            self._provider, self._asked_at = found, now
        return self._provider

    async def leaving(self, now: datetime) -> str | None:
        """Where to end the session at the issuer itself (OpenID Connect RP-Initiated Logout 1.0), if it can be."""
        try:
            provider = await self.provider(now)
        except SignInFailed:
            return None
        if provider.end_session_endpoint is None:
            return None
        back = f"{self.settings.console_url.rstrip('/')}/"
        return _with(provider.end_session_endpoint, {"client_id": self._client, "post_logout_redirect_uri": back})

    @property
    def _client(self) -> str:
        return self.settings.oidc_client_id or ""

    async def _redeem(self, provider: Provider, code: str, attempt: Attempt) -> _Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self._client,
            "code_verifier": attempt.verifier,
        }
        secret, headers = self.settings.oidc_client_secret, dict[str, str]()
        if secret is not None and "client_secret_basic" in provider.token_endpoint_auth_methods_supported:
            headers["Authorization"] = _basic(self._client, secret.get_secret_value())
        elif secret is not None:
            form["client_secret"] = secret.get_secret_value()
        try:
            return _Tokens.model_validate(await _json("POST", provider.token_endpoint, headers, form))
        except ValidationError as error:
            raise SignInFailed("untrusted", "the issuer gave no id_token") from error

    async def _verified(self, provider: Provider, token: str, nonce: str) -> Mapping[str, object]:
        """The claims of an ID token (OpenID Connect Core 1.0, 3.1.3.7)."""
        assert self._keys is not None  # noqa: S101
        try:
            key = await asyncio.to_thread(self._keys.get_signing_key_from_jwt, token)
            claims = cast(
                "dict[str, object]",
                jwt.decode(
                    token,
                    key.key,
                    algorithms=_ALGORITHMS,
                    issuer=provider.issuer,
                    audience=self._client,
                    leeway=_LEEWAY,
                    options={"require": ["exp", "iat", "sub", "iss", "aud"]},
                ),
            )
        except PyJWKClientConnectionError as error:
            raise SignInFailed("away", "the issuer's keys cannot be had") from error
        except (jwt.PyJWTError, ValueError) as error:
            raise SignInFailed("untrusted", f"the id_token cannot be trusted: {type(error).__name__}") from error
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise SignInFailed("untrusted", "the id_token answers another question")
        if claims.get("azp", self._client) != self._client:
            raise SignInFailed("untrusted", "the id_token was made for another client")
        return claims

    async def _caller(
        self, provider: Provider, tokens: _Tokens, claims: Mapping[str, object], config: Config
    ) -> Caller:
        wanted = (self.settings.oidc_role_claim, self.settings.oidc_agent_claim)
        if provider.userinfo_endpoint and any(_claim(claims, name) is None for name in wanted):
            bearer = {"Authorization": f"Bearer {tokens.access_token}"}
            more = await _json("GET", provider.userinfo_endpoint, bearer)
            if more.get("sub") == claims["sub"]:
                claims = {**more, **claims}
        return caller_of(claims, self.settings, config)


def caller_of(claims: Mapping[str, object], settings: DeskSettings, config: Config) -> Caller:
    """Agent and role that the claims stand for. Raises SignInFailed."""
    said = _claim(claims, settings.oidc_role_claim)
    values = [str(one) for one in cast("Sequence[object]", said)] if isinstance(said, list) else [str(said)]
    roles: set[Role] = {settings.oidc_roles[value] for value in values if value in settings.oidc_roles}
    if not roles:
        raise SignInFailed("no_role", f"{settings.oidc_role_claim} holds no role of LOTSE_OIDC_ROLES")
    role = max(roles, key=PEOPLE.index)
    subject = str(_claim(claims, settings.oidc_agent_claim) or "")
    if AgentId(subject) in config.agents:
        return Caller(subject, role)
    for name, agent in config.agents.items():
        if "@" in subject and agent.email.lower() == subject.lower() and claims.get("email_verified") is not False:
            return Caller(name, role)
    if role == "admin" and subject:
        return Caller(subject, role)
    raise SignInFailed("no_agent", f"{settings.oidc_agent_claim} names no agent of the configuration")


def challenge(verifier: str) -> str:
    """The verifier's S256 challenge (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _claim(claims: Mapping[str, object], name: str) -> object:
    """The claim of that very name, else the one that the dots lead to."""
    if name in claims:
        return claims[name]
    *path, last = name.split(".")
    for part in path:
        within = claims.get(part)
        claims = cast("dict[str, object]", within) if isinstance(within, dict) else {}
    return claims.get(last)


def _said_by(provider: Provider, answer: Mapping[str, str]) -> None:
    """Whether the answer is this issuer's (RFC 9207)."""
    said = answer.get("iss")
    if said != provider.issuer and (said is not None or provider.authorization_response_iss_parameter_supported):
        raise SignInFailed("untrusted", "another issuer answers")


def _attempts(connection: HTTPConnection, now: datetime) -> list[Attempt]:
    try:
        kept = [Attempt.model_validate(one) for one in cast("list[object]", connection.session.get(_KEY, []))]
    except ValidationError:
        return []
    return [one for one in kept if now - one.at < _ATTEMPT_LASTS]


def _keep(connection: HTTPConnection, attempts: Sequence[Attempt]) -> None:
    connection.session[_KEY] = [one.model_dump(mode="json") for one in attempts]


def _take(connection: HTTPConnection, state: str, now: datetime) -> Attempt | None:
    kept = _attempts(connection, now)
    found = next((one for one in kept if secrets.compare_digest(one.state.encode(), state.encode())), None)
    _keep(connection, [one for one in kept if one is not found])
    return found


async def _json(
    method: str, url: str, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
) -> Mapping[str, object]:
    """Raises SignInFailed: away where nobody answers, untrusted where the answer is a refusal or no object."""
    try:
        async with (
            ClientSession(timeout=ClientTimeout(_TIMEOUT), trust_env=True) as client,
            client.request(method, url, headers=headers, data=form, allow_redirects=False) as answer,
        ):
            status = answer.status
            said = cast(object, await answer.json(content_type=None)) if status // 100 == 2 else None
    except (ClientError, TimeoutError, ValueError) as error:
        raise SignInFailed("away", f"the issuer cannot be had: {type(error).__name__}") from error
    if status >= 500:
        raise SignInFailed("away", f"the issuer answers {status}")
    if not isinstance(said, dict):
        raise SignInFailed("untrusted", f"the issuer answers {status}")
    return cast("dict[str, object]", said)


def _basic(client: str, secret: str) -> str:
    """Both parts form-encoded first (RFC 6749, 2.3.1)."""
    return "Basic " + base64.b64encode(f"{quote(client, safe='')}:{quote(secret, safe='')}".encode()).decode()


def _with(url: str, query: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
