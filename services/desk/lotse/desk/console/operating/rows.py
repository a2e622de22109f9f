"""What the operations page shows, said in the reader's language. Pure; times stay moments, None is not known."""

from collections.abc import Sequence
from datetime import datetime

from lotse.contracts.frozen import frozen
from lotse.contracts.ops import Account, Part
from lotse.desk.console.conversing.words import say
from lotse.desk.console.operating.texts import OperationsTexts
from lotse.desk.operations import AccountLook, Look, Process, ServiceLook
from lotse.runtime.lag import GroupLag, TopicLag
from lotse.runtime.ops import Parked, ParkedWhole

FAR_BEHIND = 500
"""Records: one batch of a service."""

OLD = 10.0
"""Seconds: what waits longer in an outbox is not on its way."""


@frozen
class ProcessRow:
    """One replica. `fault`: it cannot be asked, and nothing is known of it."""

    where: str
    fault: str | None
    not_ready: str
    started_at: datetime | None
    relay: bool | None
    behind: int | None


@frozen
class ServiceRow:
    name: str
    fault: str | None
    processes: tuple[ProcessRow, ...]
    outbox: int | None
    outbox_age: int | None
    outbox_tone: str
    parked: int | None


@frozen
class PartitionRow:
    partition: int
    end: int
    committed: int | None
    behind: int


@frozen
class GroupRow:
    name: str
    behind: int | None
    tone: str
    fault: str | None
    partitions: tuple[PartitionRow, ...]


@frozen
class TopicRow:
    name: str
    records: int
    there: bool
    groups: tuple[GroupRow, ...]


@frozen
class ParkedRow:
    service: str
    id: int
    topic: str
    place: str
    key: str
    type: str
    reason: str
    error: str
    at: datetime
    requested: bool
    trace: str | None
    trace_address: str | None


@frozen
class Left:
    """Parked records of a service that are not shown; `unknown`: it cannot be told what it has parked."""

    service: str
    count: int
    unknown: str | None


@frozen
class AccountRow:
    """`known` False: ingest cannot be asked, so its figures are not zero but unknown."""

    id: str
    kind: str
    known: bool
    accepted: int
    last_accepted: datetime | None
    refused: int
    refusals: str
    last_refused: datetime | None
    last_reason: str
    not_understood: int
    last_not_understood: datetime | None
    last_event: datetime | None


@frozen
class PartRow:
    id: str
    account: str
    reason: str
    size: int
    at: datetime
    trace: str | None
    trace_address: str | None


@frozen
class Shown:
    """All of the page but its moment."""

    services: tuple[ServiceRow, ...]
    topics: tuple[TopicRow, ...] | None
    topics_fault: str | None
    parked: tuple[ParkedRow, ...]
    left: tuple[Left, ...]
    accounts: tuple[AccountRow, ...]
    since: datetime | None
    unreachable: int
    parts: tuple[PartRow, ...] | None
    parts_total: int


@frozen
class Record:
    """A parked record to be looked at. `value` None: hidden, or there is none (`size` 0)."""

    row: ParkedRow
    headers: tuple[tuple[str, str], ...]
    size: int
    value: str | None


@frozen
class Telling:
    """How rows are said: the language, and the template of a trace's address."""

    said: OperationsTexts
    trace_url: str | None = None

    def shown(self, look: Look) -> Shown:
        parked = [self._parked(s.name, one) for s in look.services if s.parked for one in s.parked.items]
        accounts = look.accounts
        return Shown(
            services=tuple(map(_service, look.services)),
            topics=tuple(map(_topic, look.topics)) if look.topics is not None else None,
            topics_fault=look.topics_fault,
            parked=tuple(sorted(parked, key=lambda row: (row.at, row.service, row.id), reverse=True)),
            left=tuple(_left(look.services)),
            accounts=tuple(map(self._account, accounts.accounts)),
            since=accounts.since,
            unreachable=accounts.unreachable,
            parts=tuple(map(self._part, accounts.unparsed.items)) if accounts.unparsed else None,
            parts_total=accounts.unparsed.total if accounts.unparsed else 0,
        )

    def record(self, service: str, found: ParkedWhole) -> Record:
        return Record(self._parked(service, found), found.headers, found.size, found.value)

    def _parked(self, service: str, one: Parked) -> ParkedRow:
        timer = one.topic.startswith("timer:")
        return ParkedRow(
            service=service,
            id=one.id,
            topic=one.topic,
            place="" if timer else f"{one.partition}/{one.offset}",
            key=one.key,
            type=one.type,
            reason=say(self.said.reasons, one.reason),
            error=one.error,
            at=one.parked_at,
            requested=one.replay_requested,
            trace=one.trace_id,
            trace_address=self._address(one.trace_id),
        )

    def _part(self, one: Part) -> PartRow:
        trace = one.trace_id
        return PartRow(str(one.id), one.account, one.reason, one.size, one.received_at, trace, self._address(trace))

    def _address(self, trace: str | None) -> str | None:
        return self.trace_url.replace("{trace_id}", trace) if self.trace_url and trace else None

    def _account(self, one: AccountLook) -> AccountRow:
        seen = one.seen
        return AccountRow(
            id=one.id,
            kind=say(self.said.kinds, one.kind),
            known=seen is not None,
            accepted=seen.accepted if seen else 0,
            last_accepted=seen.last_accepted if seen else None,
            refused=sum(seen.refused.values()) if seen else 0,
            refusals=self._refusals(seen),
            last_refused=seen.last_refused if seen else None,
            last_reason=say(self.said.refusals, seen.last_reason) if seen else "",
            not_understood=seen.not_understood if seen else 0,
            last_not_understood=seen.last_not_understood if seen else None,
            last_event=one.last_event,
        )

    def _refusals(self, seen: Account | None) -> str:
        found = sorted(seen.refused.items(), key=lambda one: (-one[1], one[0])) if seen else ()
        return ", ".join(f"{say(self.said.refusals, reason)}: {count}" for reason, count in found)


def _service(one: ServiceLook) -> ServiceRow:
    told = [process.status for process in one.processes if process.status]
    outbox = max((status.outbox.rows for status in told if status.relay_active is not None), default=None)
    age = max((status.outbox.age for status in told), default=0.0)
    return ServiceRow(
        name=one.name,
        fault=one.fault,
        processes=tuple(map(_process, one.processes)),
        outbox=outbox,
        outbox_age=int(age) if outbox else None,
        outbox_tone="danger" if outbox and age > OLD else "",
        parked=one.parked.total if one.parked else None,
    )


def _process(one: Process) -> ProcessRow:
    status = one.status
    if status is None:
        return ProcessRow(one.where, one.fault or "", "", None, None, None)
    behind = sum(status.lag.values()) if status.lag else None
    return ProcessRow(one.where, None, ", ".join(status.not_ready), status.started_at, status.relay_active, behind)


def _topic(one: TopicLag) -> TopicRow:
    return TopicRow(one.topic, one.records, bool(one.extents), tuple(map(_group, one.groups)))


def _group(one: GroupLag) -> GroupRow:
    behind = one.behind
    tone = "warn" if behind is None else "danger" if behind > FAR_BEHIND else "" if behind else "ok"
    partitions = tuple(PartitionRow(p.partition, p.end, p.committed, p.behind) for p in one.partitions or ())
    return GroupRow(one.group, behind, tone, one.fault, partitions)


def _left(services: Sequence[ServiceLook]) -> Sequence[Left]:
    unknown = [Left(one.name, 0, one.fault or "") for one in services if one.parked is None]
    more = [
        Left(one.name, one.parked.total - len(one.parked.items), None)
        for one in services
        if one.parked and one.parked.total > len(one.parked.items)
    ]
    return [*unknown, *more]
