"""Files that were taken in, and those of a conversation."""

from typing import Literal
from uuid import UUID

from lotse.desk.model import Model


class StoredFile(Model):
    """A file that was taken in. `id` puts it under a reply, within seven days."""

    id: str
    name: str
    media_type: str
    """As found out; it may be more exact than what was said."""
    size: int
    sha256: str


class FileOf(Model):
    """A file of a conversation, with a path below the desk's address that needs no token until it ends."""

    of: Literal["message", "reply"]
    id: UUID
    """The message's or the reply's."""
    number: int
    name: str
    media_type: str
    size: int | None
    url: str


class FilesOf(Model):
    items: tuple[FileOf, ...]
