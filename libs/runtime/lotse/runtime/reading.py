"""A record as the fact it carries, or the reason why it is parked."""

import contextlib
from collections.abc import Collection, Iterable
from uuid import UUID

from lotse.contracts.conversations import MessageRemoved
from lotse.contracts.envelope import EnvelopeError, Event, Fact, InvalidRecord, UnknownType, decode
from lotse.contracts.events import all_types
from lotse.contracts.inbound import MessageDeleted
from lotse.runtime.parking import Reason
from lotse.runtime.record import UNREADABLE, Record, text_header

KNOWN = frozenset(model.TYPE for model in all_types())
"""Every event type of this release."""

_TAKEN_BACK = (MessageDeleted.TYPE, MessageRemoved.TYPE)


def read(record: Record, types: Collection[str]) -> Fact[Event] | None:
    """The record's fact, or None where its type is known and not among `types`. Raises EnvelopeError."""
    kind = text_header(record, "ce_type")
    if unreadable := text_header(record, UNREADABLE):
        raise InvalidRecord(f"Kafka's client cannot read it ({unreadable}); the log still has it")
    if kind not in types and kind in KNOWN:
        return None
    return decode(record.headers, record.value)


def taken_back(records: Iterable[Record]) -> set[UUID]:
    """The messages that their customers took back, as far as these records say so and can be read."""
    found: set[UUID] = set()
    for record in records:
        if text_header(record, "ce_type") in _TAKEN_BACK:
            with contextlib.suppress(EnvelopeError):
                said = decode(record.headers, record.value).data
                if isinstance(said, MessageDeleted | MessageRemoved):
                    found.add(said.message_id)
    return found


def refusal(error: EnvelopeError) -> tuple[Reason, str]:
    """Why a record that cannot be read is parked, in a word and in words."""
    if isinstance(error, UnknownType):
        return Reason.UNKNOWN_TYPE, f"this release does not know {error}"
    return Reason.INVALID, str(error)
