"""What can be read: conversations, customers, agents, deadlines and the caller himself."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from lotse.contracts import config as c
from lotse.contracts.channels import Channel
from lotse.contracts.ids import AgentId
from lotse.contracts.values import Presence, Sentiment, Status
from lotse.desk import alarms, reads
from lotse.desk.api import models as m
from lotse.desk.api.cursor import After, Limit, following, write
from lotse.desk.api.parts import Desk, Parts, Who, told
from lotse.desk.api.problems import ApiError, reading
from lotse.desk.api.wish_models import Text
from lotse.desk.reads import Filter, Place
from lotse.desk.views import selection

router = APIRouter(prefix="/v1")


@router.get("/conversations", responses=told())
async def list_conversations(
    desk: Desk,
    who: Who,
    after: After,
    view: m.View = m.View.ALL,
    status: Annotated[list[Status] | None, Query()] = None,
    channel: Annotated[list[Channel] | None, Query()] = None,
    agent: Annotated[c.Name | None, Query(description="Who has it")] = None,
    team: Annotated[c.Name | None, Query()] = None,
    sentiment: Annotated[Sentiment | None, Query()] = None,
    q: Annotated[Text | None, Query(max_length=200, description="Words in the customer's messages")] = None,
    limit: Limit = 50,
) -> m.Conversations:
    """Conversations of a view, a page at a time. The order of a list does not change while it is read."""
    wanted = selection(view, Filter(status, channel, agent, team, sentiment, q or None), who)
    async with reading(desk.database) as tx:
        places = await reads.places(tx, view, wanted, after, limit + 1, desk.clock())
        items = await reads.summaries(tx, [place.id for place in places[:limit]])
    return m.Conversations(items=items, next_cursor=following(places, limit))


@router.get("/conversations/{conversation_id}", responses=told(404))
async def get_conversation(desk: Desk, _: Who, conversation_id: UUID) -> m.Conversation:
    """A conversation whole, with what was said, promised and decided in it."""
    async with reading(desk.database) as tx:
        found = await reads.conversation(tx, conversation_id)
    if found is None:
        raise ApiError(404, "not_found", "no conversation of this id was heard of")
    return found


@router.get("/customers/{customer_id}", responses=told(404))
async def get_customer(desk: Desk, _: Who, after: After, customer_id: UUID, limit: Limit = 50) -> m.Customer:
    """Who a customer is, and his conversations on every channel, newest first."""
    async with reading(desk.database) as tx:
        found = await reads.customer(tx, customer_id)
        if found is None:
            raise ApiError(404, "not_found", "no customer of this id was heard of")
        places = await reads.places_of_customer(tx, customer_id, after, limit + 1)
        items = await reads.summaries(tx, [place.id for place in places[:limit]])
    return found.model_copy(update={"conversations": items, "next_cursor": following(places, limit)})


@router.get("/deadlines", responses=told())
async def list_deadlines(
    desk: Desk, _: Who, after: After, state: m.DeadlineView = m.DeadlineView.OPEN, limit: Limit = 50
) -> m.Deadlines:
    """What was promised to customers and is open, soon due or missed."""
    async with reading(desk.database) as tx:
        found = await reads.deadlines(tx, state, after, limit + 1, desk.clock())
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    cursor = write(Place(last.due_at, last.deadline_id)) if last and last.due_at else None
    return m.Deadlines(items=shown, next_cursor=cursor)


@router.get("/alarms", responses=told())
async def get_alarms(desk: Desk, _: Who) -> m.Alarms:
    """Channels that are slower than usual, and crises that nobody has answered."""
    async with reading(desk.database) as tx:
        return await alarms.standing(tx)


@router.get("/agents", responses=told())
async def list_agents(desk: Desk, _: Who) -> m.Agents:
    """Every agent of the configuration, whether he takes work and what he has in hand."""
    return m.Agents(items=tuple(await agents_of(desk)))


@router.get("/me", responses=told())
async def get_me(desk: Desk, who: Who) -> m.Me:
    """Who the token speaks for."""
    card = None
    if AgentId(who.subject) in desk.config.agents:
        card = next(agent for agent in await agents_of(desk) if agent.id == who.subject)
    return m.Me(subject=who.subject, role=who.role, agent=card)


async def agents_of(desk: Parts) -> list[m.Agent]:
    """Every agent of the configuration, by id, as he stands now."""
    async with reading(desk.database) as tx:
        presences, loads = await reads.presences(tx), await reads.loads(tx)
    return [
        agent_card(name, card, presences.get(name), loads.get(name))
        for name, card in sorted(desk.config.agents.items())
    ]


def agent_card(name: str, card: c.Agent, presence: reads.Presence | None, load: reads.Load | None) -> m.Agent:
    """Nothing heard of him: offline, with nothing in hand."""
    presence = presence or reads.Presence(Presence.OFFLINE.value, None)
    load = load or reads.Load(0, 0)
    return m.Agent(
        id=name,
        name=card.name,
        title=card.title,
        picture=card.picture,
        initials=card.initials,
        role=card.role,
        teams=tuple(card.teams),
        skills=dict(card.skills),
        status=Presence(presence.status),
        since=presence.since,
        conversations=load.conversations,
        units=load.units,
        soft_limit=card.capacity.soft,
        hard_limit=card.capacity.hard,
    )
