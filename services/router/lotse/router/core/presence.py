"""Who takes work, and what becomes of the work of those who left."""

from datetime import datetime, timedelta

from lotse.contracts import calendars
from lotse.contracts.commands import AgentHeartbeat, AgentStatusRequested
from lotse.contracts.config import Config
from lotse.contracts.conversations import AgentStatusChanged
from lotse.contracts.envelope import Event
from lotse.contracts.frozen import replace
from lotse.contracts.values import Actor, Presence, Status
from lotse.router.core import agents, queueing
from lotse.router.core.refusals import actor_of, is_privileged, refuse
from lotse.router.core.state import Agent, Conversation, State, Turn

RELEASED_AFTER = timedelta(minutes=30)
"""Business time after which an agent who went offline loses work that is not live."""


def seen(state: State, event: AgentHeartbeat, turn: Turn) -> list[Event]:
    """A sign of life, counted from when it was read here, so that lag makes nobody absent."""
    agent = state.agents.get(event.agent_id)
    if agent is not None:
        state.agents.put(agent.id, _seen(agent, event.at, turn.now))
    return []


def _seen(agent: Agent, at: datetime, now: datetime) -> Agent:
    return replace(agent, last_seen=max(at, now, agent.last_seen or now))


def change(state: State, command: AgentStatusRequested, turn: Turn) -> list[Event]:
    """Take the status that is asked for; `hand_back` of one who leaves lets all work go at once."""
    known = state.agents.get(command.agent_id)
    if known is None:
        return refuse(command, "unknown_agent", turn)
    if command.actor_id != command.agent_id and not is_privileged(command):
        return refuse(command, "forbidden", turn)
    agent = _seen(known, command.at, turn.now)
    state.agents.put(agent.id, agent)
    hands_back = command.hand_back and command.status is not Presence.ONLINE
    if agent.presence is command.status and not hands_back:
        return refuse(command, "unchanged", turn)
    reason = "handed_back" if hands_back else "requested"
    return _turn(state, agent, command.status, actor_of(command), reason, turn, hand_back=hands_back)


def lose(state: State, agent: Agent, turn: Turn) -> list[Event]:
    """No heartbeat in time: offline."""
    return _turn(state, agent, Presence.OFFLINE, queueing.ROUTER, "heartbeat_missed", turn)


def _turn(
    state: State,
    agent: Agent,
    status: Presence,
    actor: Actor,
    reason: str,
    turn: Turn,
    *,
    hand_back: bool = False,
) -> list[Event]:
    live_at, other_at = _release(state.config, status, turn.now, hand_back=hand_back)
    state.agents.put(
        agent.id, replace(agent, presence=status, since=turn.now, release_live_at=live_at, release_at=other_at)
    )
    return [
        AgentStatusChanged(
            agent_id=agent.id, previous=agent.presence, current=status, actor=actor, reason=reason, at=turn.now
        )
    ]


def _release(
    config: Config, status: Presence, now: datetime, *, hand_back: bool
) -> tuple[datetime | None, datetime | None]:
    """When live and other work goes back to the queue; None: it stays."""
    if hand_back:
        return now, now
    if status is not Presence.OFFLINE:
        return None, None
    calendar = next(iter(config.calendars.values()), calendars.ALWAYS)
    return now, calendars.add(calendar, now, RELEASED_AFTER)


def release(state: State, conversation: Conversation, turn: Turn) -> list[Event]:
    """Let go what an agent who left has, once his time for it is over; nothing waits for him."""
    match conversation.status:
        case Status.QUEUED if conversation.hold and not agents.is_online(state, conversation.hold.agent_id):
            state.put(queueing.timed(replace(conversation, hold=None)))
            return []
        case Status.ASSIGNED if conversation.agent_id:
            return _let_go(state, conversation, state.agents.get(conversation.agent_id), turn)
        case _:
            return []


def _let_go(state: State, conversation: Conversation, agent: Agent | None, turn: Turn) -> list[Event]:
    at = agent and (agent.release_live_at if conversation.profile.live else agent.release_at)
    if agent is None or at is None or at > turn.now:
        return []
    reason = "offline" if agent.presence is Presence.OFFLINE else "handed_back"
    return queueing.take_back(state, conversation, turn, reason=reason, actor=queueing.ROUTER)
