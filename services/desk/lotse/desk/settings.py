"""Settings of the desk, beside those of every service."""

import json
from datetime import timedelta
from typing import Annotated, Literal, Self, cast

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from lotse.runtime.settings import RuntimeSettings


def _addresses(given: object) -> object:
    """`name=url,name=url`, or JSON of names to a URL or several."""
    if isinstance(given, str) and not given.lstrip().startswith("{"):
        found: dict[str, list[str]] = {}
        for part in filter(None, (part.strip() for part in given.split(","))):
            name, equals, url = part.partition("=")
            if not equals or not url.startswith(("http://", "https://")):
                raise ValueError("write name=http://host:port, separated by commas")
            found.setdefault(name.strip(), []).append(url.strip())
        return found
    told = json.loads(given) if isinstance(given, str) else given
    if not isinstance(told, dict):
        return told
    named = cast("dict[str, object]", told)
    return {name: (urls,) if isinstance(urls, str) else urls for name, urls in named.items()}


class DeskSettings(RuntimeSettings):
    """Who may come in: tokens signed with a secret of our own, or by an OIDC issuer; both may be given."""

    jwt_secret: SecretStr | None = Field(default=None, min_length=32)
    """Signs and checks HS256 tokens; at least 32 bytes. For one machine and for services without an issuer."""
    oidc_issuer: str | None = None
    """`iss` of the tokens that the issuer signs (RS256, ES256)."""
    oidc_jwks_url: str | None = None
    """Where the issuer's public keys are; asked at most every 30 s, kept for 5 min."""
    oidc_audience: str | None = None
    """`aud` that the issuer's tokens must name; unset: not looked at."""
    oidc_client_id: str | None = None
    """This console's name at the issuer; set, people sign in there (authorization code flow)."""
    oidc_client_secret: SecretStr | None = None
    """Unset: a public client, which PKCE alone protects."""
    oidc_scopes: str = "openid profile email"
    oidc_agent_claim: str = "sub"
    """The claim that says which agent of the configuration signs in: by id, or by address where it is one."""
    oidc_role_claim: str = "lotse_role"
    """The claim that says the role: a word or a list; `a.b` is `b` inside `a`."""
    oidc_roles: dict[str, Literal["agent", "lead", "admin"]] = {"agent": "agent", "lead": "lead", "admin": "admin"}
    """Which role a value of that claim gives, as JSON; of several the highest counts."""
    outcome_wait: timedelta = timedelta(seconds=2)
    """How long a command waits for its outcome before it is answered with 202."""
    console_url: str = "http://127.0.0.1:8080"
    """Where people reach the console from outside; with https its cookies are sent over TLS alone."""
    session_secret: SecretStr | None = Field(default=None, min_length=32)
    """Signs the console's session cookies, the same in every replica; unset: `jwt_secret`."""

    ingest_url: str | None = None
    """Where ingest keeps files, `http://host:port`; unset: nothing can be attached or fetched."""
    service_token: SecretStr | None = None
    """What ingest lets other services in by; it signs the links to files too."""

    trace_url: str | None = Field(default=None, pattern=r"^https?://.*\{trace_id\}")
    """Where a trace can be looked at, such as `http://jaeger/trace/{trace_id}`; unset: the command that shows it."""

    services: Annotated[dict[str, tuple[str, ...]], NoDecode, BeforeValidator(_addresses)] = {}
    """Where each service answers `/ops/…`, for the page of operations: `router=http://router:8080,ingest=http://…`,
    a service named once for each replica or by a name that stands for all of them; or the same as JSON."""

    @model_validator(mode="after")
    def _has_a_way_in(self) -> Self:
        if (self.oidc_issuer is None) != (self.oidc_jwks_url is None):
            raise ValueError("LOTSE_OIDC_ISSUER and LOTSE_OIDC_JWKS_URL go together: set both")
        if self.jwt_secret is None and self.oidc_issuer is None:
            raise ValueError("nobody could come in: set LOTSE_JWT_SECRET, or LOTSE_OIDC_ISSUER and LOTSE_OIDC_JWKS_URL")
        if self.oidc_client_id is not None and self.oidc_issuer is None:
            raise ValueError("LOTSE_OIDC_CLIENT_ID needs its issuer: set LOTSE_OIDC_ISSUER and LOTSE_OIDC_JWKS_URL")
        if self.ingest_url is not None and self.service_token is None:
            raise ValueError("ingest lets nobody in without a token: set LOTSE_SERVICE_TOKEN beside LOTSE_INGEST_URL")
        if self.jwt_secret is None and self.session_secret is None:
            raise ValueError("the console's sessions need a key: set LOTSE_SESSION_SECRET, at least 32 bytes")
        return self

    @property
    def session_key(self) -> SecretStr:
        """What signs the session cookies."""
        key = self.session_secret or self.jwt_secret
        assert key is not None  # noqa: S101
        return key
