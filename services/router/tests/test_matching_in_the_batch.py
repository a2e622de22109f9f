"""A batch gives to agents what it put in the queue, and waits for nobody over it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from router_stories import (
    ANNA,
    BEN,
    Router,
    agent,
    analysed,
    asks,
    at,
    config,
    due,
    fact,
    heartbeat,
    kinds,
    opened_by,
    received,
)

from lotse.contracts.commands import ResolveRequested
from lotse.contracts.config import Config
from lotse.contracts.conversations import AssignmentChanged
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import AgentId, ConversationId, derive
from lotse.router import app
from lotse.router.store import matching
from lotse.runtime.processor import Done
from lotse.runtime.testing import Harness

ONE_EACH = {ANNA: agent("Anna", soft=1, hard=1), BEN: agent("Ben", soft=1, hard=1)}
ALONE = config({ANNA: ONE_EACH[ANNA]})


@asynccontextmanager
async def router(database: str, given: Config, *online: AgentId) -> AsyncGenerator[Router]:
    """One whose batches match, as the service's do."""
    async with Router.open(database, given) as plain:
        story = Router(Harness(plain.harness.database, "router", [app.matching_fold(given)]), given)
        await story.online(*online)
        yield story


async def batch(story: Router, *events: Event) -> Done:
    """What became of one batch, with what it leaves to jobs."""
    return await story.harness.processors[0].process([story.harness.log.record(fact(event)) for event in events])


def assigned(facts: list[Fact[Event]]) -> dict[ConversationId, str | None]:
    return {made.data.conversation_id: made.data.current for made in facts if isinstance(made.data, AssignmentChanged)}


async def test_what_a_batch_puts_in_the_queue_it_gives_to_an_agent(database: str) -> None:
    async with router(database, ALONE, ANNA) as story:
        message = received()
        done = await batch(story, message, analysed(message))
        assert kinds(done.published)[-2:] == ["conversation.queued", "assignment.changed"]
        queued, given = done.published[-2:]
        assert queued.sequence is not None
        assert given.sequence == queued.sequence + 1
        assert given.causation_id == queued.id
        assert given.id == derive(queued.id, AssignmentChanged.TYPE, 0)
        assert assigned(done.published) == {opened_by(message): ANNA}
        assert not done.left
        assert await story.match() == []


async def test_room_that_a_batch_makes_is_given_in_it_to_whoever_waits_longest(database: str) -> None:
    async with router(database, ALONE, ANNA) as story:
        first, *others = (received(name, when=at(n)) for n, name in enumerate(("kim", "lou", "mia")))
        await story.hear(first, analysed(first))
        for message in others:
            assert assigned(await story.hear(message, analysed(message))) == {}
        done = await batch(story, asks(ResolveRequested, opened_by(first), ANNA))
        assert assigned(done.published)[opened_by(others[0])] == ANNA


async def test_a_batch_that_changes_nobodys_room_and_queues_nothing_does_not_match(database: str) -> None:
    async with router(database, ALONE, ANNA) as story:
        message = received()
        await story.hear(message, analysed(message))
        async with story.harness.database.connection() as other, other.transaction():
            await other.execute(matching._ONE_AT_A_TIME)
            done = await batch(story, due(opened_by(message), at(600)), heartbeat(ANNA, at(1)))
            assert not done.left


async def test_while_another_matches_a_batch_leaves_it_to_the_job(database: str) -> None:
    async with router(database, ALONE, ANNA) as story:
        message = received()
        async with story.harness.database.connection() as other, other.transaction():
            await other.execute(matching._ONE_AT_A_TIME)
            done = await asyncio.wait_for(batch(story, message, analysed(message)), 5)
            assert assigned(done.published) == {}
            assert done.left
        assert assigned(await story.match()) == {opened_by(message): ANNA}


async def test_an_agent_whom_another_holds_is_left_to_the_job_and_the_rest_is_given(database: str) -> None:
    async with router(database, config(ONE_EACH), ANNA, BEN) as story:
        messages = [received("kim"), received("lou")]
        async with story.harness.database.connection() as other, other.transaction():
            await other.execute("SELECT 1 FROM agent WHERE id = $1 FOR UPDATE", ANNA)
            done = await asyncio.wait_for(batch(story, *messages, *map(analysed, messages)), 5)
            assert list(assigned(done.published).values()) == [BEN]
            assert done.left
        assert list(assigned(await story.match()).values()) == [ANNA]


@pytest.mark.parametrize("held", [True, False])
async def test_a_batch_that_cannot_match_is_committed_all_the_same(database: str, held: bool) -> None:
    async with router(database, ALONE) as story:
        message = received()
        async with story.harness.database.connection() as other, other.transaction():
            if held:
                await other.execute(matching._ONE_AT_A_TIME)
            await batch(story, message, analysed(message))
        rows = await story.harness.rows("SELECT status FROM conversation")
        assert [row["status"] for row in rows] == ["queued"]
        assert "conversation.queued" in kinds(await story.harness.outbox())
