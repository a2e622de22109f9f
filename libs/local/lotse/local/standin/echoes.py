"""What Meta sends back after it took a message: the echo, the delivery, the reading. Repeated until ingest has it."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp

from lotse.contracts.channels import Channel
from lotse.local.standin.graph import Sender, Wish
from lotse.local.webhooks import Call, Meta

log = logging.getLogger(__name__)

DELIVERED_AFTER = 0.3
READ_AFTER = 1.5
_TOGETHER = 0.03
_MOST_IN_ONE = 100
_LONGEST_PAUSE = 5.0


@dataclass(slots=True)
class _Waiting:
    due: float
    sender: Sender
    call: Call
    pause: float = 0.1


class Echoes:
    """Webhooks on their way to ingest. `telling` False holds new ones back for good."""

    def __init__(self, ingest: str, *, telling: bool) -> None:
        self._ingest = ingest.rstrip("/")
        self.telling = telling
        self._waiting: list[_Waiting] = []
        self._news = asyncio.Event()

    def of(self, sender: Sender, wish: Wish, provider_id: str) -> None:
        """Tell of one message that was taken."""
        if not self.telling:
            return
        now, at = asyncio.get_running_loop().time(), datetime.now(UTC)
        self._waiting += [
            _Waiting(now + after, sender, call) for after, call in _calls(_meta(sender), wish, provider_id, at)
        ]
        self._news.set()

    async def run(self) -> None:
        """Send what is due, for ever."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            while True:
                await self._wait()
                due = self._take()
                if due:
                    await asyncio.gather(*(self._post(session, some) for some in _by_account(due)))

    async def _wait(self) -> None:
        """Until something is due, and a moment longer for what comes with it."""
        self._news.clear()
        now = asyncio.get_running_loop().time()
        first = min((item.due for item in self._waiting), default=now + 60)
        if first > now:
            try:
                await asyncio.wait_for(self._news.wait(), first - now)
            except TimeoutError:
                return
        await asyncio.sleep(_TOGETHER)

    def _take(self) -> list[_Waiting]:
        now = asyncio.get_running_loop().time()
        due = [item for item in self._waiting if item.due <= now]
        self._waiting = [item for item in self._waiting if item.due > now]
        return due

    async def _post(self, session: aiohttp.ClientSession, items: Sequence[_Waiting]) -> None:
        calls = _meta(items[0].sender).together([item.call for item in items])
        answers = await asyncio.gather(*(self._taken(session, call) for call in calls))
        if all(answers):
            return
        now = asyncio.get_running_loop().time()
        for item in items:
            item.due, item.pause = now + item.pause, min(item.pause * 2, _LONGEST_PAUSE)
        self._waiting += items

    async def _taken(self, session: aiohttp.ClientSession, call: Call) -> bool:
        try:
            async with session.post(self._ingest + call.path, data=call.body, headers=call.headers) as answer:
                if 400 <= answer.status < 500:
                    log.warning("ingest refused a webhook with %s", answer.status)
                return answer.status < 500
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False


def _meta(sender: Sender) -> Meta:
    return Meta(sender.id, sender.settings, sender.app_secret)


def _by_account(items: Sequence[_Waiting]) -> list[list[_Waiting]]:
    found: dict[str, list[_Waiting]] = {}
    for item in items:
        found.setdefault(item.sender.id, []).append(item)
    return [some[at : at + _MOST_IN_ONE] for some in found.values() for at in range(0, len(some), _MOST_IN_ONE)]


def _calls(meta: Meta, wish: Wish, provider_id: str, at: datetime) -> list[tuple[float, Call]]:
    """Each webhook and how many seconds after acceptance it comes."""
    match wish.channel:
        case Channel.MESSENGER | Channel.INSTAGRAM_DIRECT:
            return _messaging(meta, wish, provider_id, at)
        case Channel.WHATSAPP:
            recipient = wish.recipient.lstrip("+")
            states: Mapping[str, float] = {"sent": 0.0, "delivered": DELIVERED_AFTER, "read": READ_AFTER}
            return [
                (after, meta.whatsapp_status(recipient, provider_id, state, wish.reference, at))
                for state, after in states.items()
            ]
        case Channel.FACEBOOK:
            page, parent = meta.settings.page_id or "", wish.in_reply_to or ""
            post = parent.rpartition("_")[0] or page
            return [(0.0, meta.comment(page, "", provider_id, post, wish.text, at, parent=parent))]
        case _:
            own, parent = meta.settings.instagram_id or "", wish.in_reply_to or ""
            return [(0.0, meta.instagram_comment(own, "", provider_id, "", wish.text, at, parent=parent))]


def _messaging(meta: Meta, wish: Wish, provider_id: str, at: datetime) -> list[tuple[float, Call]]:
    direct = wish.channel is Channel.INSTAGRAM_DIRECT
    text = None if wish.file else wish.text
    echo = meta.messenger_echo(wish.recipient, provider_id, text, wish.reference, at, direct=direct, kind=wish.kind)
    read = meta.messenger_read(wish.recipient, provider_id, at, direct=direct)
    delivered = [] if direct else [(DELIVERED_AFTER, meta.messenger_delivered(wish.recipient, [provider_id], at))]
    return [(0.0, echo), *delivered, (READ_AFTER, read)]
