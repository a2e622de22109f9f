"""Router's settings: those that every service has, and the operator's file."""

from pathlib import Path

from lotse.contracts.config import Config
from lotse.contracts.config_file import ConfigError, load
from lotse.runtime.errors import SettingsError
from lotse.runtime.settings import RuntimeSettings


class Settings(RuntimeSettings):
    """Agents, rules, calendars and patterns stand in the operator's file; `LOTSE_CONFIG` says where."""


def read_config(path: Path) -> Config:
    """The operator's file. Raises SettingsError saying what is wrong with it."""
    try:
        return load(path.read_text(encoding="utf-8"), path.name)
    except OSError as error:
        raise SettingsError(f"LOTSE_CONFIG: {path}: {error.strerror}") from error
    except ConfigError as error:
        raise SettingsError(str(error)) from error
