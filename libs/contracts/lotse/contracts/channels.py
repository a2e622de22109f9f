"""What each channel allows and expects: one frozen profile per channel.

The figures are the providers' limits and the usual expectations of customers; an operator changes them with
`with_overrides`. Whatever depends on a channel asks its profile and never compares channel names.

Two limits are counted in bytes because the provider says so: Instagram Direct ("UTF-8 and 1000 bytes or less",
Meta's Instagram messaging guide) and reviews (4096 bytes, Google Business Profile `ReviewReply.comment`).

Which files may go with a reply, and the sources of those figures, stand in `files`.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from lotse.contracts import files
from lotse.contracts.files import FileRules, TextWith


class Channel(StrEnum):
    """Where a customer speaks; the value is what stands in events, settings and addresses."""

    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"
    MESSENGER = "messenger"
    INSTAGRAM_DIRECT = "instagram-direct"
    WHATSAPP = "whatsapp"
    X = "x"
    X_DIRECT = "x-direct"
    YOUTUBE = "youtube"
    VIBER = "viber"
    WECHAT = "wechat"
    TELEGRAM = "telegram"
    LINE = "line"
    WEBCHAT = "webchat"
    IN_APP = "in-app"
    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    FORUM = "forum"
    REVIEWS = "reviews"
    LETTER = "letter"
    PRESS = "press"
    BLOG = "blog"
    BROADCAST = "broadcast"


class LengthUnit(StrEnum):
    """How a channel counts the length of a text.

    `CHARACTERS` are UTF-16 code units, as browsers and LINE count, so most emoji count two: never less than what
    a provider that counts code points sees. `WEIGHTED` is X's count. `BYTES` are those of UTF-8. `NONE` has no limit.
    """

    CHARACTERS = "characters"
    WEIGHTED = "weighted"
    BYTES = "bytes"
    NONE = "none"


PositiveTime = Annotated[timedelta, Field(gt=timedelta(0))]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Profile(_Frozen):
    """One channel's rules. Windows run from the customer's last message, in calendar time.

    Attributes:
        public: Everyone can read it; a text is never split and personal data never sent without an override.
        live: The customer waits while he writes or speaks: work is offered to an agent, not assigned.
        limit: Longest text in `limit_unit`; None where the provider has none.
        personal_data: Whether personal data may stand in a reply.
        answerable: False where we only listen.
        answer_expected: First answer expected within; None where nobody expects one. A letter's five days are
            working days, which only a calendar can count.
        next_answer_expected: Later answers, where customers expect them at another pace than the first.
        reply_window: After it the provider refuses a free text; None where it never does.
        human_window: The longer window for text that a person wrote (Meta's HUMAN_AGENT).
        template_after_window: Approved templates may be sent when the window is closed.
        private_reply_window: A public comment may be answered in private, once, within this time.
        private_channel: Where a public conversation continues in private.
        while_connected: A reply reaches the customer only while he is connected.
        fallback: Takes the reply when the customer is no longer connected.
        capacity_units: How much of an agent's capacity one active conversation takes.
        reopen_window: A message within this time after the resolution reopens the conversation.
        initials: Replies end with the agent's initials (^AB), because characters count.
        signature: Replies end with the agent's name and title.
        agent_card: The customer is shown the agent's name, picture and title beside the text.
        single_reply: Only one message may be sent; see `as_private_reply`.
        files: What may be attached to a reply; None where nothing may.

    Raises:
        pydantic.ValidationError: A limit without a unit to count it in.
    """

    channel: Channel
    public: bool
    live: bool = False
    limit: PositiveInt | None = None
    limit_unit: LengthUnit = LengthUnit.NONE
    personal_data: bool
    answerable: bool = True
    answer_expected: PositiveTime | None
    next_answer_expected: PositiveTime | None = None
    reply_window: PositiveTime | None = None
    human_window: PositiveTime | None = None
    template_after_window: bool = False
    private_reply_window: PositiveTime | None = None
    private_channel: Channel | None = None
    while_connected: bool = False
    fallback: Channel | None = None
    capacity_units: PositiveInt = 1
    reopen_window: PositiveTime
    initials: bool = False
    signature: bool = False
    agent_card: bool = False
    single_reply: bool = False
    files: FileRules | None = None

    @model_validator(mode="after")
    def _limit_has_a_unit(self) -> Self:
        if self.limit is not None and self.limit_unit is LengthUnit.NONE:
            raise ValueError(f"channel {self.channel}: a limit needs a limit_unit")
        return self

    @property
    def sync(self) -> bool:
        """Work of this channel is offered with an expiry instead of assigned."""
        return self.live

    @property
    def splits(self) -> bool:
        """A text over the limit may go as several messages."""
        return not self.public and not self.single_reply


class ProfileOverride(_Frozen):
    """The numbers of a profile that an operator may change; what is left out stays, an explicit null removes."""

    limit: PositiveInt | None = None
    limit_unit: LengthUnit = LengthUnit.CHARACTERS
    answer_expected: PositiveTime | None = None
    next_answer_expected: PositiveTime | None = None
    reply_window: PositiveTime | None = None
    human_window: PositiveTime | None = None
    private_reply_window: PositiveTime | None = None
    capacity_units: PositiveInt = 1
    reopen_window: PositiveTime = timedelta(days=7)


_CHARACTERS, _BYTES = LengthUnit.CHARACTERS, LengthUnit.BYTES
_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_HALF_HOUR = timedelta(minutes=30)


def _public(
    channel: Channel,
    limit: int | None,
    expected: timedelta | None = _HOUR,
    *,
    limit_unit: LengthUnit = _CHARACTERS,
    answerable: bool = True,
    initials: bool = False,
    private_channel: Channel | None = None,
    private_reply_window: timedelta | None = None,
    files: FileRules | None = None,
) -> Profile:
    return Profile(
        channel=channel,
        public=True,
        limit=limit,
        limit_unit=limit_unit if limit else LengthUnit.NONE,
        personal_data=False,
        answerable=answerable,
        answer_expected=expected,
        private_reply_window=private_reply_window,
        private_channel=private_channel,
        reopen_window=_WEEK,
        initials=initials,
        files=files,
    )


def _messaging(
    channel: Channel,
    limit: int,
    expected: timedelta = _HALF_HOUR,
    *,
    limit_unit: LengthUnit = _CHARACTERS,
    reply_window: timedelta | None = None,
    human_window: timedelta | None = None,
    template_after_window: bool = False,
    files: FileRules | None = None,
) -> Profile:
    return Profile(
        channel=channel,
        public=False,
        limit=limit,
        limit_unit=limit_unit,
        personal_data=True,
        answer_expected=expected,
        reply_window=reply_window,
        human_window=human_window,
        template_after_window=template_after_window,
        reopen_window=_WEEK,
        files=files,
    )


def _listening(channel: Channel) -> Profile:
    return _public(channel, None, None, answerable=False)


_SOCIAL = (
    _public(
        Channel.FACEBOOK,
        8_000,
        private_channel=Channel.MESSENGER,
        private_reply_window=_WEEK,
        files=files.FACEBOOK,
    ),
    _public(
        Channel.INSTAGRAM,
        2_200,
        private_channel=Channel.INSTAGRAM_DIRECT,
        private_reply_window=_WEEK,
    ),
    _public(
        Channel.X,
        280,
        limit_unit=LengthUnit.WEIGHTED,
        initials=True,
        private_channel=Channel.X_DIRECT,
        files=files.X,
    ),
    _public(Channel.YOUTUBE, 10_000),
    _public(Channel.FORUM, 10_000, _DAY, files=files.FORUM),
    _public(Channel.REVIEWS, 4_096, timedelta(hours=4), limit_unit=_BYTES),
)

_MESSENGERS = (
    _messaging(Channel.MESSENGER, 2_000, reply_window=_DAY, human_window=_WEEK, files=files.MESSENGER),
    _messaging(
        Channel.INSTAGRAM_DIRECT,
        1_000,
        limit_unit=_BYTES,
        reply_window=_DAY,
        human_window=_WEEK,
        files=files.INSTAGRAM_DIRECT,
    ),
    _messaging(Channel.WHATSAPP, 4_096, reply_window=_DAY, template_after_window=True, files=files.WHATSAPP),
    _messaging(Channel.X_DIRECT, 10_000, _HOUR, files=files.X_DIRECT),
    _messaging(Channel.VIBER, 7_000, files=files.VIBER),
    _messaging(Channel.WECHAT, 2_048, limit_unit=_BYTES, reply_window=2 * _DAY, files=files.WECHAT),
    _messaging(Channel.TELEGRAM, 4_096, files=files.TELEGRAM),
    _messaging(Channel.LINE, 5_000, files=files.LINE),
    _messaging(Channel.SMS, 1_600, _HOUR),
)

_OWN = tuple(
    Profile(
        channel=channel,
        public=False,
        live=live,
        limit=4_000,
        limit_unit=_CHARACTERS,
        personal_data=True,
        answer_expected=timedelta(seconds=30),
        next_answer_expected=timedelta(seconds=60),
        while_connected=True,
        fallback=Channel.EMAIL,
        capacity_units=2,
        reopen_window=_HOUR,
        agent_card=True,
        files=files.OWN,
    )
    for channel, live in ((Channel.WEBCHAT, True), (Channel.IN_APP, False))
)

_CLASSIC = (
    Profile(
        channel=Channel.EMAIL,
        public=False,
        personal_data=True,
        answer_expected=_DAY,
        reopen_window=timedelta(days=14),
        signature=True,
        files=files.MAIL,
    ),
    Profile(
        channel=Channel.PHONE,
        public=False,
        live=True,
        personal_data=True,
        answer_expected=timedelta(seconds=15),
        capacity_units=5,
        reopen_window=_HOUR,
    ),
    Profile(
        channel=Channel.LETTER,
        public=False,
        personal_data=True,
        answer_expected=timedelta(days=5),
        reopen_window=timedelta(days=30),
        signature=True,
        files=files.LETTER,
    ),
)

_LISTENING = tuple(_listening(channel) for channel in (Channel.PRESS, Channel.BLOG, Channel.BROADCAST))

PROFILES: Mapping[Channel, Profile] = MappingProxyType(
    {profile.channel: profile for profile in (*_SOCIAL, *_MESSENGERS, *_OWN, *_CLASSIC, *_LISTENING)}
)


def profile(channel: Channel) -> Profile:
    """The profile with Lotse's own figures; a service with an operator's figures asks its own mapping instead."""
    return PROFILES[channel]


def as_private_reply(public: Profile, private: Profile) -> Profile:
    """The rules for the one private reply to a public comment: `private`'s, in the window that `public` gives.

    The window runs from the comment. A channel that gives none cannot be answered like that. Where text and file
    would be two messages, it is one or the other.
    """
    rules = private.files
    if rules is not None and rules.text is not TextWith.SAME:
        rules = rules.model_copy(update={"text": TextWith.NEVER, "most": 1})
    return private.model_copy(
        update={
            "answerable": public.private_reply_window is not None,
            "reply_window": public.private_reply_window,
            "human_window": None,
            "template_after_window": False,
            "single_reply": True,
            "files": rules,
        }
    )


def with_overrides(
    overrides: Mapping[Channel, ProfileOverride], base: Mapping[Channel, Profile] = PROFILES
) -> Mapping[Channel, Profile]:
    """Every profile of `base` with the operator's numbers in it.

    Raises:
        pydantic.ValidationError: A number is removed that a profile cannot do without, or does not fit it.
    """
    return MappingProxyType({channel: _overridden(given, overrides.get(channel)) for channel, given in base.items()})


def _overridden(given: Profile, override: ProfileOverride | None) -> Profile:
    if override is None:
        return given
    return Profile.model_validate(given.model_dump() | override.model_dump(exclude_unset=True))
