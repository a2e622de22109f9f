"""What the service does with an event, with the passing of time and with new rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lotse.contracts.channels import Channel
from lotse.contracts.conversations import AgentStatusChanged
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.frozen import frozen, replace
from lotse.contracts.ids import AgentId, ConversationId, derive
from lotse.contracts.values import Presence
from lotse.sla.core.deadlines import Alarm, Deadline, ahead, compare, rung
from lotse.sla.core.entries import Ruled, conversation_of, read
from lotse.sla.core.history import History, clocks, clocks_of, compacted, folded
from lotse.sla.core.levels import NOTHING, Tally, tallied
from lotse.sla.core.rules import Rulebook

_MOMENT = timedelta(microseconds=1)


@frozen
class Conversation:
    """What stands of one conversation; `traceparent` is that of the last event about it.

    `waiting` says whether its customer waits, promised or not: other rules may promise something.
    """

    history: History
    deadlines: tuple[Deadline, ...] = ()
    waiting: bool = False
    traceparent: str | None = None


@dataclass(slots=True)
class State:
    """A batch's conversations, as they were loaded and as they are now.

    `adopt` is the version of the rules that each comes under; None: it keeps its own.
    """

    rulebook: Rulebook
    loaded: Mapping[ConversationId, Conversation]
    conversations: dict[ConversationId, Conversation]
    adopt: str | None = None
    tallies: dict[Channel, Tally] = field(default_factory=dict[Channel, Tally])
    """What the batch says of each channel's waits, `at` that time."""
    at: datetime | None = None
    agents: dict[AgentId, Presence] = field(default_factory=dict[AgentId, Presence])
    """Those of whom the batch tells whether they take work."""

    def tally(
        self, before: Sequence[Deadline], after: Sequence[Deadline], now: datetime, topics: tuple[str, ...] = ()
    ) -> None:
        for channel, found in tallied(before, after, topics):
            self.tallies[channel] = self.tallies.get(channel, NOTHING) + found
            self.at = now

    def changed(self) -> dict[ConversationId, Conversation]:
        """What there is to save."""
        return {id: one for id, one in self.conversations.items() if one is not self.loaded[id]}


def decide(state: State, fact: Fact[Event], now: datetime) -> list[Event]:
    """Put an event into its conversation's history and say what follows for its deadlines."""
    if isinstance(fact.data, AgentStatusChanged):
        state.agents[fact.data.agent_id] = fact.data.current
        return []
    id, entries = conversation_of(fact.data), read(fact)
    if id is None or not entries:
        return []
    found = state.conversations[id]
    history = found.history.heard(entries)
    if history is found.history:
        return []
    found = replace(found, traceparent=fact.traceparent or found.traceparent)
    return _moved(state, id, found, _adopted(state, history, now), now)


def adopt(state: State, id: ConversationId, now: datetime) -> list[Event]:
    """Bring a conversation under the rules that hold now."""
    found = state.conversations[id]
    history = _adopted(state, found.history, now)
    return [] if history is found.history else _moved(state, id, found, history, now)


def ring(state: State, alarm: Alarm, now: datetime) -> list[Event]:
    """Say once that a deadline is near or was missed."""
    found = state.conversations[alarm.conversation]
    told = [rung(alarm, deadline, now) for deadline in found.deadlines]
    deadlines = tuple(deadline for deadline, _ in told)
    state.tally(found.deadlines, deadlines, now)
    state.conversations[alarm.conversation] = replace(found, deadlines=deadlines)
    return [event for _, events in told for event in events]


def alarms(id: ConversationId, conversation: Conversation, now: datetime) -> Iterator[Alarm]:
    """What time has brought and nobody was told, the earliest first."""
    for deadline in conversation.deadlines:
        for kind, at in ahead(deadline):
            if at <= now:
                yield Alarm(id, deadline.state.deadline_id, kind, at)


def next_alarm(conversation: Conversation) -> datetime | None:
    """When to look at the conversation again."""
    return min((at for deadline in conversation.deadlines for _, at in ahead(deadline)), default=None)


def _adopted(state: State, history: History, now: datetime) -> History:
    version, since = history.rules()
    if state.adopt is None or version == state.adopt:
        return history
    at = max(now, since + _MOMENT) if since else now
    return history.heard([Ruled(at, str(derive("ruled", history.base.conversation, state.adopt, at)), state.adopt)])


def _moved(state: State, id: ConversationId, found: Conversation, history: History, now: datetime) -> list[Event]:
    standing = folded(state.rulebook, history)
    deadlines, events = compare(id, found.deadlines, clocks_of(state.rulebook, standing), now)
    state.tally(found.deadlines, deadlines, now, standing.rated.topics if standing.rated else ())
    shorter = compacted(state.rulebook, history)
    if shorter is not history:
        kept = {clock.deadline_id for clock in clocks(state.rulebook, shorter)}
        deadlines = tuple(deadline for deadline in deadlines if deadline.state.deadline_id in kept)
    state.conversations[id] = replace(found, history=shorter, deadlines=deadlines, waiting=standing.wait is not None)
    return events
