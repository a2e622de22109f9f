"""Records and timers that could not be applied: kept whole, listed, replayed."""

import contextlib
import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast
from uuid import UUID

from lotse.contracts.frozen import frozen
from lotse.runtime import telemetry
from lotse.runtime.postgres import Tx
from lotse.runtime.record import Record, headers_from_text, headers_to_text, key_of, text_header

KEPT_FOR = timedelta(days=30)
"""As long as the log keeps the record itself."""


class Reason(StrEnum):
    """Why something is parked."""

    UNKNOWN_TYPE = "unknown_type"
    """A later release may know it, and replays it by itself."""
    INVALID = "invalid"
    FAILED = "failed"
    """The fold raised on it alone."""
    BEHIND = "behind"
    """An earlier record of its key is parked; replayed by itself once that one went through."""


@frozen
class Parked:
    """A parked record, as a replay needs it."""

    id: int
    topic: str
    partition: int
    offset: int
    key_text: str
    reason: Reason
    headers: Sequence[tuple[str, bytes]]
    value: bytes | None

    @property
    def key(self) -> bytes:
        return self.key_text.encode()


_PARK = """
INSERT INTO parked (topic, partition, "offset", key, type, reason, error, trace_id, headers, value)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (topic, partition, "offset", key) DO NOTHING
"""

_MARK = "UPDATE inbox SET parked = true WHERE topic = $1 AND partition = $2"

_MARKED = "SELECT topic, partition FROM inbox WHERE parked ORDER BY topic, partition FOR UPDATE"

_UNMARK = """
UPDATE inbox AS i SET parked = false
WHERE parked AND NOT EXISTS (SELECT 1 FROM parked AS p WHERE p.topic = i.topic AND p.partition = i.partition)
"""

_COLUMNS = """id, topic, partition, "offset", key, reason, headers, value"""

_REPLAYABLE = f"""
SELECT {_COLUMNS} FROM parked AS p
WHERE topic NOT LIKE 'timer:%'
  AND (replay_requested
       OR (reason = 'unknown_type' AND type = ANY($1::text[]))
       OR reason = 'behind')
  AND NOT EXISTS (SELECT 1 FROM parked AS older WHERE older.topic = p.topic AND older.key = p.key AND older.id < p.id
                  AND $2::boolean)
ORDER BY id LIMIT 100
"""  # noqa: S608


_OF_MESSAGES = """
SELECT id, value FROM parked AS p
WHERE EXISTS (SELECT 1 FROM unnest($1::text[]) AS m WHERE position(convert_to(m, 'UTF8') IN p.value) > 0)
ORDER BY id FOR UPDATE
"""

_SAYS: dict[str, object] = {"text": "", "subject": None, "full": None, "attachments": []}
"""What a message says, and what stands there once it was taken back."""


async def park(tx: Tx, record: Record, reason: Reason, error: str) -> None:
    """Keep one record with its raw bytes; the error names types and fields, never values."""
    traceparent = text_header(record, "traceparent") or None
    await tx.execute(
        _PARK,
        record.topic,
        record.partition,
        record.offset,
        key_of(record),
        text_header(record, "ce_type"),
        reason.value,
        error.replace("\x00", "\ufffd")[:2000],
        telemetry.trace_id(traceparent),
        headers_to_text(record.headers),
        record.value,
    )
    await tx.execute(_MARK, record.topic, record.partition)
    telemetry.count("lotse_records_parked_total", topic=record.topic, reason=reason.value)


async def park_timer(tx: Tx, name: str, owner: str, traceparent: str | None, error: str) -> None:
    """Keep a timer that could not be decided; its owner's timers of this name stand still until replayed."""
    topic = f"timer:{name}"
    await tx.execute(
        _PARK,
        topic,
        0,
        0,
        owner,
        "timer",
        Reason.FAILED.value,
        error[:2000],
        telemetry.trace_id(traceparent),
        "[]",
        None,
    )
    telemetry.count("lotse_records_parked_total", topic=topic, reason=Reason.FAILED.value)


async def stuck_owners(tx: Tx, name: str) -> set[str]:
    """Owners whose timer of this name is parked; those whose replay was asked for are let go."""
    topic = f"timer:{name}"
    await tx.execute("DELETE FROM parked WHERE topic = $1 AND replay_requested", topic)
    return {row["key"] for row in await tx.fetch("SELECT key FROM parked WHERE topic = $1", topic)}


async def parked_keys(tx: Tx, topics: Collection[str], keys: Collection[str]) -> set[tuple[str, str]]:
    """Which (topic, key) pairs have something parked, so that later records must wait behind."""
    rows = await tx.fetch(
        "SELECT DISTINCT topic, key FROM parked WHERE topic = ANY($1::text[]) AND key = ANY($2::text[])",
        list(topics),
        list(keys),
    )
    return {(row["topic"], row["key"]) for row in rows}


async def unmark(tx: Tx) -> None:
    """Partitions of which nothing is parked any more need not be asked about; their rows are locked first."""
    if await tx.fetch(_MARKED):
        await tx.execute(_UNMARK)


async def replayable(tx: Tx, known: Collection[str], sequenced: bool) -> list[Parked]:
    """What may be tried again now, oldest first; on sequenced topics only the oldest of each key."""
    rows = await tx.fetch(_REPLAYABLE, list(known), sequenced)
    return [
        Parked(
            row["id"],
            row["topic"],
            row["partition"],
            row["offset"],
            row["key"],
            Reason(row["reason"]),
            headers_from_text(row["headers"]),
            row["value"],
        )
        for row in rows
    ]


async def lock_parked(tx: Tx, parked_id: int) -> bool:
    """Whether the row still stands; locks it."""
    return await tx.fetchval("SELECT id FROM parked WHERE id = $1 FOR UPDATE SKIP LOCKED", parked_id) is not None


async def take_back(tx: Tx, messages: Collection[UUID]) -> None:
    """Keep nothing of what these messages said. What is too damaged to tell is emptied altogether."""
    gone = [str(message) for message in messages]
    for row in await tx.fetch(_OF_MESSAGES, gone):
        await tx.execute("UPDATE parked SET value = $2 WHERE id = $1", row["id"], _emptied(row["value"], gone))


def _emptied(value: bytes, gone: Collection[str]) -> bytes | None:
    with contextlib.suppress(ValueError):
        event = json.loads(value)
        if isinstance(event, dict) and cast("dict[str, object]", event).get("message_id") in gone:
            return json.dumps(event | {name: left for name, left in _SAYS.items() if name in event}).encode()
    return None


async def expire(tx: Tx, now: datetime) -> int:
    """Remove what nobody mended in all that time; how many they were."""
    return len(await tx.fetch("DELETE FROM parked WHERE parked_at < $1 RETURNING id", now - KEPT_FOR))


async def remove(tx: Tx, parked_id: int) -> None:
    await tx.execute("DELETE FROM parked WHERE id = $1", parked_id)


async def keep_failed(tx: Tx, parked_id: int, error: str) -> None:
    """The replay failed too: keep the row, with the newest error."""
    await tx.execute(
        "UPDATE parked SET replay_requested = false, reason = 'failed', error = $2 WHERE id = $1",
        parked_id,
        error[:2000],
    )


def describe(error: BaseException) -> str:
    """Type and place of an error without its text, which may quote a customer."""
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    place = f" at {frame.tb_frame.f_code.co_filename.rpartition('/lotse/')[2]}:{frame.tb_lineno}" if frame else ""
    return f"{type(error).__name__}{place}"
