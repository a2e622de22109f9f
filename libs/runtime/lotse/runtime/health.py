"""`/livez`, `/readyz` and `/metrics`, beside whatever a service serves."""

from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

UNTRACED: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
"""For every FastAPI app: the service makes its own spans, and logs never bear an exception's text."""

_FORWARDED = {"x-forwarded-for", "forwarded"}

Check = Callable[[], str | None]
"""None when well, else a word on what is not."""


@dataclass(slots=True)
class Health:
    """What must hold for the process to live, and for it to be given work."""

    live: list[Check] = field(default_factory=list[Check])
    ready: list[Check] = field(default_factory=list[Check])

    def mount(self, app: FastAPI) -> None:
        """Add the three routes, before whatever takes every path; they are no part of the API's document."""
        app.router.routes[:0] = [
            Route("/livez", self._livez, include_in_schema=False),
            Route("/readyz", self._readyz, include_in_schema=False),
            Route("/metrics", _metrics, include_in_schema=False),
        ]

    async def _livez(self, _: Request) -> Response:
        return _answer(self.live)

    async def _readyz(self, _: Request) -> Response:
        return _answer(self.ready)


def _answer(checks: list[Check]) -> Response:
    wrong = [word for word in (check() for check in checks) if word]
    return PlainTextResponse("\n".join(wrong) + "\n" if wrong else "ok\n", status_code=503 if wrong else 200)


async def _metrics(request: Request) -> Response:
    """For whoever asks the process itself; what comes through an ingress, from anywhere, finds no such page."""
    if _FORWARDED & set(request.headers.keys()):
        return PlainTextResponse("not found\n", status_code=404)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
