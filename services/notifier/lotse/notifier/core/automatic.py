"""The automatic word that a message arrived: once per conversation, seldom per address, never to machines."""

import re
from datetime import datetime
from uuid import UUID

from lotse.contracts.conversations import ConversationQueued
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.frozen import replace
from lotse.contracts.ids import derive
from lotse.contracts.notices import NoticeSuppressed
from lotse.contracts.values import Address, Language, Situation, Triage
from lotse.notifier.core.letters import enqueue
from lotse.notifier.core.model import Conversation, Kind, Letter, State
from lotse.notifier.core.parts import split
from lotse.notifier.core.rules import Rules

_GAP = re.compile(r"[ \t]+([,.!?;:])")
_SPACES = re.compile(r"[ \t]{2,}")


def address_key(address: Address) -> UUID:
    """Stands for one address of one account, and tells nothing about it."""
    return derive("address", address.account, address.recipient)


def received(rules: Rules, state: State, fact: Fact[Event], event: ConversationQueued, now: datetime) -> list[Event]:
    """Tell the customer that his message arrived, where the operator wants that and nothing speaks against it."""
    conversation = state.conversation(event.conversation_id)
    text = template(rules, event)
    if text is None or not event.first or event.auto or conversation.received:
        return []
    state.conversations.put(conversation.id, replace(conversation, received=True))
    notice_id = derive("received", event.conversation_id)
    reason = _objection(rules, state, event, now)
    if reason is not None:
        return [
            NoticeSuppressed(
                conversation_id=event.conversation_id,
                notice_id=notice_id,
                kind=Kind.RECEIVED.value,
                sink=event.address.account,
                at=now,
                reason=reason,
            )
        ]
    state.addresses.put(address_key(event.address), now)
    filled = fill(text, conversation)
    letter = Letter(
        address=event.address,
        parts=split(rules, event.address, rules.profile(event.address.channel), filled),
        text=filled,
        human=False,
        last_customer_message_at=event.waiting_since,
        at=now,
    )
    return enqueue(rules, state, fact, notice_id, Kind.RECEIVED, letter, now)


def template(rules: Rules, event: ConversationQueued) -> str | None:
    """The text for this conversation; None where none goes out on this channel."""
    templates, channel = rules.config.templates, event.address.channel
    profile = rules.profiles[channel]
    wanted = channel in templates.channels if templates.channels is not None else not profile.public
    if not wanted or not profile.answerable or rules.sink(event.address.account, channel) is None:
        return None
    return templates.received.get(language_of(rules, event)) or templates.received.get(rules.config.language)


def language_of(rules: Rules, event: ConversationQueued) -> Language:
    """The customer's language as far as it was told, else the operator's."""
    if event.reading is None or event.reading.language == "und":
        return rules.config.language
    return event.reading.language


def _objection(rules: Rules, state: State, event: ConversationQueued, now: datetime) -> str | None:
    if event.reading is not None and event.reading.triage in (Triage.SPAM, Triage.NOISE):
        return event.reading.triage.value
    if event.reading is not None and event.reading.situation is Situation.CRISIS:
        return "crisis"
    last = state.addresses.get(address_key(event.address))
    if last is not None and now - last < rules.timings.per_address:
        return "one_per_hour"
    return None


def fill(text: str, conversation: Conversation) -> str:
    """Put in what is known; what is not leaves no gap before a comma."""
    text = text.replace("{name}", conversation.customer_name).replace("{agent}", "")
    text = text.replace("{reference}", conversation.id.hex[:8])
    return _SPACES.sub(" ", _GAP.sub(r"\1", text)).strip()
