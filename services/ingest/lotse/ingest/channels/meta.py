"""Meta's webhooks: one app's endpoint for Messenger, pages, Instagram and WhatsApp.

Source: https://developers.facebook.com/docs/graph-api/webhooks/getting-started
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from pydantic import JsonValue, ValidationError

from lotse.contracts.channels import Channel
from lotse.contracts.config import MetaAccount
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AccountId
from lotse.ingest.channels import instagram, messenger, page, whatsapp
from lotse.ingest.channels.entry import Change, Entry, Post
from lotse.ingest.channels.parsed import Incoming, NotUnderstood, Parsed, Unparsed, document
from lotse.ingest.channels.scene import Found, together

Rest = tuple[tuple[str, object], ...]
"""What was not understood: why, and the part itself."""
Reader = Callable[[Post, object], tuple[Found, Rest]]
Reading = tuple[Found, tuple[Unparsed, ...]]


def verify(secret: str, body: bytes, signature: str | None) -> bool:
    """Whether `X-Hub-Signature-256` is the HMAC of the raw body under the app's secret."""
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), (signature or "").encode())


def is_subscription(verify_token: str, mode: str, given: str) -> bool:
    """Whether Meta's question if the endpoint is ours bears the token that we gave it."""
    return hmac.compare_digest(verify_token.encode(), given.encode()) and mode == "subscribe"


def parse(body: bytes, account: AccountId, config: MetaAccount, received_at: datetime) -> Parsed:
    """What one POST says, part by part in its order; a part that is not understood does not hold the others.

    Such a part is kept as a webhook that has nothing else, so that a later release can parse it like any other.

    Raises:
        Unreadable: The body is not JSON.
    """
    own = frozenset(filter(None, (config.page_id, config.instagram_id, config.phone_number_id)))
    readings: list[Reading] = []
    for part in _parts(document(body)):
        if part.entry is None:
            readings.append((Found(), (Unparsed.of_json("envelope", part.webhook),)))
        else:
            readings.append(_read(part, Post(account, received_at, part.entry, own, config.graph_url)))
    found = together(found for found, _ in readings)
    unparsed = tuple(item for _, items in readings for item in items)
    skipped = sum(not found.facts and not items for found, items in readings)
    return Parsed(found.facts, found.blobs, unparsed, skipped)


class _Webhook(Incoming):
    object: str
    entry: tuple[JsonValue, ...]


@frozen
class _Part:
    """One item with the entry it came in; without one where it is no item of any entry.

    `webhook` is the least that holds an item in its place; `of` puts another one there.
    """

    raw: object
    of: Callable[[object], object]
    entry: Entry | None = None
    read: Reader | None = None

    @property
    def webhook(self) -> object:
        return self.of(self.raw)


def _read(part: _Part, post: Post) -> Reading:
    if part.read is None:
        return Found(), ()
    try:
        found, rest = part.read(post, part.raw)
    except ValidationError:
        return Found(), (Unparsed.of_json("invalid", part.webhook),)
    except NotUnderstood as error:
        return Found(), (Unparsed.of_json(str(error), part.webhook),)
    return found, tuple(Unparsed.of_json(reason, part.of(raw)) for reason, raw in rest)


def _parts(raw: JsonValue) -> Iterator[_Part]:
    try:
        webhook = _Webhook.model_validate(raw)
    except ValidationError:
        yield _Part(raw, lambda whole: whole)
        return
    for entry in webhook.entry:
        yield from _items(webhook.object, entry)


def _items(kind: str, raw: object) -> Iterator[_Part]:
    try:
        entry = Entry.model_validate(raw)
    except ValidationError:
        yield _Part(raw, lambda whole: {"object": kind, "entry": [whole]})
        return
    messaging = _instagram_direct if kind == "instagram" else _messenger
    for item in (*entry.messaging, *entry.standby):
        yield _Part(item, _alone(kind, entry, "messaging"), entry, messaging)
    for change in entry.changes:
        yield _Part(change, _alone(kind, entry, "changes"), entry, _CHANGES.get(kind, _foreign))


def _alone(kind: str, entry: Entry, place: str) -> Callable[[object], object]:
    head = {"id": entry.id, "time": entry.time.isoformat() if entry.time else None}
    return lambda item: {"object": kind, "entry": [{**head, place: [item]}]}


def _messenger(post: Post, part: object) -> tuple[Found, Rest]:
    return messenger.read(post, part, Channel.MESSENGER), ()


def _instagram_direct(post: Post, part: object) -> tuple[Found, Rest]:
    return messenger.read(post, part, Channel.INSTAGRAM_DIRECT), ()


def _page(post: Post, part: object) -> tuple[Found, Rest]:
    return page.read(post, part), ()


def _instagram(post: Post, part: object) -> tuple[Found, Rest]:
    return instagram.read(post, part), ()


def _foreign(_: Post, part: object) -> tuple[Found, Rest]:
    """Changes of objects that are none of our accounts, such as the users of an app."""
    Change.model_validate(part)
    return Found(), ()


_CHANGES: Mapping[str, Reader] = MappingProxyType(
    {"page": _page, "instagram": _instagram, "whatsapp_business_account": whatsapp.read}
)
