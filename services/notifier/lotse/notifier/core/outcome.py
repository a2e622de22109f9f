"""What became of one call, as a sink reports it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lotse.notifier.core.words import Word


@dataclass(frozen=True, slots=True)
class Accepted:
    """The other side has it."""

    provider_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The other side has the file, under this name, and sends it when it is told to."""

    handle: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing was written, for certain: no name, no connection, or a file that could not be had yet."""

    word: Word = Word.UNREACHABLE


@dataclass(frozen=True, slots=True)
class Busy:
    """Refused for now, this one alone. `wait` is what the provider asks for."""

    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Throttled:
    """Refused for now, and so is everything else of this account."""

    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Refused for good. `said` is the provider's own text: for the agent, never for logs."""

    word: Word = Word.REFUSED
    said: str = ""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Our own second check does not let it out."""

    word: Word


@dataclass(frozen=True, slots=True)
class SignInRefused:
    """The provider does not take our token or password."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The endpoint wants nothing more, now and ever."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """It was written, and no answer came: it may be there or not."""


Outcome = Accepted | Uploaded | NotSent | Busy | Throttled | Refused | Blocked | SignInRefused | Gone | Ambiguous


@dataclass(frozen=True, slots=True)
class Performed:
    """An outcome with the trace of the call that it came from."""

    outcome: Outcome
    traceparent: str | None
