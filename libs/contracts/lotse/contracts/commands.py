"""`lotse-commands`: what people and other systems ask for. Each ends in exactly one outcome."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from lotse.contracts.envelope import Event
from lotse.contracts.ids import AgentId, ConversationId, MessageId, TeamId
from lotse.contracts.topics import Topic
from lotse.contracts.values import Attachment, Presence, Sentiment, Situation, Triage

Role = Literal["agent", "lead", "admin", "service"]


class Command(Event):
    """A wish by somebody with a role. The event's id is derived from caller and Idempotency-Key."""

    TOPIC: ClassVar[Topic] = Topic.COMMANDS

    actor_id: str
    role: Role
    at: AwareDatetime


class ConversationCommand(Command):
    conversation_id: ConversationId

    def key(self) -> str:
        return str(self.conversation_id)


class ReplyRequested(ConversationCommand, name="reply.requested"):
    """Answer the customer. The reply's id is the command's id. → reply.approved or reply.blocked"""

    text: str
    attachments: tuple[Attachment, ...] = ()
    then: Literal["waiting", "resolved"] = "waiting"
    override_reason: str | None = None
    private: bool = False
    """Answer the newest public comment in private; the channel takes one such answer to a comment."""


class ResolveRequested(ConversationCommand, name="resolve.requested"):
    """→ conversation.resolved"""

    reason: str = "done"


class SnoozeRequested(ConversationCommand, name="snooze.requested"):
    """→ conversation.snoozed"""

    until: AwareDatetime


class ReopenRequested(ConversationCommand, name="reopen.requested"):
    """Take up again what is resolved, or put back what was set aside. → conversation.reopened"""

    reason: str = "reopened"


class TransferRequested(ConversationCommand, name="transfer.requested"):
    """To an agent or back to the queue of a team. → assignment.changed"""

    agent_id: AgentId | None = None
    team_id: TeamId | None = None
    reason: str


class NoteWritten(ConversationCommand, name="note.written"):
    """→ note.added"""

    text: str


class ReadingCorrectRequested(ConversationCommand, name="reading.correct_requested"):
    """A person says how a message reads. → reading.changed, `reason` corrected"""

    message_id: MessageId
    sentiment: Sentiment
    triage: Triage
    situation: Situation | None = None
    topics: tuple[str, ...] = ()
    reason: str | None = None
    """In the person's own words, for colleagues and for training."""


class AgentCommand(Command):
    agent_id: AgentId

    def key(self) -> str:
        return self.agent_id


class AgentStatusRequested(AgentCommand, name="agent.status_requested"):
    """→ agent.status_changed; `hand_back` returns the work to the queue at once."""

    status: Presence
    hand_back: bool = False


class AgentHeartbeat(AgentCommand, name="agent.heartbeat"):
    """The agent's page is open. Has no outcome of its own."""
