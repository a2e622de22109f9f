"""What may be sent on a channel, and in which form: pure rules that desk, router and notifier share.

The order is `sign`, then `check`, then `split`: what is checked and split is what the customer will read.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, assert_never

from lotse.contracts.channels import LengthUnit, Profile
from lotse.contracts.files import FileRules, TextWith, is_forbidden
from lotse.contracts.frozen import frozen
from lotse.contracts.values import Attachment, Span
from lotse.contracts.weighted import weighted_length


class ProblemCode(StrEnum):
    """Why a reply may not be sent as it stands."""

    EMPTY = "empty"
    BLOCKED_PII = "blocked-pii"
    TOO_LONG = "too-long"
    WINDOW_CLOSED = "window-closed"
    NO_FILES = "no-files"
    """The channel takes none."""
    TOO_MANY_FILES = "too-many-files"
    FILE_TYPE = "file-type"
    """The channel does not take this type, or it is dangerous to whoever opens it."""
    FILE_TOO_LARGE = "file-too-large"
    FILES_TOO_LARGE = "files-too-large"
    """All together."""
    TEXT_OR_FILE = "text-or-file"
    """One message is all that may be sent, and here text and file are two."""


class Remedy(StrEnum):
    """What is allowed instead."""

    WRITE = "write"
    """Write something."""
    PRIVATE = "private"
    """Go on in private."""
    OVERRIDE = "override"
    """Send it all the same, with role and reason, which are kept."""
    SHORTEN = "shorten"
    HUMAN = "human"
    """A text that a person wrote; the window for automatic ones is closed."""
    TEMPLATE = "template"
    """A template that the provider approved."""
    FALLBACK = "fallback"
    """The profile's fallback channel."""
    OTHER_FILE = "other-file"
    """Another file: of another type, or smaller."""
    FEWER_FILES = "fewer-files"


@frozen
class Problem:
    """One reason against a reply; `allowed` names the best way first, and nothing where there is none.

    `spans` are the personal data; `over` is how much is too long in the channel's unit, too large in bytes or too many,
    for files beyond `limit`; `file` is the name of the one that is meant.
    """

    code: ProblemCode
    allowed: tuple[Remedy, ...] = ()
    spans: tuple[Span, ...] = ()
    over: int = 0
    limit: int = 0
    file: str = ""


class Window(StrEnum):
    """Whether the provider takes a free text at the moment."""

    OPEN = "open"
    HUMAN_ONLY = "human-only"
    """Only what a person wrote, marked as such (Meta's HUMAN_AGENT tag)."""
    CLOSED = "closed"


@frozen
class Moment:
    """What the reply rules must know of the conversation when the reply goes out.

    Attributes:
        now: Aware, as all times.
        last_customer_message_at: None where the customer has not written; then a window is closed.
        human: A person wrote the text.
        connected: Counts on channels that reach the customer only while he is connected.
        private_replies_sent: Counts for the one private reply to a comment.
    """

    now: datetime
    last_customer_message_at: datetime | None
    human: bool
    connected: bool = True
    private_replies_sent: int = 0


def check(
    profile: Profile, text: str, spans: Sequence[Span], moment: Moment, files: Sequence[Attachment] = ()
) -> tuple[Problem, ...]:
    """Everything that stands against sending `text` and `files` as they are; nothing where they may go.

    Args:
        profile: The channel's, or that of `channels.as_private_reply`.
        text: Signed, not yet split; too long is a problem only where it may not be split.
        spans: The personal data in it (`pii.scan`). An override is the caller's to look for.
        moment: When it goes out.
        files: With their sizes; see `check_files`.
    """
    problems = (
        None if files else _emptiness(text),
        _personal_data(profile, spans),
        _excess(profile, text),
        _closed_window(profile, moment),
    )
    return (*(problem for problem in problems if problem), *check_files(profile, files, text))


def check_files(profile: Profile, files: Sequence[Attachment], text: str = "") -> tuple[Problem, ...]:
    """Everything that stands against sending these files, with `text` beside them, on this channel."""
    if not files:
        return ()
    rules = profile.files
    if rules is None:
        private = (Remedy.PRIVATE,) if profile.private_channel else ()
        return (Problem(ProblemCode.NO_FILES, private, over=len(files)),)
    problems = (_surplus(rules, files), *(_unfit(rules, file) for file in files), _weight(rules, files))
    found = tuple(problem for problem in problems if problem)
    if rules.text is TextWith.NEVER and text.strip():
        return (*found, Problem(ProblemCode.TEXT_OR_FILE, (Remedy.FEWER_FILES, Remedy.SHORTEN)))
    return found


def window(profile: Profile, moment: Moment) -> Window:
    """The state of the reply window, whoever wrote the text; an age of exactly the window is too old."""
    once = profile.single_reply and moment.private_replies_sent > 0
    if not profile.answerable or once or (profile.while_connected and not moment.connected):
        return Window.CLOSED
    if profile.reply_window is None:
        return Window.OPEN
    if moment.last_customer_message_at is None:
        return Window.CLOSED
    age = moment.now - moment.last_customer_message_at
    if age < profile.reply_window:
        return Window.OPEN
    return Window.HUMAN_ONLY if profile.human_window and age < profile.human_window else Window.CLOSED


def window_closes_at(profile: Profile, last_customer_message_at: datetime, *, human: bool) -> datetime | None:
    """When the reply window closes; None where it never does by time."""
    length = profile.human_window if human and profile.human_window else profile.reply_window
    return None if length is None else last_customer_message_at + length


def length(profile: Profile, text: str) -> int:
    """The length of `text` as the channel counts it (`LengthUnit`)."""
    match profile.limit_unit:
        case LengthUnit.WEIGHTED:
            return weighted_length(text)
        case LengthUnit.BYTES:
            return len(text.encode("utf-8", "replace"))
        case LengthUnit.CHARACTERS | LengthUnit.NONE:
            return len(text.encode("utf-16-le", "surrogatepass")) // 2
        case _:
            assert_never(profile.limit_unit)


def characters_left(profile: Profile, text: str) -> int | None:
    """How much more fits, under zero what is too much, in the channel's unit; None where nothing limits it."""
    return None if profile.limit is None else profile.limit - length(profile, text)


def split(text: str, profile: Profile) -> tuple[str, ...] | Problem:
    """`text` as the messages that carry it, or the problem where the channel does not let it be split.

    What fits stays as it is. Otherwise each part ends with its place, ` (1/2)`, and is cut at the last sentence end
    that fits, else between words, else within a word. White space at the cuts is dropped, nothing else.
    """
    if profile.limit is None or length(profile, text) <= profile.limit:
        return (text,)
    too_long = Problem(ProblemCode.TOO_LONG, (Remedy.SHORTEN,), over=length(profile, text) - profile.limit)
    if not profile.splits:
        return too_long
    for digits in range(1, _MOST_DIGITS + 1):
        parts = _parts(text.strip(), profile, profile.limit - len(_marker("9" * digits, "9" * digits)))
        if parts and len(parts) < 10**digits:
            return tuple(f"{part}{_marker(number, len(parts))}" for number, part in enumerate(parts, 1))
    return too_long


def sign(
    text: str,
    profile: Profile,
    *,
    name: str,
    initials: str,
    title: str = "",
    language: Literal["de", "en"] = "de",
    own: str = "",
) -> str:
    """`text` with the agent's initials (`^AB`) or signature, as the channel asks.

    `own` is the operator's signature, with `{agent}` for the name; it stands in place of ours. Signing twice is
    signing once, and an empty text stays empty.
    """
    text = text.rstrip()
    if not text:
        return text
    if profile.initials:
        mark = f"^{initials}"
        return text if not initials or text.split()[-1] == mark else f"{text} {mark}"
    if profile.signature and own.strip():
        signature = own.replace("{agent}", name).strip()
        return text if text.endswith(f"\n\n{signature}") else f"{text}\n\n{signature}"
    if profile.signature:
        return _with_signature(text, "\n".join(filter(None, (name, title))), language)
    return text


def _emptiness(text: str) -> Problem | None:
    return None if text.strip() else Problem(ProblemCode.EMPTY, (Remedy.WRITE,))


def _surplus(rules: FileRules, files: Sequence[Attachment]) -> Problem | None:
    over = len(files) - rules.most
    return Problem(ProblemCode.TOO_MANY_FILES, (Remedy.FEWER_FILES,), over=over, limit=rules.most) if over > 0 else None


def _unfit(rules: FileRules, file: Attachment) -> Problem | None:
    rule = None if is_forbidden(file.name, file.media_type) else rules.of(file.media_type)
    if rule is None:
        return Problem(ProblemCode.FILE_TYPE, (Remedy.OTHER_FILE,), file=file.name)
    over = (file.size or 0) - rule.largest
    if over <= 0:
        return None
    return Problem(ProblemCode.FILE_TOO_LARGE, (Remedy.OTHER_FILE,), over=over, limit=rule.largest, file=file.name)


def _weight(rules: FileRules, files: Sequence[Attachment]) -> Problem | None:
    over = sum(file.size or 0 for file in files) - (rules.total or 0)
    if rules.total is None or over <= 0 or len(files) == 1:
        return None
    remedies = (Remedy.FEWER_FILES, Remedy.OTHER_FILE)
    return Problem(ProblemCode.FILES_TOO_LARGE, remedies, over=over, limit=rules.total)


def _personal_data(profile: Profile, spans: Sequence[Span]) -> Problem | None:
    if profile.personal_data or not spans:
        return None
    return Problem(ProblemCode.BLOCKED_PII, (Remedy.PRIVATE, Remedy.OVERRIDE), spans=tuple(spans))


def _excess(profile: Profile, text: str) -> Problem | None:
    parts = split(text, profile)
    return parts if isinstance(parts, Problem) else None


def _closed_window(profile: Profile, moment: Moment) -> Problem | None:
    state = window(profile, moment)
    if state is Window.OPEN or (state is Window.HUMAN_ONLY and moment.human):
        return None
    ways = (
        (Remedy.HUMAN, state is Window.HUMAN_ONLY),
        (Remedy.TEMPLATE, profile.template_after_window),
        (Remedy.FALLBACK, profile.fallback is not None),
    )
    return Problem(ProblemCode.WINDOW_CLOSED, tuple(remedy for remedy, open_way in ways if open_way))


GREETINGS: Final = {"de": "Mit freundlichen Grüßen", "en": "Kind regards"}
GREETING_ENDS: Final = (
    "grüßen",
    "grüße",
    "gruß",
    "gruss",
    "grüssen",
    "grüsse",
    "kind regards",
    "best regards",
    "regards",
    "best wishes",
    "sincerely",
)
"""How a text ends that has a greeting already, whatever its case."""
_ENDS_WITH_GREETING: Final = re.compile(rf"(?:{'|'.join(GREETING_ENDS)})\s*[,!.]?$", re.IGNORECASE)


def _with_signature(text: str, signature: str, language: Literal["de", "en"]) -> str:
    if not signature or text.endswith(f"\n{signature}"):
        return text
    if _ENDS_WITH_GREETING.search(text[-40:]):
        return f"{text}\n{signature}"
    return f"{text}\n\n{GREETINGS[language]}\n{signature}"


_MOST_DIGITS: Final = 4
# An ordinal ("am 3. Mai"), an initial ("z. B.") and the commonest abbreviations end no sentence.
_SENTENCE_END: Final = re.compile(
    r"(?<=[.!?…])(?<!\b[0-9]\.)(?<!\b[0-9]{2}\.)(?<!\b[^\W\d_]\.)(?<!\b(?:Dr|Nr|Hr|Fr|Mr|Ms|St|ca|No)\.)"
    r"(?<!\b(?:Str|Tel|Mrs|bzw|ggf)\.)(?<!\bevtl\.)[\"'“”»«)\]]*(?=\s)|(?=\n)"
)
_SPACE: Final = re.compile(r"\s+")
_JOINER: Final = "\u200d"


def _marker(number: int | str, total: int | str) -> str:
    return f" ({number}/{total})"


def _parts(text: str, profile: Profile, room: int) -> list[str]:
    """`text` in parts of at most `room`; no parts where not even one character fits."""
    parts: list[str] = []
    position = 0
    while position < len(text):
        size = _fitting(text[position : position + max(room, 0)], profile, room)
        if not size:
            return []
        end = position + size
        if end < len(text):
            end = _cut(text, position, end)
        parts.append(text[position:end].rstrip())
        blank = _SPACE.match(text, end)
        position = blank.end() if blank else end
    return parts


def _fitting(ahead: str, profile: Profile, room: int) -> int:
    """How many characters of `ahead` fit; each counts at least one."""
    return bisect_right(range(1, len(ahead) + 1), room, key=lambda size: length(profile, ahead[:size]))


def _cut(text: str, start: int, end: int) -> int:
    """Where to cut after `start` and not after `end`: behind a sentence, else a word, else a whole character."""
    for boundary in (_SENTENCE_END, _SPACE):
        places = [m.end() if boundary is _SENTENCE_END else m.start() for m in boundary.finditer(text, start, end + 1)]
        if places := [place for place in places if start < place <= end]:
            return places[-1]
    whole = end
    while whole > start and (_continues(text[whole]) or text[whole - 1] == _JOINER):
        whole -= 1
    return whole if whole > start else end


def _continues(char: str) -> bool:
    """Belongs to the character before it: an accent, a joiner, a variation or a skin tone."""
    return unicodedata.category(char) in ("Mn", "Me") or char == _JOINER or "\U0001f3fb" <= char <= "\U0001f3ff"
