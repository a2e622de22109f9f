"""Settings of the sla service: those of every service."""

from lotse.runtime.settings import RuntimeSettings


class SlaSettings(RuntimeSettings):
    """Everything else stands in the operator's file under `sla` and `calendars`."""
