"""What went out, and what became of it."""

from datetime import datetime
from typing import Literal

from lotse.contracts import notices as n
from lotse.contracts.envelope import Event
from lotse.contracts.frozen import replace
from lotse.contracts.ids import ReplyId
from lotse.desk.core.rows import Delivery, NoticeRow
from lotse.desk.core.state import State


def keep(state: State, event: Event) -> None:
    """Apply one fact about a reply or a notice."""
    match event:
        case n.ReplySent():
            _sent(state, event)
        case n.ReplyDelivered():
            _delivered(state, event)
        case n.ReplyFailed():
            _failed(state, event)
        case n.NoticeSent():
            _notice(state, event, "sent", None)
        case n.NoticeFailed():
            _notice(state, event, "failed", event.reason)
        case n.NoticeSuppressed():
            _notice(state, event, "suppressed", event.reason)
        case _:
            pass


def _sent(state: State, event: n.ReplySent) -> None:
    known = _delivery(state, event, event.reply_id, event.sent_at)
    sent = replace(
        known,
        state="read" if known.read_at else "delivered" if known.delivered_at else "sent",
        at=event.sent_at,
        agent_id=event.agent_id,
        channel=event.channel.value,
        sent_at=event.sent_at,
        failed_at=None,
        reason=None,
        detail=None,
        human=event.human,
        elsewhere=event.elsewhere,
        text=event.text,
    )
    state.deliveries.put((event.conversation_id, event.reply_id), sent)


def _delivered(state: State, event: n.ReplyDelivered) -> None:
    known = _delivery(state, event, event.reply_id, event.at)
    read = event.read or known.read_at is not None
    delivered = replace(
        known,
        state="read" if read else "delivered",
        delivered_at=known.delivered_at or event.at,
        read_at=(known.read_at or event.at) if event.read else known.read_at,
    )
    state.deliveries.put((event.conversation_id, event.reply_id), delivered)


def _failed(state: State, event: n.ReplyFailed) -> None:
    known = _delivery(state, event, event.reply_id, event.at)
    failed = replace(
        known,
        state="failed",
        agent_id=known.agent_id or event.agent_id,
        failed_at=event.at,
        reason=event.reason,
        detail=event.detail,
    )
    state.deliveries.put((event.conversation_id, event.reply_id), failed)


def _delivery(state: State, event: n.NoticeEvent, reply: ReplyId, at: datetime) -> Delivery:
    known = state.deliveries.get((event.conversation_id, reply))
    return known or Delivery(event.conversation_id, reply, state="sent", at=at)


def _notice(
    state: State, event: n.Notice, outcome: Literal["sent", "failed", "suppressed"], reason: str | None
) -> None:
    row = NoticeRow(event.conversation_id, event.notice_id, event.kind, event.sink, outcome, reason, event.at)
    state.notices.put((event.conversation_id, event.notice_id), row)
