"""Frozen records: equal by their fields, copied with changes."""

from dataclasses import field

import pytest

from lotse.contracts.frozen import frozen, replace


@frozen
class Berth:
    """Where a ship lies."""

    harbour: str
    number: int = 1
    ships: tuple[str, ...] = field(default=())


@frozen
class Dock(Berth):
    """A berth that can be emptied."""

    empty: bool = False


def test_a_copy_differs_where_it_was_asked_to() -> None:
    first = Dock("Hamburg", 7, ("Cap San Diego",))
    second = replace(first, number=8, empty=True)
    assert second == Dock("Hamburg", 8, ("Cap San Diego",), empty=True)
    assert first == Dock("Hamburg", 7, ("Cap San Diego",))
    assert type(second) is Dock


def test_records_are_equal_and_hashed_by_their_fields() -> None:
    assert {Berth("Kiel"), replace(Berth("Kiel", 2), number=1)} == {Berth("Kiel", 1)}
    assert Berth("Kiel") != Dock("Kiel")


def test_a_name_that_no_field_has_is_refused() -> None:
    with pytest.raises(AttributeError, match="numbre"):
        replace(Berth("Kiel"), numbre=3)
