"""The columns of a record's table are its fields."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@cache
def columns(table: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(table))
