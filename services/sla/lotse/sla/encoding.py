"""How histories, deadlines and rules stand in the database: JSON of the core's own records."""

from pydantic import TypeAdapter

from lotse.sla.core.deadlines import Deadline
from lotse.sla.core.history import History
from lotse.sla.core.rules import Rules

_HISTORY = TypeAdapter(History)
_DEADLINES = TypeAdapter(tuple[Deadline, ...])


def history_to_json(history: History) -> str:
    return _HISTORY.dump_json(history, exclude_none=True).decode()


def history_from_json(text: str) -> History:
    """Raises pydantic.ValidationError for what this release did not write."""
    return _HISTORY.validate_json(text)


def deadlines_to_json(deadlines: tuple[Deadline, ...]) -> str:
    return _DEADLINES.dump_json(deadlines, exclude_none=True).decode()


def deadlines_from_json(text: str) -> tuple[Deadline, ...]:
    return _DEADLINES.validate_json(text)


def rules_to_json(rules: Rules) -> str:
    return rules.model_dump_json()


def rules_from_json(text: str) -> Rules:
    return Rules.model_validate_json(text)
