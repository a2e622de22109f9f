"""What the operator set, as the core needs it."""

from collections.abc import Mapping
from dataclasses import field
from datetime import timedelta

from lotse.contracts.channels import PROFILES, Channel, Profile, as_private_reply
from lotse.contracts.config import Account, ApiAccount, Config, MailAccount, MetaAccount
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AccountId
from lotse.notifier.core.model import Sink

_META = frozenset({Channel.FACEBOOK, Channel.INSTAGRAM, Channel.MESSENGER, Channel.INSTAGRAM_DIRECT, Channel.WHATSAPP})


@frozen
class Timings:
    """How long each kind of waiting lasts."""

    call: timedelta = timedelta(seconds=30)
    """No call takes longer; a lease outlasts it."""
    echo: timedelta = timedelta(seconds=60)
    """How long an echo is awaited before a reply counts as unknown."""
    reply: timedelta = timedelta(hours=24)
    """A reply that could not go out for so long is given back to its agent."""
    received: timedelta = timedelta(minutes=10)
    """After it nobody needs to hear that his message arrived."""
    alert: timedelta = timedelta(hours=72)
    per_address: timedelta = timedelta(hours=1)
    """At most one automatic message to one address."""
    sign_in: timedelta = timedelta(minutes=5)
    """How often a stopped account is tried with one message."""
    pause: timedelta = timedelta(seconds=30)
    """How long an account rests where the provider does not say."""


@frozen
class Rules:
    """The operator's file, with the figures of this service."""

    config: Config
    timings: Timings = Timings()
    profiles: Mapping[Channel, Profile] = field(default_factory=lambda: PROFILES)

    def profile(self, channel: Channel, comment_on: Channel | None = None) -> Profile:
        """The channel's rules, or those of the one private answer to a comment on another channel."""
        found = self.profiles[channel]
        return found if comment_on is None else as_private_reply(self.profiles[comment_on], found)

    def account(self, account: AccountId) -> Account | None:
        return self.config.accounts.get(account)

    def sink(self, account: AccountId, channel: Channel) -> Sink | None:
        """The way out for a channel of an account; None where there is none."""
        match self.account(account):
            case MetaAccount() if channel in _META:
                return Sink.META
            case MailAccount() if channel is Channel.EMAIL:
                return Sink.MAIL
            case ApiAccount(reply_url=str()):
                return Sink.WEBHOOK
            case _:
                return None

    def taken_from_topic(self, account: AccountId) -> bool:
        """The account's system reads `reply.sent` itself: nothing is to be called."""
        found = self.account(account)
        return isinstance(found, ApiAccount) and found.reply_url is None
