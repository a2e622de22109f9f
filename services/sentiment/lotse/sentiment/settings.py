"""Settings of sentiment."""

from pathlib import Path

from lotse.runtime.settings import RuntimeSettings


class SentimentSettings(RuntimeSettings):
    """What sentiment can be told beside what every service can."""

    model: Path | None = None
    """A model trained by `lotse-train`; without it the one in the package reads."""
