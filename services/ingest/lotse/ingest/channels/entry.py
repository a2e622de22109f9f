"""What all of Meta's webhooks share: the entry, its changes, and who is who in them."""

from datetime import datetime

from lotse.contracts.channels import Channel
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AccountId
from lotse.contracts.values import Attachment, Identity, IdentityKind
from lotse.ingest.channels.parsed import Id, Incoming, Moment, happened
from lotse.ingest.channels.scene import Scene
from lotse.ingest.text import one_line


class Entry(Incoming):
    """One account's part of a POST; `time` is when Meta noticed."""

    id: Id | None = None
    time: Moment = None
    messaging: tuple[object, ...] = ()
    standby: tuple[object, ...] = ()
    changes: tuple[object, ...] = ()


class Change(Incoming):
    field: str
    value: object = None


class Party(Incoming):
    """A sender or recipient. `user_ref` stands for a visitor who is not known by an id yet."""

    id: Id | None = None
    user_ref: Id | None = None
    name: str | None = None
    username: str | None = None


@frozen
class Post:
    """The entry that a part came in, and the account that it belongs to."""

    account: AccountId
    received_at: datetime
    entry: Entry
    own: frozenset[str]
    graph_url: str

    def is_own(self, id: str | None) -> bool:
        """Whether the id is that of our page, Instagram account or number."""
        return id is not None and (id == self.entry.id or id in self.own)

    def scene(self, channel: Channel, thread: str, *times: datetime | None) -> Scene:
        """Where and when; the first of the times that is known counts, else the entry's."""
        occurred_at = happened(*times, self.entry.time, received_at=self.received_at)
        return Scene(self.account, channel, thread, occurred_at, self.received_at)

    def scoped(self, id: str, *, verified: bool = True) -> Identity:
        """A page-scoped or Instagram-scoped user id."""
        return Identity(kind=IdentityKind.META, value=id, scope=self.account, verified=verified)

    def author(self, id: str | None, about: str) -> Identity:
        """Who wrote something public. Meta leaves the author out where the app may not know him: then nobody known."""
        if id is not None:
            return self.scoped(id)
        return Identity(kind=IdentityKind.EXTERNAL, value=f"author-of:{about}", scope=self.account)


def link(name: str, url: str, media_type: str = "application/octet-stream") -> Attachment:
    """A file that still lies with the provider."""
    return Attachment(name=one_line(name, 200) or "file", media_type=media_type, url=url[:2048])
