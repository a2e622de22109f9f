"""Notifier's wiring: what it reads, what it sends, what it does as time passes."""

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from lotse.contracts.config import Config
from lotse.contracts.conversations import ConversationOpened, ConversationQueued, ReplyApproved
from lotse.contracts.deadlines import DeadlineMissed, DeadlineWarned
from lotse.contracts.envelope import Event, Fact, known_types
from lotse.contracts.ids import AccountId, derive
from lotse.contracts.inbound import MessageDelivered, MessageEchoed, MessageFailed, MessageRead
from lotse.contracts.topics import Topic
from lotse.notifier import queue, store
from lotse.notifier.core import delivery
from lotse.notifier.core.alerts import can_be_told
from lotse.notifier.core.delivery import Call
from lotse.notifier.core.fold import decide
from lotse.notifier.core.model import Letter, Sink, State, StopReason, Wanted
from lotse.notifier.core.needs import needs
from lotse.notifier.core.outcome import Accepted, Performed
from lotse.notifier.core.rules import Rules, Timings
from lotse.notifier.freight import Freight
from lotse.notifier.sending import Sender
from lotse.notifier.settings import Settings
from lotse.runtime import clock, telemetry
from lotse.runtime.errors import SettingsError
from lotse.runtime.fold import Begin, Caused, Due, Effect, Fold, GiveBack, Job, Made, Reads, Timer
from lotse.runtime.postgres import Tx
from lotse.runtime.service import Context, Service, run

log = logging.getLogger(__name__)

_READS: dict[Topic, tuple[type[Event], ...]] = {
    Topic.INBOUND: (MessageEchoed, MessageDelivered, MessageRead, MessageFailed),
    Topic.CONVERSATIONS: (ConversationOpened, ConversationQueued, ReplyApproved),
    Topic.DEADLINES: (DeadlineWarned, DeadlineMissed),
}


def reads(config: Config) -> tuple[Reads, ...]:
    """What sending needs, and whatever an alert asks for. Raises SettingsError for an event that cannot be told."""
    wanted = {topic: list(types) for topic, types in _READS.items()}
    for name, alert in config.alerts.items():
        for kind in alert.events:
            model = known_types().get(kind)
            if model is None or not can_be_told(model):
                raise SettingsError(f"alerts.{name}.events: {kind} is not an event of a conversation or a channel")
            types = wanted.setdefault(model.TOPIC, [])
            if model not in types:
                types.append(model)
    return tuple(Reads(topic, tuple(types), once=topic is Topic.INBOUND) for topic, types in wanted.items())


def fold(rules: Rules) -> Fold[State]:
    async def load(tx: Tx, facts: Sequence[Fact[Event]]) -> State:
        return await store.load(tx, needs(rules, facts))

    return Fold(reads(rules.config), load, partial(decide, rules), store.save)


def overdue(rules: Rules) -> Timer[State, UUID]:
    """Leases that ran out and rows that became too old."""

    async def load(tx: Tx, owners: Sequence[str], now: datetime) -> tuple[State, Sequence[Due[UUID]]]:
        rows = await queue.overdue_rows(tx, owners, now)
        state = await store.load(tx, Wanted(outgoing=set(rows)))
        found = [row for row in state.outgoing.all() if row.id in set(rows)]
        dues = [
            Due(str(r.conversation_id), derive("overdue", r.id, r.done, r.attempts), r.traceparent, r.id) for r in found
        ]
        return state, dues

    def fire(state: State, due: Due[UUID], now: datetime) -> list[Event]:
        return delivery.overdue(rules, state, due.what, now)

    return Timer("overdue", timedelta(seconds=1), queue.overdue, load, fire, store.save)


_LOOK = timedelta(seconds=0.5)
"""How often the queue is looked at where nothing woke us, and accounts that rest at all."""


def effect(
    rules: Rules, sink: Sink, perform: Callable[[Call, Begin], Awaitable[Performed]], concurrency: int
) -> Effect[Call, Performed]:
    """Sending by one way; the three do not wait for each other."""
    timings = rules.timings
    lease = timings.call + (timedelta(seconds=10) if sink.repeatable else timings.echo)

    looked = datetime.min.replace(tzinfo=UTC)

    async def claim(tx: Tx, now: datetime, limit: int, by: UUID) -> Sequence[Call]:
        nonlocal looked
        how = queue.Claim(sink, by, lease, timings.sign_in)
        rested: Sequence[Call] = ()
        if now - looked >= _LOOK:
            rested, looked = await queue.claim_rested(tx, how, now, limit), now
        return [*rested, *await queue.claim(tx, how, now, limit - len(rested))]

    async def settle(tx: Tx, done: Sequence[tuple[Call, Performed]], now: datetime) -> Made:
        return await settled(tx, rules, done, now)

    async def never_begun(tx: Tx, by: UUID, kept: Collection[UUID]) -> int:
        return await queue.never_begun(tx, sink, by, kept)

    give_back: GiveBack[Call] = GiveBack(lambda call: call.row.id, never_begun)
    return Effect(f"send-{sink.value}", _LOOK, 100, concurrency, claim, perform, settle, give_back)


async def settled(tx: Tx, rules: Rules, done: Sequence[tuple[Call, Performed]], now: datetime) -> Made:
    """Write what calls brought, and let accounts rest or go on."""
    wanted = Wanted(outgoing={call.row.id for call, _ in done})
    for call, performed in done:
        if isinstance(performed.outcome, Accepted) and performed.outcome.provider_id is not None:
            wanted.messages.add((AccountId(call.row.account), performed.outcome.provider_id))
    state = await store.load(tx, wanted)
    caused: list[Caused] = []
    for call, performed in done:
        events = delivery.settle(rules, state, call, performed.outcome, now)
        caused += [Caused(call.cause, performed.traceparent, event) for event in events]
        _measure(call, performed, events)
    await _rest(tx, state, now)
    return Made(caused, store.save(state))


def _measure(call: Call, performed: Performed, events: Sequence[Event]) -> None:
    """How long a customer waited for the automatic word."""
    letter, outcome = call.row.content, performed.outcome
    if not events or not isinstance(outcome, Accepted) or not isinstance(letter, Letter) or letter.human:
        return
    if letter.last_customer_message_at is not None:
        waited = max((outcome.at - letter.last_customer_message_at).total_seconds(), 0.0)
        telemetry.observe("lotse_webhook_to_notice_seconds", waited, channel=letter.address.channel.value)


async def _rest(tx: Tx, state: State, now: datetime) -> None:
    """Stop and resume accounts; each that stops is told once."""
    for stop in await queue.stop(tx, state.stops.changed()):
        if stop.since == now:
            telemetry.count("lotse_accounts_stopped_total", account=stop.account, reason=stop.reason.value)
        level = logging.WARNING if stop.reason is StopReason.PAUSED else logging.ERROR
        log.log(level, "account %s stands still (%s) until %s", stop.account, stop.reason.value, stop.until.isoformat())
    if resumed := state.stops.removed():
        log.info("goes on: %s", ", ".join(resumed))
        await queue.resume(tx, resumed, now)


def forgetting(keep: timedelta) -> Job:
    async def forget(tx: Tx, now: datetime) -> Made:
        await queue.forget(tx, now, keep)
        return Made()

    return Job("forget", timedelta(hours=1), after_fold=False, run=forget)


def service(settings: Settings) -> Service:
    """Everything that notifier is made of."""
    timings = Timings(
        call=settings.call_timeout, echo=settings.echo_wait, reply=settings.reply_for, sign_in=settings.sign_in_every
    )
    rules = Rules(settings.read_config(), timings)
    sender = Sender(rules, clock.now, Freight.of(settings, rules.timings.call, clock.now))

    async def opened(_: Context) -> None:
        await sender.open()

    async def closed(_: Context) -> None:
        await sender.close()

    return Service(
        name="notifier",
        gather=timedelta(milliseconds=100),
        settings=settings,
        folds=(fold(rules),),
        timers=(overdue(rules),),
        jobs=(forgetting(settings.keep),),
        effects=tuple(effect(rules, sink, sender.perform, settings.concurrency) for sink in Sink),
        open=opened,
        close=closed,
    )


def main() -> None:
    run(service(Settings.read()))
