"""Which facts are a command's outcome."""

from lotse.contracts import conversations as c
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.topics import TOPICS, Topic
from lotse.contracts.values import Actor
from lotse.desk.core.rows import Outcome
from lotse.desk.core.state import State

_ROUTER = TOPICS[Topic.CONVERSATIONS].writer

ASKED_FOR, FOLLOWED = 0, 1
"""Ranks: what a command asks for comes before what follows from it."""


def remember(state: State, fact: Fact[Event]) -> None:
    """Keep the fact as the outcome of the command that caused it, if one did."""
    found = outcome(fact)
    if found is None:
        return
    known = state.outcomes.get(found.command_id)
    if known is None or found.order <= known.order:
        state.outcomes.put(found.command_id, found)


def outcome(fact: Fact[Event]) -> Outcome | None:
    """The fact as an outcome; None where no command can have caused it.

    What an agent's delivered answer resolves looks like a command's, too: a row that nobody asks for.
    """
    event = fact.data
    match event:
        case c.CommandRefused():
            return _outcome(fact, reason=event.reason, detail=event.detail)
        case c.ReplyBlocked():
            return _outcome(fact, reason=event.problem, detail=event.suggestion)
        case c.ReplyApproved():
            return _outcome(fact)
        case c.NoteAdded() | c.ConversationSnoozed() | c.ConversationResolved() | c.ConversationReopened():
            return _outcome(fact) if _asked(event.actor) else None
        case c.AgentStatusChanged() | c.ReadingChanged():
            return _outcome(fact) if _asked(event.actor) else None
        case c.AssignmentChanged() | c.ConversationQueued():
            return _outcome(fact, rank=FOLLOWED) if _asked(event.actor) else None
        case _:
            return None


def _asked(actor: Actor) -> bool:
    """By a person or another system, and not by the router's own rules or a customer's word."""
    return actor.kind == "agent" or (actor.kind == "service" and actor.id != _ROUTER)


def _outcome(
    fact: Fact[Event], rank: int = ASKED_FOR, reason: str | None = None, detail: str | None = None
) -> Outcome | None:
    if fact.causation_id is None:
        return None
    return Outcome(
        command_id=fact.causation_id,
        rank=rank,
        subject=fact.key,
        sequence=fact.sequence or 0,
        type=fact.data.TYPE,
        refused=reason is not None,
        reason=reason,
        detail=detail,
        at=fact.time,
    )
