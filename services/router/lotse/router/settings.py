"""Router's settings: those that every service has."""

from lotse.runtime.settings import RuntimeSettings


class Settings(RuntimeSettings):
    """Agents, rules, calendars and patterns stand in the operator's file; `LOTSE_CONFIG` says where."""
