"""A service small enough to see through: it counts notes per conversation and says so."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from lotse.contracts.commands import NoteWritten
from lotse.contracts.conversations import ConversationResolved, NoteAdded
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import ConversationId, derive
from lotse.contracts.topics import Topic
from lotse.contracts.values import Actor, Status
from lotse.runtime.fold import Fold, Reads
from lotse.runtime.postgres import Tx
from lotse.runtime.testing import Harness
from lotse.runtime.writes import Write

AT = datetime.fromisoformat("2026-03-02T09:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Tally:
    conversation: UUID
    notes: int = 0
    texts: str = ""


@dataclass(slots=True)
class State:
    tallies: dict[UUID, Tally] = field(default_factory=dict[UUID, Tally])


def note(conversation: UUID, text: str) -> NoteWritten:
    return NoteWritten(actor_id="a", role="agent", at=AT, conversation_id=ConversationId(conversation), text=text)


def resolved(conversation: UUID) -> ConversationResolved:
    return ConversationResolved(
        conversation_id=ConversationId(conversation),
        previous=Status.ASSIGNED,
        current=Status.RESOLVED,
        actor=Actor(kind="agent", id="a"),
        reason="done",
        at=AT,
    )


async def load(tx: Tx, facts: Sequence[Fact[Event]]) -> State:
    ids = sorted({UUID(fact.key) for fact in facts})
    await tx.execute("INSERT INTO tally (id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING", ids)
    rows = await tx.fetch("SELECT id, notes, texts FROM tally WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", ids)
    return State({row["id"]: Tally(row["id"], row["notes"], row["texts"]) for row in rows})


def decide(state: State, fact: Fact[Event], now: datetime) -> list[Event]:
    tally = state.tallies[UUID(fact.key)]
    match fact.data:
        case NoteWritten() as written:
            if written.text == "poison":
                raise ValueError("this text is the customer's business alone")
            tally = replace(tally, notes=tally.notes + 1, texts=f"{tally.texts}{written.text};")
            state.tallies[tally.conversation] = tally
            actor = Actor(kind="agent", id=written.actor_id)
            return [
                NoteAdded(
                    conversation_id=written.conversation_id,
                    note_id=derive(fact.id),
                    text=f"{tally.notes}:{written.text}",
                    actor=actor,
                    at=now,
                )
            ]
        case ConversationResolved():
            if tally.texts.endswith("poison;"):
                raise ValueError("poisoned")
            state.tallies[tally.conversation] = replace(tally, texts=f"{tally.texts}resolved;")
            return []
        case _:
            return []


def save(state: State) -> list[Write]:
    tallies = list(state.tallies.values())
    return [
        Write(
            """UPDATE tally AS t SET notes = new.notes, texts = new.texts
               FROM unnest($1::uuid[], $2::integer[], $3::text[]) AS new (id, notes, texts) WHERE t.id = new.id""",
            (
                [tally.conversation for tally in tallies],
                [tally.notes for tally in tallies],
                [tally.texts for tally in tallies],
            ),
        )
    ]


FOLD: Fold[State] = Fold(
    reads=(Reads(Topic.COMMANDS, (NoteWritten,), once=True), Reads(Topic.CONVERSATIONS, (ConversationResolved,))),
    load=load,
    decide=decide,
    save=save,
)

TABLE = "CREATE TABLE IF NOT EXISTS tally (id uuid PRIMARY KEY, notes integer NOT NULL DEFAULT 0, texts text NOT NULL DEFAULT '')"


@asynccontextmanager
async def counting(url: str, fold: Fold[Any] = FOLD, schema: str = "counting") -> AsyncGenerator[Harness]:
    async with Harness.open(url, schema, (fold,), packages=("lotse.runtime",)) as harness:
        await harness.execute(TABLE)
        yield harness
