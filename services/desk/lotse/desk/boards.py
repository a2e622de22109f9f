"""The boards: queue and team as they stand now, each read in one transaction."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from lotse.contracts.channels import Channel
from lotse.contracts.config import Config
from lotse.contracts.values import Presence
from lotse.desk import board_reads, reads
from lotse.desk.api import board_models as b
from lotse.desk.api.lists import agent_card
from lotse.desk.api.parts import Parts
from lotse.desk.api.problems import reading
from lotse.desk.board_reads import InLine
from lotse.desk.core import demand
from lotse.desk.core.queue import NEAREST, Candidate, Explained, Queue, Waits, Why, Worker
from lotse.desk.reports import home_zone, midnight
from lotse.runtime.postgres import Row, Tx


async def queue(desk: Parts, limit: int) -> b.Queue:
    """The first `limit` of the queue, and how many of all wait for which reason."""
    async with reading(desk.database) as tx:
        lines = await board_reads.queue(tx)
        explaining = await _explaining(desk, tx)
        explained = [explaining.explain(_waits(line)) for line in lines]
        shown = {found.id: found for found in await reads.summaries(tx, [line.id for line in lines[:limit]])}
        as_of = await board_reads.read_up_to(tx)
    first = zip(lines[:limit], explained[:limit], strict=True)
    return b.Queue(
        items=tuple(
            b.Queued(conversation=shown[line.id], waiting=_waiting(line, found))
            for line, found in first
            if line.id in shown
        ),
        total=len(lines),
        reasons=dict(Counter[Why](found.why for found in explained)),
        oldest=min((line.waiting_since for line in lines if line.waiting_since), default=None),
        as_of=as_of,
    )


async def waiting(desk: Parts, conversation: UUID, *, everybody: bool = False) -> b.Waiting | None:
    """Why one conversation waits and who could take it; None where it does not wait for an agent.

    `everybody`: each agent with what he lacks, not only those who come nearest.
    """
    async with reading(desk.database) as tx:
        line = await board_reads.in_line(tx, conversation)
        if line is None:
            return None
        explaining = await _explaining(desk, tx)
    nearest = len(desk.config.agents) if everybody else NEAREST
    return _waiting(line, explaining.explain(_waits(line), nearest))


async def called_for(desk: Parts, conversation: UUID) -> demand.Demand | None:
    """The skills that a conversation calls for, whoever has it; None where the router never said."""
    async with reading(desk.database) as tx:
        return demand.read(await board_reads.demand(tx, conversation))


async def board(desk: Parts) -> b.Board:
    """The agents of the configuration, and today's promises."""
    now = desk.clock()
    async with reading(desk.database) as tx:
        presences, loads = await reads.presences(tx), await reads.loads(tx)
        in_hand: dict[str, list[b.InHand]] = defaultdict(list)
        for row in await board_reads.in_hand(tx):
            in_hand[row["assignee"]].append(_in_hand(row))
        today = await _today(desk.config, tx, now)
        as_of = await board_reads.read_up_to(tx)
    agents = tuple(
        b.Colleague(
            **dict(agent_card(name, card, presences.get(name), loads.get(name))), in_hand=tuple(in_hand.get(name, ()))
        )
        for name, card in sorted(desk.config.agents.items(), key=lambda found: (found[1].name, found[0]))
    )
    return b.Board(agents=agents, today=today, as_of=as_of)


async def _today(config: Config, tx: Tx, now: datetime) -> b.Today:
    zone = home_zone(config)
    day = now.astimezone(zone).date()
    decided = await board_reads.decided(tx, midnight(day, zone), midnight(day + timedelta(days=1), zone))
    channels = kept_by_channel(decided, await board_reads.still_open(tx, now))
    return b.Today(day=day, zone=str(zone), total=sum(channels.values(), b.Kept()), channels=channels)


def kept_by_channel(decided: Sequence[Row], still_open: Sequence[Row]) -> dict[Channel, b.Kept]:
    found: dict[Channel, b.Kept] = {}
    for row in decided:
        found[Channel(row["channel"])] = b.Kept(kept=row["kept"], missed=row["missed"])
    for row in still_open:
        channel = Channel(row["channel"])
        found[channel] = found.get(channel, b.Kept()) + b.Kept(open=row["open"], overdue=row["overdue"])
    return dict(sorted(found.items()))


async def _explaining(desk: Parts, tx: Tx) -> Queue:
    presences, loads = await reads.presences(tx), await reads.loads(tx)
    return Queue(desk.config, _workers(desk.config, presences, loads), desk.clock())


def _workers(config: Config, presences: Mapping[str, reads.Presence], loads: Mapping[str, reads.Load]) -> list[Worker]:
    return [
        Worker(
            name,
            card,
            Presence(presences[name].status) if name in presences else Presence.OFFLINE,
            loads[name].units if name in loads else 0,
        )
        for name, card in config.agents.items()
    ]


def _waits(line: InLine) -> Waits:
    """A conversation whose beginning the log no longer tells has no channel: it is taken for a mail."""
    channel = Channel(line.channel) if line.channel else Channel.EMAIL
    return Waits(channel, line.crisis, line.team, demand.read(line.demand), line.queued_at)


def _waiting(line: InLine, found: Explained) -> b.Waiting:
    wanted = demand.read(line.demand) or demand.Demand()
    return b.Waiting(
        why=found.why,
        queued_at=line.queued_at,
        crisis=line.crisis,
        team=line.team,
        required=wanted.called_for,
        preferred=wanted.preferred,
        rules=wanted.rules,
        rules_version=wanted.version,
        relaxed=tuple(b.Relaxed(ring=one.ring, dropped=one.dropped, at=one.at) for one in wanted.relaxed),
        eases=b.Ease(at=found.eases.at, dropped=found.eases.dropped) if found.eases else None,
        first=b.First(id=found.first.id, until=found.first.until) if found.first else None,
        candidates=tuple(map(_candidate, found.candidates)),
    )


def _candidate(found: Candidate) -> b.Candidate:
    return b.Candidate(
        id=found.id,
        status=found.presence,
        used=found.used,
        limit=found.limit,
        has_room=found.has_room,
        preferred=found.preferred,
        missing=tuple(b.Missing(skill=one.skill, level=one.level, needed=one.needed) for one in found.missing),
        other_team=found.other_team,
    )


def _in_hand(row: Row) -> b.InHand:
    return b.InHand(
        id=row["id"],
        channel=row["channel"],
        customer_name=row["customer_name"],
        waiting_since=row["waiting_since"],
        due_at=row["due_at"],
        priority=row["priority"],
    )
