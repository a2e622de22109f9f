"""`/ops/accounts` and `/ops/unparsed`: what came in on each account, and what of it nobody understood."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lotse.contracts.config import Config
from lotse.contracts.ops import Account, Part, Seen, Unparsed
from lotse.ingest import store
from lotse.ingest.edge import StoreUnavailable
from lotse.ingest.ledger import Entry
from lotse.ingest.web.calls import Calls
from lotse.ingest.web.problems import Away
from lotse.runtime import telemetry
from lotse.runtime.ops import refusal

MOST = 200
"""Parts in one answer."""


def add_to(app: FastAPI, config: Config, calls: Calls) -> None:
    """No part of the API's document: for whoever bears the service token."""

    async def seen(_: Request) -> Seen:
        entries = calls.ledger.entries
        accounts = tuple(_account(name, config.accounts[name].kind, entries[name]) for name in config.accounts)
        return Seen(since=calls.ledger.since, accounts=accounts)

    async def unparsed(request: Request) -> Unparsed:
        limit = min(max(int(request.query_params.get("limit", "50")), 1), MOST)
        rows, total = await calls.opened().unparsed(limit)
        return Unparsed(items=tuple(map(_part, rows)), total=total)

    def route(path: str, answer: Callable[[Request], Awaitable[BaseModel]]) -> Route:
        async def endpoint(request: Request) -> Response:
            refused = refusal(calls.settings.service_token, request)
            if refused is not None:
                return refused
            try:
                found = await answer(request)
            except ValueError:
                return JSONResponse({"detail": "limit is a whole number"}, 422)
            except (StoreUnavailable, Away):
                return JSONResponse({"detail": "the store cannot be had"}, 503)
            return Response(found.model_dump_json(), media_type="application/json")

        return Route(path, endpoint, include_in_schema=False)

    app.router.routes += [route("/ops/accounts", seen), route("/ops/unparsed", unparsed)]


def _account(name: str, kind: str, entry: Entry) -> Account:
    return Account(
        id=name,
        kind=kind,
        accepted=entry.accepted,
        last_accepted=entry.last_accepted,
        refused=dict(entry.refused),
        last_refused=entry.last_refused,
        last_reason=entry.last_reason,
        not_understood=entry.not_understood,
        last_not_understood=entry.last_not_understood,
    )


def _part(row: store.Kept) -> Part:
    return Part(
        id=row.id,
        account=row.account,
        reason=row.reason,
        size=row.size,
        trace_id=telemetry.trace_id(row.traceparent),
        received_at=row.received_at,
    )
