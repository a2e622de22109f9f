"""What stands above and beside the line of time: who it is, how it reads, what was promised, who could take it.

Pure. What is said is said in the reader's language; times stay moments.
"""

from collections.abc import Sequence
from datetime import datetime

from lotse.contracts.channels import PROFILES, Channel
from lotse.contracts.config import Config
from lotse.contracts.frozen import frozen
from lotse.contracts.values import IdentityKind, Presence, Status
from lotse.desk.api import models as m
from lotse.desk.api.board_models import Waiting
from lotse.desk.console.conversing.story import Teller, skills_of
from lotse.desk.console.conversing.words import say
from lotse.desk.core.demand import Demand

_SOCIAL = (IdentityKind.META, IdentityKind.WHATSAPP)


@frozen
class Heading:
    """The conversation in one line, and what can be done with it."""

    id: str
    customer: str
    known: bool
    """From social channels: answer freely, without script."""
    channel: str
    public: bool
    status: str
    """The word of the machine; `stands` is the people's."""
    stands: str
    assignee: str
    mine: bool
    due_at: datetime | None
    clock: str
    warned: bool
    snoozed_until: datetime | None
    subject: str


@frozen
class Name:
    kind: str
    value: str
    verified: bool


@frozen
class Other:
    """Another conversation of the same customer."""

    id: str
    channel: str
    public: bool
    stands: str
    words: str
    at: datetime


@frozen
class Read:
    """How the conversation reads, and by which words."""

    message: str
    """The message that a correction is about; empty where none can be corrected."""
    language: str
    sentiment: str
    tone: str
    score: str
    triage: str
    situation: str
    topics: tuple[str, ...]
    reasons: tuple[str, ...]
    lead: bool
    confidence: int
    version: str
    corrected_by: str
    words: tuple[str, str, str]
    """Sentiment, triage and situation in the machine's words, to begin a correction with."""


@frozen
class Promise:
    clock: str
    due_at: datetime | None
    warned: bool
    open: bool
    tone: str
    said: str
    ended_at: datetime | None


@frozen
class Candidate:
    name: str
    presence: str
    tone: str
    load: str
    lacks: str


@frozen
class About:
    """All of the side panel."""

    id: str
    customer: str
    known: bool
    since: datetime | None
    names: tuple[Name, ...]
    others: tuple[Other, ...]
    read: Read | None
    promises: tuple[Promise, ...]
    required: str
    rules: tuple[str, ...]
    dropped: tuple[str, ...]
    why: str
    candidates: tuple[Candidate, ...]
    assignee: str
    team: str
    trace: str | None
    trace_address: str | None


@frozen
class Seen:
    """Everything that was read for one look at a conversation."""

    conversation: m.Conversation
    customer: m.Customer | None = None
    others: tuple[m.Summary, ...] = ()
    waiting: Waiting | None = None
    demand: Demand | None = None


def heading(seen: Seen, teller: Teller, me: str) -> Heading:
    of = seen.conversation
    return Heading(
        id=str(of.id),
        customer=_customer(seen, teller),
        known=is_known(seen),
        channel=teller.channel(of.channel),
        public=_public(of.channel),
        status=of.status.value,
        stands=say(teller.words.statuses, of.status.value),
        assignee=teller.agent(of.assignee) if of.assignee else "",
        mine=of.assignee == me,
        due_at=of.due_at,
        clock=say(teller.words.clocks, of.due_clock),
        warned=any(one.warned_at for one in of.deadlines if one.state == "open"),
        snoozed_until=of.snoozed_until if of.status is Status.SNOOZED else None,
        subject=of.subject or "",
    )


def about(seen: Seen, teller: Teller, trace_address: str | None = None) -> About:
    """`trace_address`: a template with `{trace_id}`."""
    of = seen.conversation
    demand = seen.demand or Demand()
    linked = trace_address.replace("{trace_id}", of.trace_id) if trace_address and of.trace_id else None
    return About(
        id=str(of.id),
        customer=_customer(seen, teller),
        known=is_known(seen),
        since=seen.customer.first_at if seen.customer else None,
        names=tuple(_names(seen.customer, teller)),
        others=tuple(_other(one, teller) for one in seen.others if one.id != of.id),
        read=_read(of, teller),
        promises=tuple(_promise(one, teller) for one in reversed(of.deadlines)),
        required=skills_of(demand.called_for),
        rules=demand.rules,
        dropped=tuple(skill for one in demand.relaxed for skill in one.dropped),
        why=say(teller.words.waits, seen.waiting.why.value) if seen.waiting else "",
        candidates=tuple(_candidates(seen.waiting, teller)) if seen.waiting else (),
        assignee=teller.agent(of.assignee) if of.assignee else "",
        team=teller.team(of.team),
        trace=of.trace_id,
        trace_address=linked,
    )


def is_known(seen: Seen) -> bool:
    """A customer whom we know from social channels, by a name there or by a public word of his that was no spam."""
    if seen.conversation.status is Status.SET_ASIDE:
        return False
    named = seen.customer is not None and any(one.kind in _SOCIAL and one.verified for one in seen.customer.identities)
    return named or any(_public(one.channel) for one in (seen.conversation, *seen.others))


def _customer(seen: Seen, teller: Teller) -> str:
    return (seen.customer and seen.customer.name) or seen.conversation.customer_name or teller.said.customer


def _public(channel: Channel | None) -> bool:
    return channel is not None and PROFILES[channel].public


def _names(customer: m.Customer | None, teller: Teller) -> Sequence[Name]:
    found = customer.identities if customer else ()
    return [Name(say(teller.words.identities, one.kind), one.value, one.verified) for one in found]


def _other(one: m.Summary, teller: Teller) -> Other:
    words = one.subject or (one.last_words.text if one.last_words else "")
    return Other(
        id=str(one.id),
        channel=teller.channel(one.channel),
        public=_public(one.channel),
        stands=say(teller.words.statuses, one.status.value),
        words=words[:120],
        at=one.last_words.at if one.last_words else one.opened_at,
    )


_SENTIMENT_TONES = {"positive": "ok", "negative": "danger", "unsure": "warn"}


def _read(of: m.Conversation, teller: Teller) -> Read | None:
    """The reading of the conversation; its reasons are those of the youngest message that was read."""
    told = next((one for one in reversed(of.messages) if one.reading and not one.removed_at), None)
    reading = (told and told.reading) or of.reading
    if reading is None:
        return None
    correctable = told or next((one for one in reversed(of.messages) if not one.removed_at), None)
    words = teller.words
    corrected = told.correction if told else None
    return Read(
        message=str(correctable.message_id) if correctable else "",
        language=say(words.languages, reading.language),
        sentiment=say(words.sentiments, reading.sentiment.value),
        tone=_SENTIMENT_TONES.get(reading.sentiment.value, ""),
        score=f"{round(reading.score, 2) + 0.0:+.2f}",
        triage=say(words.triages, reading.triage.value),
        situation=say(words.situations, reading.situation.value) if reading.situation else "",
        topics=reading.topics,
        reasons=told.reading.reasons if told and told.reading else (),
        lead=reading.lead,
        confidence=round(reading.confidence * 100),
        version=reading.model_version,
        corrected_by=teller.agent(corrected.actor_id) if corrected else "",
        words=(
            reading.sentiment.value,
            reading.triage.value,
            reading.situation.value if reading.situation else "",
        ),
    )


def _promise(one: m.Deadline, teller: Teller) -> Promise:
    """What became of it; an open one is told by its countdown."""
    said = teller.said.outcomes
    tone, word = "", ""
    if one.state == "cancelled":
        word = said["cancelled"]
    elif one.state == "met":
        tone, word = ("warn", said["late"]) if one.late else ("ok", said["met"])
    return Promise(
        clock=say(teller.words.clocks, one.clock),
        due_at=one.due_at,
        warned=one.warned_at is not None,
        open=one.state == "open",
        tone=tone,
        said=word,
        ended_at=one.met_at or one.ended_at,
    )


_TONES = {Presence.ONLINE: "ok", Presence.AWAY: "warn", Presence.NOT_RESPONDING: "danger", Presence.OFFLINE: ""}


def _candidates(waiting: Waiting, teller: Teller) -> Sequence[Candidate]:
    return [
        Candidate(
            name=teller.agent(one.id),
            presence=say(teller.words.presences, one.status.value),
            tone=_TONES[one.status],
            load=f"{one.used}/{one.limit}",
            lacks=", ".join(f"{skill.skill} {skill.needed}" for skill in one.missing),
        )
        for one in waiting.candidates
    ]


@frozen
class Target:
    """Somebody, or a team, to whom a conversation can be given."""

    kind: str
    id: str
    name: str
    note: str
    presence: str
    tone: str
    load: str
    free: bool


def targets(agents: Sequence[m.Agent], config: Config, teller: Teller, now_with: str | None) -> list[Target]:
    """Agents who are there first, then by name; then the teams."""
    people = [
        Target(
            kind="agent",
            id=one.id,
            name=one.name,
            note=one.title,
            presence=say(teller.words.presences, one.status.value),
            tone=_TONES[one.status],
            load=f"{one.units}/{one.hard_limit}",
            free=one.status is Presence.ONLINE and one.units < one.hard_limit,
        )
        for one in sorted(agents, key=lambda one: (one.status is not Presence.ONLINE, one.name))
        if one.id != now_with
    ]
    teams = [Target("team", str(name), team.name, "", "", "", "", free=True) for name, team in config.teams.items()]
    return people + teams
