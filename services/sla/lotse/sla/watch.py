"""The fold, the timers and the job, bound to the rules that this process runs with."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from lotse.contracts.conversations import AgentStatusChanged
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import ConversationId, derive
from lotse.contracts.topics import Topic
from lotse.runtime import telemetry
from lotse.runtime.fold import Due, Fold, Job, Made, Reads, Timer
from lotse.runtime.postgres import Tx
from lotse.runtime.writes import Write
from lotse.sla import store, tallies
from lotse.sla.core.deadlines import Alarm
from lotse.sla.core.decide import Conversation, State, adopt, alarms, decide, ring
from lotse.sla.core.entries import CONVERSATION_TYPES, NOTICE_TYPES, conversation_of
from lotse.sla.core.history import History, versions
from lotse.sla.core.rules import Rules

ALARMS_EVERY: Final = timedelta(seconds=0.5)
RULES_EVERY: Final = timedelta(seconds=3)


class Watch:
    """What one replica does, and the versions of the rules that it knows."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._rulebook = {rules.version: rules}
        self._in_force = False

    async def begin(self, tx: Tx, now: datetime) -> None:
        """Register the rules, before any work: whoever begins last says what is promised."""
        await store.register(tx, self._rules, now)
        self._in_force = True

    def fold(self) -> Fold[State]:
        return Fold(
            reads=(
                Reads(Topic.CONVERSATIONS, (*CONVERSATION_TYPES, AgentStatusChanged)),
                Reads(Topic.NOTICES, NOTICE_TYPES),
            ),
            load=self._load,
            decide=decide,
            save=_save,
        )

    def alarms(self) -> Timer[State, Alarm]:
        """Warnings and misses."""
        return Timer(
            name="deadline",
            every=ALARMS_EVERY,
            due=store.due,
            load=self._load_due,
            decide=lambda state, due, now: ring(state, due.what, now),
            save=_save,
        )

    def adoption(self) -> Timer[State, ConversationId]:
        """Brings customers who wait under the rules that hold now."""
        return Timer(
            name="rules",
            every=RULES_EVERY,
            due=self._otherwise_ruled,
            load=self._load_otherwise_ruled,
            decide=lambda state, due, now: adopt(state, due.what, now),
            save=_save,
        )

    def presence(self) -> Job:
        """Tells the other replicas which rules this one has, and asks which are in force."""
        return Job(name="rules in force", every=RULES_EVERY, after_fold=False, run=self._ask)

    async def _ask(self, tx: Tx, now: datetime) -> Made:
        self._in_force = await store.rules_in_force(tx, self._rules.version, now) == self._rules.version
        return Made()

    async def _load(self, tx: Tx, facts: Sequence[Fact[Event]]) -> State:
        found = await store.lock(tx, {id for fact in facts if (id := conversation_of(fact.data))})
        version = self._rules.version
        return await self._state(
            tx, {id: known or Conversation(History.begun(id, version)) for id, known in found.items()}
        )

    async def _load_due(self, tx: Tx, owners: Sequence[str], now: datetime) -> tuple[State, Sequence[Due[Alarm]]]:
        found = await store.lock_due(tx, _ids(owners), now)
        dues = [
            Due(str(id), alarm.cause, conversation.traceparent, alarm)
            for id, conversation in found.items()
            for alarm in alarms(id, conversation, now)
        ]
        for due in dues:
            telemetry.observe("lotse_timer_delay_seconds", (now - due.what.at).total_seconds(), timer="deadline")
        return await self._state(tx, found), dues

    async def _otherwise_ruled(self, tx: Tx, now: datetime, limit: int) -> Sequence[str]:
        del now
        return await store.otherwise_ruled(tx, self._rules.version, limit) if self._in_force else ()

    async def _load_otherwise_ruled(
        self, tx: Tx, owners: Sequence[str], now: datetime
    ) -> tuple[State, Sequence[Due[ConversationId]]]:
        found = await store.lock_otherwise_ruled(tx, _ids(owners), self._rules.version)
        dues = [
            Due(str(id), derive("rules", id, self._rules.version, now), conversation.traceparent, id)
            for id, conversation in found.items()
        ]
        return await self._state(tx, found), dues

    async def _state(self, tx: Tx, conversations: dict[ConversationId, Conversation]) -> State:
        named = {version for one in conversations.values() for version in versions(one.history)}
        unknown = named - self._rulebook.keys()
        if unknown:
            self._rulebook |= {rules.version: rules for rules in await store.find_rules(tx, unknown)}
        return State(
            rulebook=self._rulebook,
            loaded=conversations,
            conversations=dict(conversations),
            adopt=self._rules.version if self._in_force else None,
        )


def _save(state: State) -> Sequence[Write]:
    return (
        store.save(state.changed()),
        tallies.add(state.at, state.tallies),
        tallies.save_agents(state.agents),
    )


def _ids(owners: Sequence[str]) -> list[ConversationId]:
    return [ConversationId(UUID(owner)) for owner in owners]
