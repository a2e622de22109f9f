"""The stack as bench and chaos run it: agents enough, nobody offline, one trace in twenty."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import httpx
import jwt
import yaml

from lotse.contracts.channels import Channel
from lotse.local.engines import Engines, state_folder
from lotse.local.stack import Plan, Stack, running

ROOT = Path(__file__).resolve().parents[1]
AGENTS = 60
UNITS = 1000
HOUR = 3600


def config(folder: Path) -> Path:
    """The German example with agents whom no limit holds up, and presence that does not run out.

    Nobody answers what a bench sends, so what agents hold would grow without end; in life it is a dozen. Therefore
    conversations take no capacity here.
    """
    data = cast(
        "dict[str, dict[str, object]]", yaml.safe_load((ROOT / "config" / "lotse.yaml").read_text(encoding="utf-8"))
    )
    agent = {
        "name": "Agent",
        "teams": ["service", "social"],
        "skills": {"de": 5, "en": 5, "public_voice": 5, "complaints": 5, "billing": 5, "sales": 5},
        "capacity": {"soft": UNITS, "hard": UNITS},
    }
    data["agents"] = {f"agent-{n}": {**agent, "name": f"Agent {n}", "initials": f"{n:02d}"} for n in range(AGENTS)}
    data["routing"]["offline_after"] = "12 h"
    data["routing"]["units"] = {channel.value: 0 for channel in Channel}
    path = folder / "bench.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


@asynccontextmanager
async def stack(
    folder: Path,
    *,
    echoes: bool,
    replicas: dict[str, int] | None = None,
    env: dict[str, str] | None = None,
    given: Engines | None = None,
    name: str = "lotse",
) -> AsyncGenerator[Stack]:
    """A fresh stack in `folder`, with every agent online. `name`: of its topics and its database."""
    plan = Plan(
        folder=folder,
        prefix=name,
        database=name,
        config=config(folder),
        echoes=echoes,
        sample_ratio=0.05,
        replicas=replicas or {},
        env=env or {},
        artefacts=state_folder() / "kafka",
    )
    async with running(plan, lambda line: print(line, flush=True), given) as started:
        await agents_online(started)
        yield started


def headers(stack: Stack, who: str, role: str, key: str) -> dict[str, str]:
    """A token of the desk and a key for one command."""
    claims = {"sub": who, "lotse_role": role, "exp": int(time.time()) + 12 * HOUR}
    token = jwt.encode(claims, stack.secrets["LOTSE_JWT_SECRET"], algorithm="HS256")
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": key}


async def agents_online(stack: Stack) -> None:
    async with httpx.AsyncClient(base_url=stack.desk, timeout=10) as desk:
        for agent in (name for name, card in stack.config.agents.items() if card.takes_work):
            answer = await desk.put(
                f"/v1/agents/{agent}/status",
                json={"status": "online"},
                headers=headers(stack, agent, "agent", f"online-{agent}-{time.time()}"),
            )
            if answer.status_code >= 300:
                raise RuntimeError(f"{agent} could not come online: {answer.status_code} {answer.text}")
