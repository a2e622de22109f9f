"""The whole play: customers by the clock, agents beside them, one line for each thing that happens."""

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

import httpx

from lotse.contracts.config_file import load
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import AgentId
from lotse.local.play import script
from lotse.local.play.customers import perform
from lotse.local.play.desk import Desk
from lotse.local.play.language import Texts, texts
from lotse.local.play.lines import Teller
from lotse.local.play.printing import Printer
from lotse.local.play.scene import Scene, listening
from lotse.local.play.script import Day, Story
from lotse.local.play.staff import Strangers, shift
from lotse.local.play.stage import Pace, Stage
from lotse.local.play.voices import Choir, Person
from lotse.local.state import Running

__all__ = ["Pace", "play"]

_LAST_ANSWERS = 120.0
_GOING_HOME = 3.0


async def play(running: Running, secrets: Mapping[str, str], pace: Pace) -> None:
    """Play on a running stack until cancelled, or for one day."""
    config, day, told = load(running.config.read_text(encoding="utf-8")), script.read(), texts(os.environ)
    teller, printer = Teller(config, told), Printer()
    strangers: list[Strangers] = []

    def heard(fact: Fact[Event], scene: Scene) -> None:
        for one in strangers:
            one.hear(fact)
        for line in teller.lines(fact, scene):
            printer.show(line)

    limits = httpx.Limits(max_connections=50)
    async with (
        httpx.AsyncClient(base_url=running.ingest, timeout=10, limits=limits) as ingest,
        httpx.AsyncClient(base_url=running.desk, timeout=10, limits=limits) as client,
        listening(running.kafka, running.prefix, heard) as scene,
    ):
        desk, choir = Desk(client, config, secrets["LOTSE_JWT_SECRET"]), Choir(config, {**secrets, **os.environ})
        stage = Stage(config, scene, desk, choir, ingest, pace, Random(pace.seed))  # noqa: S311
        strangers.append(Strangers(stage, day.answers))
        await _Rounds(stage, day, strangers[0], printer, told).run()


@dataclass(slots=True)
class _Rounds:
    """One day after another, each with new customers."""

    stage: Stage
    day: Day
    strangers: Strangers
    printer: Printer
    told: Texts
    number: int = 0
    unused: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                answering = group.create_task(self.strangers.run())
                while True:
                    await self._day()
                    if self.stage.pace.once:
                        break
                answering.cancel()
        finally:
            await self._all_go_home()

    async def _day(self) -> None:
        agents = self._staff()
        counts = {"customers": len(self.day.stories), "agents": len(agents)}
        self.printer.say(self.told.day.format(**counts, speed=self.stage.pace.speed))
        async with asyncio.TaskGroup() as group:
            staff = [
                group.create_task(shift(self.stage, self.strangers, agent, number))
                for number, agent in enumerate(agents)
            ]
            await self._customers()
            for one in staff:
                one.cancel()
        self.printer.say(self.told.quiet)

    def _staff(self) -> list[AgentId]:
        return [name for name, agent in self.stage.config.agents.items() if agent.takes_work]

    async def _customers(self) -> None:
        """Every story at its time; the last ones have some minutes to come to their end."""
        stamp, begin = str(int(time.time()))[-8:], asyncio.get_running_loop().time()
        stories = list[asyncio.Task[None]]()
        async with asyncio.TaskGroup() as group:
            for story in self.day.stories:
                due = begin + self.stage.pace.seconds(_minutes(story) - _minutes(self.day.stories[0]))
                await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
                stories.append(group.create_task(perform(self.stage, story, self._person(story, stamp))))
            _, late = await asyncio.wait(stories, timeout=_LAST_ANSWERS)
            for task in late:
                task.cancel()

    def _person(self, story: Story, stamp: str) -> Person:
        """A new customer; a first name comes again only when all have had their turn."""
        self.number += 1
        names, left = self.day.names[story.lang], self.unused.setdefault(story.lang, [])
        if not left:
            left += self.stage.chance.sample(names.first, len(names.first))
        return Person(left.pop(), self.stage.chance.choice(names.last), self.number, stamp)

    async def _all_go_home(self) -> None:
        desk = self.stage.desk
        leaving = (desk.status(agent, "offline", hand_back=False) for agent in self._staff())
        try:
            async with asyncio.timeout(_GOING_HOME):
                await asyncio.gather(*leaving)
        except TimeoutError:
            return


def _minutes(story: Story) -> int:
    return story.at.hour * 60 + story.at.minute
