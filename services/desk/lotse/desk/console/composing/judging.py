"""What speaks against a text that is being written, by the rules that router and notifier hold it against later."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from lotse.contracts import pii, replies
from lotse.contracts.answers import GAP
from lotse.contracts.channels import Channel, Profile
from lotse.contracts.config import MetaAccount
from lotse.contracts.ids import AccountId
from lotse.contracts.replies import Problem, ProblemCode
from lotse.contracts.values import Attachment, Span
from lotse.desk.console import files as files_said
from lotse.desk.console.composing.asking import asks_for_personal_data
from lotse.desk.console.composing.standing import PRIVILEGED, Setting, instead, kinds_in_words, private_over
from lotse.desk.console.composing.texts import INVITATIONS
from lotse.desk.model import Model


class Mark(Model):
    """Personal data in the text, where a browser counts it: in UTF-16 units."""

    start: int
    end: int
    kind: str
    what: Literal["private"] = "private"


class Complaint(Model):
    code: str
    text: str


class Judgement(Model):
    marks: tuple[Mark, ...] = ()
    problems: tuple[Complaint, ...] = ()
    warnings: tuple[str, ...] = ()
    parts: int = 1
    invitation: str = ""
    """What to write instead, to bring the customer to the private channel; empty where there is none."""


def judge(
    setting: Setting, text: str, now: datetime, files: Sequence[Attachment] = (), override_reason: str = ""
) -> Judgement:
    """Everything that stands against an answer as it is, and what helps."""
    profile = setting.profile
    if profile is None:
        return Judgement()
    signed = setting.sign(text)
    spans = () if profile.personal_data else pii.scan(text, patterns=setting.config.pii.patterns)
    problems = replies.check(profile, signed, spans, setting.moment(now), files)
    overridden = setting.caller.role in PRIVILEGED and bool(override_reason.strip())
    found = [
        Complaint(code=problem.code, text=_sentence(setting, problem, now))
        for problem in problems
        if not (problem.code is ProblemCode.BLOCKED_PII and overridden)
    ]
    return Judgement(
        marks=marks(setting, text, spans),
        problems=(*found, *_gaps(setting, text)),
        warnings=(setting.said.asking_in_public,) if profile.public and asks_for_personal_data(text) else (),
        parts=_parts(setting, profile, signed),
        invitation=invitation(setting) if spans else "",
    )


def marks(setting: Setting, text: str, spans: Sequence[Span]) -> tuple[Mark, ...]:
    kinds = setting.said.kinds
    return tuple(
        Mark(start=utf16(text, span.start), end=utf16(text, span.end), kind=kinds.get(span.kind, span.kind))
        for span in spans
    )


def utf16(text: str, position: int) -> int:
    """A position that Python counts, as a browser counts it."""
    return position + sum(char > "\uffff" for char in text[:position])


def invitation(setting: Setting) -> str:
    """The text that brings the customer from a public channel to its private one, in his language."""
    private: Channel | None = setting.profile.private_channel if setting.profile else None
    if private is None:
        return ""
    return INVITATIONS[setting.language].format(channel=setting.channels.get(private, private))


def _sentence(setting: Setting, problem: Problem, now: datetime) -> str:
    if problem.code in files_said.FILE_PROBLEMS:
        return files_said.said(setting.speaks, problem)
    if problem.code is ProblemCode.WINDOW_CLOSED and (over := private_over(setting, now)):
        return over
    kinds = kinds_in_words(setting.said, [span.kind for span in problem.spans])
    words = instead(setting, problem.allowed) if problem.code is ProblemCode.WINDOW_CLOSED else ""
    return setting.said.problems[problem.code].format(kinds=kinds, over=problem.over, instead=words).strip()


def _gaps(setting: Setting, text: str) -> list[Complaint]:
    gaps = ", ".join(dict.fromkeys(found[1] for found in GAP.finditer(text)))
    return [Complaint(code="gap", text=setting.said.problems["gap"].format(gaps=gaps))] if gaps else []


def _parts(setting: Setting, profile: Profile, signed: str) -> int:
    """As how many messages it goes out; only Meta's channels are split by us."""
    account = setting.config.accounts.get(AccountId(setting.conversation.account or ""))
    parts = replies.split(signed, profile) if isinstance(account, MetaAccount) else ()
    return 1 if isinstance(parts, Problem) else max(1, len(parts))
