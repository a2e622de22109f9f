"""A shop with a page, a number, a mail address and two systems of its own, and providers that note what they see."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from aiohttp import web

from lotse.contracts.channels import Channel
from lotse.contracts.config import Config
from lotse.contracts.conversations import ConversationOpened, ConversationQueued, ReplyApproved
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import AccountId, AgentId, ConversationId, CustomerId, ReplyId, derive
from lotse.contracts.inbound import MessageDelivered, MessageEchoed, MessageFailed, MessageRead
from lotse.contracts.values import Actor, Address, Reading, Status
from lotse.notifier import app
from lotse.notifier.core.delivery import Call
from lotse.notifier.core.model import Sink
from lotse.notifier.core.outcome import Performed
from lotse.notifier.core.rules import Rules, Timings
from lotse.notifier.sending import Sender
from lotse.runtime.fold import Begin, Effect
from lotse.runtime.journal import Journal
from lotse.runtime.testing import Harness
from lotse.runtime.writes import send

AT = datetime.now(UTC).replace(microsecond=0)
KEY = b"0123456789abcdef0123456789abcdef"
SECRETS = {"T": "token-of-the-page", "W": f"whsec_{base64.b64encode(KEY).decode()}"}
LOOPBACK = ["127.0.0.0/8", "::1/128"]

PAGE, MAIL, LETTERS, CRM = AccountId("shop"), AccountId("service"), AccountId("letters"), AccountId("crm")


def config(
    graph: str = "http://127.0.0.1:9", smtp: int = 9, hook: str = "http://127.0.0.1:9/hook", **more: Any
) -> Config:
    return Config.model_validate(
        {
            "accounts": {
                PAGE: {
                    "kind": "meta",
                    "app_secret": "env:T",
                    "verify_token": "env:T",
                    "access_token": "env:T",
                    "page_id": "100",
                    "phone_number_id": "200",
                    "graph_url": graph,
                },
                MAIL: {
                    "kind": "mail",
                    "address": "service@shop.example",
                    "name": "Shop",
                    "token": "env:T",
                    "smtp": {"host": "127.0.0.1", "port": smtp, "tls": "none"},
                },
                LETTERS: {"kind": "api", "token": "env:T", "channels": ["letter"]},
                CRM: {
                    "kind": "api",
                    "token": "env:T",
                    "channels": ["in-app"],
                    "reply_url": hook,
                    "reply_secret": "env:W",
                    "networks": LOOPBACK,
                },
            },
            **more,
        }
    )


def conversation(number: int = 1) -> ConversationId:
    return ConversationId(derive("conversation", number))


def reply_id(number: int = 1) -> ReplyId:
    return ReplyId(derive("reply", number))


def address(channel: Channel = Channel.MESSENGER, number: int = 1, account: AccountId | None = None) -> Address:
    where = {Channel.EMAIL: MAIL, Channel.LETTER: LETTERS, Channel.IN_APP: CRM}.get(channel, PAGE)
    recipient = f"kunde{number}@mail.example" if channel is Channel.EMAIL else f"90{number}"
    public = channel in (Channel.FACEBOOK, Channel.INSTAGRAM)
    return Address(
        account=account or where,
        channel=channel,
        thread=f"post_{number}" if public else recipient,
        recipient=recipient,
        in_reply_to=f"comment_{number}" if public else None,
    )


def opened(
    number: int = 1, where: Address | None = None, at: datetime = AT, name: str | None = None
) -> ConversationOpened:
    return ConversationOpened(
        conversation_id=conversation(number),
        customer_id=CustomerId(derive("customer", number)),
        customer_name=name,
        address=where or address(number=number),
        opened_at=at,
    )


def approved(number: int = 1, where: Address | None = None, reply: int | None = None, **more: Any) -> ReplyApproved:
    given: dict[str, Any] = {
        "conversation_id": conversation(number),
        "reply_id": reply_id(reply if reply is not None else number),
        "address": where or address(number=number),
        "agent_id": AgentId("ada"),
        "agent_name": "Ada Beck",
        "agent_initials": "AB",
        "text": f"Antwort {reply if reply is not None else number}",
        "last_customer_message_at": AT,
        "at": AT,
    }
    return ReplyApproved(**(given | more))


def queued(
    number: int = 1, where: Address | None = None, reading: Reading | None = None, **more: Any
) -> ConversationQueued:
    given: dict[str, Any] = {
        "conversation_id": conversation(number),
        "previous": Status.NEW,
        "current": Status.QUEUED,
        "actor": Actor(kind="service", id="router"),
        "reason": "read",
        "at": AT,
        "address": where or address(number=number),
        "reading": reading,
        "priority": 5,
        "required": {},
        "preferred": {},
        "rules_version": "1",
        "waiting_since": AT,
        "first": True,
    }
    return ConversationQueued(**(given | more))


def _inbound(number: int, where: Address | None, at: datetime) -> dict[str, Any]:
    where = where or address(number=number)
    return {
        "account": where.account,
        "channel": where.channel,
        "thread": where.thread,
        "occurred_at": at,
        "received_at": at,
    }


def echo(
    provider_id: str,
    reply: ReplyId | None = None,
    text: str = "",
    number: int = 1,
    at: datetime = AT,
    where: Address | None = None,
) -> MessageEchoed:
    inbound = _inbound(number, where, at)
    return MessageEchoed(**inbound, provider_id=provider_id, recipient="x", text=text, reply_id=reply)


def delivered(
    *ids: str, reply: ReplyId | None = None, up_to: datetime | None = None, number: int = 1, at: datetime = AT
) -> MessageDelivered:
    return MessageDelivered(**_inbound(number, None, at), provider_ids=ids, reply_id=reply, up_to=up_to)


def read(
    *ids: str, reply: ReplyId | None = None, up_to: datetime | None = None, number: int = 1, at: datetime = AT
) -> MessageRead:
    return MessageRead(**_inbound(number, None, at), provider_ids=ids, reply_id=reply, up_to=up_to)


def failed(*ids: str, reply: ReplyId | None = None, reason: str = "", number: int = 1) -> MessageFailed:
    return MessageFailed(**_inbound(number, None, AT), provider_ids=ids, reply_id=reply, reason=reason)


@dataclass(frozen=True)
class Seen:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Provider:
    """A real HTTP server: answers as told, in order, then with success; notes every request."""

    seen: list[Seen] = field(default_factory=list)
    answers: list[Callable[[web.Request], Any]] = field(default_factory=list)
    url: str = ""
    count: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(Seen(request.path, dict(request.headers), await request.read()))
        self.arrived.set()
        if self.answers:
            made = self.answers.pop(0)(request)
            return await made if asyncio.iscoroutine(made) else made
        self.count += 1
        return web.json_response(
            {
                "recipient_id": "x",
                "message_id": f"m_{self.count}",
                "messages": [{"id": f"m_{self.count}"}],
                "id": f"m_{self.count}",
            }
        )

    @property
    def texts(self) -> list[str]:
        bodies = [seen.json for seen in self.seen]
        return [
            body["message"]["text"]
            if isinstance(body.get("message"), dict)
            else body.get("message") or body["text"]["body"]
            for body in bodies
        ]


def answer(status: int, body: Any = None, **headers: str) -> Callable[[web.Request], web.Response]:
    return lambda _: web.json_response(body or {}, status=status, headers=headers)


def meta_error(status: int, code: int, subcode: int = 0, message: str = "no") -> Callable[[web.Request], web.Response]:
    return answer(status, {"error": {"code": code, "error_subcode": subcode, "message": message}})


async def hang_up(request: web.Request) -> web.Response:
    """Take the request and close the connection without a word."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def provider() -> AsyncGenerator[Provider]:
    made = Provider()
    site = web.Application(client_max_size=200_000_000)
    site.router.add_post("/{tail:.*}", made.handle)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    listening = web.TCPSite(runner, "127.0.0.1", 0)
    await listening.start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://{host}:{port}"
    try:
        yield made
    finally:
        await runner.cleanup()


def unheard() -> None:
    """Nobody keeps a journal."""


@dataclass
class Shop:
    """Notifier's parts over a real database, with its calls going to real servers."""

    harness: Harness
    rules: Rules
    now: datetime
    sender: Sender = field(init=False)
    journal: UUID = field(default_factory=uuid4)

    def __post_init__(self) -> None:
        self.sender = Sender(self.rules, lambda: self.now)

    def effect(self, sink: Sink, perform: Callable[[Call, Begin], Any] | None = None) -> Effect[Call, Performed]:
        return app.effect(self.rules, sink, perform or self.sender.perform, 32)

    async def feed(self, *items: Event | Fact[Event]) -> list[Event]:
        return [fact.data for fact in await self.harness.feed(*items, now=self.now)]

    async def send(self, sink: Sink = Sink.META, journal: Journal | None = None) -> list[Event]:
        return [fact.data for fact in await self.harness.effect(self.effect(sink), now=self.now, journal=journal)]

    async def claim(self, sink: Sink = Sink.META, limit: int = 100) -> list[Call]:
        effect = self.effect(sink)
        async with self.harness.database.transaction() as tx:
            return list(await effect.claim(tx, self.now, limit, self.journal))

    async def settle(self, *done: tuple[Call, Performed], sink: Sink = Sink.META) -> list[Event]:
        async with self.harness.database.transaction() as tx:
            made = await self.effect(sink).settle(tx, done, self.now)
            await send(tx, made.writes)
        return [one.event for one in made.events]

    async def send_and_die(self, sink: Sink = Sink.META) -> list[tuple[Call, Performed]]:
        """Claim and perform; the process is killed before it can settle."""
        calls = await self.claim(sink)
        return [(call, await self.sender.perform(call, unheard)) for call in calls]

    async def tick(self) -> list[Event]:
        return [fact.data for fact in await self.harness.tick(app.overdue(self.rules), now=self.now)]

    def later(self, **much: float) -> None:
        self.now += timedelta(**much)

    async def stages(self) -> list[str]:
        return [
            row["stage"]
            for row in await self.harness.rows("SELECT stage FROM outgoing ORDER BY conversation_id, ordinal")
        ]


@asynccontextmanager
async def shop(
    database: str, settings: Config, monkeypatch: Any, timings: Timings | None = None
) -> AsyncGenerator[Shop]:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    rules = Rules(settings, timings or Timings(call=timedelta(seconds=5)))
    async with AsyncExitStack() as stack:
        harness = await stack.enter_async_context(Harness.open(database, "notifier", folds=(app.fold(rules),)))
        made = Shop(harness, rules, AT)
        await made.sender.open()
        stack.push_async_callback(made.sender.close)
        yield made


def other(where: Address, **changes: Any) -> Address:
    return where.model_copy(update=changes)
