"""Tokens for the desk of one machine, where no identity provider issues them."""

from datetime import datetime, timedelta

import jwt

from lotse.contracts.commands import Role
from lotse.contracts.config import Config
from lotse.local.errors import LocalError


def token(secret: str, subject: str, role: Role, now: datetime, valid: timedelta) -> str:
    """A JWT as the desk reads it: `sub`, `lotse_role`, `exp`, signed with HS256."""
    claims = {"sub": subject, "lotse_role": role, "iat": now, "exp": now + valid}
    return jwt.encode(claims, secret, algorithm="HS256")


def role_of(config: Config, agent: str) -> Role:
    """The role that the configuration gives an agent. Raises LocalError for one it does not know."""
    for name, known in config.agents.items():
        if name == agent:
            return known.role
    raise LocalError(f"There is no agent '{agent}'. There are: {', '.join(config.agents) or 'none'}.")
