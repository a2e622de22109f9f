"""A record as the fact it carries, or the reason why it is parked."""

from collections.abc import Collection

from lotse.contracts.envelope import EnvelopeError, Event, Fact, UnknownType, decode
from lotse.contracts.events import all_types
from lotse.runtime.parking import Reason
from lotse.runtime.record import Record, text_header

KNOWN = frozenset(model.TYPE for model in all_types())
"""Every event type of this release."""


def read(record: Record, types: Collection[str]) -> Fact[Event] | None:
    """The record's fact, or None where its type is known and not among `types`. Raises EnvelopeError."""
    kind = text_header(record, "ce_type")
    if kind not in types and kind in KNOWN:
        return None
    return decode(record.headers, record.value)


def refusal(error: EnvelopeError) -> tuple[Reason, str]:
    """Why a record that cannot be read is parked, in a word and in words."""
    if isinstance(error, UnknownType):
        return Reason.UNKNOWN_TYPE, f"this release does not know {error}"
    return Reason.INVALID, str(error)
