"""Every event type: importing this module makes the registry of the envelope complete."""

from lotse.contracts import commands, conversations, deadlines, inbound, insights, notices
from lotse.contracts.envelope import Event, known_types

MODULES = (inbound, insights, conversations, deadlines, notices, commands)


def all_types() -> tuple[type[Event], ...]:
    """Every event type of this release, by topic, then by type."""
    return tuple(sorted(known_types().values(), key=lambda model: (model.TOPIC, model.TYPE)))
