"""Laws of the history, whatever was said and whatever order it was heard in."""

from collections import Counter
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from sla_stories import (
    CONVERSATION,
    Story,
    answer,
    at,
    envelope,
    opened,
    policy,
    queued,
    reading_changed,
    removed,
    reopened,
    resolved,
    rules,
    set_aside,
    undelivered,
    word,
)

from lotse.contracts.calendars import Calendar
from lotse.contracts.deadlines import (
    DeadlineCancelled,
    DeadlineCorrected,
    DeadlineEvent,
    DeadlineMet,
    DeadlineMissed,
    DeadlineRescheduled,
    DeadlineStarted,
    DeadlineWarned,
)
from lotse.contracts.envelope import Event
from lotse.contracts.values import Reading, Status
from lotse.sla.core.deadlines import Deadline
from lotse.sla.core.decide import State, decide
from lotse.sla.core.entries import Ruled, read
from lotse.sla.core.history import KEPT, History, clocks, compacted
from lotse.sla.core.waits import ClockState
from lotse.sla.core.waits import Status as Ended
from lotse.sla.encoding import deadlines_from_json, deadlines_to_json, history_from_json, history_to_json

OFFICE = Calendar(name="office", zone="UTC", week={"mon-fri": ("09:00-09:40", "10:00-17:00")})
RULES = rules(
    policy("urgent", first=10, following=5, when={"priority_from": 8}),
    policy("high", first=30, following=20, when={"priority_from": 7}, calendar="office"),
    policy("none", when={"priority_from": 6}, active=False),
    policy("standard", first=20, following=15, when={"priority_from": 4}),
    office=OFFICE,
)
LATER = rules(policy("later", first=25, following=10, when={"priority_from": 3}, calendar="office"), office=OFFICE)
BOOK = {RULES.version: RULES, LATER.version: LATER}

minutes = st.integers(0, 60)
said = st.one_of(
    st.builds(lambda m, n: word(m, f"w{n}", received=m + n % 3), minutes, st.integers(0, 9)),
    st.builds(answer, minutes),
    st.builds(answer, minutes, human=st.just(False)),
    st.builds(lambda m, n: answer(m, until=m - n), minutes, st.integers(0, 20)),
    st.builds(undelivered, minutes, minutes),
    st.builds(lambda m, n: resolved(m, by=n), minutes, minutes),
    st.builds(lambda m, n: removed(m, f"w{n}"), minutes, st.integers(0, 9)),
    st.builds(resolved, minutes),
    st.builds(reopened, minutes),
    st.builds(set_aside, minutes),
    st.builds(queued, minutes, st.integers(2, 9), st.none(), st.sampled_from([Status.NEW, Status.SET_ASIDE])),
    st.builds(reading_changed, minutes, st.just(Reading()), st.integers(2, 9), st.sampled_from([None, False, True])),
    st.just(opened(0)),
)


def distinct(events: list[Event]) -> list[Event]:
    """One message is added once, removed once and answered once: what one id says never differs."""
    found: dict[tuple[str, ...], Event] = {}
    for event in events:
        for entry in read(envelope(event)) or ():
            found.setdefault((entry.kind, entry.id), event)
    return list({envelope(event).id: event for event in found.values()}.values())


histories = st.lists(said, max_size=14).map(distinct)


@given(histories.flatmap(lambda events: st.tuples(st.just(events), st.permutations(events))))
@settings(max_examples=400, deadline=None)
def test_the_deadlines_are_the_same_whatever_order_the_facts_arrived_in(told: tuple[list[Event], list[Event]]) -> None:
    one, other = Story(RULES), Story(RULES)
    one.hear(*told[0])
    other.hear(*told[1])
    assert one.conversation.history.entries == other.conversation.history.entries
    assert states(one) == states(other)


@given(histories)
def test_hearing_everything_twice_changes_nothing(events: list[Event]) -> None:
    story = Story(RULES)
    story.hear(*events)
    assert story.hear(*events) == []


@given(histories, st.lists(st.integers(0, 200), max_size=20))
@settings(max_examples=400, deadline=None)
def test_each_warning_and_each_miss_is_published_once_and_readers_end_where_the_deadlines_stand(
    events: list[Event], nows: list[int]
) -> None:
    story = Story(RULES)
    for minute, event in zip([*sorted(nows), *[300] * len(events)], events, strict=False):
        story.wait_until(minute)
        story.hear(event, now=minute)
        story.wait_until(minute)
    warned = Counter(event.deadline_id for event in story.events if isinstance(event, DeadlineWarned))
    missed = Counter(event.deadline_id for event in story.events if isinstance(event, DeadlineMissed))
    assert set(warned.values()) | set(missed.values()) <= {1}
    stands = {d.state.deadline_id: d for d in story.conversation.deadlines}
    assert {id for id, shown in reader(story.events).items() if shown[0] == "open"} == {
        id for id, d in stands.items() if d.state.status is Ended.OPEN
    }
    for id, deadline in stands.items():
        assert reader(story.events)[id] == shown(deadline.state), deadline
        if deadline.state.status is Ended.MET and deadline.state.overrun:
            assert missed[id] == 1
        if deadline.state.status is Ended.MET and not deadline.state.overrun and missed[id]:
            assert any(isinstance(event, DeadlineCorrected) and event.deadline_id == id for event in story.events)


@given(histories, st.integers(0, 70))
def test_what_is_stored_is_what_the_history_computes_to_under_the_rules_of_each_time(
    events: list[Event], adopted: int
) -> None:
    story = Story(RULES)
    story.state = State(BOOK, story.state.loaded, story.state.conversations)
    for number, event in enumerate(events):
        story.state.adopt = LATER.version if number >= len(events) // 2 else None
        decide(story.state, envelope(event), at(adopted))
    recomputed = clocks(BOOK, history_from_json(history_to_json(story.conversation.history)))
    stored = deadlines_from_json(deadlines_to_json(story.conversation.deadlines))
    assert following(stored) == recomputed


@given(st.lists(histories, min_size=1, max_size=4), st.data())
@settings(max_examples=50, deadline=None)
def test_compaction_keeps_the_open_deadline_and_bounds_the_history(
    parts: list[list[Event]], data: st.DataObject
) -> None:
    told = [entry for part in parts for event in part for entry in read(envelope(event))]
    padding = [
        entry for m in range(-3 * KEPT, 0) for entry in read(envelope(data.draw(st.sampled_from([word(m), answer(m)]))))
    ]
    whole = History.begun(CONVERSATION, RULES.version).heard([*padding, *told])
    short = compacted(BOOK, whole)
    assert len(short.entries) == KEPT
    assert opens(clocks(BOOK, whole)) == opens(clocks(BOOK, short))
    assert set(clocks(BOOK, short)) <= set(clocks(BOOK, whole))


def test_a_flood_of_unanswered_words_does_not_grow_the_history_without_bound() -> None:
    story = Story(RULES)
    for number in range(1500):
        story.hear(word(number / 100, f"flood {number}"), now=number / 100)
    assert len(history_to_json(story.conversation.history)) < 60_000
    assert [d.state.started_at for d in story.conversation.deadlines] == [at(0)]


@given(histories)
def test_rules_that_change_at_the_end_change_only_what_is_open(events: list[Event]) -> None:
    story = Story(RULES)
    story.hear(*events)
    history = story.conversation.history
    changed = clocks(BOOK, history.heard([Ruled(at(100), "rules", LATER.version)]))
    over = {state for state in clocks(BOOK, history) if state.status is not Ended.OPEN and state.reason != "no_policy"}
    assert over - {state for state in over if state.reason == "set_aside"} <= set(changed)


def states(story: Story) -> tuple[ClockState, ...]:
    return following(story.conversation.deadlines)


def following(deadlines: tuple[Deadline, ...]) -> tuple[ClockState, ...]:
    """Those that follow from the history; the others are kept only so that nothing of them is said again."""
    return tuple(deadline.state for deadline in deadlines if deadline.state.reason != "superseded")


def opens(found: tuple[ClockState, ...]) -> list[ClockState]:
    return [state for state in found if state.status is Ended.OPEN]


def shown(state: ClockState) -> tuple[object, ...]:
    late = state.overrun and state.status is Ended.MET
    return (str(state.status), state.due_at, late)


def reader(events: list[Event]) -> dict[UUID, tuple[object, ...]]:
    """What somebody who reads only the topic knows of each deadline."""
    known: dict[UUID, tuple[object, ...]] = {}
    for event in events:
        assert isinstance(event, DeadlineEvent)
        before = known.get(event.deadline_id, ("open", None, False))
        match event:
            case DeadlineStarted():
                known[event.deadline_id] = ("open", event.due_at, False)
            case DeadlineRescheduled():
                known[event.deadline_id] = (before[0], event.current, before[2])
            case DeadlineMet():
                known[event.deadline_id] = ("met", event.due_at, event.late)
            case DeadlineCancelled():
                known[event.deadline_id] = ("cancelled", before[1], False)
            case DeadlineCorrected() | DeadlineWarned() | DeadlineMissed() | _:
                known[event.deadline_id] = before
    return known
