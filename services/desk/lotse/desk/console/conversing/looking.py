"""Reads all that one look at a conversation shows."""

from uuid import UUID

from lotse.desk import boards, reads
from lotse.desk.api.parts import Parts
from lotse.desk.api.problems import reading
from lotse.desk.console.conversing.about import Seen
from lotse.desk.histories import Said, said_elsewhere

_OTHERS = 50


async def look(desk: Parts, conversation: UUID) -> tuple[Seen, tuple[Said, ...]] | None:
    """The conversation and what was said in the customer's others; None where it was never heard of."""
    async with reading(desk.database) as tx:
        found = await reads.conversation(tx, conversation)
        if found is None:
            return None
        if found.customer_id is None:
            customer, others, said = None, (), ()
        else:
            customer = await reads.customer(tx, found.customer_id)
            places = await reads.places_of_customer(tx, found.customer_id, None, _OTHERS)
            others = await reads.summaries(tx, [place.id for place in places if place.id != conversation])
            said = await said_elsewhere(tx, found.customer_id, conversation) if others else ()
    waiting = await boards.waiting(desk, conversation)
    demand = await boards.called_for(desk, conversation)
    return Seen(found, customer, others, waiting, demand), said
