"""What every call has in common: its body within the limit, its span, its way to the edge and its refusals."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request

from lotse.contracts.ids import AccountId
from lotse.ingest.channels.parsed import Parsed, Unparsed
from lotse.ingest.edge import Edge, StoreUnavailable
from lotse.ingest.ledger import Ledger
from lotse.ingest.settings import IngestSettings
from lotse.ingest.web.problems import Away, NotReadable, Problem, TooLarge
from lotse.runtime import clock, telemetry
from lotse.runtime.publish import BrokerUnavailable

AccountName = Annotated[str, Path(max_length=200, description="The account's name in the configuration.")]


class Taken(BaseModel):
    """What became of a call: how many events, and how many parts that were kept to be looked at."""

    events: int
    not_understood: int


@dataclass(slots=True)
class Calls:
    """The way from the endpoints to the edge, which exists once the service is open."""

    settings: IngestSettings
    edge: Edge | None = None
    ledger: Ledger = field(default_factory=lambda: Ledger((), clock.now))

    async def accept(
        self, kind: str, account: AccountId, parsed: Parsed, traceparent: str | None
    ) -> Sequence[Unparsed]:
        """Answer only once nothing can be lost. Raises Away."""
        try:
            unparsed = await self.opened().accept(kind, account, parsed.traced(traceparent), traceparent)
        except (BrokerUnavailable, StoreUnavailable) as error:
            raise Away("nothing was taken, send the same again") from error
        self.ledger.not_understood(account, len(unparsed))
        return unparsed

    def opened(self) -> Edge:
        if self.edge is None:
            raise Away("the service is starting")
        return self.edge

    @contextmanager
    def span(self, request: Request, kind: str, account: str) -> Generator[telemetry.Span]:
        """The call's span, where the trace begins unless the caller has begun one; counts the call."""
        given = request.headers.get("traceparent")
        parent = given if telemetry.parse(given) else telemetry.begin_trace(self.settings.sample_ratio)
        status = 500
        with telemetry.span(f"{request.method} /v1/{kind}", "server", parent, account=account) as opened:
            try:
                yield opened
                status = 200
            except Problem as problem:
                status = problem.status
                raise
            finally:
                telemetry.count("lotse_calls_total", kind=kind, status=str(status))
                self.ledger.answered(account, status)


async def body_of(request: Request, limit: int) -> bytes:
    """The raw body. Raises TooLarge as soon as it is known to be, NotReadable where the caller went away."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared[:20]) > limit:
        raise TooLarge(f"the limit is {limit} bytes")
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise TooLarge(f"the limit is {limit} bytes")
            parts.append(part)
    except ClientDisconnect as error:
        raise NotReadable("the caller went away") from error
    return parts[0] if len(parts) == 1 else b"".join(parts)
