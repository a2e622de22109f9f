"""Messages in the providers' real formats, signed as they sign: what the play, the bench and the tests send."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import cast

from lotse.contracts.config import Config, MetaAccount
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AccountId

Json = Mapping[str, object]


@frozen
class Call:
    """One HTTP call to ingest: path, headers and the raw body that was signed."""

    path: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"


@frozen
class Meta:
    """Meta's side of one account."""

    account: AccountId
    settings: MetaAccount
    app_secret: str

    @classmethod
    def of(cls, config: Config, app_secret: str) -> "Meta":
        """The first Meta account of a configuration."""
        name, settings = next((n, a) for n, a in config.accounts.items() if isinstance(a, MetaAccount))
        return cls(name, settings, app_secret)

    def call(self, payload: Json) -> Call:
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        signature = hmac.new(self.app_secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
        return Call(f"/v1/meta/{self.account}", headers, body)

    def together(self, calls: Sequence[Call]) -> list[Call]:
        """The same items in as few POSTs as Meta makes of them: one for each kind of object, with many entries."""
        entries: dict[str, list[object]] = {}
        for call in calls:
            payload = cast("dict[str, object]", json.loads(call.body))
            entries.setdefault(str(payload["object"]), []).extend(cast("list[object]", payload["entry"]))
        return [self.call({"object": kind, "entry": found}) for kind, found in entries.items()]

    def _messaging(self, item: Json, at: datetime, direct: bool = False) -> Call:
        own = self._own(direct)
        entry = {"id": own, "time": _ms(at), "messaging": [{**item, "timestamp": _ms(at)}]}
        return self.call({"object": "instagram" if direct else "page", "entry": [entry]})

    def _own(self, direct: bool) -> str | None:
        return self.settings.instagram_id if direct else self.settings.page_id

    def _from_customer(self, sender: str, item: Json, at: datetime, direct: bool) -> Call:
        return self._messaging({"sender": {"id": sender}, "recipient": {"id": self._own(direct)}, **item}, at, direct)

    def messenger(
        self, sender: str, mid: str, text: str, at: datetime, *, direct: bool = False, pictures: Sequence[str] = ()
    ) -> Call:
        """A private message to the page; `direct`: to the Instagram account; `pictures` are links to files."""
        message: dict[str, object] = {"mid": mid, "text": text}
        if pictures:
            message["attachments"] = [{"type": "image", "payload": {"url": url}} for url in pictures]
        return self._from_customer(sender, {"message": message}, at, direct)

    def messenger_edited(
        self, sender: str, mid: str, text: str, number: int, at: datetime, *, direct: bool = False
    ) -> Call:
        """The customer changed a message for the `number`th time."""
        return self._from_customer(sender, {"message_edit": {"mid": mid, "text": text, "num_edit": number}}, at, direct)

    def messenger_deleted(self, sender: str, mid: str, at: datetime, *, direct: bool = False) -> Call:
        return self._from_customer(sender, {"message": {"mid": mid, "is_deleted": True}}, at, direct)

    def messenger_echo(
        self,
        recipient: str,
        mid: str,
        text: str | None,
        metadata: str | None,
        at: datetime,
        *,
        direct: bool = False,
        kind: str = "",
    ) -> Call:
        """What the page itself sent: a text, or a file of a kind."""
        message: dict[str, object] = {"mid": mid, "is_echo": True, "app_id": 1}
        if text is not None:
            message["text"] = text
        else:
            message["attachments"] = [{"type": kind, "payload": {"url": ""}}]
        if metadata is not None:
            message["metadata"] = metadata
        item: Json = {"sender": {"id": self._own(direct)}, "recipient": {"id": recipient}, "message": message}
        return self._messaging(item, at, direct)

    def messenger_delivered(self, recipient: str, mids: Sequence[str], at: datetime) -> Call:
        return self._from_customer(recipient, {"delivery": {"mids": list(mids), "watermark": _ms(at)}}, at, False)

    def messenger_read(self, recipient: str, mid: str, at: datetime, *, direct: bool = False) -> Call:
        """Messenger tells up to when the customer read, Instagram which message."""
        read: Json = {"mid": mid} if direct else {"watermark": _ms(at)}
        return self._from_customer(recipient, {"read": read}, at, direct)

    def comment(
        self,
        sender: str,
        name: str,
        comment: str,
        post: str,
        text: str,
        at: datetime,
        *,
        parent: str | None = None,
        verb: str = "add",
    ) -> Call:
        """A public comment under a post of the page, or under another comment; `verb` also edited or remove."""
        value: Json = {
            "item": "comment",
            "verb": verb,
            "comment_id": comment,
            "post_id": post,
            "parent_id": parent or post,
            "from": {"id": sender, "name": name},
            "message": text,
            "created_time": int(at.timestamp()),
        }
        return self._changes("page", self.settings.page_id, "feed", value, at)

    def instagram_comment(
        self, sender: str, name: str, comment: str, media: str, text: str, at: datetime, *, parent: str | None = None
    ) -> Call:
        value: Json = {"id": comment, "text": text, "from": {"id": sender, "username": name}, "media": {"id": media}}
        if parent is not None:
            value["parent_id"] = parent
        return self._changes("instagram", self.settings.instagram_id, "comments", value, at)

    def _changes(self, kind: str, owner: str | None, field: str, value: Json, at: datetime) -> Call:
        entry = {"id": owner, "time": int(at.timestamp()), "changes": [{"field": field, "value": value}]}
        return self.call({"object": kind, "entry": [entry]})

    def whatsapp(self, sender: str, name: str, wamid: str, text: str, at: datetime) -> Call:
        """A message by a number in E.164 without the plus."""
        return self._from_number(sender, name, wamid, at, "text", {"body": text})

    def whatsapp_deleted(self, sender: str, name: str, wamid: str, original: str, at: datetime) -> Call:
        """The customer took the message `original` back."""
        return self._from_number(sender, name, wamid, at, "revoke", {"original_message_id": original})

    def _from_number(self, sender: str, name: str, wamid: str, at: datetime, kind: str, content: Json) -> Call:
        message = {"from": sender, "id": wamid, "timestamp": str(int(at.timestamp())), "type": kind, kind: content}
        value: Json = {"contacts": [{"profile": {"name": name}, "wa_id": sender}], "messages": [message]}
        return self._whatsapp(value)

    def whatsapp_status(self, recipient: str, wamid: str, status: str, reference: str | None, at: datetime) -> Call:
        """sent, delivered, read or failed, with the reference that was given when sending."""
        state: dict[str, object] = {
            "id": wamid,
            "status": status,
            "timestamp": str(int(at.timestamp())),
            "recipient_id": recipient,
        }
        if reference is not None:
            state["biz_opaque_callback_data"] = reference
        return self._whatsapp({"statuses": [state]})

    def _whatsapp(self, value: Json) -> Call:
        number = self.settings.phone_number_id
        whole: Json = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "494055667788", "phone_number_id": number},
            **value,
        }
        entry = {"id": "990011", "changes": [{"field": "messages", "value": whole}]}
        return self.call({"object": "whatsapp_business_account", "entry": [entry]})


def typed(
    account: str,
    token: str,
    external_id: str,
    channel: str,
    sender: Mapping[str, str],
    text: str,
    at: datetime,
    *,
    subject: str | None = None,
) -> Call:
    """A message that a system of our own has taken: a letter, a phone note. `sender` has id, email, phone or name."""
    body: Json = {
        "external_id": external_id,
        "channel": channel,
        "sender": dict(sender),
        "text": text,
        "occurred_at": at.isoformat(),
    }
    if subject is not None:
        body["subject"] = subject
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return Call(f"/v1/messages/{account}", headers, json.dumps(body, ensure_ascii=False).encode())


def mail(
    account: str,
    token: str,
    to: str,
    sender: tuple[str, str],
    subject: str,
    text: str,
    message_id: str,
    at: datetime,
    in_reply_to: str | None = None,
) -> Call:
    """A mail as an MTA hands it on, raw. `sender` is name and address."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = formataddr(sender), to, subject
    made["Date"], made["Message-ID"] = format_datetime(at), message_id
    if in_reply_to:
        made["In-Reply-To"] = made["References"] = in_reply_to
    made.set_content(text)
    headers = {"Content-Type": "message/rfc822", "Authorization": f"Bearer {token}"}
    return Call(f"/v1/mail/{account}", headers, made.as_bytes())


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
