"""Meta's webhooks: one app's endpoint for Messenger, pages, Instagram and WhatsApp.

Source: https://developers.facebook.com/docs/graph-api/webhooks/getting-started
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from pydantic import JsonValue, ValidationError

from lotse.contracts.channels import Channel
from lotse.contracts.config import MetaAccount
from lotse.contracts.ids import AccountId
from lotse.ingest.channels import instagram, messenger, page, whatsapp
from lotse.ingest.channels.entry import Change, Entry, Post
from lotse.ingest.channels.parsed import Incoming, NotUnderstood, Parsed, Unparsed, document
from lotse.ingest.channels.scene import Found, together

Reading = tuple[Found, tuple[Unparsed, ...]]
Reader = Callable[[Post, object], Reading]


def verify(secret: str, body: bytes, signature: str | None) -> bool:
    """Whether `X-Hub-Signature-256` is the HMAC of the raw body under the app's secret."""
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), (signature or "").encode())


def is_subscription(verify_token: str, mode: str, given: str) -> bool:
    """Whether Meta's question if the endpoint is ours bears the token that we gave it."""
    return hmac.compare_digest(verify_token.encode(), given.encode()) and mode == "subscribe"


def parse(body: bytes, account: AccountId, config: MetaAccount, received_at: datetime) -> Parsed:
    """What one POST says, part by part in its order; a part that is not understood does not hold the others.

    Raises:
        Unreadable: The body is not JSON.
    """
    own = frozenset(filter(None, (config.page_id, config.instagram_id, config.phone_number_id)))
    readings: list[Reading] = []
    for part in _parts(document(body)):
        if part.entry is None:
            readings.append((Found(), (Unparsed.of_json("envelope", part.raw),)))
        else:
            readings.append(_read(part, Post(account, received_at, part.entry, own, config.graph_url)))
    found = together(found for found, _ in readings)
    unparsed = tuple(item for _, items in readings for item in items)
    skipped = sum(not found.facts and not items for found, items in readings)
    return Parsed(found.facts, found.blobs, unparsed, skipped)


class _Webhook(Incoming):
    object: str
    entry: tuple[JsonValue, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """One item with the entry it came in; without one where it is no item of any entry."""

    raw: object
    entry: Entry | None = None
    read: Reader | None = None


def _read(part: _Part, post: Post) -> Reading:
    if part.read is None:
        return Found(), ()
    try:
        return part.read(post, part.raw)
    except ValidationError:
        return Found(), (Unparsed.of_json("invalid", part.raw),)
    except NotUnderstood as error:
        return Found(), (Unparsed.of_json(str(error), part.raw),)


def _parts(raw: JsonValue) -> Iterator[_Part]:
    try:
        webhook = _Webhook.model_validate(raw)
    except ValidationError:
        yield _Part(raw)
        return
    for entry in webhook.entry:
        yield from _items(webhook.object, entry)


def _items(kind: str, raw: object) -> Iterator[_Part]:
    try:
        entry = Entry.model_validate(raw)
    except ValidationError:
        yield _Part(raw)
        return
    messaging = _instagram_direct if kind == "instagram" else _messenger
    for item in (*entry.messaging, *entry.standby):
        yield _Part(item, entry, messaging)
    for change in entry.changes:
        yield _Part(change, entry, _CHANGES.get(kind, _foreign))


def _messenger(post: Post, part: object) -> Reading:
    return messenger.read(post, part, Channel.MESSENGER), ()


def _instagram_direct(post: Post, part: object) -> Reading:
    return messenger.read(post, part, Channel.INSTAGRAM_DIRECT), ()


def _page(post: Post, part: object) -> Reading:
    return page.read(post, part), ()


def _instagram(post: Post, part: object) -> Reading:
    return instagram.read(post, part), ()


def _foreign(_: Post, part: object) -> Reading:
    """Changes of objects that are none of our accounts, such as the users of an app."""
    Change.model_validate(part)
    return Found(), ()


_CHANGES: Mapping[str, Reader] = MappingProxyType(
    {"page": _page, "instagram": _instagram, "whatsapp_business_account": whatsapp.read}
)
