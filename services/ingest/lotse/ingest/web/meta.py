"""`/v1/meta/{account}`: the webhook of a Meta app."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated

from fastapi import FastAPI, Query
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lotse.ingest.accounts import Meta
from lotse.ingest.channels import meta
from lotse.ingest.channels.parsed import Parsed, Unreadable
from lotse.ingest.web.calls import AccountName, Calls, Taken, body_of
from lotse.ingest.web.problems import Away, Invalid, NotReadable, TooLarge, Unauthorised, Unknown, documented
from lotse.runtime import clock

SIGNATURE = "X-Hub-Signature-256"
_AT_ONCE = 30_000
"""Bytes whose parsing takes no longer than some 15 ms."""
_CHALLENGE = {"WWW-Authenticate": SIGNATURE}
_SIGNED: Mapping[str, object] = {
    "name": SIGNATURE,
    "in": "header",
    "required": True,
    "description": "`sha256=` and the HMAC-SHA256 of the raw body under the app's secret, in hex.",
    "schema": {"type": "string"},
}
_BODY: Mapping[str, object] = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}


class _Plain(APIRoute):
    """Calls the endpoint with the account and the raw request: FastAPI's own way costs more than all the rest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[None, None, Response]]:
        endpoint: Callable[[str, Request], Coroutine[None, None, Response]] = self.endpoint

        async def handle(request: Request) -> Response:
            return await endpoint(request.path_params["account"], request)

        return handle


def add_to(app: FastAPI, accounts: Mapping[str, Meta], calls: Calls) -> None:
    """The handshake and the webhook."""

    @app.get(
        "/v1/meta/{account}",
        response_class=PlainTextResponse,
        responses=documented(Unauthorised, Unknown, Invalid),
    )
    async def subscribe(
        account: AccountName,
        mode: Annotated[str, Query(alias="hub.mode")],
        verify_token: Annotated[str, Query(alias="hub.verify_token")],
        challenge: Annotated[str, Query(alias="hub.challenge", max_length=1000)],
    ) -> str:
        """Meta asks whether the endpoint is ours."""
        known = _account(accounts, account)
        if not meta.is_subscription(known.verify_token.get_secret_value(), mode, verify_token):
            raise Unauthorised("the verify token is not the account's", _CHALLENGE)
        return challenge

    async def receive(account: AccountName, request: Request) -> Response:
        """Messages, comments, edits, receipts: one POST may hold many entries. Meta sends again on 5xx."""
        with calls.span(request, "meta", account) as span:
            known = _account(accounts, account)
            body = await body_of(request, calls.settings.meta_limit)
            if not meta.verify(known.app_secret.get_secret_value(), body, request.headers.get(SIGNATURE)):
                raise Unauthorised("the signature is missing or wrong", _CHALLENGE)
            try:
                parsed = await _parsed(body, known)
            except Unreadable as error:
                raise NotReadable(str(error)) from error
            unparsed = await calls.accept("meta", known.id, parsed, span.traceparent)
        taken = Taken(events=len(parsed.facts), not_understood=len(unparsed))
        return Response(taken.model_dump_json(), media_type="application/json")

    app.router.add_api_route(
        "/v1/meta/{account}",
        receive,
        methods=["POST"],
        response_model=Taken,
        responses=documented(NotReadable, Unauthorised, Unknown, TooLarge, Away),
        openapi_extra={"parameters": [_SIGNED], "requestBody": _BODY},
        route_class_override=_Plain,
    )


async def _parsed(body: bytes, known: Meta) -> Parsed:
    """Large ones beside the loop, which goes on meanwhile. Raises Unreadable."""
    if len(body) <= _AT_ONCE:
        return meta.parse(body, known.id, known.config, clock.now())
    return await asyncio.to_thread(meta.parse, body, known.id, known.config, clock.now())


def _account(accounts: Mapping[str, Meta], name: str) -> Meta:
    known = accounts.get(name)
    if known is None:
        raise Unknown("there is no such Meta account")
    return known
