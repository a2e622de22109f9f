"""Commands that change nothing, and who may give which."""

from lotse.contracts.commands import Command, ConversationCommand
from lotse.contracts.conversations import CommandRefused
from lotse.contracts.envelope import Event
from lotse.contracts.values import Actor, Status
from lotse.router.core.state import Conversation, Turn

_DETAILS = {
    "not_found": "There is no such conversation.",
    "not_assigned": "The conversation is not assigned to this agent.",
    "forbidden": "This role may not do that.",
    "resolved": "The conversation is resolved.",
    "set_aside": "The conversation is set aside as spam or noise.",
    "not_closed": "The conversation is neither resolved nor set aside.",
    "past": "The time lies in the past.",
    "unknown_agent": "There is no such agent.",
    "unknown_team": "There is no such team.",
    "agent_offline": "The agent is not online.",
    "no_room": "The agent has no room left.",
    "same_agent": "The agent has the conversation already.",
    "unchanged": "The agent has this status already.",
    "empty": "There is nothing in it.",
    "no_message": "The conversation has no such message.",
    "removed": "The customer deleted the message.",
    "no_private_reply": "This channel takes no private answer to a comment.",
    "reads_so": "The message reads so already.",
}


def refuse(command: Command, reason: str, turn: Turn) -> list[Event]:
    """The one outcome of a command that changes nothing."""
    return [
        CommandRefused(subject=command.key(), command=command.TYPE, reason=reason, detail=_DETAILS[reason], at=turn.now)
    ]


def is_privileged(command: Command) -> bool:
    return command.role in ("lead", "admin", "service")


def objection(command: ConversationCommand, conversation: Conversation) -> str | None:
    """Why this person may not work on this conversation now; None where nothing is against it."""
    if conversation.status is Status.RESOLVED:
        return "resolved"
    if is_privileged(command) or conversation.agent_id == command.actor_id:
        return None
    return "not_assigned"


def actor_of(command: Command) -> Actor:
    return Actor(kind="service" if command.role == "service" else "agent", id=command.actor_id)
