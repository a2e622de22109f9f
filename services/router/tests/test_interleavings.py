"""Topics know nothing of each other's order: whatever comes first, the end is the same."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from router_stories import (
    ANNA,
    NINE,
    Router,
    analysed,
    asks,
    at,
    config,
    deleted,
    due,
    edited,
    fact,
    heartbeat,
    mail,
    met,
    opened_by,
    received,
    status,
)

from lotse.contracts.commands import NoteWritten, ReadingCorrectRequested
from lotse.contracts.config import Relaxation, Rule, When
from lotse.contracts.conversations import ReadingChanged
from lotse.contracts.envelope import Event
from lotse.contracts.inbound import MessageEdited, MessageReceived
from lotse.contracts.values import Presence, Situation, Triage
from lotse.router.core.fold import decide
from lotse.router.core.state import Agent, Rows, State

RULES = (
    Rule(name="all", prefer={"product": 1}),
    Rule(
        name="complaints",
        when=When(situation=(Situation.COMPLAINT,)),
        priority=8,
        require={"calm": 2},
        relax=(Relaxation(after=at(60) - NINE, drop=("calm",)),),
    ),
)
CONFIG = config(None, *RULES)

triages = st.sampled_from(Triage)
situations = st.sampled_from((None, *Situation))


@st.composite
def histories(draw: st.DrawFn) -> list[list[Event]]:
    """Per topic, in its order: what was said, how it read, what was promised, what was asked."""
    inbound: list[Event] = []
    insights: list[Event] = []
    firsts: list[MessageReceived] = []
    for name in draw(st.sampled_from((("kim",), ("kim", "toni"), ("kim", "toni@example.org")))):
        firsts.append(_one_person(draw, name, inbound, insights))
    promised = [due(opened_by(first), at(draw(st.integers(60, 900)))) for first in firsts]
    deadlines: list[Event] = [*promised]
    deadlines += [met(promise, at(50)) for promise in promised if draw(st.booleans())]
    commands: list[Event] = [status(ANNA, Presence.ONLINE), heartbeat(ANNA, at(1))]
    commands += [asks(NoteWritten, opened_by(first), text="Bitte prüfen") for first in firsts]
    return [inbound, insights, deadlines, commands]


def _one_person(draw: st.DrawFn, name: str, inbound: list[Event], insights: list[Event]) -> MessageReceived:
    make: Any = mail if "@" in name else received
    first = make(name, 1)
    messages = [first]
    for n in range(2, draw(st.integers(1, 3)) + 1):
        answer = {"in_reply_to": first.provider_id} if "@" in name else {}
        messages.append(make(name, n, at(n), auto=draw(st.booleans()), **answer))
    for message in messages:
        inbound.append(message)
        insights.append(analysed(message, draw(triages), situation=draw(situations)))
        if draw(st.booleans()):
            edit = edited(message, "anders", at(20 + len(inbound)), draw(st.sampled_from((None, 1))))
            inbound.append(edit)
            insights.append(analysed(message, draw(triages), edit=edit, situation=draw(situations)))
        if draw(st.integers(0, 3)) == 0:
            inbound.append(deleted(message, at(40)))
    return first


def merged(topics: Sequence[Sequence[Event]], pick: random.Random) -> Iterator[Event]:
    """One order that keeps each topic's own; nobody gives commands about what he has not seen."""
    left = [list(topic) for topic in topics]
    known: set[object] = set()
    while any(left):
        ready = [t for t in left if t and not (isinstance(t[0], NoteWritten) and t[0].conversation_id not in known)]
        event = pick.choice(ready).pop(0)
        if isinstance(event, MessageReceived):
            known.add(opened_by(event))
        yield event


Outcome = tuple[list[str], dict[object, object]]


def run(events: Iterator[Event]) -> Outcome:
    """Decide one after the other; the events and the tables, without what names the order."""
    state = State(CONFIG, agents=Rows({agent_id: Agent(agent_id) for agent_id in CONFIG.agents}))
    said: list[Event] = []
    for event in events:
        said += decide(state, fact(event), NINE)
    assert not state.kept.added
    return _told(said), _tables(state)


def _told(events: Sequence[Event]) -> list[str]:
    return sorted(f"{event.TYPE} {event.model_dump_json(exclude=_OF_THE_MOMENT)}" for event in events)


_OF_THE_MOMENT = {"note_id": True, "address": {"in_reply_to", "references"}, "owed": True, "owed_since": True}
"""The command's id, which message was the newest when it was told, and which words had not been taken back yet."""


def _tables(state: State) -> dict[object, object]:
    conversations = {c.id: replace(c, queued_by=None) for c in state.conversations.values()}
    rows = (state.messages, state.names, state.threads, state.identifiers, state.references, state.agents)
    return conversations | {n: dict(table.changed()) for n, table in enumerate(rows)}


@given(histories(), st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_any_interleaving_of_the_topics_ends_alike(history: list[list[Event]], seed: int) -> None:
    in_order = run(event for topic in history for event in topic)
    assert run(merged(history, random.Random(seed))) == in_order
    assert run(event for topic in (history[1], history[2], history[0], history[3]) for event in topic) == in_order


def corrected(first: MessageReceived, triage: Triage) -> Event:
    return asks(
        ReadingCorrectRequested, opened_by(first), message_id=first.message_id, sentiment="neutral", triage=triage
    )


_NO_LANGUAGE = {"language": "und"}


def standing(events: Sequence[Event]) -> tuple[dict[object, object], list[str]]:
    """How each conversation stands and reads, but for its language, which no person said; and who corrected it."""
    state = State(CONFIG, agents=Rows({agent_id: Agent(agent_id) for agent_id in CONFIG.agents}))
    said = [made for event in events for made in decide(state, fact(event), NINE)]
    stands: dict[object, object] = {
        c.id: (c.status, c.serious, c.read and replace(c.read, reading=c.read.reading.model_copy(update=_NO_LANGUAGE)))
        for c in state.conversations.values()
    }
    return stands, [made.actor.id for made in said if isinstance(made, ReadingChanged) and made.reason == "corrected"]


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_a_correction_ends_alike_before_and_after_every_analysis_of_what_was_seen(data: st.DataObject) -> None:
    first = received("kim")
    inbound: list[Event] = [first]
    insights: list[Event] = [analysed(first, data.draw(triages), situation=data.draw(situations))]
    for n in range(data.draw(st.integers(0, 2))):
        edit = edited(first, f"anders {n}", at(20 + n), n + 1)
        inbound.append(edit)
        insights.append(analysed(first, data.draw(triages), edit=edit, situation=data.draw(situations)))
    seen = data.draw(st.integers(1, len(inbound)))
    after = [analysed(first, data.draw(triages), edit=e) for e in inbound[1:seen] if isinstance(e, MessageEdited)]
    by_anna = corrected(first, data.draw(triages))
    in_order = [*inbound[:seen], *insights[:seen], by_anna, *after, *inbound[seen:], *insights[seen:]]
    before = data.draw(st.permutations(insights[:seen]))
    at_once = [*inbound[:seen], by_anna, *before, *after, *inbound[seen:], *insights[seen:]]
    kept = [*insights[:seen], *inbound[:seen], by_anna, *data.draw(st.permutations(after)), *inbound[seen:]]
    expected, by = standing(in_order)
    assert by == [ANNA]
    assert standing(at_once) == (expected, by)
    assert standing([*kept, *insights[seen:]]) == (expected, by)


def a_long_history() -> list[list[Event]]:
    """People with questions, spam, complaints, second thoughts and deletions, on mail and Messenger."""
    inbound: list[Event] = []
    insights: list[Event] = []
    deadlines: list[Event] = []
    for n in range(24):
        first = mail(f"p{n}@example.org", 1) if n % 3 == 0 else received(f"p{n}")
        more = {"in_reply_to": first.provider_id} if n % 3 == 0 else {}
        second = (mail if n % 3 == 0 else received)(first.thread, 2, at(5), **more)
        edit = edited(first, "anders", at(9), 1)
        inbound += [first, second, edit, *([deleted(second, at(12))] if n % 4 == 0 else [])]
        insights += [
            analysed(first, Triage.SPAM if n % 5 == 0 else Triage.SERVICE),
            analysed(second, Triage.NOISE if n % 2 else Triage.SERVICE),
            analysed(first, situation=Situation.COMPLAINT if n % 7 == 0 else None, edit=edit),
        ]
        deadlines.append(due(opened_by(first), at(600 + n)))
    return [inbound, insights, deadlines, [status(ANNA, Presence.ONLINE)]]


@pytest.mark.parametrize("seed", range(4))
async def test_batches_of_any_size_write_what_one_fact_at_a_time_decides(database: str, seed: int) -> None:
    pick = random.Random(seed)
    history = a_long_history()
    said: list[Event] = []
    async with Router.open(database, CONFIG) as router:
        left = list(merged(history, pick))
        while left:
            size = pick.choice((1, 3, 10, 40))
            said += [made.data for made in await router.hear(*left[:size])]
            del left[:size]
        events, tables = run(merged(history, random.Random(seed)))
        rows = await router.harness.rows("SELECT id, status, due_minute FROM conversation")
        kept = await router.harness.rows("SELECT id FROM kept")
    assert _told(said) == events
    assert kept == []
    expected = {key: row for key, row in tables.items() if hasattr(row, "status")}
    assert {row["id"]: row["status"] for row in rows} == {key: row.status for key, row in expected.items()}
