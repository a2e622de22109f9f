"""The second look at a message, when it is about to go out."""

from datetime import datetime

from lotse.contracts import pii, replies
from lotse.contracts.replies import Moment, ProblemCode, Window
from lotse.notifier.core.model import Letter
from lotse.notifier.core.rules import Rules
from lotse.notifier.core.words import Word

_WORDS = {
    ProblemCode.EMPTY: Word.EMPTY,
    ProblemCode.BLOCKED_PII: Word.PII,
    ProblemCode.TOO_LONG: Word.TOO_LONG,
    ProblemCode.WINDOW_CLOSED: Word.WINDOW,
    ProblemCode.NO_FILES: Word.ATTACHMENTS,
    ProblemCode.TOO_MANY_FILES: Word.TOO_MANY_FILES,
    ProblemCode.FILE_TYPE: Word.FILE_TYPE,
    ProblemCode.FILE_TOO_LARGE: Word.FILE_TOO_LARGE,
    ProblemCode.FILES_TOO_LARGE: Word.FILE_TOO_LARGE,
    ProblemCode.TEXT_OR_FILE: Word.TEXT_OR_FILE,
}


def verdict(rules: Rules, letter: Letter, now: datetime) -> Word | None:
    """What speaks against sending it now; None where nothing does. An override lets personal data through."""
    profile = rules.profile(letter.address.channel, letter.comment_on)
    if not profile.answerable:
        return Word.NOT_ANSWERABLE
    files = letter.all_files
    if letter.attachments != len(files):
        return Word.ATTACHMENTS
    guarded = not profile.personal_data and letter.override_reason is None
    spans = pii.scan(letter.text, patterns=rules.config.pii.patterns) if guarded else ()
    problems = replies.check(profile, letter.text, spans, _moment(letter, now), files)
    return _WORDS[problems[0].code] if problems else None


def needs_human_tag(rules: Rules, letter: Letter, now: datetime) -> bool:
    """The free window is over, and the longer one for a person's own words is not (Meta's HUMAN_AGENT)."""
    profile = rules.profile(letter.address.channel, letter.comment_on)
    return replies.window(profile, _moment(letter, now)) is Window.HUMAN_ONLY


def _moment(letter: Letter, now: datetime) -> Moment:
    return Moment(now=now, last_customer_message_at=letter.last_customer_message_at, human=letter.human)
