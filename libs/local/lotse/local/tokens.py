"""Tokens and one-time links for the desk of one machine, where no identity provider issues them."""

from datetime import datetime, timedelta
from uuid import uuid4

import jwt

from lotse.contracts.commands import Role
from lotse.contracts.config import Config
from lotse.contracts.ids import AgentId
from lotse.local.errors import LocalError


def token(secret: str, subject: str, role: Role, now: datetime, valid: timedelta) -> str:
    """A JWT as the desk reads it: `sub`, `lotse_role`, `exp`, signed with HS256."""
    claims = {"sub": subject, "lotse_role": role, "iat": now, "exp": now + valid}
    return jwt.encode(claims, secret, algorithm="HS256")


LINK_LASTS = timedelta(minutes=15)


def link(desk: str, secret: str, agent: str, now: datetime) -> str:
    """An address that signs the agent in at the desk's console: good once, for a quarter of an hour."""
    claims = {"sub": agent, "jti": str(uuid4()), "aud": "lotse-console-link", "exp": now + LINK_LASTS}
    return f"{desk}/enter?token={jwt.encode(claims, secret, algorithm='HS256')}"


def people(config: Config) -> list[AgentId]:
    """Whom to sign in as, to see all of it: the first who leads, the first agent, the first admin."""
    first = {agent.role: name for name, agent in reversed(config.agents.items())}
    return [first[role] for role in ("lead", "agent", "admin") if role in first]


def role_of(config: Config, agent: str) -> Role:
    """The role that the configuration gives an agent. Raises LocalError for one it does not know."""
    for name, known in config.agents.items():
        if name == agent:
            return known.role
    raise LocalError(f"There is no agent '{agent}'. There are: {', '.join(config.agents) or 'none'}.")
