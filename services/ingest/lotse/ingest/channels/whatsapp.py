"""WhatsApp's Cloud API: messages, edits, revocations, statuses, and the echoes of the business's own app.

A person bears a number, a business-scoped user id (BSUID, such as `US.13491208655302741918`), or both.
Source: https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components
"""

import re
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import cast

from pydantic import Field, ValidationError

from lotse.contracts.channels import Channel
from lotse.contracts.inbound import MessageDelivered, MessageRead
from lotse.contracts.references import reply_of
from lotse.contracts.values import Attachment, Identity, IdentityKind
from lotse.ingest.channels.entry import Change, Post, link
from lotse.ingest.channels.parsed import Id, Incoming, Moment, NotUnderstood
from lotse.ingest.channels.scene import Found, Scene, iso, together
from lotse.ingest.channels.whatsapp_content import Content

_NUMBER = re.compile(r"\+?([1-9][0-9]{5,14})")


class _Profile(Incoming):
    name: str | None = None


class _Contact(Incoming):
    wa_id: Id | None = None
    user_id: Id | None = None
    profile: _Profile | None = None


class _Context(Incoming):
    id: Id | None = None


class _Reaction(Incoming):
    message_id: Id
    emoji: str | None = None


class _Revoke(Incoming):
    original_message_id: Id


class _Edit(Incoming):
    original_message_id: Id
    message: Content


class _System(Incoming):
    wa_id: Id | None = None
    new_wa_id: Id | None = None
    user_id: Id | None = None
    type: str = "system"


class _Message(Content):
    id: Id
    sender: Id | None = Field(default=None, alias="from")
    from_user_id: Id | None = None
    to: Id | None = None
    to_user_id: Id | None = None
    timestamp: Moment = None
    context: _Context | None = None
    reaction: _Reaction | None = None
    revoke: _Revoke | None = None
    edit: _Edit | None = None
    system: _System | None = None


class _Error(Incoming):
    code: str = ""
    title: str = ""
    message: str = ""


class _Status(Incoming):
    id: Id
    status: str
    timestamp: Moment = None
    recipient_id: Id | None = None
    recipient_user_id: Id | None = None
    recipient_participant_user_id: Id | None = None
    recipient_participant_id: Id | None = None
    biz_opaque_callback_data: str | None = None
    errors: tuple[_Error, ...] | None = None


class _UserIds(Incoming):
    current: Id


class _UserIdUpdate(Incoming):
    user_id: _UserIds
    timestamp: Moment = None


class _Value(Incoming):
    contacts: tuple[_Contact, ...] = ()
    messages: tuple[object, ...] = ()
    message_echoes: tuple[object, ...] = ()
    statuses: tuple[object, ...] = ()
    user_id_update: tuple[object, ...] = ()
    errors: tuple[object, ...] = ()


_Reader = Callable[[Post, _Value, object], Found]


def read(post: Post, part: object) -> tuple[Found, tuple[tuple[str, object], ...]]:
    """What one change of a WhatsApp account says; beside it what is not understood, each as a change of its own.

    Raises:
        NotUnderstood, pydantic.ValidationError: The change has an unknown form.
    """
    change = Change.model_validate(part)
    if change.field not in ("messages", "smb_message_echoes", "user_id_update"):
        return Found(), ()
    value = _Value.model_validate(change.value)
    readers: tuple[tuple[str, _Reader, tuple[object, ...]], ...] = (
        ("messages", _message, value.messages),
        ("message_echoes", _echo, value.message_echoes),
        ("statuses", _status, value.statuses),
        ("user_id_update", _user_id_update, value.user_id_update),
        ("errors", _error, value.errors),
    )
    names = frozenset(name for name, _, _ in readers)
    found: list[Found] = []
    rest: list[tuple[str, object]] = []
    for name, reader, items in readers:
        for item in items:
            try:
                found.append(reader(post, value, item))
            except ValidationError:
                rest.append(("invalid", _alone(change, name, item, names)))
            except NotUnderstood as error:
                rest.append((str(error), _alone(change, name, item, names)))
    return together(found), tuple(rest)


def _alone(change: Change, name: str, item: object, lists: Collection[str]) -> object:
    """The change with this item and what describes it, such as the contacts."""
    value = cast("Mapping[str, object]", change.value)
    return {
        "field": change.field,
        "value": {**{key: part for key, part in value.items() if key not in lists}, name: [item]},
    }


def _message(post: Post, value: _Value, raw: object) -> Found:
    message = _Message.model_validate(raw)
    contact = _contact(value.contacts, message.sender, message.from_user_id)
    identities = _identities(contact, message)
    thread = _thread(identities) or (message.system and (message.system.user_id or message.system.wa_id))
    if not thread:
        raise NotUnderstood("nobody")
    scene = post.scene(Channel.WHATSAPP, thread, message.timestamp)
    if message.reaction is not None:
        kind = "reaction_added" if message.reaction.emoji else "reaction_removed"
        return scene.activity(kind, message.reaction.message_id, message.id, on_message=True)
    if message.revoke is not None:
        return scene.deleted(message.revoke.original_message_id)
    if message.edit is not None:
        return _edited(post, scene, message, message.edit)
    if message.system is not None:
        return scene.activity("other", message.system.type, message.id)
    return _received(post, scene, message, contact, identities)


def _received(
    post: Post, scene: Scene, message: _Message, contact: _Contact, identities: tuple[Identity, ...]
) -> Found:
    return scene.received(
        message.id,
        identities,
        _text(message),
        sender_name=contact.profile and contact.profile.name,
        attachments=_attachments(post, message),
        in_reply_to=message.context and message.context.id,
    )


def _edited(post: Post, scene: Scene, message: _Message, edit: _Edit) -> Found:
    files = _attachments(post, edit.message)
    return scene.edited(edit.original_message_id, _text(edit.message), attachments=files, at=message.timestamp)


def _echo(post: Post, value: _Value, raw: object) -> Found:
    """Somebody answered in the WhatsApp Business app on the same number, or changed what he had answered there."""
    message = _Message.model_validate(raw)
    contact = _contact(value.contacts, message.to, message.to_user_id)
    thread = _thread(_identified(message.to_user_id, contact.user_id, message.to, contact.wa_id))
    if thread is None:
        raise NotUnderstood("echo")
    scene = post.scene(Channel.WHATSAPP, thread, message.timestamp)
    if message.reaction is not None:
        kind = "reaction_added" if message.reaction.emoji else "reaction_removed"
        return scene.activity(kind, message.reaction.message_id, message.id, by_us=True, on_message=True)
    if message.revoke is not None:
        return scene.activity("removed", message.revoke.original_message_id, message.id, by_us=True)
    if message.edit is not None:
        return scene.activity("other", message.edit.original_message_id, message.id, by_us=True)
    return scene.echoed(message.id, scene.thread, message.text_of() or "")


_RECEIPTS: Mapping[str, type[MessageDelivered | MessageRead]] = MappingProxyType(
    {"delivered": MessageDelivered, "read": MessageRead, "played": MessageRead}
)


def _status(post: Post, _: _Value, raw: object) -> Found:
    status = _Status.model_validate(raw)
    recipient = (
        status.recipient_user_id
        or status.recipient_participant_user_id
        or status.recipient_participant_id
        or status.recipient_id
    )
    if recipient is None:
        raise NotUnderstood("status")
    scene = post.scene(Channel.WHATSAPP, _phone(recipient) or recipient, status.timestamp)
    reply = reply_of(status.biz_opaque_callback_data)
    if status.status == "sent":
        return Found()
    if status.status == "failed":
        error = (status.errors or (_Error(),))[0]
        return scene.failed(status.id, error.code, error.title or error.message, reply)
    kind = _RECEIPTS.get(status.status)
    if kind is None:
        raise NotUnderstood("status")
    return scene.receipt(kind, (status.id,), status.status, reply_id=reply)


def _user_id_update(post: Post, _: _Value, raw: object) -> Found:
    update = _UserIdUpdate.model_validate(raw)
    scene = post.scene(Channel.WHATSAPP, update.user_id.current, update.timestamp)
    return scene.activity("other", "user_id_update", update.user_id.current, iso(update.timestamp))


def _error(_: Post, __: _Value, ___: object) -> Found:
    """A fault that WhatsApp reports about our account: somebody should look at it."""
    raise NotUnderstood("account error")


def _contact(contacts: tuple[_Contact, ...], sender: str | None, user_id: str | None) -> _Contact:
    """The person's card: the one that bears an id of his, the only one where the message names nobody."""
    named = {sender, user_id} - {None}
    if not named:
        return contacts[0] if len(contacts) == 1 else _Contact()
    return next((card for card in contacts if named & {card.wa_id, card.user_id}), _Contact())


def _identities(contact: _Contact, message: _Message) -> tuple[Identity, ...]:
    """The user id before the number, each once."""
    return _identified(message.from_user_id, contact.user_id, message.sender, contact.wa_id)


def _identified(*given: str | None) -> tuple[Identity, ...]:
    numbers = {number: None for id in given if id and (number := _phone(id))}
    user_ids = {id: None for id in given if id and not _phone(id)}
    return (
        *(Identity(kind=IdentityKind.WHATSAPP, value=id, verified=True) for id in user_ids),
        *(Identity(kind=IdentityKind.PHONE, value=number, verified=True) for number in numbers),
    )


def _thread(identities: tuple[Identity, ...]) -> str | None:
    return identities[0].value if identities else None


def _phone(id: str) -> str | None:
    """The number in E.164, where the id is one."""
    found = _NUMBER.fullmatch(id)
    return f"+{found[1]}" if found else None


def _text(content: Content) -> str:
    text = content.text_of()
    if text is None:
        raise NotUnderstood("message type")
    return text


def _attachments(post: Post, content: Content) -> tuple[Attachment, ...]:
    """The file lies behind an id, which the Graph API turns into a link that holds for minutes."""
    file = content.file()
    if file is None:
        return ()
    return (link(file.filename or content.type, f"{post.graph_url}/{file.id}", file.media_type()),)
