"""`/ops/unparsed/{id}`: one part that was not understood, to look at and to have tried again."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from fastapi import FastAPI
from pydantic import AwareDatetime, BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lotse.contracts.envelope import Value
from lotse.contracts.ops import Replayed
from lotse.ingest.replaying import Replaying
from lotse.ingest.web.problems import Away, Unknown
from lotse.runtime import telemetry
from lotse.runtime.ops import refusal


class Part(Value):
    """A part whole. `body` may be personal; what is not UTF-8 in it is shown as U+FFFD."""

    id: UUID
    account: str
    reason: str
    trace_id: str | None
    received_at: AwareDatetime
    body: str


def add_to(app: FastAPI, replaying: Replaying) -> None:
    """No part of the API's document: for whoever bears the service token."""

    async def part(id: UUID) -> BaseModel:
        found = await replaying.part(id)
        parked = found.parked
        return Part(
            id=found.id,
            account=parked.account,
            reason=parked.part.reason,
            trace_id=telemetry.trace_id(parked.traceparent),
            received_at=parked.received_at,
            body=parked.part.body.decode("utf-8", "replace"),
        )

    async def replay(id: UUID) -> BaseModel:
        found = await replaying.replay(id)
        return Replayed(id=id, understood=found.understood, events=found.events)

    def route(path: str, method: str, answer: Callable[[UUID], Awaitable[BaseModel]]) -> Route:
        async def endpoint(request: Request) -> Response:
            refused = refusal(replaying.calls.settings.service_token, request)
            if refused is not None:
                return refused
            try:
                found = await answer(_id(request.path_params["id"]))
            except Unknown as error:
                return JSONResponse({"detail": str(error)}, 404)
            except Away as error:
                return JSONResponse({"detail": str(error)}, 503)
            return Response(found.model_dump_json(), media_type="application/json")

        return Route(path, endpoint, methods=[method], include_in_schema=False)

    app.router.routes += [
        route("/ops/unparsed/{id}", "GET", part),
        route("/ops/unparsed/{id}/replay", "POST", replay),
    ]


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Unknown("an id is a UUID") from error
