"""The shell around one call: second check, span, sink."""

import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

from lotse.contracts.config import Account, ApiAccount, MailAccount, MetaAccount
from lotse.notifier.core.check import needs_human_tag, verdict
from lotse.notifier.core.delivery import Call
from lotse.notifier.core.model import ALERT, Kind, Letter, Outgoing
from lotse.notifier.core.outcome import Accepted, Blocked, Outcome, Performed, Refused
from lotse.notifier.core.rules import Rules
from lotse.notifier.core.words import Word
from lotse.notifier.freight import Freight
from lotse.notifier.sinks.http import Clock, Http
from lotse.notifier.sinks.meta import Message, Meta
from lotse.notifier.sinks.networks import Networks
from lotse.notifier.sinks.smtp import Mail, Mailer
from lotse.notifier.sinks.webhook import Webhook, key_of
from lotse.runtime import telemetry
from lotse.runtime.errors import SettingsError
from lotse.runtime.fold import Begin
from lotse.runtime.settings import secret

log = logging.getLogger(__name__)

_WEBHOOK_TIMEOUT = timedelta(seconds=15)

Way = Meta | Mailer | Webhook


@dataclass(slots=True)
class Sender:
    """Every account's and alert's way out, opened once."""

    rules: Rules
    clock: Clock
    freight: Freight = field(default_factory=Freight)
    ways: dict[str, Way] = field(default_factory=dict[str, Way])
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def open(self) -> Self:
        """Read the secrets and open the pools. Raises SettingsError naming what is wrong in the operator's file."""
        shared = await self._stack.enter_async_context(Http(self.rules.timings.call))
        await self.freight.open(self._stack)
        for account_id, account in self.rules.config.accounts.items():
            way = await self._way(account, shared)
            if way is not None:
                self.ways[account_id] = way
        for name, alert in self.rules.config.alerts.items():
            self.ways[ALERT + name] = await self._webhook(f"alerts.{name}", alert.url, alert.secret, alert.networks)
        return self

    async def close(self) -> None:
        for way in self.ways.values():
            if isinstance(way, Mailer):
                await way.close()
        await self._stack.aclose()

    async def _way(self, account: Account, shared: Http) -> Way | None:
        match account:
            case MetaAccount():
                return Meta(shared, account, secret(account.access_token), self.clock)
            case MailAccount(smtp=smtp):
                password = secret(smtp.password) if smtp.password else None
                return Mailer(account, password, self.rules.timings.call.total_seconds() / 2, self.clock)
            case ApiAccount(reply_url=str() as url, reply_secret=ref, networks=networks):
                return await self._webhook("reply_url", url, ref, networks)
            case _:
                return None

    async def _webhook(self, where: str, url: str, ref: str | None, networks: tuple[str, ...]) -> Webhook:
        try:
            http = Http(min(_WEBHOOK_TIMEOUT, self.rules.timings.call), networks=Networks(networks))
            key = key_of(secret(ref)) if ref else None
        except ValueError as error:
            raise SettingsError(f"{where}: {error}") from error
        return Webhook(await self._stack.enter_async_context(http), url, key, self.clock)

    async def perform(self, call: Call, begin: Begin) -> Performed:
        """Make one call and say what became of it."""
        row = call.row
        name = f"send {row.kind.value}"
        with telemetry.span(name, "client", row.traceparent, **_attributes(row)) as span:
            outcome = await self._send(row, span.traceparent, begin)
            word = type(outcome).__name__
            if not isinstance(outcome, Accepted):
                span.fail(word)
        telemetry.count("lotse_sends_total", sink=row.sink.value, outcome=word)
        return Performed(outcome, span.traceparent)

    async def _send(self, row: Outgoing, traceparent: str | None, begin: Begin) -> Outcome:
        letter = row.content if isinstance(row.content, Letter) else None
        if letter is not None and (word := verdict(self.rules, letter, self.clock())):
            return Blocked(word)
        files = row.files
        match self.ways.get(row.account):
            case Webhook() as way:
                begin()
                return await self.freight.by_webhook(way, row, files, traceparent)
            case Meta() as way if letter and row.uploading:
                return await self.freight.to_meta(way, row, letter.address.channel, files[0], traceparent)
            case Meta() as way if letter:
                tag = needs_human_tag(self.rules, letter, self.clock())
                part = Message(letter.parts[row.done], files[0] if files else None, row.uploaded)
                private = letter.comment_on is not None
                return await way.send(
                    letter.address, row.id, part, begin, human_tag=tag, private=private, traceparent=traceparent
                )
            case Mailer() as way if letter:
                return await self.freight.by_mail(way, _mail(row, letter), files, begin)
            case _:
                return Refused(Word.NO_ACCOUNT)


def _mail(row: Outgoing, letter: Letter) -> Mail:
    return Mail(
        letter.address,
        row.conversation_id,
        row.id,
        letter.parts[row.done],
        letter.agent_name if letter.human else "",
        auto=row.kind is Kind.RECEIVED,
    )


def _attributes(row: Outgoing) -> Mapping[str, str | int]:
    found: dict[str, str | int] = {"lotse.sink": row.sink.value, "lotse.attempt": row.attempts}
    if row.uploading:
        found["lotse.bytes"] = row.bytes
    if isinstance(row.content, Letter):
        found["lotse.channel"] = row.content.address.channel.value
    return found
