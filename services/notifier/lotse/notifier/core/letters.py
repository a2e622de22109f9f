"""From an approved reply to a row that can be sent."""

from datetime import datetime
from uuid import UUID

from lotse.contracts import replies
from lotse.contracts.conversations import ReplyApproved
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.frozen import replace
from lotse.contracts.ids import ConversationId, thread_key
from lotse.notifier.core.check import verdict
from lotse.notifier.core.delivery import accept, fail
from lotse.notifier.core.model import Alarm, Kind, Letter, Outgoing, Sink, State
from lotse.notifier.core.parts import lay_out
from lotse.notifier.core.rules import Rules
from lotse.notifier.core.words import Word


def approved(rules: Rules, state: State, fact: Fact[Event], event: ReplyApproved, now: datetime) -> list[Event]:
    """Put a reply in its conversation's queue; the caller's own systems take it from the topic at once."""
    text = signed(rules, event)
    profile = rules.profile(event.address.channel, event.comment_on)
    parts, files = lay_out(rules, event.address, profile, text, event.attachments)
    letter = Letter(
        address=event.address,
        parts=parts,
        text=text,
        human=event.human,
        agent_id=event.agent_id,
        agent_name=event.agent_name,
        last_customer_message_at=event.last_customer_message_at,
        override_reason=event.override_reason,
        comment_on=event.comment_on,
        resolves=event.then == "resolved",
        files=files,
        attachments=len(event.attachments),
        at=event.at,
    )
    return enqueue(rules, state, fact, event.reply_id, Kind.REPLY, letter, now)


def enqueue(
    rules: Rules, state: State, fact: Fact[Event], row_id: UUID, kind: Kind, letter: Letter, now: datetime
) -> list[Event]:
    """Queue a letter, or say at once what became of it where nothing is to be called."""
    if state.outgoing.get(row_id) is not None:
        return []
    account, channel = letter.address.account, letter.address.channel
    sink = rules.sink(account, channel)
    row = append(
        state,
        fact,
        row_id,
        kind,
        ConversationId(UUID(fact.key)),
        sink or Sink.WEBHOOK,
        account,
        UUID(thread_key(account, letter.address.thread)),
        letter,
        now,
        _expiry(rules, kind, letter, now),
    )
    if sink is not None:
        return []
    if not rules.taken_from_topic(account):
        return fail(rules, state, row, Word.NO_ACCOUNT, now)
    word = verdict(rules, letter, now)
    return fail(rules, state, row, word, now) if word else accept(rules, state, row, str(row.id), now)


def append(
    state: State,
    fact: Fact[Event],
    row_id: UUID,
    kind: Kind,
    conversation_id: ConversationId,
    sink: Sink,
    account: str,
    thread: UUID | None,
    content: Letter | Alarm,
    now: datetime,
    expires_at: datetime,
) -> Outgoing:
    """A new row behind all others of its conversation; one that stands already is left alone."""
    standing = state.outgoing.get(row_id)
    if standing is not None:
        return standing
    conversation = state.conversation(conversation_id)
    state.conversations.put(conversation_id, replace(conversation, next_ordinal=conversation.next_ordinal + 1))
    return state.put_outgoing(
        Outgoing(
            id=row_id,
            kind=kind,
            conversation_id=conversation_id,
            ordinal=conversation.next_ordinal,
            sink=sink,
            account=account,
            thread=thread,
            content=content,
            due_at=now,
            expires_at=expires_at,
            cause=fact.id,
            traceparent=fact.traceparent,
        )
    )


def _expiry(rules: Rules, kind: Kind, letter: Letter, now: datetime) -> datetime:
    """Until when trying makes sense: a day, and no longer than the channel lets us answer."""
    if kind is Kind.RECEIVED:
        return now + rules.timings.received
    last, profile = letter.last_customer_message_at, rules.profile(letter.address.channel, letter.comment_on)
    closes = replies.window_closes_at(profile, last, human=letter.human) if last else None
    return (
        min(now + rules.timings.reply, max(closes, now + rules.timings.call)) if closes else now + rules.timings.reply
    )


def signed(rules: Rules, event: ReplyApproved) -> str:
    """The text with who wrote it, as the channel shows that."""
    profile, agent = rules.profiles[event.address.channel], rules.config.agents.get(event.agent_id)
    return replies.sign(
        event.text,
        profile,
        name=event.agent_name,
        initials=event.agent_initials,
        title=agent.title if agent else "",
        language=rules.config.language,
        own=rules.config.templates.signature.get(rules.config.language, ""),
    )
