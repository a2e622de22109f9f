"""What people and other systems ask for; each command ends in exactly one event."""

from datetime import datetime
from typing import assert_never

from lotse.contracts.commands import (
    NoteWritten,
    ReadingCorrectRequested,
    ReopenRequested,
    ReplyRequested,
    ResolveRequested,
    SnoozeRequested,
    TransferRequested,
)
from lotse.contracts.conversations import (
    AssignmentChanged,
    ConversationReopened,
    ConversationResolved,
    ConversationSnoozed,
    NoteAdded,
)
from lotse.contracts.envelope import Event
from lotse.contracts.frozen import replace
from lotse.contracts.ids import AgentId, ReplyId
from lotse.contracts.values import Status
from lotse.router.core import agents, corrections, queueing, replies
from lotse.router.core.ledger import Settled
from lotse.router.core.refusals import actor_of, objection, refuse
from lotse.router.core.state import Conversation, State, Turn

Asked = (
    ReplyRequested
    | ResolveRequested
    | SnoozeRequested
    | ReopenRequested
    | TransferRequested
    | NoteWritten
    | ReadingCorrectRequested
)


def obey(state: State, command: Asked, turn: Turn) -> list[Event]:
    """Do what is asked of a conversation, or refuse."""
    conversation = state.conversations.get(command.conversation_id)
    if conversation is None:
        return refuse(command, "not_found", turn)
    match command:
        case ReplyRequested():
            return replies.request(state, conversation, command, turn)
        case ResolveRequested():
            return _resolve(state, conversation, command, turn)
        case SnoozeRequested():
            return _snooze(state, conversation, command, turn)
        case ReopenRequested():
            return _reopen(state, conversation, command, turn)
        case TransferRequested():
            return _transfer(state, conversation, command, turn)
        case NoteWritten():
            return _note(conversation, command, turn)
        case ReadingCorrectRequested():
            return corrections.correct(state, conversation, command, turn)
        case _:
            assert_never(command)


def closed(conversation: Conversation, turn: Turn, reply_id: ReplyId | None) -> Conversation:
    """Resolved, on the strength of this answer if of any: nobody has it, nothing waits for it."""
    until = conversation.last_word_at or turn.now
    return replace(
        conversation,
        status=Status.RESOLVED,
        agent_id=None,
        last_agent_id=conversation.agent_id or conversation.last_agent_id,
        hold=None,
        timer_at=None,
        resolved_at=turn.now,
        ledger=conversation.ledger.settle(Settled(until, turn.now, reply_id, closing=True)),
    )


def _resolve(state: State, conversation: Conversation, command: ResolveRequested, turn: Turn) -> list[Event]:
    if problem := objection(command, conversation):
        return refuse(command, problem, turn)
    answer = conversation.ledger.answer
    state.put(closed(conversation, turn, answer))
    return [
        ConversationResolved(
            conversation_id=conversation.id,
            previous=conversation.status,
            current=Status.RESOLVED,
            actor=actor_of(command),
            reason=command.reason,
            at=turn.now,
            reply_id=answer,
        )
    ]


def _snooze(state: State, conversation: Conversation, command: SnoozeRequested, turn: Turn) -> list[Event]:
    problem = objection(command, conversation)
    if problem is None and conversation.status is Status.SET_ASIDE:
        problem = "set_aside"
    if problem is None and command.until <= turn.now:
        problem = "past"
    if problem:
        return refuse(command, problem, turn)
    state.put(replace(conversation, status=Status.SNOOZED, hold=None, timer_at=command.until))
    return [
        ConversationSnoozed(
            conversation_id=conversation.id,
            previous=conversation.status,
            current=Status.SNOOZED,
            actor=actor_of(command),
            reason="snoozed",
            at=turn.now,
            until=command.until,
        )
    ]


def _reopen(state: State, conversation: Conversation, command: ReopenRequested, turn: Turn) -> list[Event]:
    """Put back by a person: queued at the timer's next beat, and not set aside again for what it read like."""
    if conversation.status not in (Status.RESOLVED, Status.SET_ASIDE):
        return refuse(command, "not_closed", turn)
    again = queueing.anew(state.config, conversation, turn)
    insisted = conversation.ledger.insisted()
    state.put(replace(again, serious=True, ledger=insisted, waiting_since=turn.now, timer_at=turn.now))
    return [
        ConversationReopened(
            conversation_id=conversation.id,
            previous=conversation.status,
            current=Status.NEW,
            actor=actor_of(command),
            reason=command.reason,
            at=turn.now,
        )
    ]


def _transfer(state: State, conversation: Conversation, command: TransferRequested, turn: Turn) -> list[Event]:
    problem = _against_transfer(state, conversation, command)
    if problem:
        return refuse(command, problem, turn)
    if command.agent_id is None:
        return queueing.take_back(
            state, conversation, turn, reason=command.reason, actor=actor_of(command), team=command.team_id
        )
    return _give(state, conversation, command, command.agent_id, turn)


def _against_transfer(state: State, conversation: Conversation, command: TransferRequested) -> str | None:
    if problem := objection(command, conversation):
        pulls = conversation.status in (Status.NEW, Status.QUEUED) and command.agent_id == command.actor_id
        if problem != "not_assigned" or not pulls:
            return problem
    if conversation.status is Status.SET_ASIDE:
        return "set_aside"
    if command.team_id is not None and command.team_id not in state.config.teams:
        return "unknown_team"
    return None if command.agent_id is None else _against_agent(state, conversation, command.agent_id)


def _against_agent(state: State, conversation: Conversation, agent_id: AgentId) -> str | None:
    if agent_id not in state.config.agents:
        return "unknown_agent"
    if agent_id == conversation.agent_id and conversation.status is Status.ASSIGNED:
        return "same_agent"
    if not agents.is_online(state, agent_id):
        return "agent_offline"
    return None if agents.has_room(state, agent_id, conversation, by_hand=True) else "no_room"


def _give(
    state: State, conversation: Conversation, command: TransferRequested, agent_id: AgentId, turn: Turn
) -> list[Event]:
    given = assigned(state, conversation, agent_id, turn.now)
    return [
        AssignmentChanged(
            conversation_id=given.id,
            previous=conversation.agent_id,
            current=agent_id,
            team=command.team_id or given.team_id,
            actor=actor_of(command),
            reason=command.reason,
            units=given.units,
            queued_at=conversation.queued_at if conversation.status is Status.QUEUED else None,
            at=turn.now,
        )
    ]


def assigned(state: State, conversation: Conversation, agent_id: AgentId, now: datetime) -> Conversation:
    """Give it to the agent, who is the last to be given more while others are idle longer."""
    agent = state.agents[agent_id]
    state.agents.put(agent_id, replace(agent, last_assigned_at=now))
    known = conversation if conversation.demand else queueing.redemand(state.config, conversation)
    return state.put(
        replace(known, status=Status.ASSIGNED, agent_id=agent_id, last_agent_id=agent_id, hold=None, timer_at=None)
    )


def _note(conversation: Conversation, command: NoteWritten, turn: Turn) -> list[Event]:
    if not command.text.strip():
        return refuse(command, "empty", turn)
    return [
        NoteAdded(
            conversation_id=conversation.id,
            note_id=turn.cause,
            text=command.text,
            actor=actor_of(command),
            at=turn.now,
        )
    ]
