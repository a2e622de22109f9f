"""A service: its parts named in one place, run together, stopped in order."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import uvloop
from fastapi import FastAPI

from lotse.contracts.frozen import frozen
from lotse.contracts.topics import Topic
from lotse.runtime import clock, inbox, migrate, telemetry
from lotse.runtime.abreast import Stretch, reach
from lotse.runtime.consumer import Consumer
from lotse.runtime.effects import EffectRunner
from lotse.runtime.errors import RuntimeFault
from lotse.runtime.fold import Abreast, Effect, Fold, Job, Stream, Timer
from lotse.runtime.health import UNTRACED, Health
from lotse.runtime.housekeeping import EVERY, Housekeeping
from lotse.runtime.inbox import Partition
from lotse.runtime.journal import Journal
from lotse.runtime.ops import Ops
from lotse.runtime.postgres import Database, is_transient
from lotse.runtime.processor import Processor
from lotse.runtime.publish import Publisher
from lotse.runtime.relay import Relay
from lotse.runtime.serving import Server, listen
from lotse.runtime.settings import RuntimeSettings
from lotse.runtime.streaming import StreamProcessor
from lotse.runtime.ticking import Bell, JobRunner, Shell, TimerRunner, Wake, repeat, wait

log = logging.getLogger(__name__)

_CATCH_UP = 60.0

Once = Callable[[], Awaitable[Sequence[object]]]
"""One round of a timer or a job; what it published."""


@dataclass(slots=True)
class Context:
    """What a running service gives its parts."""

    settings: RuntimeSettings
    database: Database
    publisher: Publisher
    health: Health
    bell: Bell
    stopping: asyncio.Event
    port: int = 0


@frozen
class Service:
    """One service. `open` is called once everything can be had, before any work is taken;

    `background` runs beside the rest until `context.stopping` is set.
    """

    name: str
    settings: RuntimeSettings
    folds: Sequence[Fold[Any]] = ()
    timers: Sequence[Timer[Any, Any]] = ()
    jobs: Sequence[Job] = ()
    effects: Sequence[Effect[Any, Any]] = ()
    streams: Sequence[Stream] = ()
    http: FastAPI | None = None
    open: Callable[[Context], Awaitable[None]] | None = None
    background: Sequence[Callable[[Context], Awaitable[None]]] = ()
    close: Callable[[Context], Awaitable[None]] | None = None
    gather: timedelta = timedelta(milliseconds=10)
    """The least time between two batches, relay windows or claims: what comes meanwhile shares a round and its costs.

    The first of them is taken at once. Longer where nobody waits for the outcome.
    """
    package: str | None = None
    """Where its migrations stand, if not in `lotse.<name>`."""

    @property
    def packages(self) -> tuple[str, ...]:
        """Where its migrations stand."""
        return ("lotse.runtime", self.package or f"lotse.{self.name}")


def run(service: Service) -> None:
    """Run until SIGTERM or SIGINT. Exits with 1 and one line where it cannot start or was stopped by a fault."""
    telemetry.set_up_logs(service.name, service.settings.log_level)
    provider = telemetry.set_up(service.name, service.settings.traces_dir, service.settings.otlp_endpoint)
    _let_others_finish()
    try:
        uvloop.run(_Running(service).main())
    except* RuntimeFault as group:
        for error in group.exceptions:
            sys.stderr.write(f"lotse-{service.name}: {error}\n")
        sys.exit(1)
    finally:
        provider.shutdown()


@dataclass(slots=True)
class _Running:
    """A service on its way."""

    service: Service
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    caught_up: asyncio.Event = field(default_factory=asyncio.Event)
    bell: Bell = field(default_factory=Bell)
    consumers: list[Consumer] = field(default_factory=list[Consumer])
    processors: list[Processor[Any] | StreamProcessor] = field(default_factory=list[Processor[Any] | StreamProcessor])
    health: Health = field(default_factory=Health)
    wakes: list[asyncio.Event] = field(default_factory=list[asyncio.Event])
    parts: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    async def main(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        settings = self.service.settings
        database = await self._database(settings)
        if database is None:
            return
        relay = (
            Relay(settings, self.service.name, self.service.gather)
            if self.service.folds or self.service.timers
            else None
        )
        context = Context(
            settings, database, Publisher(settings, f"lotse-{self.service.name}"), self.health, self.bell, self.stopping
        )
        try:
            await self._run(context, relay)
        finally:
            await context.publisher.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(database.close(), 5)

    async def _database(self, settings: RuntimeSettings) -> Database | None:
        """Connect and migrate, for as long as it takes; None when told to stop before."""
        url = settings.postgres.get_secret_value()
        while not self.stopping.is_set():
            try:
                await migrate.migrate(url, self.service.name, self.service.packages)
                return await Database.open(url, self.service.name, settings.postgres_pool)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("PostgreSQL cannot be had (%s), trying again", type(error).__name__)
                await wait(self.stopping, 1.0)
        return None

    async def _run(self, context: Context, relay: Relay | None) -> None:
        async with asyncio.TaskGroup() as group:
            tidy = self._wake()
            server = await self._serve(group, context, self._ops(context, relay, tidy))
            if self.service.open is not None:
                await self.service.open(context)
            relaying = group.create_task(relay.run()) if relay else None
            self._start(group, context, relay, tidy)
            _spare_the_collector()
            log.info("ready for work on port %s", context.port)
            await self._until_stopped()
            log.info("stopping")
            for consumer in self.consumers:
                consumer.stop()
            self.bell.ring()
            for wake in self.wakes:
                wake.set()
            await _ended(self.parts, context.settings.drain.total_seconds())
            if self.service.close is not None:
                await self.service.close(context)
            if relay and relaying:
                await relay.stop(5.0)
            server.should_exit = True

    async def _until_stopped(self) -> None:
        """Wait for a signal; a consumer that ended by a fault leaves the process up and not ready, to be looked at."""
        await self.stopping.wait()

    def _start(self, group: asyncio.TaskGroup, context: Context, relay: Relay | None, tidy: asyncio.Event) -> None:
        service, shell = self.service, self._shell(context)
        wake = self._waker(context, relay)
        for number, fold in enumerate(service.folds):
            self._fold(group, context, fold, number, wake)
        for stream in service.streams:
            self._stream(group, context, stream)
        self._catching_up(group, context)
        for timer in service.timers:
            once = TimerRunner(timer, shell).once
            if timer.abreast is not None:
                once = self._abreast(group, context, timer.abreast, once)
            self._part(group, self._timer(_ringing(once, wake), timer.every, timer.name))
        for job in service.jobs:
            listener = self.bell.listener() if job.after_fold else self._wake()
            once = _ringing(JobRunner(job, shell).once, wake)
            self._part(group, repeat(once, job.every, self.stopping, listener, job.name))
        for effect in service.effects:
            journal = Journal.opened(context.settings.scratch, effect.name) if effect.give_back else None
            made = EffectRunner(effect, shell, wake, service.gather, journal)
            self._part(group, made.run(self.stopping, self.bell.listener()))
        for background in service.background:
            self._part(group, background(context))
        housekeeping = Housekeeping(self.processors, context.database, self.bell)
        self._part(group, repeat(housekeeping.once, EVERY, self.stopping, tidy, "housekeeping"))

    def _wake(self) -> asyncio.Event:
        """What ends a pause when the service stops."""
        self.wakes.append(made := asyncio.Event())
        return made

    def _part(self, group: asyncio.TaskGroup, work: Awaitable[None]) -> None:
        self.parts.append(group.create_task(_as_coroutine(work)))

    def _shell(self, context: Context) -> Shell:
        names = {topic: topic.full_name(context.settings.topic_prefix) for topic in Topic}
        return Shell(context.database, names, f"/{self.service.name}", clock.now)

    def _waker(self, context: Context, relay: Relay | None) -> Wake:
        async def wake(published: int, *, left: bool = True) -> None:
            if left:
                self.bell.ring()
            if relay is None or not published:
                return
            relay.wake()
            if not relay.active:
                with contextlib.suppress(Exception):
                    async with context.database.connection() as connection:
                        await connection.execute("SELECT pg_notify($1, '')", f"lotse_{self.service.name}")

        return wake

    def _fold(
        self,
        group: asyncio.TaskGroup,
        context: Context,
        fold: Fold[Any],
        number: int,
        wake: Wake,
    ) -> None:
        settings = context.settings
        processor = Processor(
            fold, context.database, self.service.name, settings.topic_prefix, clock.now, settings.park_limit
        )

        async def handle(records: Sequence[Any]) -> Any:
            done = await processor.process(records)
            await wake(len(done.published), left=done.left)
            return done

        async def standing(partitions: Any) -> dict[Partition, int]:
            async with context.database.connection() as connection:
                return await inbox.positions(connection, partitions)

        group_name = self.service.name if number == 0 else f"{self.service.name}-{number}"
        self.processors.append(processor)
        self._consume(group, Consumer(settings, group_name, processor.topics, handle, standing, self.service.gather))

    def _stream(self, group: asyncio.TaskGroup, context: Context, stream: Stream) -> None:
        processor = StreamProcessor(stream, context, self.service.name)
        self.processors.append(processor)

        async def standing(_: Any) -> None:
            return None

        self._consume(
            group,
            Consumer(
                context.settings,
                self.service.name,
                processor.topics,
                processor.process,
                standing,
                self.service.gather,
            ),
        )

    def _consume(self, group: asyncio.TaskGroup, consumer: Consumer) -> None:
        self.consumers.append(consumer)
        self.health.ready.append(lambda: str(consumer.fault) if consumer.fault else None)
        self.health.ready.append(lambda: None if consumer.assigned else "no partitions are assigned yet")
        self.health.live.append(lambda: None if consumer.alive or consumer.fault else "the polling loop has ended")
        self._part(group, consumer.run())

    async def _timer(self, once: Callable[[], Awaitable[int]], every: timedelta, name: str) -> None:
        """Timers wait until what happened before the start has been read."""
        while not self.caught_up.is_set():
            if await wait(self.stopping, 0.05):
                return
        await repeat(once, every, self.stopping, self._wake(), name)

    def _abreast(self, group: asyncio.TaskGroup, context: Context, asked: Abreast, once: Once) -> Once:
        """The same timer, which keeps still unless what it waits for would have been read."""
        name = asked.topic.full_name(context.settings.topic_prefix)
        folding = zip(self.service.folds, self.consumers, strict=False)
        consumer = next(c for fold, c in folding if any(reads.topic is asked.topic for reads in fold.reads))
        stretch = Stretch(asked, lambda: reach(consumer, context.database, [name]), clock.now)
        self._part(group, self._unless_stopping(stretch.watch()))

        async def made() -> Sequence[object]:
            return await once() if stretch.lasts else ()

        return made

    def _catching_up(self, group: asyncio.TaskGroup, context: Context) -> None:
        folding = self.consumers[: len(self.service.folds)]

        async def catch_up() -> None:
            await self._unless_stopping(_caught_up(folding, context), _CATCH_UP)
            self.caught_up.set()

        self._part(group, catch_up())

    async def _unless_stopping(self, work: Coroutine[Any, Any, object], longest: float | None = None) -> None:
        """Cancel the work when the service stops: Kafka may owe it an answer for longer than that may take."""
        working, stopped = asyncio.create_task(work), asyncio.create_task(self.stopping.wait())
        await asyncio.wait((working, stopped), timeout=longest, return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        stopped.cancel()

    def _ops(self, context: Context, relay: Relay | None, tidy: asyncio.Event) -> Ops:
        return Ops(
            self.service.name,
            context.settings.service_token,
            context.database,
            self.health,
            clock.now(),
            replica=lambda: f"{socket.gethostname()}:{context.port}",
            relay_active=lambda: relay.active if relay else None,
            lag=lambda: {topic: behind for consumer in self.consumers for topic, behind in consumer.lag().items()},
            hurry=tidy.set,
        )

    async def _serve(self, group: asyncio.TaskGroup, context: Context, ops: Ops) -> Server:
        app = self.service.http or FastAPI(openapi_url=None, telemetry=UNTRACED)
        self.health.ready.append(lambda: "stopping" if self.stopping.is_set() else None)
        self.health.mount(app)
        ops.mount(app)
        listening = listen(context.settings.http_host, context.settings.http_port)
        context.port = listening.getsockname()[1]
        server = Server(app)
        group.create_task(server.serve(sockets=[listening]))
        return server


def _ringing(once: Once, wake: Wake) -> Callable[[], Awaitable[int]]:
    async def made() -> int:
        done = await once()
        if done:
            await wake(len(done))
        return len(done)

    return made


def _let_others_finish() -> None:
    """Where processors are few, let no wake-up here interrupt another process: both do more in a turn, and take fewer.

    sched(7): a process of SCHED_BATCH keeps its share and does not preempt. It needs no privilege.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _spare_the_collector() -> None:
    """What was loaded stays for good and makes no garbage: the collector need not look at it again and again.

    What a batch makes is nearly all freed by counting references.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _as_coroutine(work: Awaitable[None]) -> None:
    await work


async def _ended(parts: Sequence[asyncio.Task[None]], patience: float) -> None:
    """Wait for the parts; cancel what does not end in time."""
    if not parts:
        return
    _, late = await asyncio.wait(parts, timeout=patience)
    for task in late:
        log.warning("a part did not end in time and is cancelled")
        task.cancel()


async def _caught_up(consumers: Sequence[Consumer], context: Context) -> None:
    for consumer in consumers:
        await reach(consumer, context.database, consumer.topics)
