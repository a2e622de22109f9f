"""Settings of notifier."""

from datetime import timedelta
from typing import Self

from pydantic import SecretStr, model_validator

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
    ingest_url: str | None = None
    """Where ingest keeps files, `http://host:port`; unset: replies with files go back to their agents."""
    service_token: SecretStr | None = None
    """What ingest lets other services in by; it signs the links to files too."""
    console_url: str | None = None
    """Where the desk is reached from outside: large files for a `reply_url` are links there; unset: they go whole."""
    keep: timedelta = timedelta(days=30)
    """How long what was sent is kept, with its text, for receipts."""

    @model_validator(mode="after")
    def _store_is_whole(self) -> Self:
        if self.ingest_url is not None and self.service_token is None:
            raise ValueError("ingest lets nobody in without a token: set LOTSE_SERVICE_TOKEN beside LOTSE_INGEST_URL")
        return self
