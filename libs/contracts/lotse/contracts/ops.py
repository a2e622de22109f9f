"""What ingest answers at `/ops/accounts` and `/ops/unparsed`, and the desk shows of it.

For bearers of the service token alone; no part of the API's document.
"""

from uuid import UUID

from pydantic import AwareDatetime

from lotse.contracts.envelope import Value


class Account(Value):
    """An account as one replica of ingest saw it since its start."""

    id: str
    kind: str
    """Of the configuration's account: how calls come in on it."""
    accepted: int
    """Calls that were answered with 200 or 202."""
    last_accepted: AwareDatetime | None
    refused: dict[str, int]
    """Calls by the reason why they were refused."""
    last_refused: AwareDatetime | None
    last_reason: str | None
    """Why the last of them was."""
    not_understood: int
    """Parts of accepted calls that no parser understood."""
    last_not_understood: AwareDatetime | None


class Seen(Value):
    """What one replica saw; counts begin with its start."""

    since: AwareDatetime
    accounts: tuple[Account, ...]
    """Those of the configuration, in its order."""


class Part(Value):
    """An authentic part of a call that no parser understood; what it says stays with ingest."""

    id: UUID
    account: str
    reason: str
    size: int
    """In bytes."""
    trace_id: str | None
    received_at: AwareDatetime


class Unparsed(Value):
    """Parts that nobody understood yet, youngest first."""

    items: tuple[Part, ...]
    total: int
    """How many there are; the answer may hold fewer."""


class Replayed(Value):
    """What became of a part that was read again."""

    id: UUID
    understood: bool
    """Then it is kept no longer."""
    events: int
    """How many were published, some of them perhaps again."""
