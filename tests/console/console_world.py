"""Customers, agents and windows of the console's tests."""

import asyncio
import contextlib
import itertools
import json
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from uuid import UUID, uuid4

import asyncpg
import httpx

from lotse.contracts.commands import Role
from lotse.contracts.ids import message_id
from lotse.local.stack import Stack
from lotse.local.tokens import link, role_of, token
from lotse.local.webhooks import Call, Meta, mail, typed
from lotse.runtime import clock


@dataclass(slots=True)
class Desk:
    """The desk's API for any agent of the configuration."""

    stack: Stack
    http: httpx.AsyncClient

    @classmethod
    @asynccontextmanager
    async def of(cls, stack: Stack):
        async with httpx.AsyncClient(base_url=stack.desk, timeout=15) as http:
            yield cls(stack, http)

    async def call(self, method: str, path: str, who: str = "anna", role: Role | None = None, **more) -> httpx.Response:
        secret = self.stack.secrets["LOTSE_JWT_SECRET"]
        bearer = token(secret, who, role or role_of(self.stack.config, who), clock.now(), timedelta(hours=1))
        headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": more.pop("key", None) or uuid4().hex}
        return await self.http.request(method, path, headers=headers, **more)

    async def get(self, path: str, who: str = "anna") -> dict:
        answer = await self.call("GET", path, who)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: dict | None = None, who: str = "anna") -> httpx.Response:
        answer = await self.call("POST", path, who, json=body or {})
        assert answer.status_code in (200, 202, 204), answer.text
        return answer

    async def status(self, agent: str, status: str, *, hand_back: bool = False) -> None:
        """online, away or offline; an agent who is that already stays it."""
        body = {"status": status, "hand_back": hand_back}
        answer = await self.call("PUT", f"/v1/agents/{agent}/status", agent, json=body)
        assert answer.status_code in (200, 202, 409), answer.text

    async def until(self, path: str, holds, who: str = "anna", seconds: float = 20) -> dict:
        """What the API says at the path, once it holds."""
        async with asyncio.timeout(seconds):
            while True:
                answer = await self.call("GET", path, who)
                if answer.status_code == 200 and holds(answer.json()):
                    return answer.json()
                await asyncio.sleep(0.05)


@dataclass(slots=True)
class Customers:
    """Customers who write by real webhooks. Each call gives the conversation's id once the desk's API knows it.

    `sender` names a person; the same name on the same channel is the same thread. Left out, it is a new person.
    """

    stack: Stack
    desk: Desk
    ingest: httpx.AsyncClient
    database: asyncpg.Connection
    numbers: itertools.count = field(default_factory=lambda: itertools.count(1))
    mark: str = field(default_factory=lambda: secrets.token_hex(3))

    @classmethod
    @asynccontextmanager
    async def of(cls, stack: Stack, desk: Desk):
        database = await asyncpg.connect(stack.database_url)
        try:
            async with httpx.AsyncClient(base_url=stack.ingest, timeout=15) as ingest:
                yield cls(stack, desk, ingest, database)
        finally:
            await database.close()

    @property
    def meta(self) -> Meta:
        return Meta.of(self.stack.config, self.stack.secrets["LOTSE_META_APP_SECRET"])

    def fresh(self, word: str = "x") -> str:
        """A word that nothing else bears."""
        return f"{word}-{self.mark}-{next(self.numbers)}"

    async def messenger(self, text: str, sender: str | None = None, *, direct: bool = False) -> UUID:
        """A private message on Messenger; `direct`: on Instagram."""
        mid = self.fresh("m")
        return await self.sent(
            self.meta.messenger(sender or self.fresh("psid"), mid, text, clock.now(), direct=direct),
            self.meta.account,
            mid,
        )

    async def comment(self, text: str, name: str = "Kim Sommer", sender: str | None = None, post: str | None = None):
        """A public comment below a post of the page."""
        number = self.fresh("c")
        call = self.meta.comment(
            sender or self.fresh("fb"), name, number, post or self.fresh("880011223344_p"), text, clock.now()
        )
        return await self.sent(call, self.meta.account, number)

    async def instagram_comment(self, text: str, name: str = "kim.sommer", sender: str | None = None) -> UUID:
        number = self.fresh("ic")
        call = self.meta.instagram_comment(
            sender or self.fresh("ig"), name, number, self.fresh("media"), text, clock.now()
        )
        return await self.sent(call, self.meta.account, number)

    async def whatsapp(self, text: str, name: str = "Kim Sommer", number: str | None = None) -> UUID:
        """`number` is in E.164 without the plus."""
        wamid = self.fresh("wamid")
        number = number or f"49151{secrets.randbelow(10**8):08d}"
        return await self.sent(self.meta.whatsapp(number, name, wamid, text, clock.now()), self.meta.account, wamid)

    async def typed(
        self,
        text: str,
        channel: str = "in-app",
        sender: dict[str, str] | None = None,
        subject: str | None = None,
        at: datetime | None = None,
    ) -> UUID:
        """A message that a system in the house has taken; `sender` has id, email, phone or name."""
        number, account = self.fresh("t"), self._account("api")
        sender = sender or {"id": self.fresh("p"), "name": "Kim Sommer"}
        secret = self.stack.secrets["LOTSE_API_TOKEN"]
        return await self.sent(
            typed(account, secret, number, channel, sender, text, at or clock.now(), subject=subject), account, number
        )

    async def mail(
        self,
        text: str,
        subject: str = "Eine Frage",
        sender: tuple[str, str] | None = None,
        *,
        in_reply_to: str | None = None,
        raw: bytes | None = None,
    ) -> UUID:
        """`sender` is name and address. `raw`: these bytes, whose Message-ID is `in_reply_to`'s place to say."""
        number, account = f"<{self.fresh('mail')}@kunden.example>", self._account("mail")
        sender = sender or ("Kim Sommer", f"{self.fresh('kim')}@kunden.example")
        to = self.stack.config.accounts[account].address
        secret = self.stack.secrets["LOTSE_MAIL_TOKEN"]
        call = mail(account, secret, to, sender, subject, text, number, clock.now(), in_reply_to)
        if raw is not None:
            call = Call(call.path, call.headers, raw.replace(b"MESSAGE-ID", number.encode()))
        return await self.sent(call, account, number)

    async def send(self, call: Call) -> None:
        """Any call to ingest: an edit, a deletion, a receipt."""
        answer = await self.ingest.request(call.method, call.path, content=call.body, headers=call.headers)
        assert answer.status_code in (200, 202), answer.text

    async def sent(self, call: Call, account: str, provider_id: str, seconds: float = 30) -> UUID:
        """Send, and wait until the desk knows the message; its conversation."""
        await self.send(call)
        async with asyncio.timeout(seconds):
            while not (found := await self.conversation_of(account, provider_id)):
                await asyncio.sleep(0.02)
        return found

    async def conversation_of(self, account: str, provider_id: str) -> UUID | None:
        return await self.database.fetchval(
            "SELECT conversation_id FROM desk.message WHERE message_id = $1 AND EXISTS ("
            "SELECT 1 FROM desk.conversation AS c WHERE c.id = conversation_id)",
            message_id(account, provider_id),
        )

    def _account(self, kind: str) -> str:
        return next(name for name, one in self.stack.config.accounts.items() if one.kind == kind)


Shelf = dict[tuple[str, str, int], list]
"""The browser's contexts between two tests, by language, theme and width: signed out, without pages, and with what they
have cached, which spares each page a fifth of its time."""


@dataclass
class Windows:
    """Opens pages as people do: by a one-time link, in their language and theme."""

    stack: Stack
    browser: object
    shelf: Shelf
    contexts: list = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def context(self, language: str = "de", theme: str = "light", width: int = 1280, **more):
        """A context where nobody is signed in; with `more` options it is new."""
        free = [] if more else self.shelf.setdefault((language, theme, width), [])
        made = free.pop() if free else await self._made(language, theme, width, **more)
        made.on("weberror", self._failed)
        made.on("console", self._heard)
        self.contexts.append((made, None if more else free))
        return made

    async def _made(self, language: str, theme: str, width: int, **more):
        made = await self.browser.new_context(
            base_url=self.stack.desk,
            locale={"de": "de-DE", "en": "en-GB"}[language],
            timezone_id="Europe/Berlin",
            color_scheme=theme,
            viewport={"width": width, "height": 844 if width < 720 else 860},
            **more,
        )
        made.set_default_timeout(20_000)
        return made

    async def open(
        self, path: str = "/", agent: str = "anna", language: str = "de", theme: str = "light", width: int = 1280
    ):
        """A page of an agent's, live: its socket is connected."""
        context = await self.context(language, theme, width)
        await self.sign_in(context, agent)
        page = await context.new_page()
        await page.goto(path, wait_until="commit")
        await self.live(page)
        return page

    async def sign_in(self, context, agent: str = "anna") -> None:
        """Press the button of a link's page, without looking at it."""
        address, _, token = self.link(agent).partition("?token=")
        headers = {"Origin": self.stack.desk}
        answer = await context.request.post(address, form={"token": token}, headers=headers, max_redirects=0)
        assert answer.status == 303, await answer.text()

    def link(self, agent: str = "anna") -> str:
        return link(self.stack.desk, self.stack.secrets["LOTSE_JWT_SECRET"], agent, clock.now())

    async def live(self, page) -> None:
        """Wait until the page's socket is connected."""
        await page.wait_for_function("window.did_handshake === true")

    async def close(self) -> None:
        """A context that the browser does not clear in time is not used again; a test does not wait for it."""
        for context, free in self.contexts:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(20):
                    await self._clear(context, free)

    async def _clear(self, context, free) -> None:
        for page in context.pages:
            await page.close()
        context.remove_listener("weberror", self._failed)
        context.remove_listener("console", self._heard)
        if free is None:
            await context.close()
            return
        await context.set_offline(False)
        await context.clear_cookies()
        free.append(context)

    def _failed(self, error) -> None:
        self.complaints.append(error.error.stack or str(error.error))

    def _heard(self, message) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.complaints.append(message.text)


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


async def violations(page, within: str | None = None) -> list[str]:
    """What axe finds serious or critical, one line each."""
    if not await page.evaluate("() => !!window.axe"):
        await page.evaluate(_axe())
    run = """async (within) => {
        const found = await axe.run(within ?? document, {resultTypes: ["violations"], preload: false});
        return found.violations
            .filter((one) => one.impact === "serious" || one.impact === "critical")
            .map((one) => [one.id, one.help, one.nodes.map((n) => n.html + " " + (n.any[0]?.message ?? "")).slice(0, 5)]);
    }"""
    return [json.dumps(one, ensure_ascii=False) for one in await page.evaluate(run, within)]
