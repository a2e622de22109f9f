"""The desk's API as the play's agents use it."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, cast
from uuid import UUID, uuid4

import httpx
from pydantic import BaseModel

from lotse.contracts.config import Config
from lotse.contracts.ids import AgentId, ConversationId
from lotse.local.tokens import role_of, token
from lotse.runtime import clock

_REFUSED = "de.lotse.command.refused"
_TRIES = 20
_PAUSE = 0.5


class Outcome(BaseModel):
    """What became of a command; `type` is empty where it is not known yet."""

    command_id: UUID
    type: str = ""
    reason: str | None = None

    @property
    def refused(self) -> bool:
        return self.type.startswith(_REFUSED)

    @property
    def blocked(self) -> bool:
        return self.type.startswith("de.lotse.reply.blocked")


class Desk:
    """Speaks for every agent of the configuration, each with his own token."""

    def __init__(self, client: httpx.AsyncClient, config: Config, secret: str) -> None:
        self._client = client
        self._config = config
        self._secret = secret

    def _headers(self, agent: AgentId, key: str | None = None) -> dict[str, str]:
        role = role_of(self._config, agent)
        bearer = token(self._secret, agent, role, clock.now(), timedelta(hours=1))
        return {"Authorization": f"Bearer {bearer}"} | ({"Idempotency-Key": key} if key else {})

    async def status(self, agent: AgentId, status: Literal["online", "away", "offline"], *, hand_back: bool) -> None:
        await self._command("PUT", f"/v1/agents/{agent}/status", agent, {"status": status, "hand_back": hand_back})

    async def heartbeat(self, agent: AgentId) -> None:
        await self._command("POST", f"/v1/agents/{agent}/heartbeat", agent, None)

    async def reply(self, agent: AgentId, conversation: ConversationId, text: str, *, resolve: bool) -> Outcome:
        then = "resolved" if resolve else "waiting"
        return await self._about(agent, conversation, "reply", {"text": text, "then": then})

    async def note(self, agent: AgentId, conversation: ConversationId, text: str) -> Outcome:
        return await self._about(agent, conversation, "notes", {"text": text})

    async def resolve(self, agent: AgentId, conversation: ConversationId) -> Outcome:
        return await self._about(agent, conversation, "resolve", {})

    async def transfer(self, agent: AgentId, conversation: ConversationId, team: str | None, reason: str) -> Outcome:
        wish = {"reason": reason} | ({"team_id": team} if team else {})
        return await self._about(agent, conversation, "transfer", wish)

    async def waiting(self, agent: AgentId) -> list[ConversationId]:
        """What the agent has in hand and owes an answer to."""
        answer = await self._client.get("/v1/conversations?view=mine", headers=self._headers(agent))
        if answer.status_code != 200:
            return []
        items = cast("dict[str, list[dict[str, object]]]", answer.json())["items"]
        return [ConversationId(UUID(str(one["id"]))) for one in items if one["status"] == "assigned"]

    async def language(self, agent: AgentId, conversation: ConversationId) -> Literal["de", "en"]:
        """The language that a conversation is in, German where that is not known."""
        answer = await self._client.get(f"/v1/conversations/{conversation}", headers=self._headers(agent))
        told = cast("dict[str, dict[str, object] | None]", answer.json()) if answer.is_success else {}
        reading = told.get("reading")
        return "en" if reading and reading.get("language") == "en" else "de"

    async def _about(self, agent: AgentId, conversation: ConversationId, what: str, wish: Mapping[str, str]) -> Outcome:
        return await self._command("POST", f"/v1/conversations/{conversation}/{what}", agent, wish)

    async def _command(self, method: str, path: str, agent: AgentId, wish: Mapping[str, object] | None) -> Outcome:
        """Ask until it is taken; the same key each time makes it one wish."""
        key = str(uuid4())
        for _ in range(_TRIES):
            try:
                answer = await self._client.request(method, path, json=wish, headers=self._headers(agent, key))
            except httpx.HTTPError:
                await asyncio.sleep(_PAUSE)
                continue
            if answer.status_code < 500:
                return _outcome(answer)
            await asyncio.sleep(_PAUSE)
        return Outcome(command_id=UUID(int=0), type=_REFUSED, reason="desk_away")


def _outcome(answer: httpx.Response) -> Outcome:
    if answer.status_code == 204:
        return Outcome(command_id=UUID(int=0))
    told = cast("dict[str, object]", answer.json())
    if answer.status_code >= 400:
        named = told.get("command_id")
        command = UUID(str(named)) if named else UUID(int=0)
        return Outcome(command_id=command, type=_REFUSED, reason=str(told.get("reason") or answer.status_code))
    return Outcome.model_validate(told)
