"""Messages that left our account without our reference: ours after all, or written elsewhere."""

from uuid import UUID

from lotse.contracts.envelope import Event
from lotse.contracts.frozen import replace
from lotse.contracts.ids import ConversationId, ReplyId, derive
from lotse.contracts.notices import ReplySent
from lotse.notifier.core.model import Echo, Letter, Outgoing, ProviderMessage, State


def matching(state: State, thread: UUID, text: str) -> Outgoing | None:
    """The row of this thread whose call is not settled and whose part in hand reads so; the oldest.

    A file without a word could be anybody's.
    """
    if not text.strip():
        return None
    rows = sorted(_of_thread(state, thread), key=lambda row: row.ordinal)
    return next((row for row in rows if row.open and _part(row) == text.strip()), None)


def _of_thread(state: State, thread: UUID) -> list[Outgoing]:
    return [row for row in state.outgoing.all() if row.thread == thread]


def _part(row: Outgoing) -> str | None:
    """The part that no id is known of: the one in hand, or the last where only that is missing."""
    if isinstance(row.content, Letter):
        return row.content.parts[min(row.done, row.part_count - 1)].strip()
    return None


def release(state: State, thread: UUID) -> list[Event]:
    """Say what became of kept echoes, once the thread's conversation is known and no call of ours is open."""
    known = state.thread(thread)
    kept = [
        (message.echo, message) for message in state.messages.all() if message.echo and message.echo.thread == thread
    ]
    if known.conversation_id is None or known.opened_at is None or not kept:
        return []
    if any(row.lease_until is not None for row in _of_thread(state, thread)):
        return []
    events: list[Event] = []
    for echo, message in sorted(kept, key=lambda pair: (pair[0].at, pair[1].key)):
        reply_id = ReplyId(derive("elsewhere", *message.key))
        state.messages.put(message.key, replace(message, outgoing_id=reply_id, echo=None))
        if echo.at >= known.opened_at:
            events.append(_elsewhere(known.conversation_id, reply_id, echo, message))
    return events


def _elsewhere(conversation_id: ConversationId, reply_id: ReplyId, echo: Echo, message: ProviderMessage) -> ReplySent:
    """An answer by a person in the provider's own tools; what is older than the conversation is none of it."""
    account, provider_id = message.key
    return ReplySent(
        conversation_id=conversation_id,
        reply_id=reply_id,
        account=account,
        channel=echo.channel,
        provider_ids=(provider_id,),
        sent_at=echo.at,
        elsewhere=True,
        text=echo.text,
    )
