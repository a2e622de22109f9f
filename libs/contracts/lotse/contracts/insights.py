"""`lotse-insights`: how messages read."""

from typing import ClassVar

from pydantic import AwareDatetime

from lotse.contracts.channels import Channel
from lotse.contracts.envelope import Event
from lotse.contracts.ids import AccountId, MessageId, thread_key
from lotse.contracts.topics import Topic
from lotse.contracts.values import Reading, Span


class InsightEvent(Event):
    TOPIC: ClassVar[Topic] = Topic.INSIGHTS

    account: AccountId
    channel: Channel
    thread: str
    message_id: MessageId
    occurred_at: AwareDatetime

    def key(self) -> str:
        return thread_key(self.account, self.thread)


class MessageAnalysed(InsightEvent, name="message.analysed"):
    """How one message reads; of two for one message, the one of the later edit counts.

    The event's id is derived from the event that was read and the model's version.
    """

    reading: Reading
    pii: tuple[Span, ...] = ()
    edit: int | None = None
    edited_at: AwareDatetime | None = None
    """When the text that was read is an edit: the edit's time; None for the first text."""


class AnalysisWithdrawn(InsightEvent, name="analysis.withdrawn"):
    """The message was deleted: nothing may be said of it any more."""
