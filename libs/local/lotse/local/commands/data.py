"""`lotse parked` and `lotse inbox`: what stands in the services' own schemas."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, NamedTuple

import asyncpg
import typer

from lotse.local.commands.shared import Folder, PostgresUrl, Yes, group, postgres_of, sure
from lotse.local.errors import LocalError
from lotse.local.secrets import SERVICES
from lotse.runtime.postgres import Connection, Row, connect
from lotse.runtime.record import headers_from_text

parked = group("Records that a service could not apply: kept whole, shown, tried again.")
inbox = group("Where a service stands in its topics.")

Service = Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.", show_default=False)]
Ids = Annotated[list[int] | None, typer.Argument(help="Ids from `lotse parked list`.", show_default=False)]

_LIST = """
SELECT id, topic, "offset", key, type, reason, error, trace_id, parked_at, replay_requested
FROM parked ORDER BY id LIMIT 1000
"""
_SHOW = """
SELECT id, topic, partition, "offset", key, type, reason, error, trace_id, parked_at, headers, value
FROM parked WHERE id = $1
"""
_REPLAY = "UPDATE parked SET replay_requested = true WHERE id = ANY($1::bigint[]) RETURNING id"
_REPLAY_ALL = "UPDATE parked SET replay_requested = true RETURNING id"
_STANDS = (
    "SELECT topic, count(*) AS partitions, sum(next_offset)::bigint AS read FROM inbox GROUP BY topic ORDER BY topic"
)
_RESET = "UPDATE inbox SET next_offset = 0, last_stamp = 0 WHERE topic = $1"


class Found(NamedTuple):
    service: str
    row: Row


@asynccontextmanager
async def _schema(url: str, service: str) -> AsyncGenerator[Connection]:
    """A session in one service's schema. Raises LocalError where there is none."""
    if service not in SERVICES:
        raise LocalError(f"There is no service '{service}'. There are: {', '.join(SERVICES)}.")
    try:
        connection = await connect(url, service, "lotse-cli")
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise LocalError(f"The database cannot be reached ({type(error).__name__}): check --postgres.") from error
    try:
        yield connection
    finally:
        await connection.close()


@parked.command("list")
def list_(folder: Folder, postgres: PostgresUrl = None) -> None:
    """Everything parked, in every service."""
    found = asyncio.run(_all(postgres_of(postgres, folder)))
    for service, row in found:
        waiting = "  (replay asked for)" if row["replay_requested"] else ""
        typer.echo(f"{service} {row['id']}  {row['parked_at']:%Y-%m-%d %H:%M:%S}  {row['reason']}{waiting}")
        typer.echo(f"    {row['type'] or '(no type)'}  {row['topic']} at {row['offset']}  key {row['key']}")
        typer.echo(f"    {row['error']}" + (f"  trace {row['trace_id']}" if row["trace_id"] else ""))
    if not found:
        typer.echo("Nothing is parked.")
        return
    typer.echo(f"{len(found)} parked. See one: lotse parked show SERVICE ID. Try again: lotse parked replay SERVICE ID")


async def _all(url: str) -> list[Found]:
    found: list[Found] = []
    for service in SERVICES:
        async with _schema(url, service) as connection:
            if await connection.fetchval("SELECT to_regclass('parked') IS NOT NULL"):
                found += [Found(service, row) for row in await connection.fetch(_LIST)]
    return found


@parked.command()
def show(
    service: Service,
    number: Annotated[int, typer.Argument(metavar="ID", help="From `lotse parked list`.")],
    folder: Folder,
    postgres: PostgresUrl = None,
) -> None:
    """One parked record whole: headers and content, which may be personal."""
    for line in asyncio.run(_shown(postgres_of(postgres, folder), service, number)):
        typer.echo(line)


async def _shown(url: str, service: str, number: int) -> Sequence[str]:
    async with _schema(url, service) as connection:
        row = await connection.fetchrow(_SHOW, number)
    if row is None:
        raise LocalError(f"{service} has nothing parked under {number}: see `lotse parked list`.")
    names = ("type", "topic", "partition", "offset", "key", "reason", "error", "trace_id", "parked_at")
    head = [f"{name:10} {row[name]}" for name in names if row[name] is not None]
    headers = [f"{name:10} {value.decode(errors='replace')}" for name, value in headers_from_text(row["headers"])]
    content = [bytes(row["value"]).decode(errors="replace")] if row["value"] is not None else []
    return [*head, "", *headers, "", *content]


@parked.command()
def replay(
    service: Service,
    folder: Folder,
    ids: Ids = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that this service has parked.")] = False,
    postgres: PostgresUrl = None,
) -> None:
    """Have the service try parked records again; it does so within seconds, those of one key in their order."""
    if bool(ids) == everything:
        raise LocalError("Name what to replay: ids from `lotse parked list`, or --all.")
    asked = asyncio.run(_replayed(postgres_of(postgres, folder), service, ids))
    missing = sorted(set(ids or ()) - set(asked))
    if missing:
        raise LocalError(f"{service} has nothing parked under {', '.join(map(str, missing))}.")
    typer.echo(
        f"{len(asked)} will be tried again. What fails again stays in `lotse parked list` with its newest error."
    )


async def _replayed(url: str, service: str, ids: Sequence[int] | None) -> list[int]:
    async with _schema(url, service) as connection:
        rows = await (connection.fetch(_REPLAY, list(ids)) if ids else connection.fetch(_REPLAY_ALL))
    return [row["id"] for row in rows]


@inbox.command("reset")
def reset_(
    topic: Annotated[str, typer.Argument(help="The topic's full name, such as lotse-inbound.", show_default=False)],
    service: Annotated[str, typer.Option(help=f"Which reader: one of {', '.join(SERVICES)}.", show_default=False)],
    folder: Folder,
    yes: Yes = False,
    postgres: PostgresUrl = None,
) -> None:
    """Let a service read a topic from its start again: for a topic that was made anew."""
    url = postgres_of(postgres, folder)
    stands = {row["topic"]: row for row in asyncio.run(_stands(url, service))}
    if topic not in stands:
        raise LocalError(f"{service} has not read '{topic}'. It has read: {', '.join(stands) or 'nothing'}.")
    sure(f"{service} has read {stands[topic]['read']} records of {topic}. Read the topic from its start?", yes)
    asyncio.run(_reset(url, service, topic))
    typer.echo(f"Done. Restart {service} now: it begins at the start of {topic}.")


async def _stands(url: str, service: str) -> list[Row]:
    async with _schema(url, service) as connection:
        return await connection.fetch(_STANDS)


async def _reset(url: str, service: str, topic: str) -> None:
    async with _schema(url, service) as connection:
        await connection.execute(_RESET, topic)
