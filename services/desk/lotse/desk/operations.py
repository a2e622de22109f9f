"""How the installation stands: topics and lag, each service's processes and parked records, the accounts.

Everything is asked when somebody looks, by all lookers together at most every two seconds. What cannot be asked is
said to be unknown.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from uuid import UUID

from lotse.contracts.config import Config
from lotse.contracts.frozen import frozen
from lotse.contracts.ops import Account, Replayed, Seen, Unparsed
from lotse.desk import board_reads
from lotse.desk.api.parts import Parts
from lotse.desk.api.problems import reading
from lotse.desk.replicas import Replica, Replicas, Unreachable
from lotse.runtime import lag
from lotse.runtime.errors import BrokerUnavailable
from lotse.runtime.lag import TopicLag
from lotse.runtime.ops import MOST, Parked, ParkedPage, ParkedWhole, Status

_KEPT_FOR = 2.0
"""Seconds for which one look serves everybody."""

SHOWN = 50
"""Parked records of a service, and parts not understood, that are shown at first."""


@frozen
class Process:
    """One replica; `status` None: it cannot be asked, for the reason `fault`."""

    where: str
    status: Status | None
    fault: str | None = None


@frozen
class ServiceLook:
    """A service; `parked` None: it cannot be told what is parked."""

    name: str
    processes: tuple[Process, ...]
    parked: ParkedPage | None
    fault: str | None = None


@frozen
class AccountLook:
    """An account over all replicas of ingest; `seen` None: none of them could be asked."""

    id: str
    kind: str
    seen: Account | None
    last_event: datetime | None
    """The last event of a conversation on it, by the desk's own projection."""


@frozen
class AccountsLook:
    accounts: tuple[AccountLook, ...]
    since: datetime | None
    """Since when there are counts: the youngest replica's start."""
    unreachable: int
    """Replicas of ingest that could not be asked: the counts lack theirs."""
    unparsed: Unparsed | None


@frozen
class Look:
    at: datetime
    topics: tuple[TopicLag, ...] | None
    topics_fault: str | None
    services: tuple[ServiceLook, ...]
    accounts: AccountsLook


@frozen
class _Known:
    done: int
    shown: int
    until: float
    look: Look


@dataclass(slots=True)
class Operations:
    """One for each process of the desk."""

    replicas: Replicas
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _done: int = 0
    """How often something was done, after which what was seen before is old."""
    _known: "_Known | None" = None

    async def look(self, desk: Parts, shown: int = SHOWN) -> Look:
        """Everything, as it was seen two seconds ago at the most; what cannot be asked raises nothing."""
        async with self._lock:
            known = self._known
            if known is None or known.done != self._done or known.shown < shown or monotonic() > known.until:
                done, found = self._done, await self._ask(desk, shown)
                known = self._known = _Known(done, shown, monotonic() + _KEPT_FOR, found)
            return known.look

    def forget(self) -> None:
        """Something was done: look afresh."""
        self._done += 1

    async def parked(self, service: str, number: int, *, value: bool) -> ParkedWhole:
        """One record, with what it says only where `value` is asked for. Raises Unreachable; NotThere: it is gone."""
        params = {"value": "true"} if value else {}
        return await self.replicas.first(service, f"/ops/parked/{number}", ParkedWhole, **params)

    async def replay(self, service: str, number: int) -> Parked:
        """Have the service try it again, which it does at once. Raises Unreachable, NotThere."""
        self.forget()
        return await self.replicas.first(service, f"/ops/parked/{number}/replay", Parked, method="POST")

    async def replay_part(self, number: UUID) -> Replayed:
        """Have ingest read a part again that was not understood. Raises Unreachable, NotThere."""
        self.forget()
        return await self.replicas.first("ingest", f"/ops/unparsed/{number}/replay", Replayed, method="POST")

    async def _ask(self, desk: Parts, shown: int) -> Look:
        (topics, fault), accounts, services = await asyncio.gather(
            _topics(desk),
            self._accounts(desk),
            asyncio.gather(*(self._service(s, shown) for s in self.replicas.services)),
        )
        return Look(desk.clock(), topics, fault, tuple(services), accounts)

    async def _service(self, name: str, shown: int) -> ServiceLook:
        try:
            replicas = await self.replicas.of(name)
        except Unreachable as error:
            return ServiceLook(name, (), None, error.word)
        processes = tuple(await asyncio.gather(*map(self._process, replicas)))
        there = next((r for r, p in zip(replicas, processes, strict=True) if p.status), None)
        if there is None:
            return ServiceLook(name, processes, None, processes[0].fault)
        try:
            parked = await self.replicas.get(there, "/ops/parked", ParkedPage, limit=str(min(shown, MOST)))
        except Unreachable as error:
            return ServiceLook(name, processes, None, error.word)
        return ServiceLook(name, processes, parked)

    async def _process(self, replica: Replica) -> Process:
        where = replica.url.partition("://")[2]
        try:
            return Process(where, await self.replicas.get(replica, "/ops/status", Status))
        except Unreachable as error:
            return Process(where, None, error.word)

    async def _accounts(self, desk: Parts) -> AccountsLook:
        async with reading(desk.database) as tx:
            heard = await board_reads.accounts(tx)
        try:
            replicas = await self.replicas.of("ingest")
        except Unreachable:
            return AccountsLook(_merged(desk.config, (), heard), None, 1, None)
        answers = await asyncio.gather(
            *(self.replicas.get(replica, "/ops/accounts", Seen) for replica in replicas), return_exceptions=True
        )
        seen = [answer for answer in answers if isinstance(answer, Seen)]
        since = max((one.since for one in seen), default=None)
        merged = _merged(desk.config, [account for one in seen for account in one.accounts], heard)
        return AccountsLook(merged, since, len(answers) - len(seen), await self._unparsed())

    async def _unparsed(self) -> Unparsed | None:
        try:
            return await self.replicas.first("ingest", "/ops/unparsed", Unparsed, limit=str(SHOWN))
        except Unreachable:
            return None


async def _topics(desk: Parts) -> tuple[tuple[TopicLag, ...] | None, str | None]:
    try:
        return await lag.look(desk.settings), None
    except BrokerUnavailable as error:
        return None, str(error)


def _merged(config: Config, seen: Sequence[Account], heard: Mapping[str, datetime]) -> tuple[AccountLook, ...]:
    return tuple(
        AccountLook(name, account.kind, merged(one for one in seen if one.id == name), heard.get(name))
        for name, account in config.accounts.items()
    )


def merged(seen: Iterable[Account]) -> Account | None:
    """One account as several replicas saw it: counts add up, the youngest moment counts."""
    told = list(seen)
    if not told:
        return None
    refused = max((one for one in told if one.last_refused), key=lambda one: one.last_refused or one.id, default=None)
    return Account(
        id=told[0].id,
        kind=told[0].kind,
        accepted=sum(one.accepted for one in told),
        last_accepted=_latest(one.last_accepted for one in told),
        refused=dict(sum((Counter(one.refused) for one in told), Counter[str]())),
        last_refused=refused.last_refused if refused else None,
        last_reason=refused.last_reason if refused else None,
        not_understood=sum(one.not_understood for one in told),
        last_not_understood=_latest(one.last_not_understood for one in told),
    )


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)
