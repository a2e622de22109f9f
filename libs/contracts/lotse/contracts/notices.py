"""`lotse-notices`: what notifier sent, and what became of it."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from lotse.contracts.channels import Channel
from lotse.contracts.envelope import Event
from lotse.contracts.ids import AccountId, AgentId, ConversationId, ReplyId
from lotse.contracts.topics import Topic


class NoticeEvent(Event):
    TOPIC: ClassVar[Topic] = Topic.NOTICES

    conversation_id: ConversationId

    def key(self) -> str:
        return str(self.conversation_id)


class ReplySent(NoticeEvent, name="reply.sent"):
    """The provider accepted an answer to the customer."""

    reply_id: ReplyId
    account: AccountId
    channel: Channel
    agent_id: AgentId | None = None
    """None for an answer given outside Lotse."""
    provider_ids: tuple[str, ...]
    """One for each part that the text was split into."""
    sent_at: AwareDatetime
    human: bool = True
    elsewhere: bool = False
    """True: written in the provider's own tools; `text` says what."""
    text: str | None = None
    resolves: bool = False
    answers_until: AwareDatetime | None = None
    """The customer's last word when the answer was approved: what he wrote later it does not answer.

    None, as for one given outside Lotse: it answers all that he wrote until `sent_at`.
    """


class ReplyDelivered(NoticeEvent, name="reply.delivered"):
    """It reached the customer's device; `read` when it was seen."""

    reply_id: ReplyId
    read: bool = False
    at: AwareDatetime


class ReplyFailed(NoticeEvent, name="reply.failed"):
    """It did not go out, or (`unknown`) nobody can tell; never sent again by itself.

    `undelivered` may follow a `reply.sent`, which then counts no more: the provider took it and could not deliver it.
    """

    reply_id: ReplyId
    agent_id: AgentId | None = None
    reason: str
    """A word for machines: refused, blocked, undelivered, unknown, unreachable, too_late, account_stopped, file_gone,
    file_away.
    """
    detail: str
    """Plain words for the agent."""
    at: AwareDatetime


class Notice(NoticeEvent):
    """What every notice says. `notice_id` is derived from cause and sink."""

    notice_id: UUID
    kind: str
    """received (automatic message), alert."""
    sink: str
    """The account that it goes out by, or the alert's name."""
    at: AwareDatetime


class NoticeSent(Notice, name="notice.sent"):
    """An automatic message or an alert went out."""

    provider_id: str | None = None


class NoticeFailed(Notice, name="notice.failed"):
    """It did not, for good."""

    reason: str
    detail: str


class NoticeSuppressed(Notice, name="notice.suppressed"):
    """It was due and not sent, on purpose."""

    reason: str
