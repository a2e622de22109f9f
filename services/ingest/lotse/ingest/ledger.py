"""What each account was sent since this process began: for the desk's page of operations, in memory alone."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from lotse.contracts.ids import AccountId

_WORDS = {400: "unreadable", 401: "signature", 413: "too_large", 422: "invalid", 503: "away"}
"""Why a call was refused, by the status that it was answered with."""


@dataclass(slots=True)
class Entry:
    """One account. `refused` counts calls by reason, `not_understood` parts of calls that were accepted."""

    accepted: int = 0
    last_accepted: datetime | None = None
    refused: Counter[str] = field(default_factory=Counter[str])
    last_refused: datetime | None = None
    last_reason: str | None = None
    not_understood: int = 0
    last_not_understood: datetime | None = None


class Ledger:
    """Knows the accounts of the configuration alone: names that callers make up take no room."""

    def __init__(self, accounts: Iterable[AccountId], clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.since = clock()
        self.entries: dict[str, Entry] = {name: Entry() for name in accounts}

    def answered(self, account: str, status: int) -> None:
        """A call came to its end: 200 and 202 are accepted, everything else is refused."""
        entry = self.entries.get(account)
        if entry is None or status == 404:
            return
        if status < 300:
            entry.accepted += 1
            entry.last_accepted = self._clock()
            return
        entry.last_reason = _WORDS.get(status, "failed")
        entry.refused[entry.last_reason] += 1
        entry.last_refused = self._clock()

    def not_understood(self, account: str, parts: int) -> None:
        entry = self.entries.get(account)
        if entry is not None and parts:
            entry.not_understood += parts
            entry.last_not_understood = self._clock()
