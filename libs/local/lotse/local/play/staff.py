"""The agents' day: they come, take a break, go home, and answer whoever is not in the script."""

import asyncio
from collections.abc import Mapping
from typing import Literal

from lotse.contracts.conversations import AssignmentChanged, MessageAdded
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import AgentId, ConversationId
from lotse.contracts.values import Status
from lotse.local.play.stage import Stage

_HEARTBEAT = 8.0
_STAYING = 2
"""So many agents stay until the last customer has his answer."""


async def be_there(stage: Stage, agent: AgentId) -> None:
    """Keep the agent's page open, for ever."""
    while True:
        await stage.desk.heartbeat(agent)
        await asyncio.sleep(_HEARTBEAT)


async def shift(stage: Stage, strangers: "Strangers", agent: AgentId, number: int) -> None:
    """One agent's day until he goes home; the first ones stay until they are sent."""
    async with asyncio.TaskGroup() as group:
        await stage.pass_time(*((0, 0) if number < _STAYING else (number * 4, number * 6)))
        await stage.desk.status(agent, "online", hand_back=False)
        present = group.create_task(be_there(stage, agent))
        for conversation in await stage.desk.waiting(agent):
            strangers.note(conversation, agent)
        await stage.pass_time(210 + number * 30, 215 + number * 30)
        await stage.desk.status(agent, "away", hand_back=False)
        await stage.pass_time(25, 35)
        await stage.desk.status(agent, "online", hand_back=False)
        if number >= _STAYING:
            await stage.pass_time(200, 210)
            await stage.desk.status(agent, "offline", hand_back=True)
            present.cancel()


class Strangers:
    """Notices conversations that are not in the script, such as yours, and has their agents answer."""

    def __init__(self, stage: Stage, answers: Mapping[Literal["de", "en"], tuple[str, ...]]) -> None:
        self._stage = stage
        self._answers = answers
        self._due: asyncio.Queue[tuple[ConversationId, AgentId]] = asyncio.Queue()
        self._queued: set[ConversationId] = set()

    def hear(self, fact: Fact[Event]) -> None:
        event = fact.data
        if isinstance(event, MessageAdded) and event.message_id in self._stage.scripted:
            self._stage.owned.add(event.conversation_id)
        if isinstance(event, AssignmentChanged | MessageAdded):
            agent = self._stage.scene.talk(event.conversation_id).agent
            if agent is not None:
                self.note(event.conversation_id, agent)

    def note(self, conversation: ConversationId, agent: AgentId) -> None:
        """Somebody has this conversation and owes it an answer."""
        if conversation not in self._stage.owned | self._queued:
            self._queued.add(conversation)
            self._due.put_nowait((conversation, agent))

    async def run(self) -> None:
        """Answer them, one after another, for ever."""
        while True:
            conversation, agent = await self._due.get()
            await self._stage.pass_time(2, 5)
            self._queued.discard(conversation)
            talk = self._stage.scene.talk(conversation)
            if talk.status in (None, Status.ASSIGNED):
                await self._reply(conversation, talk.agent or agent)

    async def _reply(self, conversation: ConversationId, agent: AgentId) -> None:
        language = await self._stage.desk.language(agent, conversation)
        card = self._stage.config.agents[agent]
        text = self._stage.chance.choice(self._answers[language]).format(agent=card.name.partition(" ")[0])
        await self._stage.desk.reply(agent, conversation, text, resolve=False)
