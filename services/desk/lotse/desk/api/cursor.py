"""A place in a list as a caller carries it: opaque, and good for the list that it was made by."""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from lotse.desk.api.problems import ApiError
from lotse.desk.reads import Place

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write(place: Place) -> str:
    moment = (place.at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{moment}.{place.id.hex}".encode()).decode().rstrip("=")


def read(cursor: str) -> Place:
    """Raises ApiError 422 for what `write` did not make."""
    try:
        moment, _, identifier = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(".")
        return Place(_EPOCH + timedelta(microseconds=int(moment)), UUID(hex=identifier))
    except (ValueError, OverflowError, binascii.Error) as error:
        raise ApiError(422, "bad_cursor", "the cursor is not one that this list gave") from error


def _after(
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before")] = None,
) -> Place | None:
    return read(cursor) if cursor else None


After = Annotated[Place | None, Depends(_after)]
Limit = Annotated[int, Query(ge=1, le=200, description="Items a page")]


def following(places: list[Place], limit: int) -> str | None:
    """The cursor after a page that was asked for with one item more than it shows."""
    return write(places[limit - 1]) if len(places) > limit else None
