"""All SQL of the service levels."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from pydantic import TypeAdapter

from lotse.contracts.channels import Channel
from lotse.contracts.ids import AgentId
from lotse.contracts.values import Presence
from lotse.runtime.postgres import Row, Tx
from lotse.runtime.writes import Write
from lotse.sla.core.levels import NOTHING, Level, Tally, Window

_TOOK = TypeAdapter(tuple[float, ...])
_WORDS = TypeAdapter(tuple[str, ...])
_COUNTS = TypeAdapter(dict[str, int])

_ADD = """
INSERT INTO tally (at, channel, begun, kept, broken, took, topics)
SELECT at, channel, begun, kept, broken, took, topics
FROM unnest($1::timestamptz[], $2::text[], $3::integer[], $4::integer[], $5::integer[], $6::json[], $7::json[])
    AS new (at, channel, begun, kept, broken, took, topics)
"""

_TAKE = "DELETE FROM tally WHERE at < $1 RETURNING channel, begun, kept, broken, took, topics"

_CURSOR = "SELECT next FROM service_cursor FOR UPDATE SKIP LOCKED"

_MOVE = "UPDATE service_cursor SET next = $1"

_LEVELS = "SELECT channel, degraded_at FROM service_level"

_SAVE_LEVELS = """
INSERT INTO service_level (channel, degraded_at)
SELECT channel, degraded_at FROM unnest($1::text[], $2::timestamptz[]) AS new (channel, degraded_at)
ON CONFLICT (channel) DO UPDATE SET degraded_at = excluded.degraded_at
"""

_PAST = """
SELECT channel, begins, begun, kept, broken, answers, p90, topics, slow
FROM service_window
WHERE channel = ANY($1::text[]) AND begins >= $2 AND begins < $3
ORDER BY channel, begins
"""

_CLOSE = """
INSERT INTO service_window (channel, begins, begun, kept, broken, answers, p90, topics, slow)
SELECT channel, $1, begun, kept, broken, answers, p90, topics, slow
FROM unnest($2::text[], $3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::double precision[],
            $8::json[], $9::boolean[]) AS new (channel, begun, kept, broken, answers, p90, topics, slow)
"""

_FORGET = "DELETE FROM service_window WHERE begins < $1"

_SAVE_AGENTS = """
INSERT INTO agent (id, presence) SELECT id, presence FROM unnest($1::text[], $2::text[]) AS new (id, presence)
ON CONFLICT (id) DO UPDATE SET presence = excluded.presence
"""

_STAFFED = "SELECT count(*) FROM agent WHERE presence = 'online'"


def add(at: datetime | None, tallies: Mapping[Channel, Tally]) -> Write:
    """Append what a batch says; no row is there twice, so no batch waits for another."""
    found = tallies.values()
    return Write(
        _ADD,
        (
            [at] * len(tallies),
            [channel.value for channel in tallies],
            [tally.begun for tally in found],
            [tally.kept for tally in found],
            [tally.broken for tally in found],
            [json.dumps(tally.took) for tally in found],
            [json.dumps(tally.topics) for tally in found],
        ),
    )


async def take(tx: Tx, until: datetime) -> dict[Channel, Tally]:
    """What was added before that moment, by channel; it is there no longer."""
    found: dict[Channel, Tally] = {}
    for row in await tx.fetch(_TAKE, until):
        channel = Channel(row["channel"])
        found[channel] = found.get(channel, NOTHING) + _tally(row)
    return found


def _tally(row: Row) -> Tally:
    took, topics = _TOOK.validate_json(row["took"]), _WORDS.validate_json(row["topics"])
    return Tally(row["begun"], row["kept"], row["broken"], took, topics)


async def lock_cursor(tx: Tx) -> tuple[bool, datetime | None]:
    """Whether this replica may close windows now, and the window that is next."""
    row = await tx.fetchrow(_CURSOR)
    return (False, None) if row is None else (True, row["next"])


async def move_cursor(tx: Tx, begins: datetime) -> None:
    await tx.execute(_MOVE, begins)


async def levels(tx: Tx) -> dict[Channel, Level]:
    rows = await tx.fetch(_LEVELS)
    return {Channel(row["channel"]): Level(Channel(row["channel"]), row["degraded_at"]) for row in rows}


async def save_levels(tx: Tx, found: Collection[Level]) -> None:
    await tx.execute(_SAVE_LEVELS, [level.channel.value for level in found], [level.degraded_at for level in found])


async def past(
    tx: Tx, channels: Collection[Channel], since: datetime, until: datetime
) -> dict[Channel, Sequence[Window]]:
    """The windows of these channels between the two moments, oldest first."""
    found: dict[Channel, list[Window]] = {channel: [] for channel in channels}
    for row in await tx.fetch(_PAST, [channel.value for channel in channels], since, until):
        found[Channel(row["channel"])].append(_window(row))
    return dict(found)


def _window(row: Row) -> Window:
    return Window(
        begins=row["begins"],
        begun=row["begun"],
        kept=row["kept"],
        broken=row["broken"],
        answers=row["answers"],
        p90=row["p90"],
        topics=_COUNTS.validate_json(row["topics"]),
        slow=row["slow"],
    )


async def close(tx: Tx, begins: datetime, windows: Mapping[Channel, Window]) -> None:
    """Keep windows that are over."""
    found = windows.values()
    await tx.execute(
        _CLOSE,
        begins,
        [channel.value for channel in windows],
        [window.begun for window in found],
        [window.kept for window in found],
        [window.broken for window in found],
        [window.answers for window in found],
        [window.p90 for window in found],
        [json.dumps(window.topics or {}) for window in found],
        [window.slow for window in found],
    )


async def forget(tx: Tx, before: datetime) -> None:
    await tx.execute(_FORGET, before)


def save_agents(presences: Mapping[AgentId, Presence]) -> Write:
    """Under the lock of the partition that told it, in the order of the ids."""
    ordered = sorted(presences)
    return Write(_SAVE_AGENTS, (ordered, [presences[agent].value for agent in ordered]), rare=True)


async def staffed(tx: Tx) -> int:
    """How many agents take work."""
    return await tx.fetchval(_STAFFED)
