"""Whether an agent can take a conversation: skills, team, room."""

from collections.abc import Mapping

from lotse.contracts.config import Agent as Card
from lotse.contracts.ids import AgentId
from lotse.contracts.values import Presence
from lotse.router.core.state import Conversation, Skills, State


def meets(card: Card, required: Mapping[str, int]) -> bool:
    """Every skill at its level at least."""
    return all(card.skills.get(skill, 0) >= level for skill, level in required.items())


def liked(card: Card, preferred: Mapping[str, int]) -> int:
    """How many of the preferred skills the agent has."""
    return sum(card.skills.get(skill, 0) >= level for skill, level in preferred.items())


def called_for(conversation: Conversation, ring: int) -> Skills:
    """The skills that a ring still calls for; 1 and below are all of them."""
    demand = conversation.demand
    if demand is None:
        return {}
    return demand.steps[ring - 2].required if ring >= 2 else demand.required


def is_online(state: State, agent_id: AgentId) -> bool:
    agent = state.agents.get(agent_id)
    return agent is not None and agent.presence is Presence.ONLINE


def has_room(state: State, agent_id: AgentId | None, conversation: Conversation, *, by_hand: bool = False) -> bool:
    """Whether the agent is online and the conversation fits: in the soft limit, by hand or in a crisis the hard one."""
    card = state.config.agents.get(agent_id) if agent_id else None
    if agent_id is None or card is None or not is_online(state, agent_id):
        return False
    crisis = conversation.demand is not None and conversation.demand.crisis
    limit = card.capacity.hard if by_hand or crisis else card.capacity.soft
    taken = conversation.units if conversation.agent_id == agent_id and conversation.active else 0
    return state.used(agent_id) - taken + conversation.units <= limit
