"""Settings of the desk, beside those of every service."""

from datetime import timedelta
from typing import Self

from pydantic import Field, SecretStr, model_validator

from lotse.runtime.settings import RuntimeSettings


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
    outcome_wait: timedelta = timedelta(seconds=2)
    """How long a command waits for its outcome before it is answered with 202."""
    console_url: str = "http://127.0.0.1:8080"
    """Where people reach the console from outside; with https its cookies are sent over TLS alone."""
    session_secret: SecretStr | None = Field(default=None, min_length=32)
    """Signs the console's session cookies, the same in every replica; unset: `jwt_secret`."""

    @model_validator(mode="after")
    def _has_a_way_in(self) -> Self:
        if (self.oidc_issuer is None) != (self.oidc_jwks_url is None):
            raise ValueError("LOTSE_OIDC_ISSUER and LOTSE_OIDC_JWKS_URL go together: set both")
        if self.jwt_secret is None and self.oidc_issuer is None:
            raise ValueError("nobody could come in: set LOTSE_JWT_SECRET, or LOTSE_OIDC_ISSUER and LOTSE_OIDC_JWKS_URL")
        if self.jwt_secret is None and self.session_secret is None:
            raise ValueError("the console's sessions need a key: set LOTSE_SESSION_SECRET, at least 32 bytes")
        return self

    @property
    def session_key(self) -> SecretStr:
        """What signs the session cookies."""
        key = self.session_secret or self.jwt_secret
        assert key is not None  # noqa: S101
        return key
