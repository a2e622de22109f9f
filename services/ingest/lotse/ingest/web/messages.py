"""`/v1/messages/{account}`: typed messages from our own systems."""

from collections.abc import Callable, Mapping
from typing import Annotated, TypeVar

from fastapi import FastAPI, Path, Query
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from lotse.contracts.channels import Channel
from lotse.contracts.envelope import problems
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import MessageId, message_id
from lotse.ingest.accounts import Api
from lotse.ingest.channels import typed
from lotse.ingest.channels.parsed import Parsed, Unreadable, document
from lotse.ingest.channels.typed import ChannelNotAllowed, Edit, ExternalId, NewMessage, ThreadName
from lotse.ingest.text import clean
from lotse.ingest.web.calls import AccountName, Calls, body_of
from lotse.ingest.web.problems import Away, Invalid, NotReadable, TooLarge, Unauthorised, Unknown, documented
from lotse.ingest.web.tokens import BEARER, require
from lotse.runtime import clock

_KEY: Mapping[str, object] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Stands for `external_id` where the body has none; the same key again is the same message.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}
_REFUSALS = documented(NotReadable, Unauthorised, Unknown, TooLarge, Invalid, Away)


class Accepted(BaseModel):
    """The message that the call was about."""

    message_id: MessageId
    external_id: str


@frozen
class _Way:
    """From a call to what is accepted of it."""

    accounts: Mapping[str, Api]
    calls: Calls

    def known(self, account: str, request: Request) -> Api:
        """Raises Unknown, Unauthorised."""
        found = self.accounts.get(account)
        if found is None:
            raise Unknown("there is no such API account")
        require(found.token, request)
        return found

    async def accept(self, account: Api, external_id: str, parsed: Parsed, traceparent: str | None) -> Accepted:
        """Raises Away, TooLarge."""
        refused = await self.calls.accept("messages", account.id, parsed, traceparent)
        if refused:
            raise TooLarge("the message is larger than an event may be")
        return Accepted(message_id=message_id(account.id, external_id), external_id=external_id)


def add_to(app: FastAPI, accounts: Mapping[str, Api], calls: Calls) -> None:
    """New messages, edits, deletions."""
    way = _Way(accounts, calls)
    _new(app, way)
    _edits(app, way)
    _deletions(app, way)


def _new(app: FastAPI, way: _Way) -> None:
    @app.post(
        "/v1/messages/{account}",
        status_code=202,
        responses=_REFUSALS,
        openapi_extra={"parameters": [_KEY], "requestBody": _body(NewMessage), "security": BEARER},
    )
    async def receive(account: AccountName, request: Request) -> Accepted:
        """A customer's message. The same `external_id` or `Idempotency-Key` again is the same message."""
        with way.calls.span(request, "messages", account) as span:
            api = way.known(account, request)
            message = _read(NewMessage, await body_of(request, way.calls.settings.typed_limit))
            external_id = message.external_id or _idempotency_key(request)
            parsed = _allowed(lambda: typed.received(message, external_id, api.id, api.config, clock.now()))
            return await way.accept(api, external_id, parsed, span.traceparent)


def _edits(app: FastAPI, way: _Way) -> None:
    @app.put(
        "/v1/messages/{account}/{external_id:path}",
        status_code=202,
        responses=_REFUSALS,
        openapi_extra={"requestBody": _body(Edit), "security": BEARER},
    )
    async def edit(account: AccountName, external_id: Annotated[ExternalId, Path()], request: Request) -> Accepted:
        """The new text of a message; may come before the message itself."""
        with way.calls.span(request, "messages", account) as span:
            api = way.known(account, request)
            change = _read(Edit, await body_of(request, way.calls.settings.typed_limit))
            parsed = _allowed(lambda: typed.edited(change, external_id, api.id, api.config, clock.now()))
            return await way.accept(api, external_id, parsed, span.traceparent)


def _deletions(app: FastAPI, way: _Way) -> None:
    @app.delete(
        "/v1/messages/{account}/{external_id:path}",
        status_code=202,
        responses=documented(Unauthorised, Unknown, Invalid, Away),
        openapi_extra={"security": BEARER},
    )
    async def delete(
        account: AccountName,
        external_id: Annotated[ExternalId, Path()],
        channel: Annotated[Channel, Query()],
        thread: Annotated[ThreadName, Query(description="The message's thread, else the sender's id.")],
        request: Request,
    ) -> Accepted:
        """The customer took the message back: its text and files go everywhere."""
        with way.calls.span(request, "messages", account) as span:
            api = way.known(account, request)
            parsed = _allowed(lambda: typed.deleted(external_id, channel, thread, api.id, api.config, clock.now()))
            return await way.accept(api, external_id, parsed, span.traceparent)


M = TypeVar("M", bound=BaseModel)


def _body(model: type[BaseModel]) -> dict[str, object]:
    """The endpoint reads the body itself, after size and token."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _read(model: type[M], body: bytes) -> M:
    """Raises NotReadable for what is no JSON, Invalid for what breaks the schema."""
    try:
        return model.model_validate(document(body))
    except Unreadable as error:
        raise NotReadable(str(error)) from error
    except ValidationError as error:
        raise Invalid(problems(error)) from error


def _idempotency_key(request: Request) -> str:
    key = clean(request.headers.get("idempotency-key", "").strip())
    if not 0 < len(key) <= 200:
        raise Invalid("give an external_id, or a header Idempotency-Key of at most 200 characters")
    return key


def _allowed(parse: Callable[[], Parsed]) -> Parsed:
    try:
        return parse()
    except ChannelNotAllowed as error:
        raise Invalid(str(error)) from error
