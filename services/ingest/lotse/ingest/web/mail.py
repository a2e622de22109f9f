"""`/v1/mail/{account}`: raw mail from a mail server or provider."""

import asyncio
from collections.abc import Mapping

from fastapi import FastAPI
from starlette.requests import Request

from lotse.ingest.accounts import Mail
from lotse.ingest.channels import mail
from lotse.ingest.channels.parsed import Unreadable
from lotse.ingest.web.calls import AccountName, Calls, Taken, body_of
from lotse.ingest.web.problems import Away, Invalid, NotReadable, TooLarge, Unauthorised, Unknown, documented
from lotse.ingest.web.tokens import BEARER, require
from lotse.runtime import clock

_BODY: Mapping[str, object] = {
    "required": True,
    "content": {"message/rfc822": {"schema": {"type": "string", "format": "binary"}}},
}


def add_to(app: FastAPI, accounts: Mapping[str, Mail], calls: Calls) -> None:
    @app.post(
        "/v1/mail/{account}",
        responses=documented(NotReadable, Unauthorised, Unknown, TooLarge, Invalid, Away),
        openapi_extra={"requestBody": _BODY, "security": BEARER},
    )
    async def receive(account: AccountName, request: Request) -> Taken:
        """One mail as it came, headers and all. The same mail again is the same message."""
        with calls.span(request, "mail", account) as span:
            known = accounts.get(account)
            if known is None:
                raise Unknown("there is no such mail account")
            require(known.token, request)
            body = await body_of(request, calls.settings.mail_limit)
            try:
                parsed = await asyncio.to_thread(mail.parse, body, known.id, known.config, clock.now())
            except Unreadable as error:
                raise NotReadable(str(error)) from error
            unparsed = await calls.accept("mail", known.id, parsed, span.traceparent)
            return Taken(events=len(parsed.facts), not_understood=len(unparsed))
