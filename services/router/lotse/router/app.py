"""Router: conversations, customers and the assignment of work to agents."""

import sys
from datetime import datetime, timedelta
from functools import partial

from lotse.contracts.commands import (
    AgentHeartbeat,
    AgentStatusRequested,
    NoteWritten,
    ReadingCorrectRequested,
    ReopenRequested,
    ReplyRequested,
    ResolveRequested,
    SnoozeRequested,
    TransferRequested,
)
from lotse.contracts.config import Config
from lotse.contracts.deadlines import DeadlineCancelled, DeadlineMet, DeadlineRescheduled, DeadlineStarted
from lotse.contracts.envelope import Event
from lotse.contracts.frozen import replace
from lotse.contracts.ids import AgentId, ConversationId
from lotse.contracts.inbound import MessageDeleted, MessageEdited, MessageReceived
from lotse.contracts.insights import MessageAnalysed
from lotse.contracts.notices import ReplyFailed, ReplySent
from lotse.contracts.topics import Topic
from lotse.router.core import presence, timers
from lotse.router.core.fold import decide
from lotse.router.core.state import State, Turn
from lotse.router.settings import Settings
from lotse.router.store import batch, matching, tables, timing
from lotse.runtime import telemetry
from lotse.runtime.errors import SettingsError
from lotse.runtime.fold import Abreast, Due, Fold, Job, Made, Reads, Then, Timer
from lotse.runtime.postgres import Tx
from lotse.runtime.service import Context, Service, run

READS = (
    Reads(Topic.INBOUND, (MessageReceived, MessageEdited, MessageDeleted), once=True),
    Reads(Topic.INSIGHTS, (MessageAnalysed,), once=True),
    Reads(
        Topic.COMMANDS,
        (
            ReplyRequested,
            ResolveRequested,
            SnoozeRequested,
            ReopenRequested,
            TransferRequested,
            NoteWritten,
            ReadingCorrectRequested,
            AgentStatusRequested,
            AgentHeartbeat,
        ),
        once=True,
    ),
    Reads(Topic.DEADLINES, (DeadlineStarted, DeadlineRescheduled, DeadlineMet, DeadlineCancelled)),
    Reads(Topic.NOTICES, (ReplySent, ReplyFailed)),
)

KEPT_FOR = timedelta(hours=24)
"""How long an edit, a deletion or an analysis waits for its message."""


def fold(config: Config) -> Fold[State]:
    """Everything that router reads, in one fold: a conversation's facts come from five topics."""
    return Fold(READS, load=partial(batch.load, config), decide=decide, save=batch.save)


def matching_fold(config: Config) -> Fold[State]:
    """The same, and what a batch put in the queue is given to agents before its end."""
    then = Then(matching.wanted, matching.UNLESS_TAKEN, partial(matching.go_on, config))
    return replace(fold(config), then=then)


def elapsed(config: Config) -> Timer[State, ConversationId]:
    """Conversations whose status has run out."""

    def decide_elapsed(state: State, due: Due[ConversationId], now: datetime) -> list[Event]:
        return timers.elapse(state, state.conversations[due.what], _turn(due, now))

    every = timedelta(milliseconds=250)
    return Timer("elapsed", every, timing.elapsed, partial(timing.load_elapsed, config), decide_elapsed, batch.save)


def absent(config: Config) -> Timer[State, AgentId]:
    """Agents whose heartbeat was missed; what could not be read yet was not missed."""

    def decide_absent(state: State, due: Due[AgentId], now: datetime) -> list[Event]:
        return presence.lose(state, state.agents[due.what], _turn(due, now))

    return Timer(
        "absent",
        timedelta(seconds=1),
        partial(timing.absent, config),
        partial(timing.load_absent, config),
        decide_absent,
        batch.save,
        Abreast(Topic.COMMANDS, config.routing.offline_after),
    )


def left(config: Config) -> Timer[State, ConversationId]:
    """Work of agents who left."""

    def decide_left(state: State, due: Due[ConversationId], now: datetime) -> list[Event]:
        return presence.release(state, state.conversations[due.what], _turn(due, now))

    return Timer("left", timedelta(seconds=1), timing.left, partial(timing.load_left, config), decide_left, batch.save)


def match(config: Config) -> Job:
    """Agents for what no batch found any for."""
    return Job("match", timedelta(seconds=1), after_fold=True, run=partial(matching.run, config))


async def _forget(tx: Tx, now: datetime) -> Made:
    await timing.forget_kept(tx, now - KEPT_FOR)
    return Made()


FORGET = Job("forget", timedelta(minutes=10), after_fold=False, run=_forget)


async def _measure(tx: Tx, now: datetime) -> Made:
    waiting, since = await timing.waiting(tx)
    telemetry.gauge("lotse_conversations_waiting", waiting)
    telemetry.gauge("lotse_conversations_waiting_seconds", (now - since).total_seconds() if since else 0)
    return Made()


MEASURE = Job("measure", timedelta(seconds=10), after_fold=False, run=_measure)


def _turn(due: Due[ConversationId] | Due[AgentId], now: datetime) -> Turn:
    return Turn(now, due.cause, due.traceparent)


def service(settings: Settings) -> Service:
    """The whole service, as the runtime runs it."""
    config = settings.read_config()

    async def open_(context: Context) -> None:
        async with context.database.transaction() as tx:
            await tables.make_agents(tx, config)

    return Service(
        name="router",
        gather=timedelta(milliseconds=35),
        settings=settings,
        folds=(matching_fold(config),),
        timers=(elapsed(config), absent(config), left(config)),
        jobs=(match(config), FORGET, MEASURE),
        open=open_,
    )


def main() -> None:
    """Run the service; exits with 1 and one line where it is set up wrongly."""
    try:
        run(service(Settings.read()))
    except SettingsError as error:
        sys.exit(f"lotse-router: {error}")
