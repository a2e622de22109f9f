"""What the team page shows of the boards, said in the reader's language. Pure; times stay moments."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from lotse.contracts.channels import PROFILES, Channel
from lotse.contracts.frozen import frozen
from lotse.contracts.values import Presence
from lotse.desk.api import board_models as b
from lotse.desk.console.conversing.about import Target
from lotse.desk.console.conversing.story import Teller, skills_of
from lotse.desk.console.conversing.words import say
from lotse.desk.console.teaming.texts import TeamTexts
from lotse.desk.core.queue import Why

_PRESENCES = {Presence.ONLINE: "ok", Presence.AWAY: "warn", Presence.NOT_RESPONDING: "danger", Presence.OFFLINE: ""}
_WHYS = {
    Why.NOBODY_HAS_THE_SKILLS: "danger",
    Why.NOBODY_ONLINE: "danger",
    Why.ALL_FULL: "warn",
    Why.GOES_FIRST: "info",
    Why.MATCHING: "ok",
}

DEFAULT_PRIORITY = 5


@frozen
class Could:
    """Somebody who could take a conversation, and what keeps him from it."""

    id: str
    name: str
    tone: str
    presence: str
    load: str
    full: bool
    lacks: str


@frozen
class Line:
    """A conversation in the queue."""

    id: str
    customer: str
    channel: str
    public: bool
    crisis: bool
    words: str
    why: str
    said: str
    tone: str
    waiting_since: datetime | None
    queued_at: datetime | None
    due_at: datetime | None
    priority: int | None
    """None where it is the usual one."""
    team: str
    needs: str
    likes: str
    rules: str
    relaxed: str
    eases_at: datetime | None
    eases: str
    first: str
    first_until: datetime | None
    could: tuple[Could, ...]


@frozen
class Reason:
    why: str
    said: str
    tone: str
    count: int


@frozen
class InHand:
    id: str
    customer: str
    channel: str
    due_at: datetime | None


@frozen
class Skill:
    name: str
    level: int


@frozen
class Card:
    """An agent."""

    id: str
    name: str
    title: str
    picture: str
    initials: str
    mine: bool
    status: str
    presence: str
    tone: str
    since: datetime | None
    units: int
    soft: int
    hard: int
    teams: str
    skills: tuple[Skill, ...]
    in_hand: tuple[InHand, ...]


@frozen
class Kept:
    """A channel's promises today. `level` in per cent; None where nothing was decided."""

    channel: str
    kept: int
    missed: int
    level: int | None
    open: int
    overdue: int


@frozen
class Shown:
    """All of the page."""

    lines: tuple[Line, ...]
    total: int
    oldest: datetime | None
    reasons: tuple[Reason, ...]
    cards: tuple[Card, ...]
    there: int
    zone: str
    today: tuple[Kept, ...]
    together: Kept


def shown(queue: b.Queue, board: b.Board, teller: Teller, said: TeamTexts, me: str) -> Shown:
    cards = tuple(_card(agent, teller, said, me) for agent in sorted(board.agents, key=_presence))
    return Shown(
        lines=tuple(_line(one, teller, said) for one in queue.items),
        total=queue.total,
        oldest=queue.oldest,
        reasons=tuple(_reason(why, queue.reasons[why], teller) for why in Why if why in queue.reasons),
        cards=cards,
        there=sum(agent.status is Presence.ONLINE for agent in board.agents),
        zone=board.today.zone,
        today=tuple(_kept(teller.channel(channel), kept) for channel, kept in board.today.channels.items()),
        together=_kept("", board.today.total),
    )


def _reason(why: Why, count: int, teller: Teller) -> Reason:
    return Reason(why.value, say(teller.words.waits, why.value), _WHYS[why], count)


def _line(one: b.Queued, teller: Teller, said: TeamTexts) -> Line:
    of, waiting = one.conversation, one.waiting
    words = of.subject or (of.last_words.text if of.last_words else "")
    return Line(
        id=str(of.id),
        customer=of.customer_name or said.customer,
        channel=teller.channel(of.channel),
        public=_public(of.channel),
        crisis=waiting.crisis,
        words=words[:140] or said.no_words,
        why=waiting.why.value,
        said=say(teller.words.waits, waiting.why.value),
        tone=_WHYS[waiting.why],
        waiting_since=of.waiting_since,
        queued_at=waiting.queued_at,
        due_at=of.due_at,
        priority=of.priority if of.priority != DEFAULT_PRIORITY else None,
        team=teller.team(waiting.team),
        needs=skills_of(waiting.required),
        likes=skills_of(waiting.preferred),
        rules=", ".join(waiting.rules),
        relaxed=", ".join(skill for step in waiting.relaxed for skill in step.dropped),
        eases_at=waiting.eases.at if waiting.eases else None,
        eases=", ".join(waiting.eases.dropped) if waiting.eases else "",
        first=teller.agent(waiting.first.id) if waiting.first else "",
        first_until=waiting.first.until if waiting.first else None,
        could=tuple(_could(candidate, teller, said) for candidate in waiting.candidates),
    )


def _public(channel: Channel | None) -> bool:
    return channel is not None and PROFILES[channel].public


def _could(one: b.Candidate, teller: Teller, said: TeamTexts) -> Could:
    return Could(
        id=one.id,
        name=teller.agent(one.id),
        tone=_PRESENCES[one.status],
        presence=say(teller.words.presences, one.status.value),
        load=f"{one.used}/{one.limit}",
        full=not one.has_room,
        lacks=_lacks(one, said),
    )


def _lacks(one: b.Candidate, said: TeamTexts) -> str:
    missing = [f"{skill.skill} {skill.level or '–'}/{skill.needed}" for skill in one.missing]
    return ", ".join([*missing, *([said.other_team] if one.other_team else [])])


def _presence(agent: b.Colleague) -> int:
    return list(Presence).index(agent.status)


def _card(agent: b.Colleague, teller: Teller, said: TeamTexts, me: str) -> Card:
    return Card(
        id=agent.id,
        name=agent.name,
        title=agent.title,
        picture=agent.picture,
        initials=agent.initials or "".join(word[0] for word in agent.name.split()[:2]),
        mine=agent.id == me,
        status=agent.status.value,
        presence=say(teller.words.presences, agent.status.value),
        tone=_PRESENCES[agent.status],
        since=agent.since,
        units=agent.units,
        soft=agent.soft_limit,
        hard=agent.hard_limit,
        teams=", ".join(teller.team(team) for team in agent.teams),
        skills=tuple(
            Skill(name, level) for name, level in sorted(agent.skills.items(), key=lambda one: (-one[1], one[0]))
        ),
        in_hand=tuple(
            InHand(one.id, one.customer_name or said.customer, teller.channel(one.channel), one.due_at)
            for one in agent.in_hand
        ),
    )


def _kept(channel: str, one: b.Kept) -> Kept:
    decided = one.kept + one.missed
    level = round(100 * one.kept / decided) if decided else None
    return Kept(channel, one.kept, one.missed, level, one.open, one.overdue)


def targets(waiting: b.Waiting, teams: Mapping[str, str], teller: Teller, said: TeamTexts) -> Sequence[Target]:
    """To whom a conversation in the queue can be given, by hand and so up to the hard limit; the best first."""
    people = [
        Target(
            kind="agent",
            id=one.id,
            name=teller.agent(one.id),
            note=_lacks(one, said) and said.board["lacks"].replace("{what}", _lacks(one, said)),
            presence=say(teller.words.presences, one.status.value),
            tone=_PRESENCES[one.status],
            load=f"{one.used}/{_hard(teller, one)}",
            free=one.status is Presence.ONLINE and one.used < _hard(teller, one),
        )
        for one in waiting.candidates
    ]
    return people + [Target("team", name, said, "", "", "", "", free=True) for name, said in teams.items()]


def _hard(teller: Teller, one: b.Candidate) -> int:
    card = next((card for name, card in teller.config.agents.items() if name == one.id), None)
    return card.capacity.hard if card else one.limit
