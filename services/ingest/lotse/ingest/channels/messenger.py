"""Messenger and Instagram Direct: private messages, echoes, edits, receipts.

Source: https://developers.facebook.com/docs/messenger-platform/webhooks
"""

from lotse.contracts.channels import Channel
from lotse.contracts.inbound import MessageDelivered, MessageRead
from lotse.contracts.references import reply_of
from lotse.contracts.values import Attachment, Identity
from lotse.ingest.channels.entry import Party, Post, link
from lotse.ingest.channels.parsed import Id, Incoming, Moment, NotUnderstood
from lotse.ingest.channels.scene import MAX_ATTACHMENTS, Found, Scene, digest, iso


class _Payload(Incoming):
    url: str | None = None


class _File(Incoming):
    type: str = "file"
    url: str | None = None
    payload: _Payload | None = None


class _ReplyTo(Incoming):
    mid: Id | None = None


class _Message(Incoming):
    mid: Id
    text: str | None = None
    attachments: tuple[_File, ...] | None = None
    reply_to: _ReplyTo | None = None
    is_echo: bool = False
    is_deleted: bool = False
    metadata: str | None = None


class _Edit(Incoming):
    mid: Id
    text: str | None = None
    num_edit: int | None = None


class _Postback(Incoming):
    mid: Id | None = None
    title: str | None = None
    payload: str | None = None


class _Delivery(Incoming):
    mids: tuple[Id, ...] | None = None
    watermark: Moment = None


class _Read(Incoming):
    mid: Id | None = None
    watermark: Moment = None


class _Reaction(Incoming):
    mid: Id
    action: str = "react"


class _Messaging(Incoming):
    sender: Party = Party()
    recipient: Party = Party()
    timestamp: Moment = None
    message: _Message | None = None
    message_edit: _Edit | None = None
    postback: _Postback | None = None
    delivery: _Delivery | None = None
    read: _Read | None = None
    reaction: _Reaction | None = None
    referral: object = None
    optin: object = None
    account_linking: object = None
    checkout_update: object = None
    payment: object = None
    pass_thread_control: object = None
    take_thread_control: object = None
    request_thread_control: object = None

    @property
    def activity(self) -> str | None:
        """The kind of something that a customer did without saying anything."""
        kinds = {
            "referral": self.referral,
            "optin": self.optin,
            "account_linking": self.account_linking,
            "checkout_update": self.checkout_update,
            "payment": self.payment,
            "pass_thread_control": self.pass_thread_control,
            "take_thread_control": self.take_thread_control,
            "request_thread_control": self.request_thread_control,
        }
        return next((name for name, given in kinds.items() if given is not None), None)


def read(post: Post, part: object, channel: Channel) -> Found:
    """What one messaging item says.

    Raises:
        NotUnderstood, pydantic.ValidationError: It is none of the kinds known here.
    """
    item = _Messaging.model_validate(part)
    by_us = post.is_own(item.sender.id) or (item.message is not None and item.message.is_echo)
    other = item.recipient if by_us else item.sender
    thread = other.id or other.user_ref
    if thread is None:
        raise NotUnderstood("nobody")
    scene = post.scene(channel, thread, item.timestamp, item.read and item.read.watermark)
    if item.message is not None:
        return _message(post, scene, other, item.message, by_us)
    if item.message_edit is not None:
        return _edit(scene, item.message_edit, item, by_us)
    if item.postback is not None:
        return _postback(post, scene, other, item.postback, item)
    if item.delivery is not None:
        return _receipt(scene, MessageDelivered, item.delivery.mids or (), item.delivery)
    if item.read is not None:
        return _receipt(scene, MessageRead, (item.read.mid,) if item.read.mid else (), item.read)
    if item.reaction is not None:
        kind = "reaction_removed" if item.reaction.action == "unreact" else "reaction_added"
        return scene.activity(kind, item.reaction.mid, iso(item.timestamp), by_us=by_us, on_message=True)
    if item.activity is not None:
        return scene.activity("other", item.activity, thread, iso(item.timestamp), by_us=by_us)
    raise NotUnderstood("messaging")


def _message(post: Post, scene: Scene, other: Party, message: _Message, by_us: bool) -> Found:
    text = message.text or ""
    if message.is_deleted:
        return scene.activity("removed", message.mid, by_us=True) if by_us else scene.deleted(message.mid)
    if by_us:
        return scene.echoed(message.mid, scene.thread, text, reply_of(message.metadata))
    return scene.received(
        message.mid,
        (_identity(post, other, scene),),
        text or _shared(message),
        attachments=_attachments(message),
        in_reply_to=message.reply_to and message.reply_to.mid,
    )


def _identity(post: Post, other: Party, scene: Scene) -> Identity:
    return post.scoped(scene.thread, verified=other.id is not None)


def _attachments(message: _Message) -> tuple[Attachment, ...]:
    """The files. A `fallback` is only the preview of a link that stands in the text."""
    return tuple(
        link(file.type, url)
        for file in (message.attachments or ())[:MAX_ATTACHMENTS]
        if file.type != "fallback" and (url := file.payload.url if file.payload else file.url)
    )


def _shared(message: _Message) -> str:
    """The link that a message without a word shares."""
    files = (file for file in message.attachments or () if file.type == "fallback")
    links = (file.payload.url if file.payload and file.payload.url else file.url for file in files)
    return next(filter(None, links), "")


def _edit(scene: Scene, edit: _Edit, item: _Messaging, by_us: bool) -> Found:
    if by_us:
        return scene.activity("other", edit.mid, edit.num_edit, iso(item.timestamp), by_us=True)
    return scene.edited(edit.mid, edit.text or "", edit=edit.num_edit, at=item.timestamp)


def _postback(post: Post, scene: Scene, other: Party, postback: _Postback, item: _Messaging) -> Found:
    """A pressed button is a word of the customer's; older ones bear no id of their own."""
    text = postback.title or postback.payload or ""
    mid = postback.mid or f"postback:{scene.thread}:{iso(item.timestamp)}:{digest(text)}"
    return scene.received(mid, (_identity(post, other, scene),), text)


def _receipt(
    scene: Scene, kind: type[MessageDelivered | MessageRead], mids: tuple[str, ...], of: _Delivery | _Read
) -> Found:
    """Messenger says up to when, Instagram which message was read."""
    if not mids and of.watermark is None:
        raise NotUnderstood("receipt")
    return scene.receipt(kind, mids, scene.thread, up_to=of.watermark)
