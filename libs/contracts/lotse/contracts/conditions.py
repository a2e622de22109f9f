"""Whether a condition of the configuration holds: the one meaning of `When`, for routing rules and policies alike."""

from lotse.contracts.channels import Channel, profile
from lotse.contracts.config import When
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AccountId
from lotse.contracts.values import Language, Reading, Sentiment, Situation, Triage

DEFAULT_PRIORITY = 5
"""The priority of a conversation that no rule has touched."""


@frozen
class Subject:
    """What conditions look at. None: not known (yet), so a condition on it does not hold."""

    channel: Channel
    account: AccountId | None = None
    language: Language | None = None
    sentiment: Sentiment | None = None
    triage: Triage | None = None
    situation: Situation | None = None
    topics: tuple[str, ...] = ()
    priority: int = DEFAULT_PRIORITY
    tier: str | None = None

    @classmethod
    def of(
        cls, channel: Channel, account: AccountId | None, reading: Reading | None, priority: int = DEFAULT_PRIORITY
    ) -> "Subject":
        """A conversation as it reads; without a reading, what only its channel and account say."""
        if reading is None:
            return cls(channel=channel, account=account, priority=priority)
        return cls(
            channel=channel,
            account=account,
            language=reading.language,
            sentiment=reading.sentiment,
            triage=reading.triage,
            situation=reading.situation,
            topics=reading.topics,
            priority=priority,
        )


def holds(when: When, subject: Subject) -> bool:
    """Every key that is given must hold, a list when one of it does; an empty condition always holds."""
    return (
        (not when.channel or subject.channel in when.channel)
        and (not when.account or subject.account in when.account)
        and (when.public is None or profile(subject.channel).public == when.public)
        and (not when.language or subject.language in when.language)
        and (not when.sentiment or subject.sentiment in when.sentiment)
        and (not when.triage or subject.triage in when.triage)
        and (not when.situation or subject.situation in when.situation)
        and (not when.topic or not set(when.topic).isdisjoint(subject.topics))
        and (not when.tier or subject.tier in when.tier)
        and (when.priority_from is None or subject.priority >= when.priority_from)
    )
