"""Settings of every service, from `LOTSE_*` variables; each service adds its own."""

import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Literal, Self

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from lotse.contracts.config import Config
from lotse.contracts.config_file import ConfigError, load
from lotse.contracts.envelope import problems
from lotse.runtime.errors import SettingsError


class _Settings(BaseSettings):
    """Read from `LOTSE_*`, and frozen. A variable that is empty is not set: nobody means an empty secret."""

    model_config = SettingsConfigDict(env_prefix="LOTSE_", env_ignore_empty=True, frozen=True, extra="ignore")

    @classmethod
    def read(cls) -> Self:
        """From the environment. Raises SettingsError naming every variable that is missing or wrong."""
        try:
            return cls()
        except ValidationError as error:
            named = "; ".join(_named(part) for part in problems(error).split("; "))
            raise SettingsError(f"settings: {named}") from error


def _named(problem: str) -> str:
    """`postgres: Field required` as the variable that an operator sets."""
    name, _, text = problem.partition(": ")
    return f"LOTSE_{name.upper()}: {text}" if text else problem


class KafkaSettings(_Settings):
    """Where Kafka is and who speaks to it."""

    kafka: str
    """Bootstrap servers, `host:port`, separated by commas."""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_username: str | None = None
    kafka_password: SecretStr | None = None
    kafka_ca: Path | None = None
    """Certificate authority of the brokers, PEM."""
    topic_prefix: str = "lotse"


class PostgresSettings(_Settings):
    """Where PostgreSQL is."""

    postgres: SecretStr
    """`postgresql://user:password@host:port/database`; the service uses the schema of its own name."""


class RuntimeSettings(KafkaSettings, PostgresSettings):
    """What every service needs to run."""

    postgres_pool: int = 6
    """Connections at the most, beside two of the relay."""
    config: Path
    """The operator's YAML file."""
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    """0: any free port."""
    drain: timedelta = timedelta(seconds=25)
    """How long SIGTERM waits for work in hand."""
    sample_ratio: float = 0.05
    """Share of the traces that begin here and are recorded."""
    traces_dir: Path | None = None
    """Write spans there as Zipkin v2 JSON lines, for `lotse trace`."""
    otlp_endpoint: str | None = None
    """Send spans to this collector, `http://host:4318`."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    scratch: Path = Path(tempfile.gettempdir()) / f"lotse-{os.getuid()}"
    """A folder that outlives the process, for what a killed one had begun; replicas on one machine may share it."""
    park_limit: int = 20
    """Records parked in a row before the consumer stops."""
    service_token: SecretStr | None = None
    """What services show each other, for `/ops/…` among them; unset: those pages are not there."""

    def read_config(self) -> Config:
        """The operator's file. Raises SettingsError with every mistake and its line."""
        try:
            return load(self.config.read_text(encoding="utf-8"), str(self.config))
        except OSError as error:
            raise SettingsError(f"LOTSE_CONFIG: {self.config}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise SettingsError(f"LOTSE_CONFIG: {self.config}: is not UTF-8") from error
        except ConfigError as error:
            raise SettingsError(f"LOTSE_CONFIG: {error}") from error


def secret(ref: str) -> SecretStr:
    """What `env:NAME` or `file:/path` holds. Raises SettingsError naming what is missing."""
    kind, _, where = ref.partition(":")
    if kind == "env":
        value = os.environ.get(where)
        if not value:
            raise SettingsError(f"the configuration refers to {ref}: set the variable {where}")
        return SecretStr(value)
    try:
        value = Path(where).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"the configuration refers to {ref}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"the configuration refers to {ref}: the file is not UTF-8") from error
    if not value:
        raise SettingsError(f"the configuration refers to {ref}: the file is empty")
    return SecretStr(value)
