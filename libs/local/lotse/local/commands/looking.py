"""`lotse trace`, `token`, `link`, `config check`."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import httpx
import typer

from lotse.contracts.commands import Role
from lotse.contracts.config import ApiAccount, MailAccount
from lotse.contracts.config_file import ConfigError, load
from lotse.local import state, tokens, traces
from lotse.local.commands.shared import Folder, group
from lotse.local.errors import LocalError
from lotse.local.secrets import resolve
from lotse.local.state import Running
from lotse.runtime import clock

configs = group("The operator's configuration.")


@configs.command()
def check(file: Annotated[Path, typer.Argument(help="The YAML file.", show_default=False)]) -> None:
    """Check a configuration; exit code 1 and one line for each mistake."""
    try:
        found = load(file.read_text(encoding="utf-8"), str(file))
    except OSError as error:
        raise LocalError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LocalError(f"{file} is not UTF-8: save it as UTF-8") from error
    except ConfigError as error:
        for mistake in error.mistakes:
            typer.echo(f"{error.name}: {mistake}", err=True)
        raise typer.Exit(1) from error
    parts = (found.accounts, found.agents, found.routing.rules, found.sla.policies)
    counts = "{} accounts, {} agents, {} routing rules, {} promises".format(*map(len, parts))
    typer.echo(f"{file}: good ({counts})")


def token(
    folder: Folder,
    agent: Annotated[str | None, typer.Option(help="Speak for this agent, with his role.")] = None,
    role: Annotated[
        str | None, typer.Option(help="agent, lead, admin or service; else the agent's, else admin.")
    ] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=720, help="How long it holds.")] = 12,
    account: Annotated[
        str | None, typer.Option(help="Instead: the token with which a mail or API account is called.")
    ] = None,
) -> None:
    """Print a token for the desk's API: curl -H "Authorization: Bearer $(lotse token)" …"""
    found, secrets = state.require(folder), state.secrets(folder)
    if account is not None:
        typer.echo(_account_token(found, secrets, account))
        return
    config = load(found.config.read_text(encoding="utf-8"), str(found.config))
    roles: dict[str, Role] = {"agent": "agent", "lead": "lead", "admin": "admin", "service": "service"}
    if role is not None and role not in roles:
        raise LocalError(f"There is no role '{role}'. There are: {', '.join(roles)}.")
    own: Role = tokens.role_of(config, agent) if agent else "admin"
    made = tokens.token(
        secrets["LOTSE_JWT_SECRET"],
        agent or "operator",
        roles[role] if role else own,
        clock.now(),
        timedelta(hours=hours),
    )
    typer.echo(made)


def link(
    folder: Folder,
    agent: Annotated[str | None, typer.Argument(help="Who signs in; unset: the first who leads.")] = None,
) -> None:
    """Print an address that signs in at the desk's console: good once, for a quarter of an hour."""
    found, secrets = state.require(folder), state.secrets(folder)
    config = load(found.config.read_text(encoding="utf-8"), str(found.config))
    wanted = agent or next(iter(tokens.people(config)), "")
    tokens.role_of(config, wanted)
    typer.echo(tokens.link(found.desk, secrets["LOTSE_JWT_SECRET"], wanted, clock.now()))


def _account_token(found: Running, secrets: dict[str, str], account: str) -> str:
    config = load(found.config.read_text(encoding="utf-8"), str(found.config))
    given = {name: one.token for name, one in config.accounts.items() if isinstance(one, MailAccount | ApiAccount)}
    ref = next((ref for name, ref in given.items() if name == account), None)
    if ref is None:
        raise LocalError(f"There is no mail or API account '{account}'. There are: {', '.join(given) or 'none'}.")
    return resolve(ref, secrets | dict(os.environ))


def trace(
    conversation: Annotated[
        str, typer.Argument(help="A conversation's id or its beginning, or a trace id.", show_default=False)
    ],
    folder: Folder,
) -> None:
    """Show what happened to a conversation, service by service, as a tree with times."""
    spans = traces.read(folder / "traces")
    ids = traces.ids_of(spans, conversation) or _asked_desk(folder, conversation)
    found = traces.trees(spans, ids)
    if not found:
        raise LocalError(
            f"No spans of '{conversation}' in {folder / 'traces'}: take an id from the demo's lines or the desk's "
            "lists, and wait a second after the event."
        )
    for line in traces.shown(found):
        typer.echo(line)


def _asked_desk(folder: Path, conversation: str) -> set[str]:
    """The trace that opened the conversation, as the desk knows it."""
    found = state.find(folder)
    if found is None:
        return set()
    secret = state.secrets(folder)["LOTSE_JWT_SECRET"]
    bearer = tokens.token(secret, "operator", "admin", clock.now(), timedelta(minutes=1))
    url = f"{found.desk}/v1/conversations/{conversation}"
    try:
        answer = httpx.get(url, headers={"Authorization": f"Bearer {bearer}"}, timeout=5)
        known = answer.json().get("trace_id") if answer.status_code == 200 else None
    except httpx.HTTPError:
        return set()
    return {known} if isinstance(known, str) else set()
