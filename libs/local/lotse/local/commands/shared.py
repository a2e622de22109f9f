"""What the commands have in common: where they look, and how a mistake is said."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer._click import Context  # the base class names it, and typer exports it nowhere
from typer.core import TyperGroup

from lotse.contracts.config_file import ConfigError
from lotse.contracts.frozen import frozen
from lotse.local import state
from lotse.local.engines import state_folder
from lotse.local.errors import LocalError
from lotse.runtime.errors import RuntimeFault

Folder = Annotated[
    Path, typer.Option("--folder", help="Where the local stack keeps its state.", default_factory=state_folder)
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
PostgresUrl = Annotated[
    str | None,
    typer.Option("--postgres", envvar="LOTSE_POSTGRES", help="The database; unset: that of the running stack."),
]
KafkaServers = Annotated[
    str | None,
    typer.Option("--kafka", envvar="LOTSE_KAFKA", help="Bootstrap servers; unset: those of the running stack."),
]
Prefix = Annotated[
    str | None, typer.Option("--prefix", envvar="LOTSE_TOPIC_PREFIX", help="What the topics' names begin with.")
]


class Group(TyperGroup):
    """Says an expected error as one line, with exit code 1."""

    def invoke(self, ctx: Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            for mistake in error.mistakes:
                typer.echo(f"{error.name}: {mistake}", err=True)
        except (LocalError, RuntimeFault) as error:
            typer.echo(f"lotse: {error}", err=True)
        raise typer.Exit(1)


def group(help_text: str) -> typer.Typer:
    """A command that has commands below it."""
    return typer.Typer(cls=Group, no_args_is_help=True, help=help_text)


@frozen
class Kafka:
    servers: str
    prefix: str


def kafka_of(servers: str | None, prefix: str | None, folder: Path) -> Kafka:
    """What was named, else the running stack's. Raises NothingRuns."""
    if servers is not None:
        return Kafka(servers, prefix or "lotse")
    running = state.require(folder)
    return Kafka(running.kafka, prefix or running.prefix)


def postgres_of(url: str | None, folder: Path) -> str:
    """What was named, else the running stack's. Raises NothingRuns."""
    return url or state.require(folder).postgres


Say = Callable[[str], None]


def sure(question: str, yes: bool) -> None:
    """Go on only when it is meant."""
    if not yes:
        typer.confirm(question, abort=True)
