"""The events that tell of a deadline."""

from datetime import datetime

from lotse.contracts.deadlines import (
    DeadlineCancelled,
    DeadlineCorrected,
    DeadlineMet,
    DeadlineMissed,
    DeadlineRescheduled,
    DeadlineStarted,
    DeadlineWarned,
)
from lotse.contracts.ids import ConversationId
from lotse.sla.core.waits import ClockState, Reason


def started(id: ConversationId, state: ClockState) -> DeadlineStarted:
    return DeadlineStarted(
        conversation_id=id,
        deadline_id=state.deadline_id,
        clock=state.clock,
        channel=state.channel,
        started_at=state.started_at,
        due_at=state.due_at,
        target=state.target,
        policy=state.policy,
        policy_version=state.policy_version,
        calendar=state.calendar,
        calendar_version=state.calendar_version,
    )


def rescheduled(id: ConversationId, before: ClockState, state: ClockState) -> DeadlineRescheduled:
    """`reason` is `word` where the wait begins at another message, else `policy`."""
    return DeadlineRescheduled(
        conversation_id=id,
        deadline_id=state.deadline_id,
        clock=state.clock,
        channel=state.channel,
        previous=before.due_at,
        current=state.due_at,
        policy=state.policy,
        policy_version=state.policy_version,
        reason="policy" if before.started_at == state.started_at else "word",
    )


def warned(id: ConversationId, state: ClockState, at: datetime) -> DeadlineWarned:
    return DeadlineWarned(
        conversation_id=id,
        deadline_id=state.deadline_id,
        clock=state.clock,
        channel=state.channel,
        due_at=state.due_at,
        warned_at=at,
    )


def missed(id: ConversationId, state: ClockState, now: datetime) -> DeadlineMissed:
    return DeadlineMissed(
        conversation_id=id,
        deadline_id=state.deadline_id,
        clock=state.clock,
        channel=state.channel,
        missed_at=state.due_at,
        detected_at=now,
    )


def met(id: ConversationId, state: ClockState, at: datetime) -> DeadlineMet:
    return DeadlineMet(
        conversation_id=id,
        deadline_id=state.deadline_id,
        clock=state.clock,
        channel=state.channel,
        due_at=state.due_at,
        met_at=at,
        late=state.overrun,
        business_time=state.business_time,
    )


def corrected(id: ConversationId, state: ClockState, at: datetime) -> DeadlineCorrected:
    return DeadlineCorrected(
        conversation_id=id,
        deadline_id=state.deadline_id,
        clock=state.clock,
        channel=state.channel,
        missed_at=state.due_at,
        met_at=at,
    )


def cancelled(id: ConversationId, state: ClockState, reason: Reason, at: datetime) -> DeadlineCancelled:
    return DeadlineCancelled(
        conversation_id=id,
        deadline_id=state.deadline_id,
        clock=state.clock,
        channel=state.channel,
        reason=reason,
        at=at,
    )
