"""What follows because time passed."""

from lotse.contracts.envelope import Event
from lotse.contracts.values import Status
from lotse.router.core import messages, queueing
from lotse.router.core.queueing import ROUTER
from lotse.router.core.state import Conversation, State, Turn


def elapse(state: State, conversation: Conversation, turn: Turn) -> list[Event]:
    """A conversation's time has run out: unread it is queued, waiting it changes its ring, snoozed it wakes.

    One that was set aside has a time only while a newer word in it was not read.
    """
    match conversation.status:
        case Status.NEW | Status.SET_ASIDE:
            return queueing.queue(state, conversation, turn, actor=ROUTER, reason="not_read_in_time")
        case Status.QUEUED:
            return queueing.widen(state, conversation, turn)
        case Status.SNOOZED:
            return messages.resume(state, conversation, turn, "snooze_ended", ROUTER)
        case Status.ASSIGNED | Status.WAITING | Status.RESOLVED:
            return []
