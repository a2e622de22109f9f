"""What can be asked for. A command is published, and answered with its outcome where that comes in time."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Request
from starlette.responses import JSONResponse, Response

from lotse.contracts import commands as c
from lotse.contracts.config import Name
from lotse.contracts.ids import AgentId, MessageId, TeamId
from lotse.contracts.values import Attachment, Presence
from lotse.desk.acting import Asked, ask, known_outcome
from lotse.desk.api import models as m
from lotse.desk.api import wish_models as w
from lotse.desk.api.parts import Desk, Parts, Responses, Who, told
from lotse.desk.api.problems import ApiError
from lotse.desk.auth import Caller

router = APIRouter(prefix="/v1")

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="The caller's own id of this wish: sent again, it is the same wish and has the same outcome.",
    ),
]
AgentPath = Annotated[Name, Path()]

ANSWERS: Responses = {
    200: {"model": m.Outcome, "description": "Done; this is the outcome"},
    202: {"model": m.Progress, "description": "Accepted; the outcome is at the status address"},
    **told(400, 403, 409, 413),
}


def _asked(request: Request, desk: Desk, who: Who, key: Key) -> Asked:
    return ask(desk, who, key, request.headers.get("traceparent"))


Command = Annotated[Asked, Depends(_asked)]


async def _answer(asked: Asked, command: c.Command) -> Response:
    """200 with the outcome, 409 with the reason, else 202 with the status address."""
    return _answered(asked.command_id, await asked.outcome(command))


def _answered(command_id: UUID, outcome: m.Outcome | None) -> Response:
    if outcome is None:
        progress = _progress(command_id, None)
        headers = {"Location": progress.status_url}
        return JSONResponse(progress.model_dump(mode="json"), 202, headers=headers)
    if outcome.refused:
        raise ApiError(409, outcome.reason or "refused", outcome.detail or "", command_id=command_id)
    return JSONResponse(outcome.model_dump(mode="json"))


def _progress(command_id: UUID, outcome: m.Outcome | None) -> m.Progress:
    state = "open" if outcome is None else "refused" if outcome.refused else "done"
    return m.Progress(command_id=command_id, state=state, outcome=outcome, status_url=f"/v1/commands/{command_id}")


@router.get("/commands/{command_id}", responses=told())
async def get_command(desk: Desk, _: Who, command_id: UUID) -> m.Progress:
    """What became of a command; `open` until its outcome is heard of, also where there never was such a command."""
    return _progress(command_id, await known_outcome(desk, command_id))


def _post(path: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    return router.post(f"/conversations/{{conversation_id}}/{path}", response_model=None, responses=ANSWERS)


@_post("reply")
async def reply(conversation_id: UUID, wish: w.ReplyWish, command: Command) -> Response:
    """Answer the customer on his channel. Personal data in public is refused without a reason to override."""
    return await _answer(
        command,
        c.ReplyRequested(
            **command.about(conversation_id),
            text=wish.text,
            attachments=tuple(_attached(command.desk, file_id) for file_id in wish.attachments),
            then=wish.then,
            override_reason=wish.override_reason,
            private=wish.private,
        ),
    )


def _attached(desk: Parts, file_id: str) -> Attachment:
    found = desk.files.attached(file_id)
    if found is None:
        raise ApiError(422, "unknown_file", "there is no such file, or it was taken in too long ago: send it again")
    return found


@_post("resolve")
async def resolve(conversation_id: UUID, wish: w.ResolveWish, command: Command) -> Response:
    """Done, as far as anybody knows."""
    return await _answer(command, c.ResolveRequested(**command.about(conversation_id), reason=wish.reason))


@_post("snooze")
async def snooze(conversation_id: UUID, wish: w.SnoozeWish, command: Command) -> Response:
    """Put away until a time."""
    return await _answer(command, c.SnoozeRequested(**command.about(conversation_id), until=wish.until))


@_post("reopen")
async def reopen(conversation_id: UUID, wish: w.ReopenWish, command: Command) -> Response:
    """Take up again what is resolved, or put back what was set aside as spam."""
    return await _answer(command, c.ReopenRequested(**command.about(conversation_id), reason=wish.reason))


@_post("transfer")
async def transfer(conversation_id: UUID, wish: w.TransferWish, command: Command) -> Response:
    """To another agent, or back to the queue of a team; drafts, deadlines and age stay."""
    return await _answer(
        command,
        c.TransferRequested(
            **command.about(conversation_id),
            agent_id=AgentId(wish.agent_id) if wish.agent_id else None,
            team_id=TeamId(wish.team_id) if wish.team_id else None,
            reason=wish.reason,
        ),
    )


@_post("notes")
async def note(conversation_id: UUID, wish: w.NoteWish, command: Command) -> Response:
    """A word among colleagues; the customer never sees it."""
    return await _answer(command, c.NoteWritten(**command.about(conversation_id), text=wish.text))


@_post("reading")
async def correct_reading(conversation_id: UUID, wish: w.ReadingWish, command: Command) -> Response:
    """A person says how a message reads; it is queued anew, set aside or put back by it, and training learns of it."""
    return await _answer(
        command,
        c.ReadingCorrectRequested(
            **command.about(conversation_id),
            message_id=MessageId(wish.message_id),
            sentiment=wish.sentiment,
            triage=wish.triage,
            situation=wish.situation,
            topics=wish.topics,
            reason=wish.reason,
        ),
    )


@router.put("/agents/{agent_id}/status", response_model=None, responses=ANSWERS)
async def put_status(agent_id: AgentPath, wish: w.StatusWish, command: Command) -> Response:
    """Take work, or not. An agent speaks for himself, everybody else for any agent."""
    _speaks_for(command.caller, agent_id)
    wanted = Presence(wish.status)
    return await _answer(
        command,
        c.AgentStatusRequested(**command.by, agent_id=AgentId(agent_id), status=wanted, hand_back=wish.hand_back),
    )


@router.post("/agents/{agent_id}/heartbeat", status_code=204, responses=told(403, 413))
async def heartbeat(agent_id: AgentPath, command: Command) -> None:
    """The agent's page is open; without it for 30 s he is offline. It has no outcome to wait for."""
    _speaks_for(command.caller, agent_id)
    await command.publish(c.AgentHeartbeat(**command.by, agent_id=AgentId(agent_id)))


def _speaks_for(caller: Caller, agent_id: str) -> None:
    if not caller.may_act_for(agent_id):
        raise ApiError(403, "not_yours", "an agent speaks for himself alone")
