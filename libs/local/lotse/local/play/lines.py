"""One line for each thing that happens, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime
from uuid import UUID

from lotse.contracts.config import Config
from lotse.contracts.conversations import (
    AgentStatusChanged,
    AssignmentChanged,
    ConversationResolved,
    ConversationSetAside,
    MessageAdded,
    MessageRemoved,
    MessageUpdated,
    NoteAdded,
    ReplyBlocked,
    RoutingRelaxed,
)
from lotse.contracts.deadlines import DeadlineMet, DeadlineMissed, DeadlineRescheduled, DeadlineWarned
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AgentId, ConversationId, MessageId
from lotse.contracts.insights import MessageAnalysed
from lotse.contracts.notices import NoticeSent, ReplyDelivered, ReplyFailed, ReplySent
from lotse.contracts.values import Presence, Reading, Sentiment
from lotse.local.play.language import Texts
from lotse.local.play.scene import Scene, Talk


@frozen
class Line:
    """What happened to whom; `style` is rich's, `conversation` what `lotse trace` takes."""

    at: datetime
    mark: str
    who: str
    text: str
    style: str = ""
    conversation: ConversationId | None = None


@frozen
class Teller:
    """Puts events into the words of one language.

    How a message reads may be heard of before the message, and by when it is to be answered after somebody has it:
    such lines are kept until they can be told in one piece.
    """

    config: Config
    told: Texts
    read: dict[MessageId, tuple[Reading, bool]] = field(default_factory=dict[MessageId, tuple[Reading, bool]])
    held: dict[ConversationId, AssignmentChanged] = field(default_factory=dict[ConversationId, AssignmentChanged])

    def lines(self, fact: Fact[Event], scene: Scene) -> Iterator[Line]:
        """What is to be told now; nothing for what needs no line of its own."""
        event = fact.data
        if isinstance(event, AgentStatusChanged):
            yield from self._agent(event, fact.time)
        elif isinstance(event, MessageAnalysed):
            yield from self._analysed(event, fact.time, scene)
        else:
            known = getattr(event, "conversation_id", None)
            if isinstance(known, UUID):
                yield from self._of_talk(event, fact.time, scene.talk(ConversationId(known)), scene)

    def _of_talk(self, event: Event, at: datetime, talk: Talk, scene: Scene) -> Iterator[Line]:
        if isinstance(event, AssignmentChanged) and event.current and not talk.due_at:
            self.held[talk.id] = event
            return
        if held := self.held.pop(talk.id, None):
            yield self._line(at, talk, self._assigned(held, talk))
        if said := self._said(event, talk, scene):
            yield self._line(at, talk, said)
        if isinstance(event, MessageAdded) and (reading := self._untold(event.message_id)):
            yield self._line(at, talk, ("?", "dim", self._reads(reading)))

    def _analysed(self, event: MessageAnalysed, at: datetime, scene: Scene) -> Iterator[Line]:
        """At once where the message was told, else with it; the same reading is told once."""
        before = self.read.get(event.message_id)
        if before and self._reads(before[0]) == self._reads(event.reading):
            return
        talk = scene.of(event.message_id)
        self.read[event.message_id] = (event.reading, talk is not None)
        if talk is not None:
            yield self._line(at, talk, ("?", "dim", self._reads(event.reading)))

    def _untold(self, message: MessageId) -> Reading | None:
        reading, told = self.read.get(message, (None, True))
        if reading is None or told:
            return None
        self.read[message] = (reading, True)
        return reading

    def _line(self, at: datetime, talk: Talk, said: tuple[str, str, str]) -> Line:
        mark, style, text = said
        return Line(at, mark, talk.customer or self.told.customer, text, style, talk.id)

    def _agent(self, event: AgentStatusChanged, at: datetime) -> Iterator[Line]:
        shown = {
            Presence.ONLINE: ("●", self.told.online, "green"),
            Presence.AWAY: ("◐", self.told.away, "dim"),
            Presence.OFFLINE: ("○", self.told.offline, "dim"),
        }
        if event.current in shown:
            mark, text, style = shown[event.current]
            yield Line(at, mark, "", text.format(agent=self._name(event.agent_id)), style)

    def _said(self, event: Event, talk: Talk, scene: Scene) -> tuple[str, str, str] | None:
        told = self.told
        match event:
            case MessageAdded():
                text = told.said.format(channel=self._word(event.channel.value), text=self._quote(event.text))
                return "✉", "bold", text
            case MessageUpdated():
                return "✎", "", told.edited.format(text=self._quote(event.text))
            case MessageRemoved():
                return "✗", "", told.removed
            case ConversationSetAside():
                return "▽", "dim", told.aside.format(what=self._word(event.reading.triage.value))
            case AssignmentChanged():
                return self._assigned(event, talk)
            case RoutingRelaxed():
                return "~", "yellow", told.relaxed.format(skills=", ".join(map(self._word, event.dropped)))
            case NoteAdded():
                return "✎", "dim", told.noted.format(agent=self._first(event.actor.id), text=self._quote(event.text))
            case ReplyBlocked():
                return "■", "red", self._blocked(event)
            case ConversationResolved():
                return "✔", "green", told.resolved
            case _:
                return self._promised(event) or self._went_out(event, scene)

    def _promised(self, event: Event) -> tuple[str, str, str] | None:
        match event:
            case DeadlineWarned():
                return "!", "yellow", self.told.warned.format(time=_clock(event.due_at))
            case DeadlineRescheduled():
                return "!", "yellow", self.told.moved.format(time=_clock(event.current))
            case DeadlineMissed():
                return "‼", "red", self.told.missed.format(time=_clock(event.missed_at))
            case DeadlineMet(late=True):
                return "✓", "yellow", self.told.late
            case _:
                return None

    def _went_out(self, event: Event, scene: Scene) -> tuple[str, str, str] | None:
        match event:
            case ReplySent(elsewhere=True):
                return "↗", "cyan", self.told.elsewhere.format(text=self._quote(event.text or ""))
            case ReplySent() if approved := scene.texts.get(event.reply_id):
                agent = self._first(approved.agent_id)
                return "↗", "cyan", self.told.replied.format(agent=agent, text=self._quote(approved.text))
            case ReplyDelivered(read=True):
                return "✓", "dim", self.told.read
            case ReplyFailed():
                return "✗", "red", self.told.failed.format(detail=event.detail)
            case NoticeSent(kind="received"):
                return "↗", "dim", self.told.acknowledged
            case NoticeSent():
                return "▲", "yellow", self.told.alarm.format(sink=event.sink)
            case _:
                return None

    def _assigned(self, event: AssignmentChanged, talk: Talk) -> tuple[str, str, str]:
        reason = self._word(event.reason)
        if event.current is None:
            return "←", "yellow", self.told.taken_back.format(reason=reason)
        if event.previous is not None:
            names = {"previous": self._name(event.previous), "agent": self._name(event.current)}
            return "→", "", self.told.handed_over.format(**names, reason=reason)
        by = self.told.by.format(time=_clock(talk.due_at)) if talk.due_at else ""
        agent = self._name(event.current)
        return "→", "", self.told.assigned.format(agent=agent, skills=self._skills(event.current, talk), by=by)

    def _skills(self, agent: AgentId, talk: Talk) -> str:
        has: Mapping[str, int] = self.config.agents[agent].skills if agent in self.config.agents else {}
        used = [f"{self._word(skill)} {has[skill]}" for skill in sorted(talk.skills) if skill in has]
        return f" ({', '.join(used)})" if used else ""

    def _blocked(self, event: ReplyBlocked) -> str:
        kind = event.spans[0].kind.lower() if event.spans else event.problem
        what = self.told.words.get("email-address" if kind == "email" else kind, self.told.words["pii"])
        return self.told.blocked.format(agent=self._first(event.agent_id), what=what)

    def _reads(self, reading: Reading) -> str:
        feeling = self.told.unsure if reading.sentiment is Sentiment.UNSURE else self._word(reading.sentiment.value)
        kind = reading.situation or reading.triage
        words = [feeling, self._word(kind.value), *map(self._word, reading.topics)]
        return self.told.reads.format(how=", ".join(dict.fromkeys(words)))

    def _word(self, word: str) -> str:
        return self.told.words.get(word, word)

    def _quote(self, text: str) -> str:
        return self.told.quote.format(" ".join(text.split()))

    def _name(self, agent: str) -> str:
        found = self.config.agents.get(AgentId(agent))
        return found.name if found else agent

    def _first(self, agent: str) -> str:
        return self._name(agent).partition(" ")[0]


def _clock(at: datetime) -> str:
    """The time of day here, with the date where it is not today's."""
    here = at.astimezone()
    today = here.date() == datetime.now(here.tzinfo).date()
    return f"{here:%H:%M}" if today else f"{here:%d.%m. %H:%M}"
