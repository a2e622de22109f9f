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

    @model_validator(mode="after")
    def _has_a_way_in(self) -> Self:
        if (self.oidc_issuer is None) != (self.oidc_jwks_url is None):
            raise ValueError("LOTSE_OIDC_ISSUER and LOTSE_OIDC_JWKS_URL go together: set both")
        if self.jwt_secret is None and self.oidc_issuer is None:
            raise ValueError("nobody could come in: set LOTSE_JWT_SECRET, or LOTSE_OIDC_ISSUER and LOTSE_OIDC_JWKS_URL")
        return self
