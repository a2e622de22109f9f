"""The canned answers for a conversation: filled in, in its language, the fitting ones first."""

import re
from collections.abc import Mapping
from typing import Final

from lotse.contracts.answers import Variable, fill
from lotse.contracts.conditions import DEFAULT_PRIORITY, Subject, holds
from lotse.contracts.config import Answer
from lotse.contracts.ids import AccountId
from lotse.desk.console.composing.standing import Setting
from lotse.desk.language import Language
from lotse.desk.model import Model

_FORM_OF_ADDRESS: Final = re.compile(
    r"^(?:(?:herr|frau|dr|prof|dipl|ing|mr|mrs|ms|miss|mx|sir)\b\.?[ -]*)+", re.IGNORECASE
)


class Offered(Model):
    """One canned answer, ready to be put in."""

    id: str
    title: str
    text: str
    language: Language
    foreign: bool
    """Not in the conversation's language, because it has no such text."""
    fits: bool


def offered(setting: Setting, gaps: Mapping[Variable, str]) -> tuple[Offered, ...]:
    """Every answer of the configuration; those whose condition holds come first, each part in the file's order."""
    subject, values = _subject(setting), _values(setting)
    found = [_offer(name, answer, setting, subject, values, gaps) for name, answer in setting.config.answers.items()]
    return tuple(sorted(found, key=lambda offer: not offer.fits))


def _offer(
    name: str,
    answer: Answer,
    setting: Setting,
    subject: Subject | None,
    values: Mapping[Variable, str],
    gaps: Mapping[Variable, str],
) -> Offered:
    language, text = _text(setting, answer)
    return Offered(
        id=name,
        title=answer.title,
        text=fill(text, values, gaps),
        language=language,
        foreign=language != setting.language,
        fits=subject is not None and holds(answer.when, subject),
    )


def _text(setting: Setting, answer: Answer) -> tuple[Language, str]:
    """In the conversation's language, else the operator's, else the one that it has."""
    for language in (setting.language, setting.config.language):
        text = answer.text.get(language)
        if text is not None:
            return language, text
    return next(iter(answer.text.items()))


def _subject(setting: Setting) -> Subject | None:
    """The conversation as conditions look at it."""
    conversation, reading = setting.conversation, setting.conversation.reading
    if conversation.channel is None:
        return None
    priority = DEFAULT_PRIORITY if conversation.priority is None else conversation.priority
    account = AccountId(conversation.account) if conversation.account else None
    if reading is None:
        return Subject(channel=conversation.channel, account=account, priority=priority)
    return Subject(
        channel=conversation.channel,
        account=account,
        language=setting.language,
        sentiment=reading.sentiment,
        triage=reading.triage,
        situation=reading.situation,
        topics=reading.topics,
        priority=priority,
    )


def _values(setting: Setting) -> Mapping[Variable, str]:
    name = " ".join((setting.conversation.customer_name or "").split())
    return {
        "name": name,
        "first_name": first_name(name),
        "agent": setting.card.name,
        "title": setting.card.title,
        "reference": setting.conversation.id.hex[:8],
        "channel": setting.channel_name,
    }


def first_name(name: str) -> str:
    """What to call a person by: `Dr. Kim Sommer` and `Sommer, Kim` are Kim; of a mere surname with a title nothing."""
    family, comma, given = name.partition(",")
    plain = _FORM_OF_ADDRESS.sub("", given.strip() if comma else name.strip())
    titled = not comma and plain != name.strip()
    words = plain.split()
    if not words or (titled and len(words) == 1) or "@" in plain:
        return ""
    del family
    return words[0]
