"""What became of one call, as a sink reports it."""

from datetime import datetime, timedelta

from lotse.contracts.frozen import frozen
from lotse.notifier.core.words import Word


@frozen
class Accepted:
    """The other side has it."""

    provider_id: str | None
    at: datetime


@frozen
class Uploaded:
    """The other side has the file, under this name, and sends it when it is told to."""

    handle: str


@frozen
class NotSent:
    """Nothing was written, for certain: no name, no connection, or a file that could not be had yet."""

    word: Word = Word.UNREACHABLE


@frozen
class Busy:
    """Refused for now, this one alone. `wait` is what the provider asks for."""

    wait: timedelta | None = None


@frozen
class Throttled:
    """Refused for now, and so is everything else of this account."""

    wait: timedelta | None = None


@frozen
class Refused:
    """Refused for good. `said` is the provider's own text: for the agent, never for logs."""

    word: Word = Word.REFUSED
    said: str = ""


@frozen
class Blocked:
    """Our own second check does not let it out."""

    word: Word


@frozen
class SignInRefused:
    """The provider does not take our token or password."""


@frozen
class Gone:
    """The endpoint wants nothing more, now and ever."""


@frozen
class Ambiguous:
    """It was written, and no answer came: it may be there or not."""


Outcome = Accepted | Uploaded | NotSent | Busy | Throttled | Refused | Blocked | SignInRefused | Gone | Ambiguous


@frozen
class Performed:
    """An outcome with the trace of the call that it came from."""

    outcome: Outcome
    traceparent: str | None
