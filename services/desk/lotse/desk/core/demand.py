"""What a conversation calls for, as the router said it: skills, rules and what was dropped of them since."""

from datetime import datetime

from lotse.contracts.conversations import ConversationQueued, ReadingChanged, RoutingRelaxed
from lotse.desk.model import Model

Skills = dict[str, int]
"""Skill to least level, 1 to 5."""


class Relaxed(Model):
    """A ring that was reached: these skills are no longer called for."""

    ring: int
    dropped: tuple[str, ...]
    at: datetime


class Demand(Model):
    """Kept as JSON beside the conversation."""

    required: Skills = {}
    """As the rules say it; `called_for` is what is left of it."""
    preferred: Skills = {}
    rules: tuple[str, ...] = ()
    version: str = ""
    """Of the rules that it was queued under."""
    begun_at: datetime | None = None
    """When it was queued first; the rings count from here. None: they begin with the next queueing."""
    goes_first: str | None = None
    """The agent who had it before: for a while nobody else is given it."""
    relaxed: tuple[Relaxed, ...] = ()

    @property
    def called_for(self) -> Skills:
        dropped = {skill for one in self.relaxed for skill in one.dropped}
        return {skill: level for skill, level in self.required.items() if skill not in dropped}


def read(kept: str | None) -> Demand | None:
    """None where the router never said what is called for."""
    return None if kept is None else Demand.model_validate_json(kept)


def queued(kept: str | None, event: ConversationQueued, last_agent: str | None) -> str:
    """In line, or in line again: with the same call what was dropped stays dropped."""
    known = read(kept) or Demand()
    same = (known.required, known.version) == (event.required, event.rules_version)
    made = Demand(
        required=event.required,
        preferred=event.preferred,
        rules=event.rules,
        version=event.rules_version,
        begun_at=known.begun_at or event.at,
        goes_first=last_agent,
        relaxed=known.relaxed if same else (),
    )
    return made.model_dump_json()


def relaxed(event: RoutingRelaxed, known: Demand) -> Demand:
    return known.model_copy(
        update={"relaxed": (*known.relaxed, Relaxed(ring=event.ring, dropped=event.dropped, at=event.at))}
    )


def read_anew(event: ReadingChanged, known: Demand) -> Demand:
    """A reading may call for something else than the one before."""
    if event.required is None:
        return known
    return known.model_copy(
        update={
            "required": event.required,
            "preferred": event.preferred or {},
            "rules": event.rules or (),
            "relaxed": known.relaxed if event.required == known.required else (),
        }
    )


def begun_anew(known: Demand) -> Demand:
    """Reopened: the rings begin again with the next queueing."""
    return known.model_copy(update={"begun_at": None, "relaxed": ()})


def taken_back(known: Demand) -> Demand:
    """Back in line without waiting for whoever had it."""
    return known.model_copy(update={"goes_first": None})
