"""What of the tables a batch of events may touch."""

from collections.abc import Sequence

from lotse.contracts.conversations import ConversationOpened, ConversationQueued, ReplyApproved
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.inbound import MessageEchoed, Receipt
from lotse.notifier.core.alerts import about, alert_id
from lotse.notifier.core.automatic import address_key, template
from lotse.notifier.core.fold import thread_of
from lotse.notifier.core.model import Wanted
from lotse.notifier.core.receipts import thread_of as inbound_thread
from lotse.notifier.core.rules import Rules


def needs(rules: Rules, facts: Sequence[Fact[Event]]) -> Wanted:
    """The names that `load` has to look up and lock for these events."""
    wanted = Wanted()
    for fact in facts:
        _of_fact(rules, wanted, fact)
        names = [name for name, alert in rules.config.alerts.items() if fact.data.TYPE in alert.events]
        conversation_id = about(fact.data)
        if names and conversation_id is not None:
            wanted.conversations.add(conversation_id)
            wanted.outgoing |= {alert_id(name, fact) for name in names}
    return wanted


def _of_fact(rules: Rules, wanted: Wanted, fact: Fact[Event]) -> None:
    match fact.data:
        case ConversationOpened() as event:
            wanted.conversations.add(event.conversation_id)
            wanted.threads.add(thread_of(event.address))
        case ConversationQueued() as event:
            wanted.conversations.add(event.conversation_id)
            wanted.threads.add(thread_of(event.address))
            if event.first and not event.auto and template(rules, event) is not None:
                wanted.addresses.add(address_key(event.address))
        case ReplyApproved() as event:
            wanted.conversations.add(event.conversation_id)
            wanted.threads.add(thread_of(event.address))
            wanted.outgoing.add(event.reply_id)
            if rules.taken_from_topic(event.address.account):
                wanted.messages.add((event.address.account, str(event.reply_id)))
        case MessageEchoed() as event:
            wanted.threads.add(inbound_thread(event))
            wanted.messages.add((event.account, event.provider_id))
            if event.reply_id is not None:
                wanted.outgoing.add(event.reply_id)
        case Receipt() as event:
            _of_receipt(wanted, event)
        case _:
            pass


def _of_receipt(wanted: Wanted, event: Receipt) -> None:
    wanted.messages |= {(event.account, provider_id) for provider_id in event.provider_ids}
    if event.reply_id is not None:
        wanted.outgoing.add(event.reply_id)
    if event.up_to is not None:
        wanted.threads.add(inbound_thread(event))
        wanted.unread.add(inbound_thread(event))
