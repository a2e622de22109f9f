"""Event histories as the topics may tell them, and what a report must say of one, counted from the events alone."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal

from desk_history import ANGRY, CALM, CUSTOMER, ROUTER, SPAM, Told, conversation, customer, message
from hypothesis import strategies as st

from lotse.contracts import conversations as c
from lotse.contracts import deadlines as d
from lotse.contracts import notices as n
from lotse.contracts.channels import Channel
from lotse.contracts.deadlines import Clock
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import derive
from lotse.contracts.values import Actor, Address, Reading, Status, Triage
from lotse.desk.reports import Figures, Sentiments, Situations, Times

START = datetime(2026, 3, 27, 12, tzinfo=UTC)
"""A Friday; in Berlin the clocks change in the night to Sunday."""
LASTS = timedelta(days=5)

CHANNELS = (Channel.FACEBOOK, Channel.EMAIL, Channel.WHATSAPP)
TEAMS = (None, "service", "social")
AGENTS = ("mia", "lars", "ida")
READINGS = (ANGRY, CALM, CALM.model_copy(update={"topics": ("lieferung", "preis")}))

Outcome = Literal[
    "open", "missed", "met", "late", "corrected", "cancelled", "missed, resolved", "missed, spam", "again"
]


@dataclass(frozen=True)
class Wait:
    clock: Clock
    start: timedelta
    took: timedelta
    outcome: Outcome
    agent: str | None
    human: bool


@dataclass(frozen=True)
class Course:
    """How one conversation goes."""

    opened: timedelta
    channel: Channel
    team: str | None
    agents: tuple[str | None, ...]
    messages: tuple[tuple[timedelta, bool], ...]
    reading: Reading | None
    later: Reading | None
    spam: Literal["no", "yes", "put back"]
    waits: tuple[Wait, ...]
    resolutions: tuple[tuple[timedelta, str | None, timedelta | None], ...]
    blocked: tuple[tuple[timedelta, str], ...]
    auto: bool


def course(chance: Random) -> Course:
    reopened = chance.choice((None, span(chance, timedelta(days=1))))
    return Course(
        opened=span(chance, LASTS),
        channel=chance.choice(CHANNELS),
        team=chance.choice(TEAMS),
        agents=tuple(chance.choice((None, *AGENTS)) for _ in range(chance.randint(0, 3))),
        messages=tuple((span(chance, timedelta(days=2)), chance.random() < 0.3) for _ in range(chance.randint(0, 3))),
        reading=chance.choice((None, *READINGS)),
        later=chance.choice((None, *READINGS)),
        spam=chance.choice(("no", "no", "no", "yes", "put back")),
        waits=tuple(wait(chance) for _ in range(chance.randint(0, 3))),
        resolutions=tuple(
            (span(chance, timedelta(days=2)), chance.choice((None, *AGENTS)), reopened)
            for _ in range(chance.randint(0, 2))
        ),
        blocked=tuple((span(chance, timedelta(days=1)), chance.choice(AGENTS)) for _ in range(chance.randint(0, 2))),
        auto=chance.random() < 0.2,
    )


def wait(chance: Random) -> Wait:
    return Wait(
        clock=chance.choice(list(Clock)),
        start=span(chance, timedelta(days=1)),
        took=span(chance, timedelta(hours=30)),
        outcome=chance.choice(Outcome.__args__),
        agent=chance.choice((None, *AGENTS)),
        human=chance.random() < 0.8,
    )


def span(chance: Random, longest: timedelta) -> timedelta:
    return timedelta(seconds=chance.randrange(int(longest.total_seconds())))


def history(seed: int) -> list[Course]:
    chance = Random(seed)
    return [course(chance) for _ in range(chance.randint(1, 40))]


HISTORIES = st.integers(0, 2**32).map(history)
"""Hypothesis looks for the seed, so that each example is as rich as a day is."""


def told(courses: Iterable[Course]) -> list[Fact[Event]]:
    """The facts of a history, each under its number."""
    teller = Told()
    for number, course in enumerate(courses):
        for event in _events(f"r{number}", course):
            teller.tell(event, 0)
    return teller.facts


def _events(name: str, course: Course) -> Iterable[Event]:
    opened = START + course.opened
    address = Address(account="haupt", channel=course.channel, thread=name, recipient="petra")
    same = {"conversation_id": conversation(name)}
    yield c.ConversationOpened(
        **same, customer_id=customer("petra"), address=address, opened_at=opened, auto=course.auto
    )
    for number, (after, auto) in enumerate(course.messages):
        yield c.MessageAdded(
            **same,
            message_id=message(f"{name} {number}"),
            customer_id=customer("petra"),
            channel=course.channel,
            text="Wo?",
            occurred_at=opened + after,
            received_at=opened + after,
            auto=auto,
        )
    moved = {"previous": Status.NEW, "actor": ROUTER, "reason": "test", "at": opened}
    yield c.ConversationQueued(
        **same, **moved, current=Status.QUEUED, address=address, reading=course.reading, priority=5, required={},
        preferred={}, team=course.team, rules_version="1", waiting_since=opened, first=True,
    )  # fmt: skip
    for agent in course.agents:
        yield c.AssignmentChanged(**same, current=agent, actor=ROUTER, reason="matched", at=opened, units=1)
    if course.later:
        yield c.ReadingChanged(
            **same, message_id=message(name), current=course.later, actor=ROUTER, reason="later", priority=5, at=opened
        )
    for number, wait in enumerate(course.waits):
        yield from _wait(name, number, opened, course.channel, wait)
    for number, (after, agent) in enumerate(course.blocked):
        yield c.ReplyBlocked(
            **same, reply_id=derive("blocked", name, number), agent_id=agent, problem="pii", suggestion="private",
            at=opened + after,
        )  # fmt: skip
    yield from _endings(name, opened, course)


def _wait(name: str, number: int, opened: datetime, channel: Channel, wait: Wait) -> Iterable[Event]:
    started = opened + wait.start
    answered = started + wait.took
    late = wait.outcome == "late"
    due = answered - timedelta(minutes=1) if late else answered + timedelta(minutes=1)
    same = {
        "conversation_id": conversation(name),
        "deadline_id": derive("deadline", name, number),
        "clock": wait.clock,
        "channel": channel,
    }
    versions = {"policy": "p", "policy_version": "1", "calendar": "always", "calendar_version": "1"}
    begun = d.DeadlineStarted(
        **same, started_at=started, due_at=due, target=max(due - started, timedelta(seconds=1)), **versions
    )
    yield begun
    if wait.outcome not in ("open", "met", "cancelled", "again"):
        yield d.DeadlineMissed(**same, missed_at=due, detected_at=due)
    match wait.outcome:
        case "missed, spam" | "cancelled" | "again":
            yield d.DeadlineCancelled(**same, reason="set_aside", at=due)
        case "missed, resolved":
            yield d.DeadlineCancelled(**same, reason="resolved", at=due)
        case _:
            pass
    if wait.outcome == "again":
        yield begun
    if wait.outcome == "corrected":
        yield d.DeadlineCorrected(**same, missed_at=due, met_at=answered)
    if wait.outcome in ("met", "late", "corrected", "again"):
        yield d.DeadlineMet(**same, due_at=due, met_at=answered, late=late, business_time=wait.took / 2)
        yield n.ReplySent(
            conversation_id=conversation(name), reply_id=derive("reply", name, number), account="haupt",
            channel=channel, agent_id=wait.agent, provider_ids=("1",), sent_at=answered, human=wait.human,
        )  # fmt: skip


def _endings(name: str, opened: datetime, course: Course) -> Iterable[Event]:
    same = {"conversation_id": conversation(name), "reason": "test"}
    since = opened
    for after, agent, again in course.resolutions:
        actor = Actor(kind="agent", id=agent) if agent else ROUTER
        at = since + after
        yield c.ConversationResolved(**same, previous=Status.ASSIGNED, current=Status.RESOLVED, actor=actor, at=at)
        if again is None:
            break
        since = at + again
        yield c.ConversationReopened(**same, previous=Status.RESOLVED, current=Status.NEW, actor=CUSTOMER, at=since)
    if course.spam != "no":
        yield c.ConversationSetAside(
            **same, previous=Status.NEW, current=Status.SET_ASIDE, actor=ROUTER, at=since, reading=SPAM
        )
    if course.spam == "put back":
        yield c.ConversationReopened(
            **same, previous=Status.SET_ASIDE, current=Status.NEW, actor=Actor(kind="agent", id="mia"), at=since
        )


@dataclass(frozen=True)
class Counted:
    """One thing that happened, and all that it is counted by."""

    what: str
    at: datetime
    channel: str
    team: str
    agent: str
    value: float = 0
    business: float = 0


def counted(facts: Iterable[Fact[Event]]) -> list[Counted]:
    """What happened, told by the events alone."""
    stories: dict[str, list[Event]] = {}
    for fact in facts:
        stories.setdefault(fact.key, []).append(fact.data)
    return [one for story in stories.values() for one in _of_one(story)]


def _of_one(story: list[Event]) -> Iterable[Counted]:
    opening = next(e for e in story if isinstance(e, c.ConversationOpened))
    team = next((e.team for e in story if isinstance(e, c.ConversationQueued)), None) or ""
    holders = [e.current for e in story if isinstance(e, c.AssignmentChanged) and e.current]
    last = holders[-1] if holders else ""
    channel = opening.address.channel.value

    def one(what: str, at: datetime, agent: str, value: float = 0, business: float = 0) -> Counted:
        return Counted(what, at, channel, team, agent, value, business)

    yield from (one("message", e.occurred_at, last) for e in story if isinstance(e, c.MessageAdded) and not e.auto)
    if not opening.auto:
        yield from (one(what, opening.opened_at, last) for what in ("opened", *_read(story)))
    sent = [e for e in story if isinstance(e, n.ReplySent)]
    yield from (one("reply", e.sent_at, e.agent_id or "") for e in sent if e.human)
    yield from (one("blocked", e.at, e.agent_id) for e in story if isinstance(e, c.ReplyBlocked))
    for answer in [e for e in story if isinstance(e, d.DeadlineMet)]:
        yield from _answered(story, answer, last, one)
    for miss in [e for e in story if isinstance(e, d.DeadlineMissed)]:
        yield from _missed(story, miss, last, one)
    yield from _resolved(story, opening, last, one)


def _read(story: list[Event]) -> Iterable[str]:
    readings = [
        e.current if isinstance(e, c.ReadingChanged) else e.reading
        for e in story
        if isinstance(e, c.ReadingChanged | c.ConversationSetAside)
        or (isinstance(e, c.ConversationQueued) and e.reading)
    ]
    aside = [e.current for e in story if isinstance(e, c.StatusChange)][-1] is Status.SET_ASIDE
    last = readings[-1] if readings else None
    yield f"sentiment {last.sentiment.value if last else 'unread'}"
    yield f"situation {last.situation.value if last and last.situation else 'none'}"
    if aside and last and last.triage is Triage.SPAM:
        yield "spam"


def _by(story: list[Event], at: datetime, last: str) -> str:
    """Who gave the answer of that moment, else who had the conversation last."""
    given = [e.agent_id for e in story if isinstance(e, n.ReplySent) and e.sent_at == at and e.human and e.agent_id]
    return min(given, default=last)


def _answered(story: list[Event], answer: d.DeadlineMet, last: str, one) -> Iterable[Counted]:
    started = [e for e in story if isinstance(e, d.DeadlineStarted) and e.deadline_id == answer.deadline_id][-1]
    corrected = any(isinstance(e, d.DeadlineCorrected) and e.deadline_id == answer.deadline_id for e in story)
    agent = _by(story, answer.met_at, last)
    took = (answer.met_at - started.started_at).total_seconds()
    yield one(answer.clock.value, answer.met_at, agent, took, answer.business_time.total_seconds())
    if not answer.late:
        yield one("kept", answer.met_at, agent)
    if corrected:
        yield one("corrected", answer.met_at, agent)


def _missed(story: list[Event], miss: d.DeadlineMissed, last: str, one) -> Iterable[Counted]:
    same = [e for e in story if isinstance(e, d.DeadlineEvent) and e.deadline_id == miss.deadline_id]
    forgiven = any(isinstance(e, d.DeadlineCorrected) for e in same)
    nobody_waited = any(isinstance(e, d.DeadlineCancelled) and e.reason != "resolved" for e in same)
    if not forgiven and not nobody_waited:
        yield one("missed", miss.missed_at, last)


def _resolved(story: list[Event], opening: c.ConversationOpened, last: str, one) -> Iterable[Counted]:
    turns = [e for e in story if isinstance(e, c.ConversationResolved | c.ConversationReopened)]
    turns = [e for e in turns if e.previous is not Status.SET_ASIDE]
    since = opening.opened_at
    for number, turn in enumerate(turns):
        if isinstance(turn, c.ConversationReopened):
            since = turn.at
            continue
        agent = turn.actor.id if turn.actor.kind == "agent" else last
        yield one("resolved", turn.at, agent, (turn.at - since).total_seconds())
        if number + 1 < len(turns):
            yield one("reopened", turn.at, agent)


def figures(happened: Iterable[Counted]) -> Figures:
    """The report's figures, the plain way."""
    happened = list(happened)
    count = Counter(one.what for one in happened)
    return Figures(
        messages=count["message"],
        opened=count["opened"],
        replies=count["reply"],
        first_response=_times(happened, "first_response"),
        next_response=_times(happened, "next_response"),
        kept=count["kept"],
        missed=count["missed"],
        corrected=count["corrected"],
        sentiment=Sentiments(**{name: count[f"sentiment {name}"] for name in Sentiments.model_fields}),
        situation=Situations(**{name: count[f"situation {name}"] for name in Situations.model_fields}),
        spam=count["spam"],
        resolved=count["resolved"],
        reopened=count["reopened"],
        resolution=_times(happened, "resolved", business=False),
        approved=0,
        blocked=count["blocked"],
    )


def _times(happened: list[Counted], what: str, business: bool = True) -> Times:
    taken = sorted(one.value for one in happened if one.what == what)
    working = sorted(one.business for one in happened if one.what == what) if business else []
    return Times(
        count=len(taken),
        p50=_nearest_rank(taken, 0.5),
        p90=_nearest_rank(taken, 0.9),
        business_p50=_nearest_rank(working, 0.5),
        business_p90=_nearest_rank(working, 0.9),
    )


def _nearest_rank(ordered: list[float], part: float) -> float | None:
    return ordered[math.ceil(part * len(ordered)) - 1] if ordered else None
