"""Where conversations stood, when and why: what the timeline tells between the words."""

from datetime import datetime

from lotse.contracts import conversations as c
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.values import Actor, Status
from lotse.desk.core.rows import Move
from lotse.desk.core.state import State
from lotse.desk.model import Model

_ROUTER = Actor(kind="service", id="router")


class Why(Model):
    """Kept as JSON beside the move: what it is about, beyond its reason."""

    required: dict[str, int] = {}
    """Of the queue: the skills that are called for, each with its least level."""
    rules: tuple[str, ...] = ()
    ring: int | None = None
    """Reached by what was dropped."""
    dropped: tuple[str, ...] = ()
    until: datetime | None = None


def keep(state: State, fact: Fact[Event]) -> None:
    """Remember a change of status, or of what a waiting conversation calls for."""
    match fact.data:
        case c.RoutingRelaxed() as event:
            why = Why(ring=event.ring, dropped=event.dropped)
            _put(state, fact, Status.QUEUED, "relaxed", _ROUTER, why, event)
        case c.StatusChange() as event:
            _put(state, fact, event.current, event.reason, event.actor, _why(event), event)
        case _:
            pass


def _why(event: c.StatusChange) -> Why:
    match event:
        case c.ConversationQueued():
            return Why(required=event.required, rules=event.rules)
        case c.ConversationSnoozed():
            return Why(until=event.until)
        case _:
            return Why()


def _put(
    state: State,
    fact: Fact[Event],
    current: Status,
    reason: str,
    actor: Actor,
    why: Why,
    event: c.StatusChange | c.RoutingRelaxed,
) -> None:
    row = Move(
        conversation_id=event.conversation_id,
        sequence=fact.sequence or 0,
        current=current.value,
        actor_kind=actor.kind,
        actor_id=actor.id,
        reason=reason,
        why=why.model_dump_json(exclude_defaults=True),
        at=event.at,
    )
    state.moves.put((row.conversation_id, row.sequence), row)
