"""Which conversation a message belongs to."""

from uuid import UUID

from lotse.contracts.frozen import replace
from lotse.contracts.ids import ConversationId
from lotse.contracts.inbound import MessageReceived
from lotse.contracts.references import reply_of_message_id
from lotse.contracts.values import Address, Status
from lotse.router.core.names import is_mail, mail_reference, mail_references, thread_names
from lotse.router.core.state import Conversation, State

_REFERENCES_KEPT = 20


def find(state: State, message: MessageReceived) -> Conversation | None:
    """The latest conversation of the message's thread, whatever its status."""
    if is_mail(message):
        return _by_reference(state, message)
    for name in thread_names(message):
        thread = state.names.get(name)
        conversation = state.threads.get(thread) if thread else None
        if conversation:
            return state.conversations[conversation]
    return None


def _by_reference(state: State, message: MessageReceived) -> Conversation | None:
    for candidate in _candidates(state, message):
        found = state.conversations.get(candidate)
        if found and found.address.account == message.account and found.address.channel == message.channel:
            return found
    return None


def _candidates(state: State, message: MessageReceived) -> list[ConversationId]:
    """Conversations that a mail names: by our token, then In-Reply-To, then References."""
    found = [token] if (token := token_of(message)) else []
    for mail_id in mail_references(message):
        reply_id = reply_of_message_id(mail_id)
        reply = state.replies.get(reply_id) if reply_id else None
        known = reply.conversation_id if reply else state.references.get(mail_reference(message.account, mail_id))
        found += [known] if known else []
    return found


def token_of(message: MessageReceived) -> ConversationId | None:
    """The conversation that the mail's plus address names; None where it is no such token."""
    try:
        return ConversationId(UUID(hex=message.reply_token)) if message.reply_token else None
    except ValueError:
        return None


def goes_on(conversation: Conversation, message: MessageReceived) -> bool:
    """Whether the message belongs to this conversation rather than to a new one after it."""
    if conversation.status is not Status.RESOLVED or conversation.resolved_at is None or message.auto:
        return True
    return message.occurred_at - conversation.resolved_at <= conversation.profile.reopen_window


def bind(state: State, message: MessageReceived, conversation_id: ConversationId) -> None:
    """Let every name of the message's thread lead to this conversation."""
    if is_mail(message):
        state.references.put(mail_reference(message.account, message.provider_id), conversation_id)
        return
    names = thread_names(message)
    thread = next((found for name in names if (found := state.names.get(name))), names[0])
    for name in names:
        state.names.put(name, thread)
    state.threads.put(thread, conversation_id)


def address_of(message: MessageReceived) -> Address:
    """Where an answer to the first message goes."""
    return Address(
        account=message.account,
        channel=message.channel,
        thread=message.thread,
        recipient=message.identities[0].value,
        in_reply_to=message.provider_id,
        references=_references((), message),
        subject=message.subject,
    )


def readdressed(conversation: Conversation, message: MessageReceived) -> Conversation:
    """The same recipient, but the answer refers to the newest message."""
    newest = conversation.last_word_at is None or message.occurred_at >= conversation.last_word_at
    if not newest:
        return conversation
    references = _references(conversation.address.references, message)
    address = conversation.address.model_copy(update={"in_reply_to": message.provider_id, "references": references})
    return replace(conversation, address=address)


def _references(before: tuple[str, ...], message: MessageReceived) -> tuple[str, ...]:
    if not is_mail(message):
        return ()
    named = (*before, *message.references, *((message.in_reply_to,) if message.in_reply_to else ()))
    return tuple(dict.fromkeys((*named, message.provider_id)))[-_REFERENCES_KEPT:]
