"""`/v1/queue` and `/v1/board`: who waits and why, who works and on what, what was kept today."""

from typing import Annotated

from fastapi import APIRouter, Query

from lotse.desk import boards
from lotse.desk.api import board_models as b
from lotse.desk.api.parts import Desk, Who, told

router = APIRouter(prefix="/v1")


@router.get("/queue", responses=told())
async def get_queue(
    desk: Desk, _: Who, limit: Annotated[int, Query(ge=1, le=500, description="Conversations shown")] = 100
) -> b.Queue:
    """What waits for an agent, in the router's order: why, since when, what it calls for and who could take it."""
    return await boards.queue(desk, limit)


@router.get("/board", responses=told())
async def get_board(desk: Desk, _: Who) -> b.Board:
    """Every agent with what he has in hand; promises kept and missed today, by channel."""
    return await boards.board(desk)
