"""Plays one story: the customer's words by his channel, the answers by whoever has the conversation."""

from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

from lotse.contracts.ids import AgentId, MessageId, ReplyId
from lotse.contracts.values import Status
from lotse.local.play.desk import Outcome
from lotse.local.play.scene import Talk
from lotse.local.play.script import Answer, Delete, Edit, Note, Resolve, Say, Story, Transfer, Turn, Wait
from lotse.local.play.stage import Stage
from lotse.local.play.voices import Answered, Person, Voice
from lotse.local.webhooks import Call
from lotse.runtime import clock

_PATIENCE = timedelta(minutes=10)
_SENT_WITHIN = timedelta(seconds=60)
_TRIES = 5
_OVER = (Status.RESOLVED, Status.SET_ASIDE)


@dataclass(slots=True)
class _Performance:
    stage: Stage
    person: Person
    voice: Voice
    said: int = 0
    last: MessageId | None = None
    answered: Answered | None = None

    async def turn(self, turn: Turn) -> bool:
        """Play one turn; False where the story cannot go on."""
        match turn:
            case Say():
                await self._say(turn)
            case Edit():
                await self._again(self.voice.edit(self.said - 1, self._filled(turn.edit, None), clock.now()))
            case Delete():
                await self._again(self.voice.delete(self.said - 1, clock.now()))
            case Wait():
                await self.stage.pass_time(turn.wait, turn.wait)
            case Answer() | Note() | Transfer() | Resolve():
                return await self._by_agent(turn)
            case _:
                assert_never(turn)
        return True

    async def _say(self, turn: Say) -> None:
        if self.said:
            await self.stage.pass_time(1, 3)
        at = clock.now() - timedelta(minutes=turn.ago)
        word = self.voice.say(self.said, self._filled(turn.say, None), at, self.answered)
        self.stage.scripted.add(word.message)
        self.stage.scene.names[word.message] = self.person.name
        self.said, self.last = self.said + 1, word.message
        for _ in range(turn.copies):
            await self.stage.send(word.call)

    async def _again(self, call: Call | None) -> None:
        """Change or take back what was said, where the channel can."""
        if call is not None:
            await self.stage.send(call)

    async def _by_agent(self, turn: Answer | Note | Transfer | Resolve) -> bool:
        """Whoever has the conversation does it; when it is taken from him meanwhile, the next one."""
        for _ in range(_TRIES):
            talk = await self._assigned()
            if talk is None:
                return False
            await self.stage.pass_time(2, 6)
            if talk.agent is not None and await self._act(talk.agent, talk, turn):
                return True
        return False

    async def _assigned(self) -> Talk | None:
        """The conversation once it has read the last word and somebody has it; None where that does not happen."""
        last, scene = self.last, self.stage.scene

        def ready() -> bool:
            talk = scene.of(last) if last else None
            return talk is not None and (talk.status in _OVER or talk.agent is not None)

        if not await scene.until(ready, _PATIENCE) or last is None:
            return None
        talk = scene.of(last)
        return None if talk is None or talk.status in _OVER else talk

    async def _act(self, agent: AgentId, talk: Talk, turn: Answer | Note | Transfer | Resolve) -> bool:
        desk = self.stage.desk
        match turn:
            case Answer():
                return await self._answer(agent, talk, turn)
            case Note():
                outcome = await desk.note(agent, talk.id, self._filled(turn.note, agent))
            case Transfer():
                talk.agent = None  # before the wish: who gets it may be heard before its answer
                outcome = await desk.transfer(agent, talk.id, turn.team, turn.transfer)
                if outcome.refused and talk.agent is None:
                    talk.agent = agent
            case Resolve():
                outcome = await desk.resolve(agent, talk.id)
            case _:
                assert_never(turn)
        return not outcome.refused

    async def _answer(self, agent: AgentId, talk: Talk, turn: Answer) -> bool:
        if turn.slip is not None:
            await self.stage.desk.reply(agent, talk.id, self._filled(turn.slip, agent), resolve=False)
            await self.stage.pass_time(1, 2)
        text = self._filled(turn.answer, agent)
        outcome = await self.stage.desk.reply(agent, talk.id, text, resolve=turn.resolve)
        if outcome.refused or outcome.blocked:
            return False
        await self._sent(outcome, talk)
        return True

    async def _sent(self, outcome: Outcome, talk: Talk) -> None:
        reply = ReplyId(outcome.command_id)
        await self.stage.scene.until(lambda: reply in self.stage.scene.ended, _SENT_WITHIN)
        self.answered = Answered(talk.id, reply)

    async def tidy(self) -> None:
        """What the script leaves open, its agent closes, as nobody will answer any more."""
        talk = self.stage.scene.of(self.last) if self.last else None
        if talk is not None and talk.status in (Status.ASSIGNED, Status.NEW, Status.QUEUED):
            await self._by_agent(Resolve(resolve=True))

    def _filled(self, text: str, agent: AgentId | None) -> str:
        card = self.stage.config.agents.get(agent) if agent else None
        return filled(text, self.person, card.name.partition(" ")[0] if card else "")


def filled(text: str, person: Person, agent: str) -> str:
    order = f"B-{person.stamp[-4:]}{person.number:03}"
    return text.format(name=person.first, agent=agent, order=order)


async def perform(stage: Stage, story: Story, person: Person) -> None:
    """One customer's story from his first word to the last answer."""
    voice = stage.choir.voice(story.via, person, filled(story.subject or "", person, ""))
    if voice is None:
        return
    performance = _Performance(stage, person, voice)
    for turn in story.talk:
        if not await performance.turn(turn):
            return
    await stage.pass_time(3, 5)
    await performance.tidy()
