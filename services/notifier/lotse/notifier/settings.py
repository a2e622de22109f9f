"""Settings of notifier."""

from datetime import timedelta

from lotse.runtime.settings import RuntimeSettings


class Settings(RuntimeSettings):
    """What notifier can be told beside what every service can."""

    echo_wait: timedelta = timedelta(seconds=60)
    """How long an echo is awaited after a call without an answer, before the reply counts as unknown."""
    call_timeout: timedelta = timedelta(seconds=30)
    """The longest that one call to a provider may take."""
    reply_for: timedelta = timedelta(hours=24)
    """How long a reply is tried before its agent gets it back."""
    sign_in_every: timedelta = timedelta(minutes=5)
    """How often an account whose sign-in is refused is tried with one message."""
    concurrency: int = 100
    """Calls at once, for each way out: at 0.2 s a call, 500 a second."""
    keep: timedelta = timedelta(days=30)
    """How long what was sent is kept, with its text, for receipts."""
