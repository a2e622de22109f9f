"""Laws of matching, whatever waits and whoever is there."""

from collections import Counter
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from router_stories import NINE, agent

from lotse.contracts.ids import AgentId, ConversationId, TeamId, derive
from lotse.router.core.agents import liked, meets
from lotse.router.core.matching import Call, Match, Waiting, Worker, match, ring_of, room_for
from lotse.router.core.queueing import Rank

SKILLS = ("de", "en", "product", "calm")
skills = st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 5), max_size=3)


@st.composite
def calls(draw: st.DrawFn, number: int) -> Call:
    required = draw(skills)
    kept = draw(st.sets(st.sampled_from(SKILLS)))
    rings = (required, {skill: level for skill, level in required.items() if skill in kept})
    return Call(
        kind=derive("kind", number),
        units=draw(st.integers(1, 3)),
        crisis=draw(st.booleans()),
        rings=rings[: draw(st.integers(1, 2))],
        preferred=draw(skills),
        team=draw(st.sampled_from((None, None, TeamId("billing")))),
        only=draw(st.sampled_from((None, None, None, AgentId("a0"), AgentId("a1")))),
    )


@st.composite
def workers(draw: st.DrawFn) -> list[Worker]:
    found = []
    for number in range(draw(st.integers(0, 5))):
        soft = draw(st.integers(0, 5))
        teams = draw(st.sampled_from(((), ("billing",))))
        card = agent("x", soft, soft + draw(st.integers(0, 3)), teams, **(draw(skills) or {"de": 1}))
        idle = NINE - timedelta(seconds=draw(st.integers(0, 3)))
        found.append(Worker(AgentId(f"a{number}"), card, draw(st.integers(0, 6)), idle))
    return found


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Waiting], dict[object, Call], list[Worker]]:
    known = [draw(calls(number)) for number in range(draw(st.integers(1, 3)))]
    queue = []
    for number in range(draw(st.integers(0, 12))):
        call = draw(st.sampled_from(known))
        due = NINE + timedelta(minutes=draw(st.integers(0, 3)))
        aged = NINE - timedelta(seconds=draw(st.integers(0, 3)))
        queue.append(Waiting(Rank(not call.crisis, due, aged, ConversationId(derive("c", number))), call.kind))
    return queue, {call.kind: call for call in known}, draw(workers())


def loads(pairs: list[Match], units: dict[ConversationId, int]) -> Counter[AgentId]:
    found: Counter[AgentId] = Counter()
    for pair in pairs:
        found[pair.agent_id] += units[pair.conversation_id]
    return found


def limit(worker: Worker, call: Call) -> int:
    return worker.card.capacity.hard if call.crisis else worker.card.capacity.soft


@given(worlds())
@settings(max_examples=400, deadline=None)
def test_no_agent_is_given_more_than_his_limit_or_what_he_cannot_do(world) -> None:
    queue, known, agents = world
    of = {waiting.rank.id: known[waiting.kind] for waiting in queue}
    at_hand = {worker.id: worker for worker in agents}
    used = Counter({worker.id: worker.used for worker in agents})
    for pair in match(queue, known, agents):
        call, worker = of[pair.conversation_id], at_hand[pair.agent_id]
        used[worker.id] += call.units
        assert used[worker.id] <= limit(worker, call)
        assert meets(worker.card, call.rings[max(pair.ring, 1) - 1] if pair.ring else call.rings[-1])
        assert call.team is None or call.only is not None or call.team in worker.card.teams
        assert call.only in (None, worker.id)
        assert (pair.ring == 0) == (call.only is not None)


@given(worlds())
@settings(max_examples=400, deadline=None)
def test_each_conversation_is_given_once_and_nothing_is_left_that_would_fit(world) -> None:
    queue, known, agents = world
    pairs = match(queue, known, agents)
    given_away = {pair.conversation_id for pair in pairs}
    assert len(given_away) == len(pairs)
    load = loads(pairs, {waiting.rank.id: known[waiting.kind].units for waiting in queue})
    for waiting in queue:
        call = known[waiting.kind]
        if waiting.rank.id not in given_away:
            for worker in agents:
                room = limit(worker, call) - worker.used - load[worker.id]
                assert ring_of(call, worker) is None or room < call.units


@given(worlds(), st.randoms())
@settings(max_examples=200, deadline=None)
def test_the_same_queue_in_any_order_gives_the_same_agents(world, random) -> None:
    queue, known, agents = world
    shuffled, others = list(queue), list(agents)
    random.shuffle(shuffled)
    random.shuffle(others)
    assert match(queue, known, agents) == match(shuffled, known, others)


@given(worlds())
@settings(max_examples=200, deadline=None)
def test_the_first_in_the_queue_gets_the_best_agent(world) -> None:
    queue, known, agents = world
    pairs = match(queue, known, agents)
    if not pairs:
        return
    first = min((w for w in queue if any(_could(known[w.kind], worker) for worker in agents)), key=lambda w: w.rank)
    call = known[first.kind]
    assert pairs[0].conversation_id == first.rank.id
    best = min(
        (worker for worker in agents if _could(call, worker)),
        key=lambda w: (ring_of(call, w), -liked(w.card, call.preferred), w.used, w.idle_since, w.id),
    )
    assert pairs[0].agent_id == best.id


def _could(call: Call, worker: Worker) -> bool:
    return ring_of(call, worker) is not None and worker.used + call.units <= limit(worker, call)


@given(worlds())
@settings(max_examples=200, deadline=None)
def test_as_many_heads_of_each_kind_as_there_is_room_for_are_enough(world) -> None:
    """What a run leaves out of a kind because there is no room for more could not have been given."""
    queue, known, agents = world
    heads: list[Waiting] = []
    for kind, call in known.items():
        mine = sorted((w for w in queue if w.kind == kind), key=lambda w: w.rank)
        heads += mine[: room_for(call, agents)]
    assert match(heads, known, agents) == match(queue, known, agents)
