"""Which files may go with a reply, channel by channel.

Sizes are in bytes; a megabyte is 1,000,000, the smaller of the two that a provider may mean. The figures are those of

- Messenger Platform, "Attachment Upload API" and "Send API": any file of 25 MB, images of 8 MB
- Instagram Messaging, "Upload Media": png, jpeg and gif of 8 MB; aac, m4a, wav, mp4 and video of 25 MB
- WhatsApp Cloud API, "Supported media types": jpeg and png of 5 MB, audio and video of 16 MB, documents of 100 MB,
  captions of 1,024 characters, none under audio
- Graph API, "Page photos" and "Object comments": one photo a comment, under 4 MB. Instagram comments take text alone
- X API, "Media best practices": four images of 5 MB, or one GIF of 15 MB
- Telegram Bot API, "Sending files": photos of 10 MB, other files of 50 MB, captions of 1,024 characters
- Rakuten Viber REST API, "Send message": pictures (jpeg) of 1 MB, files of 50 MB
- WeChat Official Account, "Temporary media": jpeg and png of 10 MB, mp4 of 10 MB
- LINE Messaging API, "Message objects": jpeg and png of 10 MB, mp4 video and m4a audio of 200 MB
- Discourse, `max_image_size_kb` and `max_attachment_size_kb`: 4,096 kB each

Mail has no figure of its own: 20 MB leave room for what base64 adds under the 25 to 35 MB that mail servers take.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

MB: Final = 1_000_000

MOST_BYTES: Final = 100 * MB
"""The largest file that any channel takes."""


class FileKind(StrEnum):
    """As what a provider shows a file."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"


class TextWith(StrEnum):
    """How a reply's text and its files go together."""

    SAME = "same"
    """In one message."""
    CAPTION = "caption"
    """Under the first file where it fits, else as a message before it."""
    BEFORE = "before"
    """As a message of its own before the files."""
    NEVER = "never"
    """Either a text or a file."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


MediaType = Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+*-]+$")]
"""Lower case, without parameters; `image/*` is every image and `*` alone does not occur."""


class FileRule(_Frozen):
    """What files of one kind may be like."""

    kind: FileKind
    media_types: tuple[MediaType, ...] = ()
    """None named: every type that no other rule names and that is not forbidden anyway."""
    largest: PositiveInt
    captioned: bool = True
    """A text may stand under it, where the channel has captions at all."""

    def takes(self, media_type: str) -> bool:
        return not self.media_types or any(_covers(pattern, media_type) for pattern in self.media_types)


class FileRules(_Frozen):
    """What files a reply on one channel may have; the first rule that takes a type counts.

    Attributes:
        most: How many in one reply.
        total: All of them together, in bytes; None where each counts alone.
        caption: Longest text under a file, in the channel's own unit; longer ones go before it.
    """

    rules: tuple[FileRule, ...]
    most: PositiveInt = 10
    total: PositiveInt | None = None
    text: TextWith = TextWith.BEFORE
    caption: PositiveInt | None = None

    def of(self, media_type: str) -> FileRule | None:
        """The rule for a type; None where the channel does not take it."""
        return next((rule for rule in self.rules if rule.takes(media_type)), None)

    @property
    def largest(self) -> int:
        """The largest file of any kind, in bytes."""
        return max(rule.largest for rule in self.rules)

    @property
    def media_types(self) -> tuple[str, ...]:
        """Every type that is taken, for a file dialog; empty where a rule takes any."""
        every = any(not rule.media_types for rule in self.rules)
        return () if every else tuple(name for rule in self.rules for name in rule.media_types)


def _covers(pattern: str, media_type: str) -> bool:
    return media_type == pattern or (pattern.endswith("/*") and media_type.startswith(pattern[:-1]))


_FORBIDDEN_TYPES: Final = frozenset(
    {
        "text/html",
        "application/xhtml+xml",
        "image/svg+xml",
        "text/javascript",
        "application/javascript",
        "application/ecmascript",
        "application/x-javascript",
        "application/x-msdownload",
        "application/vnd.microsoft.portable-executable",
        "application/x-dosexec",
        "application/x-executable",
        "application/x-mach-binary",
        "application/x-sh",
        "application/x-shellscript",
        "application/x-msi",
        "application/x-ms-shortcut",
        "application/java-archive",
        "application/vnd.android.package-archive",
        "application/x-apple-diskimage",
        "application/hta",
        "application/wasm",
        "text/xml",
        "application/xml",
        "application/xslt+xml",
    }
)
_FORBIDDEN_ENDINGS: Final = re.compile(
    r"apk|app|bat|chm|cmd|com|cpl|dll|dmg|exe|hta|s?html?|iso|jar|m?js|jse|jnlp|lnk|ms[cip]|ps1|pif|reg|sc[fr]|sh|svgz?"
    r"|url|vb[es]?|wasm|ws[fh]|xhtml|xml|xsl|do[ct]m|p(?:ot|pa|ps|pt)m|xl(?:a|s|t)m",
    re.IGNORECASE,
)
"""Programs, pages, and office files with macros."""


def is_forbidden(name: str, media_type: str) -> bool:
    """Runs on the reader's machine or as a page in his browser: sent on no channel, whatever its profile says."""
    _, dot, ending = name.rstrip(". ").rpartition(".")
    return media_type in _FORBIDDEN_TYPES or (bool(dot) and _FORBIDDEN_ENDINGS.fullmatch(ending) is not None)


_WORD: Final = "application/vnd.openxmlformats-officedocument"
_OFFICE: Final = (
    "application/pdf",
    "text/plain",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    f"{_WORD}.wordprocessingml.document",
    f"{_WORD}.spreadsheetml.sheet",
    f"{_WORD}.presentationml.presentation",
)


def _images(largest: int, *types: str) -> FileRule:
    return FileRule(kind=FileKind.IMAGE, media_types=tuple(f"image/{name}" for name in types), largest=largest)


def _video(largest: int, *types: str) -> FileRule:
    return FileRule(kind=FileKind.VIDEO, media_types=tuple(f"video/{name}" for name in types), largest=largest)


def _audio(largest: int, *types: str, captioned: bool = True) -> FileRule:
    named = tuple(f"audio/{name}" for name in types)
    return FileRule(kind=FileKind.AUDIO, media_types=named, largest=largest, captioned=captioned)


def _documents(largest: int, types: Sequence[str] = ()) -> FileRule:
    return FileRule(kind=FileKind.DOCUMENT, media_types=tuple(types), largest=largest)


FACEBOOK: Final = FileRules(rules=(_images(4 * MB, "jpeg", "png", "gif"),), most=1, text=TextWith.SAME)
MESSENGER: Final = FileRules(
    rules=(
        _images(8 * MB, "jpeg", "png", "gif", "webp"),
        _video(25 * MB, "mp4", "quicktime", "webm", "ogg"),
        _audio(25 * MB, "mpeg", "mp4", "aac", "ogg", "wav"),
        _documents(25 * MB),
    )
)
INSTAGRAM_DIRECT: Final = FileRules(
    rules=(
        _images(8 * MB, "jpeg", "png", "gif"),
        _video(25 * MB, "mp4", "ogg", "x-msvideo", "quicktime", "webm"),
        _audio(25 * MB, "aac", "mp4", "wav"),
    )
)
WHATSAPP: Final = FileRules(
    rules=(
        _images(5 * MB, "jpeg", "png"),
        _video(16 * MB, "mp4", "3gpp"),
        _audio(16 * MB, "aac", "amr", "mpeg", "mp4", "ogg", captioned=False),
        _documents(100 * MB, _OFFICE),
    ),
    text=TextWith.CAPTION,
    caption=1_024,
)
X: Final = FileRules(rules=(_images(5 * MB, "jpeg", "png", "webp"),), most=4, text=TextWith.SAME)
X_DIRECT: Final = FileRules(
    rules=(_images(5 * MB, "jpeg", "png", "webp"), _images(15 * MB, "gif")), most=1, text=TextWith.SAME
)
TELEGRAM: Final = FileRules(
    rules=(_images(10 * MB, "jpeg", "png"), _documents(50 * MB)), text=TextWith.CAPTION, caption=1_024
)
VIBER: Final = FileRules(rules=(_images(1 * MB, "jpeg"), _documents(50 * MB)))
WECHAT: Final = FileRules(rules=(_images(10 * MB, "jpeg", "png"), _video(10 * MB, "mp4")))
LINE: Final = FileRules(
    rules=(_images(10 * MB, "jpeg", "png"), _video(100 * MB, "mp4"), _audio(100 * MB, "mp4")), most=5
)
FORUM: Final = FileRules(
    rules=(_images(4 * MB, "jpeg", "png", "gif", "webp"), _documents(4 * MB, ("application/pdf",))),
    text=TextWith.SAME,
)
OWN: Final = FileRules(rules=(_images(10 * MB, "*"), _documents(20 * MB)), total=20 * MB, text=TextWith.SAME)
"""Channels of our own and what a system of the operator's delivers."""
MAIL: Final = FileRules(rules=(_images(20 * MB, "*"), _documents(20 * MB)), total=20 * MB, text=TextWith.SAME)
LETTER: Final = FileRules(rules=(_documents(20 * MB, ("application/pdf",)),), total=20 * MB, text=TextWith.SAME)
