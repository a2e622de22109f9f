"""The line of time: everything that happened in a conversation as entries of one kind, in the reader's language.

Pure. Times stay moments, as only the browser knows the reader's zone; days and groups are made there, too.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from lotse.contracts.channels import PROFILES, Channel
from lotse.contracts.config import Config
from lotse.contracts.frozen import frozen, replace
from lotse.contracts.values import Reading, Status
from lotse.desk.api import models as m
from lotse.desk.console.conversing.story_texts import STORY, StoryTexts
from lotse.desk.console.conversing.words import VOCABULARY, Vocabulary, say
from lotse.desk.console.html import Piece, pieces
from lotse.desk.histories import Said
from lotse.desk.language import Language

Kind = Literal["customer", "agent", "note", "quiet"]
Tone = Literal["", "ok", "warn", "danger"]


@frozen
class Mark:
    """A word below an entry, and when it came to be."""

    text: str
    tone: Tone = ""
    at: datetime | None = None


@frozen
class File:
    """An attachment; without `to` it cannot be had yet."""

    name: str
    note: str
    to: str | None = None
    image: bool = False


@frozen
class Entry:
    """One thing that happened. `here` False: in another conversation of the same customer."""

    id: str
    kind: Kind
    at: datetime
    conversation: UUID
    pieces: tuple[Piece, ...]
    who: str = ""
    channel: str = ""
    public: bool = False
    here: bool = True
    subject: str = ""
    tone: Tone = ""
    marks: tuple[Mark, ...] = ()
    files: tuple[File, ...] = ()
    whole: Literal["", "text", "mail"] = ""
    """What more can be asked for: the whole text, and of a mail its HTML, too."""
    gone: bool = False
    """Deleted by the customer; there is no text."""


_PLACE: Final = re.compile(r"\{(\w+)\}")


def sentence(template: str, **given: str | Piece) -> tuple[Piece, ...]:
    """The template with its places filled in; what is filled in stands out."""
    return tuple(_sentence(template, given))


def _sentence(template: str, given: Mapping[str, str | Piece]) -> Iterator[Piece]:
    for number, part in enumerate(_PLACE.split(template)):
        if number % 2 == 0:
            if part:
                yield Piece("text", part)
            continue
        filled = given[part]
        yield filled if isinstance(filled, Piece) else Piece("strong", filled)


def moment(at: datetime | None) -> Piece:
    return Piece("time", "", at.isoformat()) if at else Piece("text", "?")


@frozen
class Teller:
    """Tells in one language, with the names that the operator's configuration gives."""

    said: StoryTexts
    words: Vocabulary
    config: Config
    language: Language

    @classmethod
    def of(cls, language: Language, config: Config) -> "Teller":
        return cls(STORY[language], VOCABULARY[language], config, language)

    def tell(self, conversation: m.Conversation, elsewhere: Sequence[Said] = ()) -> list[Entry]:
        """All of it, oldest first."""
        here = (
            self._opened(conversation),
            *(self._message(conversation, message) for message in conversation.messages),
            *(self._reply(conversation, reply) for reply in conversation.replies),
            *(self._note(conversation, note) for note in conversation.notes),
            *(self._notice(conversation, notice) for notice in conversation.notices),
            *(self._move(conversation, move, n) for n, move in enumerate(conversation.moves)),
            *(self._assignment(conversation, one, n) for n, one in enumerate(conversation.assignments)),
            *self._corrections(conversation),
        )
        deadlines = (entry for one in conversation.deadlines for entry in self._deadline(conversation, one))
        entries = (*here, *deadlines, *(self._said(one) for one in elsewhere))
        return sorted(entries, key=lambda entry: (entry.at, entry.kind == "quiet"))

    def agent(self, agent: str | None) -> str:
        """An agent's name, else his id; a service by its own name."""
        card = next((card for name, card in self.config.agents.items() if name == agent), None)
        return card.name if card else agent or self.said.somebody

    def team(self, team: str | None) -> str:
        card = next((card for name, card in self.config.teams.items() if name == team), None)
        return card.name if card else team or ""

    def channel(self, channel: Channel | None) -> str:
        return say(self.words.channels, channel.value) if channel else ""

    def _opened(self, of: m.Conversation) -> Entry:
        told = sentence(self.said.opened, channel=self.channel(of.channel))
        return Entry("opened", "quiet", of.opened_at, of.id, told)

    def _message(self, of: m.Conversation, message: m.Message) -> Entry:
        channel = message.channel or of.channel
        gone = message.removed_at is not None
        marks = [
            *([Mark(self.said.automatic)] if message.auto else []),
            *([Mark(self.said.edited, "", message.edited_at)] if message.edited_at and not gone else []),
        ]
        return Entry(
            id=str(message.message_id),
            kind="customer",
            at=message.occurred_at,
            conversation=of.id,
            pieces=() if gone else pieces(message.text or ""),
            who=message.sender_name or of.customer_name or self.said.customer,
            channel=self.channel(channel),
            public=_public(channel),
            subject="" if gone else message.subject or "",
            marks=(Mark(self.said.deleted, "", message.removed_at),) if gone else tuple(marks),
            whole="" if gone else _whole(message),
            gone=gone,
        )

    def _reply(self, of: m.Conversation, reply: m.Reply) -> Entry:
        channel = _way_of(of.channel, private=reply.private)
        return Entry(
            id=str(reply.reply_id),
            kind="agent",
            at=reply.at,
            conversation=of.id,
            pieces=pieces(reply.text or ""),
            who=reply.agent_name or self.agent(reply.agent_id),
            channel=self.channel(channel),
            public=_public(channel),
            tone="danger" if reply.state == "failed" else "warn" if reply.state == "blocked" else "",
            marks=tuple(self._progress(reply)),
        )

    def _progress(self, reply: m.Reply) -> Iterator[Mark]:
        if not reply.human:
            yield Mark(self.said.automatic)
        if reply.override_reason:
            yield Mark(self.said.override.format(reason=reply.override_reason), "warn")
        match reply.state:
            case "blocked":
                what = say(self.words.blocks, reply.problem)
                yield Mark(f"{self.said.blocked} {what}", "warn", reply.at)
            case "failed":
                yield Mark(self._failed(reply.reason, reply.detail), "danger", reply.failed_at)
            case "approved":
                yield Mark(self.said.states["approved"], "", reply.at)
            case "sent" | "delivered" | "read":
                yield from self._way(reply)

    def _failed(self, reason: str | None, detail: str | None = None) -> str:
        """Why an answer did not go out; notifier's own words, which say more, where they are the reader's language."""
        known = say(self.words.failures, reason) if reason else ""
        ours = detail if self.language == self.config.language else None
        return f"{self.said.failed} {ours or known or detail or ''}".strip()

    def _way(self, reply: m.Reply) -> Iterator[Mark]:
        if reply.elsewhere:
            yield Mark(self.said.elsewhere, "", reply.sent_at)
        elif reply.sent_at:
            yield Mark(self.said.states["sent"], "", reply.sent_at)
        if reply.read_at:
            yield Mark(self.said.states["read"], "ok", reply.read_at)
        elif reply.delivered_at:
            yield Mark(self.said.states["delivered"], "", reply.delivered_at)
        if reply.leads_to == "resolved":
            yield Mark(self.said.and_resolved)

    def _note(self, of: m.Conversation, note: m.Note) -> Entry:
        who = self.said.note_by.format(who=self.agent(note.actor_id))
        return Entry(str(note.note_id), "note", note.at, of.id, pieces(note.text), who=who)

    def _said(self, one: Said) -> Entry:
        gone = one.removed_at is not None
        kinds: Mapping[str, Kind] = {"message": "customer", "reply": "agent", "note": "note"}
        names = {"message": one.who or self.said.customer, "reply": self.agent(one.who)}
        channel = _way_of(one.channel, private=one.private)
        return Entry(
            id=entry_of(one),
            kind=kinds[one.kind],
            at=one.at,
            conversation=one.conversation_id,
            pieces=() if gone else pieces(one.text or ""),
            who=names.get(one.kind, self.said.note_by.format(who=self.agent(one.who))),
            channel=self.channel(channel),
            public=_public(channel),
            here=False,
            subject="" if gone else one.subject or "",
            tone="danger" if one.state == "failed" else "",
            marks=tuple(self._became(one)),
            gone=gone,
        )

    def _became(self, one: Said) -> Iterator[Mark]:
        if one.removed_at is not None:
            yield Mark(self.said.deleted, "", one.removed_at)
            return
        if not one.human:
            yield Mark(self.said.automatic)
        if one.edited_at is not None:
            yield Mark(self.said.edited, "", one.edited_at)
        if one.state == "failed":
            yield Mark(self._failed(one.reason), "danger")
        elif one.elsewhere:
            yield Mark(self.said.elsewhere)
        elif state := self.said.states.get(one.state or ""):
            yield Mark(state)

    def _notice(self, of: m.Conversation, notice: m.Notice) -> Entry:
        outcome = say(self.words.outcomes, notice.state)
        template = self.said.alert if notice.kind == "alert" else self.said.notice
        told = sentence(template, kind=say(self.words.notices, notice.kind), sink=notice.sink, outcome=outcome)
        words = self.words.failures if notice.state == "failed" else self.words.suppressions
        tone: Tone = "danger" if notice.state == "failed" else ""
        told += _because(say(words, notice.reason))
        return Entry(f"notice {notice.notice_id}", "quiet", notice.at, of.id, told, tone=tone)

    def _move(self, of: m.Conversation, move: m.Move, number: int) -> Entry:
        return Entry(f"move {number}", "quiet", move.at, of.id, tuple(self._moved(move)))

    def _moved(self, move: m.Move) -> Iterator[Piece]:
        if move.reason == "relaxed":
            skills = ", ".join(move.why.dropped)
            yield from sentence(self.said.relaxed, ring=str(move.why.ring), skills=skills)
            return
        yield from sentence(self.said.moved[move.current.value], until=moment(move.why.until))
        if move.actor_kind == "agent" and move.current is not Status.WAITING:
            yield Piece("text", " ")
            yield from sentence(self.said.by, who=self.agent(move.actor_id))
        yield from _because(say(self.words.reasons, move.reason))
        if move.why.rules:
            yield from _because(self.said.rules.format(rules=", ".join(move.why.rules)))
        if move.why.required:
            yield from _because(self.said.calls_for.format(skills=skills_of(move.why.required)))

    def _assignment(self, of: m.Conversation, one: m.Assignment, number: int) -> Entry:
        return Entry(f"assignment {number}", "quiet", one.at, of.id, tuple(self._assigned(one)))

    def _assigned(self, one: m.Assignment) -> Iterator[Piece]:
        by_hand = one.actor_kind == "agent"
        if one.current is None:
            yield from sentence(self.said.taken_back)
        elif by_hand and one.actor_id == one.current:
            yield from sentence(self.said.pulled, who=self.agent(one.current))
        elif by_hand:
            yield from sentence(self.said.given, who=self.agent(one.current), by=self.agent(one.actor_id))
        else:
            yield from sentence(self.said.assigned, who=self.agent(one.current))
        if one.current is None and by_hand:
            yield Piece("text", " ")
            yield from sentence(self.said.by, who=self.agent(one.actor_id))
        yield from _because(say(self.words.reasons, one.reason))
        if one.ring is not None:
            yield from _because(self.said.rings.get(one.ring) or self.said.later_ring.format(ring=one.ring))
        if one.current is None and one.team:
            yield from _because(self.said.to_team.format(team=self.team(one.team)))
        if one.current and one.queued_at:
            yield from _because(self.said.waited.format(time=length(one.at - one.queued_at)))

    def _deadline(self, of: m.Conversation, one: m.Deadline) -> Iterator[Entry]:
        for name, at, template, tone in _steps(self.said, one):
            clock = say(self.words.clocks, one.clock)
            told = sentence(template, clock=clock, due=moment(one.due_at), policy=one.policy or "")
            if name == "ended":
                told += _because(say(self.words.cancellations, one.end_reason))
            yield Entry(f"{one.deadline_id} {name}", "quiet", at, of.id, told, tone=tone)

    def _corrections(self, of: m.Conversation) -> Iterator[Entry]:
        for message in of.messages:
            if message.correction and message.reading:
                told = sentence(self.said.correction, reading=self.reading(message.reading))
                told += (Piece("text", " "), *sentence(self.said.by, who=self.agent(message.correction.actor_id)))
                told += _because(message.correction.comment or "")
                yield Entry(f"correction {message.message_id}", "quiet", message.correction.at, of.id, told)

    def reading(self, reading: Reading | m.Digest) -> str:
        """How a message reads, in three words."""
        parts = [
            say(self.words.sentiments, reading.sentiment.value),
            say(self.words.triages, reading.triage.value),
            say(self.words.situations, reading.situation.value) if reading.situation else "",
        ]
        return ", ".join(part for part in parts if part)


def entry_of(one: Said) -> str:
    """The id of its entry."""
    return f"{one.conversation_id}/{one.id}"


def _steps(said: StoryTexts, one: m.Deadline) -> Iterator[tuple[str, datetime, str, Tone]]:
    """What happened to a promise: a name, when, in which words and how it looks."""
    if one.started_at:
        yield "started", one.started_at, said.started, ""
    if one.warned_at:
        yield "warned", one.warned_at, said.warned, "warn"
    if one.missed_at:
        yield "missed", one.missed_at, said.missed, "danger"
    if one.met_at:
        words = said.corrected if one.corrected else said.met_late if one.late else said.met
        yield "met", one.met_at, words, "warn" if one.late else "ok"
    if one.state == "cancelled" and one.ended_at:
        yield "ended", one.ended_at, said.cancelled, ""


def _because(why: str) -> tuple[Piece, ...]:
    return (Piece("text", f" · {why}"),) if why else ()


def _way_of(channel: Channel | None, *, private: bool) -> Channel | None:
    """The channel that an answer goes by: a comment's private answer goes by another."""
    return PROFILES[channel].private_channel if channel and private else channel


def _public(channel: Channel | None) -> bool:
    return channel is not None and PROFILES[channel].public


def _whole(message: m.Message) -> Literal["", "text", "mail"]:
    if message.full_text is None:
        return ""
    return "mail" if message.full_text.media_type == "message/rfc822" else "text"


def skills_of(skills: Mapping[str, int]) -> str:
    return ", ".join(f"{skill} {level}" for skill, level in sorted(skills.items()))


def length(time: timedelta) -> str:
    """`12 s`, `4 min`, `2 h 5 min`, `3 d`: the same in both languages."""
    seconds = max(0, int(time.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3_600:
        return f"{seconds // 60} min"
    if seconds < 86_400:
        return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"
    return f"{seconds // 86_400} d"


@frozen
class Delta:
    """What a page that shows one list must change to show another."""

    put: tuple[Entry, ...]
    drop: tuple[str, ...]


def delta(shown: Mapping[str, Entry], now: Iterable[Entry]) -> Delta:
    """Entries that are new or read otherwise, and those that are no more."""
    entries = {entry.id: entry for entry in now}
    put = tuple(entry for entry in entries.values() if shown.get(entry.id) != entry)
    return Delta(put, tuple(sorted(shown.keys() - entries.keys())))


def with_files(entry: Entry, files: Sequence[File]) -> Entry:
    return replace(entry, files=tuple(files))
