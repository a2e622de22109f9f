"""`lotse up`, `demo`, `play`, `reset`: the whole of Lotse on this machine."""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from lotse.contracts.config import ApiAccount
from lotse.local import state, tokens
from lotse.local.commands.shared import Folder, Yes, sure
from lotse.local.engines import state_folder
from lotse.local.errors import LocalError
from lotse.local.play.day import Pace, play
from lotse.local.play.language import Texts, texts
from lotse.local.stack import Plan, Stack, running
from lotse.local.state import Running
from lotse.local.viewer import viewer
from lotse.runtime import clock

Config = Annotated[
    Path, typer.Option("--config", envvar="LOTSE_CONFIG", help="The operator's file.", default_factory=lambda: config())
]
DeskPort = Annotated[int, typer.Option(help="Port of the desk; 0: a free one.")]
IngestPort = Annotated[int, typer.Option(help="Port for the providers' webhooks; 0: a free one.")]
NoStandin = Annotated[bool, typer.Option("--no-standin", help="Send replies to the providers themselves.")]
Viewer = Annotated[bool, typer.Option("--viewer", help="Run a trace viewer too (fetched once from Maven).")]
Speed = Annotated[float, typer.Option(min=0.1, max=10_000, help="Minutes of the played day in one minute.")]
Prefix = Annotated[
    str,
    typer.Option("--prefix", envvar="LOTSE_TOPIC_PREFIX", help="What the topics' names and the database begin with."),
]
Seed = Annotated[int, typer.Option(help="The same seed plays the same day.")]
Once = Annotated[bool, typer.Option("--once", help="Play one day, then stop.")]

Beside = Callable[[Stack], Awaitable[None]]


def config() -> Path:
    """The configuration that comes with the project."""
    here = Path("config/lotse.yaml")
    return here if here.exists() else state_folder().parent / here


def up(
    folder: Folder,
    config: Config,
    desk_port: DeskPort = 8080,
    ingest_port: IngestPort = 8081,
    no_standin: NoStandin = False,
    viewer: Viewer = False,
    prefix: Prefix = "lotse",
) -> None:
    """Run everything until Ctrl-C: Kafka, PostgreSQL, the services and a stand-in for the providers' APIs."""
    plan = _plan(folder, config, prefix, desk_port, ingest_port, standin=not no_standin)
    run_until_signal(_run(plan, viewer, _wait))


def demo(
    folder: Folder,
    config: Config,
    desk_port: DeskPort = 8080,
    ingest_port: IngestPort = 8081,
    viewer: Viewer = False,
    speed: Speed = 120,
    seed: Seed = 1,
    once: Once = False,
    prefix: Prefix = "lotse",
) -> None:
    """The same with a busy day played on it: customers write, agents come, answer and go. Until Ctrl-C."""

    async def beside(stack: Stack) -> None:
        await play(Running.of(stack), stack.secrets, Pace(speed, seed, once))

    plan = _plan(folder, config, prefix, desk_port, ingest_port)
    run_until_signal(_run(plan, viewer, beside))


def play_(folder: Folder, speed: Speed = 120, seed: Seed = 1, once: Once = False) -> None:
    """Play the busy day on the stack that runs by `lotse up`, until Ctrl-C."""
    found = state.require(folder)
    if found.standin is None:
        raise LocalError("The stack runs without the stand-in: a play would write to real customers. Not played.")
    run_until_signal(play(found, state.secrets(folder), Pace(speed, seed, once)))


def reset(folder: Folder, yes: Yes = False) -> None:
    """Forget all data of the local stack: messages, conversations, secrets, traces. What was downloaded stays."""
    found = state.find(folder)
    if found is not None:
        raise LocalError(f"Lotse is running (process {found.pid}): stop it with Ctrl-C first, then reset.")
    there = [folder / name for name in _DATA if (folder / name).exists()] + list(folder.glob("*.local.yaml"))
    if not there:
        typer.echo("There is nothing to forget.")
        return
    sure(f"Forget everything in {folder}?", yes)
    for path in there:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    typer.echo("Forgotten. The next start begins empty.")


def _plan(folder: Path, config: Path, prefix: str, desk_port: int, ingest_port: int, *, standin: bool = True) -> Plan:
    return Plan(folder, config, prefix, database=prefix, standin=standin, desk_port=desk_port, ingest_port=ingest_port)


_DATA = ("data", "logs", "traces", "secrets.json", "running.json")


async def _wait(_: Stack) -> None:
    await asyncio.Event().wait()


async def _run(plan: Plan, with_viewer: bool, beside: Beside) -> None:
    """Start, say where everything is, do what is to be done beside it, stop."""
    told = texts(os.environ)
    found = state.find(plan.folder)
    if found is not None:
        raise LocalError(
            f"Lotse runs already (process {found.pid}): {found.desk}/ . "
            "Stop it there with Ctrl-C, or play on it: lotse play"
        )
    async with AsyncExitStack() as stack:
        stack.callback(typer.echo, told.stopped)
        started = await stack.enter_async_context(running(plan, _progress))
        watched = viewer(plan.folder, state_folder() / "zipkin", _progress)
        traces = await stack.enter_async_context(watched) if with_viewer else None
        state.write(plan.folder, Running.of(started))
        stack.callback(state.forget, plan.folder)
        _addresses(started, traces, told)
        stack.callback(typer.echo, told.stopping)
        await beside(started)


def _progress(line: str) -> None:
    typer.secho(f"… {line}", dim=True)


def _addresses(stack: Stack, traces: str | None, told: Texts) -> None:
    typer.echo("")
    typer.secho(told.runs, bold=True)
    width = max(len(name) for name in told.places.values())
    hooks = {"meta": "/v1/meta/{}", "mail": "/v1/mail/{}", "api": "/v1/messages/{}"}
    accounts = "  ".join(hooks[account.kind].format(name) for name, account in stack.config.accounts.items())
    places = {
        "desk": f"{stack.desk}/",
        "api": f"{stack.desk}/docs",
        "ingest": f"{stack.ingest}   {accounts}",
        "standin": f"{stack.standin_url}/seen" if stack.standin_url else None,
        "traces": traces,
    }
    for name, where in places.items():
        if where is not None:
            typer.echo(f"  {told.places[name]:<{width}}  {where}")
    _links(stack, told)
    for line in (*told.hints, *_own_message(stack, told)):
        typer.secho(f"  {line}", dim=True)
    typer.echo("")


def _links(stack: Stack, told: Texts) -> None:
    """How to come into the console, in each role."""
    secret = stack.secrets["LOTSE_JWT_SECRET"]
    for agent in tokens.people(stack.config):
        typer.secho(f"  {told.sign_in.format(name=stack.config.agents[agent].name)}", bold=True)
        typer.echo(f"    {tokens.link(stack.desk, secret, agent, clock.now())}")
    typer.secho(f"  {told.once}", dim=True)


def _own_message(stack: Stack, told: Texts) -> list[str]:
    """How to write a message of one's own, where an account takes typed ones."""
    for name, account in stack.config.accounts.items():
        if isinstance(account, ApiAccount) and account.channels:
            body = {"external_id": "1", "channel": account.channels[-1], "sender": {"id": "ada"}, "text": told.hello}
            call = f"curl {stack.ingest}/v1/messages/{name} -H 'Content-Type: application/json'"
            bearer = f'-H "Authorization: Bearer $(uv run lotse token --account {name})"'
            return [f"{told.yourself} {call} {bearer} -d '{json.dumps(body)}'"]
    return []


def run_until_signal(work: Coroutine[None, None, None]) -> None:
    """Run until it ends or Ctrl-C; whatever was begun is brought to its end in order."""

    async def main() -> None:
        task, loop = asyncio.ensure_future(work), asyncio.get_running_loop()
        signalled = asyncio.Event()

        def stop() -> None:
            if not signalled.is_set():
                signalled.set()
                task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        try:
            await task
        except asyncio.CancelledError:
            if not signalled.is_set():
                raise

    asyncio.run(main())
