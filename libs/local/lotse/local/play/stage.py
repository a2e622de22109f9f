"""What everybody in the play works with."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from random import Random

import httpx

from lotse.contracts.config import Config
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import ConversationId, MessageId
from lotse.local.play.desk import Desk
from lotse.local.play.scene import Scene
from lotse.local.play.voices import Choir
from lotse.local.webhooks import Call

_LONGEST_PAUSE = 5.0


@frozen
class Pace:
    """`speed` minutes of the day pass in one minute; `once` plays a single day."""

    speed: float = 120.0
    seed: int = 1
    once: bool = False

    def seconds(self, minutes: float) -> float:
        """How long so many minutes of the day take here."""
        return minutes * 60 / self.speed


@dataclass(slots=True)
class Stage:
    """The running system as the play meets it, and chance, which the seed decides."""

    config: Config
    scene: Scene
    desk: Desk
    choir: Choir
    ingest: httpx.AsyncClient
    pace: Pace
    chance: Random
    scripted: set[MessageId] = field(default_factory=set[MessageId])
    """Messages of customers in the script; whoever else writes is answered too, but with general words."""
    owned: set[ConversationId] = field(default_factory=set[ConversationId])

    async def pass_time(self, least: float, most: float) -> None:
        """Minutes of the day, between two bounds."""
        await asyncio.sleep(self.pace.seconds(self.chance.uniform(least, most)))

    async def send(self, call: Call) -> None:
        """Deliver as a provider does: again and again until it is taken."""
        pause = 0.2
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = await self.ingest.request(call.method, call.path, content=call.body, headers=call.headers)
                if answer.status_code < 500:
                    return
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
