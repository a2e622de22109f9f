"""What agents have begun to write: kept until it is sent, and for 30 days after its conversation is done.

A draft bears the key under which it is sent. Sent once more before its outcome is known, by a second click or after a
cut connection, the same words are the same command; what is sent again after a refusal has a new key.
"""

import json
from dataclasses import field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal
from uuid import UUID, uuid4

from pydantic import TypeAdapter

from lotse.contracts.frozen import frozen
from lotse.desk.model import Model
from lotse.runtime.fold import Job, Made
from lotse.runtime.postgres import Row, Tx

Kind = Literal["reply", "note"]

KEPT = timedelta(days=30)
"""How long a draft outlives its conversation."""

CLOSE = timedelta(seconds=5)
"""Two agents who answer within this time may not know of each other."""

_SWEEP_EVERY = timedelta(hours=1)


class Asked(Model):
    """What was sent and has no outcome yet; `key` is the idempotency key."""

    key: str
    then: Literal["waiting", "resolved"] = "waiting"
    override_reason: str | None = None


class File(Model):
    """A file that is to go along; `id` is what the upload gave."""

    id: str
    name: str
    media_type: str
    size: int


_FILES = TypeAdapter(tuple[File, ...])


@frozen
class Place:
    """Whose draft, where and of what."""

    agent: str
    conversation: UUID
    kind: Kind


@frozen
class Draft:
    place: Place
    text: str = ""
    files: tuple[File, ...] = ()
    private: bool = False
    """It answers a public comment in private."""
    key: str = field(default_factory=lambda: str(uuid4()))
    asked: Asked | None = None
    asked_at: datetime | None = None

    @property
    def empty(self) -> bool:
        return not (self.text.strip() or self.files)

    def asking(self, then: Literal["waiting", "resolved"], override_reason: str | None) -> Asked:
        """What is sent now: the same words to the same end have the same key."""
        words = [self.place.kind, self.text, [file.id for file in self.files], then, override_reason]
        told = json.dumps([*words, "private"] if self.private else words)
        return Asked(key=f"{self.key}:{sha256(told.encode()).hexdigest()}", then=then, override_reason=override_reason)


_COLUMNS = "agent_id, conversation_id, kind, text, files, private, key, asked, asked_at"

_OF = f"SELECT {_COLUMNS} FROM draft WHERE agent_id = $1 AND conversation_id = $2"  # noqa: S608

_LEFT_BEHIND = f"""
SELECT {_COLUMNS} FROM draft
WHERE conversation_id = $1 AND agent_id = $2 AND kind = 'reply' AND asked IS NULL
"""  # noqa: S608

_SAVE = """
INSERT INTO draft AS d (agent_id, conversation_id, kind, text, files, private, key, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (agent_id, conversation_id, kind) DO UPDATE SET
    text = excluded.text, files = excluded.files, private = excluded.private, updated_at = excluded.updated_at
WHERE d.asked IS NULL
RETURNING key
"""

_DROP = """
DELETE FROM draft WHERE agent_id = $1 AND conversation_id = $2 AND kind = $3 AND asked IS NULL
"""

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('answer ' || $1::text, 0))"

_COLLEAGUE = """
SELECT agent_id FROM (
    SELECT agent_id, at FROM reply WHERE conversation_id = $1 AND agent_id <> $2 AND approved AND at > $3
    UNION ALL
    SELECT agent_id, asked_at FROM draft
    WHERE conversation_id = $1 AND agent_id <> $2 AND kind = 'reply' AND asked_at > $3
) AS answered ORDER BY at DESC LIMIT 1
"""

_ASK = f"""
INSERT INTO draft AS d (agent_id, conversation_id, kind, text, files, private, key, asked, asked_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
ON CONFLICT (agent_id, conversation_id, kind) DO UPDATE SET
    text = excluded.text, files = excluded.files, private = excluded.private, asked = excluded.asked,
    asked_at = excluded.asked_at, updated_at = excluded.updated_at
WHERE d.asked IS NULL OR d.asked->>'key' = excluded.asked->>'key'
RETURNING {_COLUMNS}
"""  # noqa: S608

_SENT = """
DELETE FROM draft WHERE agent_id = $1 AND conversation_id = $2 AND kind = $3 AND asked->>'key' = $4
"""

_GIVEN_BACK = """
UPDATE draft SET asked = NULL, asked_at = NULL, key = $5
WHERE agent_id = $1 AND conversation_id = $2 AND kind = $3 AND asked->>'key' = $4
"""

_TAKE_OVER = f"""
WITH left_behind AS (
    DELETE FROM draft WHERE agent_id = $2 AND conversation_id = $3 AND kind = 'reply' AND asked IS NULL
        AND NOT EXISTS (SELECT 1 FROM draft WHERE agent_id = $1 AND conversation_id = $3 AND kind = 'reply'
                        AND asked IS NOT NULL)
    RETURNING text, files, private
)
INSERT INTO draft AS d (agent_id, conversation_id, kind, text, files, private, key, updated_at)
SELECT $1, $3, 'reply', text, files, private, $4, $5 FROM left_behind
ON CONFLICT (agent_id, conversation_id, kind) DO UPDATE SET
    text = excluded.text, files = excluded.files, private = excluded.private, updated_at = excluded.updated_at
RETURNING {_COLUMNS}
"""  # noqa: S608

_BEGUN = "SELECT DISTINCT conversation_id FROM draft WHERE agent_id = $1"

_SWEEP = """
DELETE FROM draft USING conversation AS c
WHERE c.id = draft.conversation_id AND c.status = 'resolved' AND c.updated_at < $1
"""


async def of(tx: Tx, agent: str, conversation: UUID) -> dict[Kind, Draft]:
    """What the agent has begun in a conversation."""
    return {draft.place.kind: draft for draft in map(_draft, await tx.fetch(_OF, agent, conversation))}


async def left_behind(tx: Tx, conversation: UUID, agent: str) -> Draft | None:
    """The answer that another agent began and did not send."""
    row = await tx.fetchrow(_LEFT_BEHIND, conversation, agent)
    return None if row is None else _draft(row)


async def drafts_of(tx: Tx, agent: str) -> frozenset[UUID]:
    """The conversations in which the agent has begun to write something."""
    return frozenset(row["conversation_id"] for row in await tx.fetch(_BEGUN, agent))


async def save(tx: Tx, draft: Draft, now: datetime) -> str:
    """Keep the words, or drop the draft where there are none; one on its way out is left alone. Gives its key."""
    place = draft.place
    if draft.empty:
        await tx.execute(_DROP, place.agent, place.conversation, place.kind)
        return draft.key
    whose = (place.agent, place.conversation, place.kind)
    return await tx.fetchval(_SAVE, *whose, draft.text, _files(draft), draft.private, draft.key, now) or draft.key


async def colleague(tx: Tx, place: Place, now: datetime) -> str | None:
    """Who else has just answered in this conversation, or is about to.

    Who asks holds the conversation's turn to the end of the transaction, so of two one hears of the other.
    """
    await tx.execute(_LOCK, str(place.conversation))
    return await tx.fetchval(_COLLEAGUE, place.conversation, place.agent, now - CLOSE)


async def ask(tx: Tx, draft: Draft, asked: Asked, now: datetime) -> Draft | None:
    """Keep the words with the key they are sent under; None where other words are on their way out already."""
    place = draft.place
    row = await tx.fetchrow(
        _ASK,
        place.agent,
        place.conversation,
        place.kind,
        draft.text,
        _files(draft),
        draft.private,
        draft.key,
        asked.model_dump_json(),
        now,
    )
    return None if row is None else _draft(row)


async def sent(tx: Tx, place: Place, key: str) -> None:
    """The command is done: the draft is gone."""
    await tx.execute(_SENT, place.agent, place.conversation, place.kind, key)


async def give_back(tx: Tx, place: Place, key: str) -> str:
    """The command was refused or given up: the words stand to be changed. Gives the draft's next key."""
    fresh = str(uuid4())
    await tx.execute(_GIVEN_BACK, place.agent, place.conversation, place.kind, key, fresh)
    return fresh


async def take_over(tx: Tx, place: Place, previous: str, now: datetime) -> Draft | None:
    """The answer that `previous` began becomes this agent's own; None where it is gone."""
    row = await tx.fetchrow(_TAKE_OVER, place.agent, previous, place.conversation, str(uuid4()), now)
    return None if row is None else _draft(row)


def sweeping() -> Job:
    """Forgets drafts of conversations that have been done for 30 days."""

    async def sweep(tx: Tx, now: datetime) -> Made:
        await tx.execute(_SWEEP, now - KEPT)
        return Made()

    return Job("drafts", _SWEEP_EVERY, after_fold=False, run=sweep)


def _files(draft: Draft) -> str:
    return _FILES.dump_json(draft.files).decode()


def _draft(row: Row) -> Draft:
    return Draft(
        place=Place(row["agent_id"], row["conversation_id"], row["kind"]),
        text=row["text"],
        files=_FILES.validate_json(row["files"]),
        private=row["private"],
        key=row["key"],
        asked=Asked.model_validate_json(row["asked"]) if row["asked"] else None,
        asked_at=row["asked_at"],
    )
