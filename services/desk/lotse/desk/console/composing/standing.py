"""What is to be said of a conversation before a word is written: where an answer goes, whether it can, until when."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from lotse.contracts import replies, weighted
from lotse.contracts.channels import PROFILES, Channel, LengthUnit, Profile, as_private_reply
from lotse.contracts.config import Agent as Card
from lotse.contracts.config import ApiAccount, Config, MailAccount, MetaAccount
from lotse.contracts.frozen import frozen, replace
from lotse.contracts.ids import AccountId, AgentId
from lotse.contracts.replies import Moment, Remedy, Window
from lotse.contracts.values import Status
from lotse.desk.api import models as m
from lotse.desk.auth import Caller
from lotse.desk.console.composing.asking import asks_for_personal_data
from lotse.desk.console.composing.texts import ComposerTexts, Words
from lotse.desk.language import Language
from lotse.desk.model import Model

PRIVILEGED = ("lead", "admin")


class Signing(Model):
    """How the text is signed, for the browser to count what `replies.sign` adds."""

    mode: Literal["none", "initials", "own", "signature"] = "none"
    text: str = ""
    greeting: str = ""
    endings: tuple[str, ...] = ()


class Counting(Model):
    limit: int | None
    unit: LengthUnit
    top_levels: tuple[str, ...] = ()
    signing: Signing = Signing()


class WindowClock(Model):
    """Until when a free answer may go, and until when a person's own; `limited` False: always."""

    limited: bool = False
    open_until: datetime | None = None
    human_until: datetime | None = None
    instead: str = ""


class FilesAllowed(Model):
    most: int
    largest: int
    media_types: tuple[str, ...]


class Facts(Model):
    """What the box shows around the text, in public or in private."""

    channel: str
    channel_id: str
    public: bool
    answerable: bool
    blocked: str
    cautions: tuple[str, ...]
    expected: str
    due_at: datetime | None
    due_before: str
    due_after: str
    window: WindowClock
    counting: Counting
    splits: bool
    files: FilesAllowed | None
    may_override: bool
    language: Language


@frozen
class Setting:
    """A conversation as one person faces it."""

    config: Config
    caller: Caller
    conversation: m.Conversation
    speaks: Language
    """The person's, as opposed to the conversation's."""
    said: ComposerTexts
    channels: Words
    private: bool = False
    """A public comment is to be answered in private."""

    @property
    def own(self) -> Profile | None:
        """The rules of the conversation's channel."""
        return PROFILES[self.conversation.channel] if self.conversation.channel else None

    @property
    def profile(self) -> Profile | None:
        """The rules for what is written now."""
        own = self.own
        if not self.private or own is None or own.private_channel is None:
            return own
        return as_private_reply(own, PROFILES[own.private_channel])

    def as_meant(self, private: bool) -> "Setting":
        return replace(self, private=private)

    def privately(self) -> "Setting | None":
        """The same for a private answer; None where the channel takes none."""
        own = self.own
        has_way = own is not None and own.private_channel is not None and own.private_reply_window is not None
        return self.as_meant(private=True) if has_way else None

    @property
    def card(self) -> Card:
        return self.config.agents.get(AgentId(self.caller.subject)) or Card(name=self.caller.subject)

    @property
    def language(self) -> Language:
        """The conversation's, where it could be told; else the operator's."""
        read = self.conversation.reading.language if self.conversation.reading else "und"
        return read if read in ("de", "en") else self.config.language

    @property
    def channel_name(self) -> str:
        return self.channels.get(self.profile.channel if self.profile else "", "")

    def name_of(self, agent: str) -> str:
        found = self.config.agents.get(AgentId(agent))
        return found.name if found else agent

    def sign(self, text: str) -> str:
        """As notifier signs it: in the operator's language."""
        own, card = self.config.templates.signature.get(self.config.language, ""), self.card
        return (
            text
            if self.profile is None
            else replies.sign(
                text,
                self.profile,
                name=card.name,
                initials=card.initials,
                title=card.title,
                language=self.config.language,
                own=own,
            )
        )

    def moment(self, now: datetime) -> Moment:
        """As router and notifier will judge it when the answer goes out."""
        said = [message.occurred_at for message in self.conversation.messages if not message.auto]
        sent = int(self.private and _answered_privately(self.conversation))
        return Moment(now, max(said, default=None), human=self.caller.role != "service", private_replies_sent=sent)


def facts(setting: Setting, now: datetime) -> Facts:
    """What the box says of the conversation."""
    profile, said = setting.profile, setting.said
    clock = setting.conversation.due_clock or ""
    return Facts(
        channel=setting.channel_name,
        channel_id=profile.channel if profile else "",
        public=bool(profile and profile.public),
        answerable=bool(profile and profile.answerable),
        blocked=_blocked(setting) or private_over(setting, now),
        cautions=tuple(_cautions(setting)),
        expected=_expected(setting),
        due_at=setting.conversation.due_at,
        due_before=said.promised.get(clock, "{span}"),
        due_after=said.promise_missed.get(clock, "{span}"),
        window=_window(setting, now),
        counting=counting(setting),
        splits=bool(profile and profile.splits),
        files=_files(profile),
        may_override=setting.caller.role in PRIVILEGED,
        language=setting.language,
    )


def counting(setting: Setting) -> Counting:
    profile = setting.profile
    if profile is None:
        return Counting(limit=None, unit=LengthUnit.NONE)
    known = weighted.TOP_LEVELS if profile.limit_unit is LengthUnit.WEIGHTED else ()
    signing = signing_of(profile, setting.card, setting.config)
    return Counting(limit=profile.limit, unit=profile.limit_unit, top_levels=known, signing=signing)


def signing_of(profile: Profile, card: Card, config: Config) -> Signing:
    """What `replies.sign` adds for this person on this channel."""
    if profile.initials:
        return Signing(mode="initials", text=f"^{card.initials}" if card.initials else "")
    if not profile.signature:
        return Signing()
    own = config.templates.signature.get(config.language, "").replace("{agent}", card.name).strip()
    if own:
        return Signing(mode="own", text=own)
    return Signing(
        mode="signature",
        text="\n".join(filter(None, (card.name, card.title))),
        greeting=replies.GREETINGS[config.language],
        endings=replies.GREETING_ENDS,
    )


def _files(profile: Profile | None) -> FilesAllowed | None:
    rules = profile.files if profile else None
    return FilesAllowed(most=rules.most, largest=rules.largest, media_types=rules.media_types) if rules else None


def _window(setting: Setting, now: datetime) -> WindowClock:
    profile = setting.profile
    if profile is None or profile.reply_window is None:
        return WindowClock()
    moment = setting.moment(now)
    last = moment.last_customer_message_at
    return WindowClock(
        limited=True,
        open_until=replies.window_closes_at(profile, last, human=False) if last else None,
        human_until=replies.window_closes_at(profile, last, human=moment.human) if last else None,
        instead=instead(setting, _remedies(profile)),
    )


def _remedies(profile: Profile) -> tuple[Remedy, ...]:
    """What is left when the window is closed for everybody."""
    ways = ((Remedy.TEMPLATE, profile.template_after_window), (Remedy.FALLBACK, profile.fallback is not None))
    return tuple(remedy for remedy, there in ways if there)


def instead(setting: Setting, remedies: tuple[Remedy, ...]) -> str:
    """What is possible where the window is closed, in a sentence."""
    fallback = setting.profile.fallback if setting.profile else None
    word = next((str(remedy) for remedy in remedies if remedy in setting.said.instead), "")
    return setting.said.instead[word].format(channel=setting.channels.get(fallback or "", ""))


def _blocked(setting: Setting) -> str:
    """Why no answer can be given now, by whoever looks; empty where it can."""
    said, conversation, profile = setting.said, setting.conversation, setting.profile
    if profile is None:
        return said.no_channel
    if not profile.answerable:
        return said.listening.format(channel=setting.channel_name)
    if not _has_way_out(setting.config, conversation.account, profile):
        return said.no_way_out.format(account=conversation.account or "?")
    if conversation.status is Status.RESOLVED:
        return said.resolved
    if conversation.status is Status.SET_ASIDE:
        return said.set_aside
    if setting.caller.role in PRIVILEGED or conversation.assignee == setting.caller.subject:
        return ""
    if conversation.assignee is None:
        return said.nobody_has_it
    return said.somebody_has_it.format(name=setting.name_of(conversation.assignee))


def private_over(setting: Setting, now: datetime) -> str:
    """Why the one private answer to a comment can no longer be given; empty where it can, and in public."""
    profile = setting.profile
    if not setting.private or profile is None:
        return ""
    if _answered_privately(setting.conversation):
        return setting.said.private_done
    return setting.said.private_late if replies.window(profile, setting.moment(now)) is Window.CLOSED else ""


def _answered_privately(conversation: m.Conversation) -> bool:
    """As router counts it: the newest comment has its private answer, unless that is known not to have gone out."""
    newest = max((one.received_at or one.occurred_at for one in conversation.messages), default=None)
    given = (one for one in conversation.replies if one.private and not _is_lost(one))
    return any(newest is None or one.at >= newest for one in given)


def _is_lost(reply: m.Reply) -> bool:
    return reply.state == "blocked" or (reply.state == "failed" and reply.reason != "unknown")


def _has_way_out(config: Config, account: str | None, profile: Profile) -> bool:
    """As notifier finds its way: by the provider, by mail, or by a system in the house that reads along."""
    match config.accounts.get(AccountId(account or "")):
        case ApiAccount():
            return True
        case MetaAccount():
            return profile.channel in _META
        case MailAccount():
            return profile.channel is Channel.EMAIL
        case None:
            return False


_META = frozenset({Channel.FACEBOOK, Channel.INSTAGRAM, Channel.MESSENGER, Channel.INSTAGRAM_DIRECT, Channel.WHATSAPP})


def _cautions(setting: Setting) -> list[str]:
    """What is good to know before writing."""
    said, conversation, found = setting.said, setting.conversation, list[str]()
    if not _blocked(setting) and conversation.assignee != setting.caller.subject:
        has_it = conversation.assignee
        name = setting.name_of(has_it) if has_it else ""
        found.append(said.somebody_has_it_lead.format(name=name) if has_it else said.nobody_has_it_lead)
    if setting.profile and setting.profile.public:
        found += _public_cautions(setting)
    return found


def _public_cautions(setting: Setting) -> list[str]:
    said = setting.said
    last = next((one for one in reversed(setting.conversation.messages) if one.text and not one.auto), None)
    if last is None or last.text is None:
        return []
    told = kinds_in_words(said, [span.kind for span in last.pii])
    asks = [said.asks_in_public] if asks_for_personal_data(last.text) else []
    return [*asks, *([said.told_in_public.format(kinds=told)] if told else [])]


def kinds_in_words(said: ComposerTexts, kinds: list[str]) -> str:
    """Each kind once; an operator's own kinds bear the names that he gave them."""
    return ", ".join(dict.fromkeys(said.kinds.get(kind, kind) for kind in kinds))


def _expected(setting: Setting) -> str:
    """How soon customers of the channel expect an answer: the first, or the next one where it is another."""
    profile = setting.own
    if profile is None or profile.answer_expected is None:
        return ""
    later = setting.conversation.due_clock == "next_response" and profile.next_answer_expected
    return setting.said.answered_within.format(span=_span(later or profile.answer_expected))


_STEPS: Mapping[str, timedelta] = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "min": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}


def _span(length: timedelta) -> str:
    """In the largest unit that gives a whole number; a day or an hour alone in the unit below it."""
    unit, size = next(
        ((unit, size) for unit, size in _STEPS.items() if length >= size * 2 and length % size == timedelta(0)),
        ("s", _STEPS["s"]),
    )
    return f"{length // size} {unit}"
