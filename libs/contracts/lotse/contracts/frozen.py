"""Records that nobody changes: made once, replaced by a copy that differs.

`dataclass(frozen=True)` guards each record while it runs and takes seven times as long to make one, and
`dataclasses.replace` ten times as long to copy one; a message needs some hundreds of both. Here the type checker
guards them instead.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, TypeVar, cast, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(record: type[T]) -> type[T]:
    """A dataclass with slots, equal and hashed by its fields, whose fields are never assigned after it was made."""
    return dataclass(slots=True, unsafe_hash=True)(record)


def replace(record: T, /, **changes: object) -> T:
    """A copy of a frozen record that differs in these fields. Raises AttributeError for one it does not have."""
    made = _copier(record.__class__)(record)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


@cache
def _copier(record: type[T]) -> Callable[[T], T]:
    """A function that copies records of this class field by field."""
    lines = [f"made.{one.name} = old.{one.name}" for one in fields(cast("Any", record))]
    source = "\n    ".join(["def copy(old):", "made = new(cls)", *lines, "return made"])
    names: dict[str, Any] = {"new": object.__new__, "cls": record}
    exec(source, names)  # noqa: S102 - as dataclasses makes its methods
    return cast("Callable[[T], T]", names["copy"])
