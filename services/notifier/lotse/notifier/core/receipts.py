"""What the providers show us of our own messages."""

from datetime import datetime
from uuid import UUID

from lotse.contracts.envelope import Event
from lotse.contracts.frozen import replace
from lotse.contracts.ids import thread_key
from lotse.contracts.inbound import InboundEvent, MessageDelivered, MessageEchoed, MessageFailed, MessageRead, Receipt
from lotse.notifier.core.delivery import accept, fail, mark
from lotse.notifier.core.echoes import matching, release
from lotse.notifier.core.model import Echo, Outgoing, ProviderKey, Stage, State
from lotse.notifier.core.rules import Rules
from lotse.notifier.core.words import Word


def thread_of(event: InboundEvent) -> UUID:
    return UUID(thread_key(event.account, event.thread))


def echoed(rules: Rules, state: State, event: MessageEchoed) -> list[Event]:
    """Something left our account: a row of ours is settled by it, everything else was written elsewhere."""
    message = state.message((event.account, event.provider_id))
    thread = thread_of(event)
    row = _row(state, event.reply_id) or _row(state, message.outgoing_id)
    if row is None and event.reply_id is None and message.outgoing_id is None:
        row = matching(state, thread, event.text)
    if row is not None:
        events = accept(rules, state, row, event.provider_id, event.occurred_at)
        return events + (release(state, row.thread) if row.thread else [])
    if event.reply_id is not None or message.outgoing_id is not None:
        return []
    echo = Echo(thread, event.channel, event.text, event.occurred_at)
    state.messages.put(message.key, replace(message, echo=echo))
    return release(state, thread)


def receipt(rules: Rules, state: State, event: MessageDelivered | MessageRead | MessageFailed) -> list[Event]:
    """What became of messages, by their ids, by our reference, or up to a time."""
    events: list[Event] = []
    for provider_id in event.provider_ids:
        events += _of_message(rules, state, event, (event.account, provider_id))
    if not event.provider_ids and (row := _row(state, event.reply_id)):
        events += _of_row(rules, state, event, row, None)
    if event.up_to is not None and not isinstance(event, MessageFailed):
        events += _up_to(state, thread_of(event), event.up_to, read=isinstance(event, MessageRead))
    return events


def _of_message(
    rules: Rules, state: State, event: MessageDelivered | MessageRead | MessageFailed, key: ProviderKey
) -> list[Event]:
    message, at = state.message(key), event.occurred_at
    match event:
        case MessageDelivered():
            message = replace(message, delivered_at=message.delivered_at or at)
        case MessageRead():
            message = replace(message, read_at=message.read_at or at)
        case MessageFailed():
            message = replace(message, failed_at=message.failed_at or at, failure=event.reason or event.code)
    state.messages.put(key, message)
    row = _row(state, event.reply_id) or _row(state, message.outgoing_id)
    return _of_row(rules, state, event, row, key[1]) if row is not None else []


def _of_row(rules: Rules, state: State, event: Receipt, row: Outgoing, provider_id: str | None) -> list[Event]:
    if isinstance(event, MessageFailed):
        return _undelivered(rules, state, row, event)
    before = row.stage
    events = accept(rules, state, row, provider_id, event.occurred_at, expected=_only_one_left(row))
    row = state.outgoing.get(row.id) or row
    if before is not Stage.SENT and row.stage is Stage.SENT and row.thread:
        events += release(state, row.thread)
    if provider_id is None or provider_id == row.provider_ids[-1]:
        events += mark(state, row, event.occurred_at, read=isinstance(event, MessageRead))
    return events


def _only_one_left(row: Outgoing) -> bool:
    return row.stage is not Stage.SENT and not row.uploading and row.done == row.part_count - 1


def _undelivered(rules: Rules, state: State, row: Outgoing, event: MessageFailed) -> list[Event]:
    if row.problem == Word.UNDELIVERED:
        return []
    return fail(rules, state, row, Word.UNDELIVERED, event.occurred_at, event.reason or event.code)


def _up_to(state: State, thread_id: UUID, up_to: datetime, *, read: bool) -> list[Event]:
    thread = state.thread(thread_id)
    if read:
        thread = replace(thread, read_up_to=max(up_to, thread.read_up_to or up_to))
    else:
        thread = replace(thread, delivered_up_to=max(up_to, thread.delivered_up_to or up_to))
    state.threads.put(thread_id, thread)
    rows = [row for row in state.outgoing.all() if row.thread == thread_id]
    events: list[Event] = []
    for row in sorted(rows, key=lambda row: row.ordinal):
        if row.sent_at is not None and row.sent_at <= up_to:
            events += mark(state, row, up_to, read=read)
    return events


def _row(state: State, row_id: UUID | None) -> Outgoing | None:
    return state.outgoing.get(row_id) if row_id is not None else None
