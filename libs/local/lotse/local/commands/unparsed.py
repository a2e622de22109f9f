"""`lotse unparsed`: parts of calls that ingest did not understand, and what a later release makes of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

import httpx
import typer
from pydantic import AwareDatetime, BaseModel

from lotse.local import state
from lotse.local.commands.shared import Folder, group
from lotse.local.errors import LocalError

unparsed = group("Parts of webhooks and mails that ingest did not understand: kept whole, shown, tried again.")

Ids = Annotated[list[UUID] | None, typer.Argument(help="Ids from `lotse unparsed list`.", show_default=False)]
Ingest = Annotated[
    str | None, typer.Option("--ingest", envvar="LOTSE_INGEST", help="Ingest's URL; unset: that of the running stack.")
]
Token = Annotated[
    str | None,
    typer.Option("--token", envvar="LOTSE_SERVICE_TOKEN", help="The services' own token; unset: the running stack's."),
]

_MOST = 200


class _Part(BaseModel):
    id: UUID
    account: str
    reason: str
    trace_id: str | None
    received_at: AwareDatetime


class _Listed(_Part):
    size: int


class _List(BaseModel):
    items: tuple[_Listed, ...]
    total: int


class _Shown(_Part):
    body: str


class _Replayed(BaseModel):
    understood: bool
    events: int


class _Caller:
    """Ingest's pages for operators. Raises LocalError for whatever keeps them from answering."""

    def __init__(self, folder: Path, url: str | None, token: str | None) -> None:
        self._url = url or state.require(folder).ingest
        self._token = token or state.secrets(folder)["LOTSE_SERVICE_TOKEN"]

    def ask(self, method: str, path: str) -> httpx.Response | None:
        """None where there is no such part."""
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            answer = httpx.request(method, f"{self._url.rstrip('/')}/ops/unparsed{path}", headers=headers, timeout=30)
        except httpx.HTTPError as error:
            problem = f"Ingest at {self._url} does not answer ({type(error).__name__})"
            raise LocalError(f"{problem}: check --ingest.") from error
        if answer.status_code == 401:
            raise LocalError("Ingest does not take this token: check --token.")
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise LocalError(f"Ingest answered {answer.status_code}: wait a moment and try again.")
        return answer

    def listed(self) -> _List:
        answer = self.ask("GET", f"?limit={_MOST}")
        return _List(items=(), total=0) if answer is None else _List.model_validate_json(answer.content)

    def replay(self, part: UUID) -> _Replayed | None:
        answer = self.ask("POST", f"/{part}/replay")
        return None if answer is None else _Replayed.model_validate_json(answer.content)


@unparsed.command("list")
def list_(folder: Folder, ingest: Ingest = None, token: Token = None) -> None:
    """The youngest parts that were not understood."""
    found = _Caller(folder, ingest, token).listed()
    for part in found.items:
        trace = f"  trace {part.trace_id}" if part.trace_id else ""
        typer.echo(f"{part.id}  {part.received_at:%Y-%m-%d %H:%M:%S}  {part.account}  {part.reason}")
        typer.echo(f"    {part.size} bytes{trace}")
    if not found.total:
        typer.echo("Nothing is kept that was not understood.")
        return
    typer.echo(f"{found.total} kept. See one: lotse unparsed show ID. After an upgrade: lotse unparsed replay --all")


@unparsed.command()
def show(
    part: Annotated[UUID, typer.Argument(metavar="ID", help="From `lotse unparsed list`.")],
    folder: Folder,
    ingest: Ingest = None,
    token: Token = None,
) -> None:
    """One part whole, which may be personal."""
    answer = _Caller(folder, ingest, token).ask("GET", f"/{part}")
    if answer is None:
        raise _unknown([part])
    found = _Shown.model_validate_json(answer.content)
    head = {"account": found.account, "reason": found.reason, "trace": found.trace_id, "received": found.received_at}
    for name, value in head.items():
        if value is not None:
            typer.echo(f"{name:10} {value}")
    typer.echo(f"\n{found.body}")


@unparsed.command()
def replay(
    folder: Folder,
    ids: Ids = None,
    everything: Annotated[bool, typer.Option("--all", help="Every part that is kept.")] = False,
    ingest: Ingest = None,
    token: Token = None,
) -> None:
    """Have this release try parts again; what it understands is published and kept no longer."""
    if bool(ids) == everything:
        raise LocalError("Name what to replay: ids from `lotse unparsed list`, or --all.")
    caller = _Caller(folder, ingest, token)
    understood, events, left = _replayed(caller, ids or [])
    typer.echo(f"{understood} understood, {events} events published. {left} still not understood.")


def _replayed(caller: _Caller, ids: Sequence[UUID]) -> tuple[int, int, int]:
    """Parts understood, events, parts left. Without ids everything, page by page until a page brings nothing new."""
    understood = events = 0
    tried: dict[UUID, bool] = {}
    wanted = list(ids) or [part.id for part in caller.listed().items]
    while wanted:
        for part in wanted:
            found = caller.replay(part)
            if found is None and ids:
                raise _unknown([part])
            tried[part] = found is None or found.understood
            if found is not None and found.understood:
                understood, events = understood + 1, events + found.events
        wanted = [] if ids else [part.id for part in caller.listed().items if part.id not in tried]
    return understood, events, sum(not done for done in tried.values())


def _unknown(ids: Sequence[UUID]) -> LocalError:
    return LocalError(f"Nothing is kept under {', '.join(map(str, ids))}: see `lotse unparsed list`.")
