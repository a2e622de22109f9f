"""How a person's wish becomes a command: published, and waited for until its outcome is known."""

import asyncio
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from lotse.contracts import commands as c
from lotse.contracts.envelope import Fact
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import ConversationId, derive
from lotse.desk import reads
from lotse.desk.api import models as m
from lotse.desk.api.parts import Parts
from lotse.desk.api.problems import ApiError, reading
from lotse.desk.auth import Caller
from lotse.runtime import telemetry
from lotse.runtime.publish import BrokerUnavailable, RecordTooLarge


class By(TypedDict):
    """What every command says: who gives it, and when."""

    actor_id: str
    role: c.Role
    at: datetime


class About(By):
    """The same, of a conversation."""

    conversation_id: ConversationId


@frozen
class Asked:
    """A command on its way in: who asks, under which id, when."""

    desk: Parts
    caller: Caller
    command_id: UUID
    at: datetime
    traceparent: str | None

    @property
    def by(self) -> By:
        return By(actor_id=self.caller.subject, role=self.caller.role, at=self.at)

    def about(self, conversation: UUID) -> About:
        return About(**self.by, conversation_id=ConversationId(conversation))

    async def outcome(self, command: c.Command) -> m.Outcome | None:
        """Publish and wait; None where the outcome did not come in time. A command known already is not sent again.

        Raises ApiError 413 and 503, as `publish` does.
        """
        known = await known_outcome(self.desk, self.command_id)
        if known is not None:
            return known
        async with self.desk.waiting.for_outcome(self.command_id) as future:
            await self.publish(command)
            return await _within(future, self.desk.settings.outcome_wait.total_seconds())

    async def publish(self, command: c.Command) -> None:
        """Raises ApiError 413 where the command is too large, 503 where Kafka did not take it."""
        with telemetry.span(
            "publish commands", "producer", self.traceparent, **{"cloudevents.event_type": command.TYPE}
        ) as span:
            fact = Fact(self.command_id, "/desk", self.at, command, traceparent=span.traceparent)
            try:
                await self.desk.publisher.publish([fact])
            except RecordTooLarge as error:
                raise ApiError(413, "too_large", str(error)) from error
            except BrokerUnavailable as error:
                detail = "the command could not be handed on; send it again with the same Idempotency-Key"
                raise ApiError(503, "broker_away", detail, headers={"Retry-After": "1"}) from error


def ask(desk: Parts, caller: Caller, key: str, traceparent: str | None = None) -> Asked:
    """A wish under the caller's own key: asked again with it, it is the same wish. Begins a trace where none came."""
    if telemetry.parse(traceparent) is None:
        traceparent = telemetry.begin_trace(desk.settings.sample_ratio)
    return Asked(desk, caller, derive("command", caller.subject, key), desk.clock(), traceparent)


async def known_outcome(desk: Parts, command_id: UUID) -> m.Outcome | None:
    async with reading(desk.database) as tx:
        found = await reads.outcomes(tx, [command_id])
    return found[0] if found else None


async def _within(future: "asyncio.Future[m.Outcome]", seconds: float) -> m.Outcome | None:
    done, _ = await asyncio.wait([future], timeout=seconds)
    return future.result() if done else None
