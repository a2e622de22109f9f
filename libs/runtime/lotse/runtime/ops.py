"""`/ops/…`: how this process stands, and its service's parked records to look at and have tried again.

For whoever bears LOTSE_SERVICE_TOKEN, which is the desk; where no token is set there are no such pages.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from fastapi import FastAPI
from pydantic import AwareDatetime, BaseModel, ConfigDict, SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lotse.contracts.frozen import frozen
from lotse.runtime import clock
from lotse.runtime.health import Health
from lotse.runtime.postgres import Database, Row, Tx, is_transient
from lotse.runtime.record import headers_from_text

MOST = 200
"""Parked records in one answer."""

_LARGEST_ID = 2**63 - 1


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True)


class Outbox(_Said):
    """Events decided and not yet on Kafka. `age` is that of the oldest, in seconds."""

    rows: int
    age: float


class Status(_Said):
    """One process. Outbox and parked records are those of its service, whichever replica is asked."""

    service: str
    replica: str
    """Host and port."""
    started_at: AwareDatetime
    not_ready: tuple[str, ...]
    """Why it may not be given work; empty: ready."""
    relay_active: bool | None
    """Whether this replica carries the outbox; None: the service has none."""
    outbox: Outbox
    parked: int
    lag: dict[str, int]
    """Records not yet applied by topic, of the partitions that this replica reads."""


class Parked(_Said):
    """A record that could not be applied, without what it says."""

    id: int
    topic: str
    """Full name, or `timer:` and a timer's."""
    partition: int
    offset: int
    key: str
    type: str
    reason: str
    error: str
    trace_id: str | None
    parked_at: AwareDatetime
    replay_requested: bool


class ParkedPage(_Said):
    """Youngest first; `after` is for the next page, None where this is the last."""

    items: tuple[Parked, ...]
    total: int
    after: int | None


class ParkedWhole(Parked):
    """The same with its headers. `value` is there only where it was asked for: it may be personal."""

    headers: tuple[tuple[str, str], ...]
    size: int
    value: str | None = None


class Standing(NamedTuple):
    """Of one service: events waiting in the outbox, seconds since the oldest was decided, records parked."""

    waiting: int
    age: float
    parked: int


_STANDING = """
SELECT (SELECT count(*) FROM outbox) AS waiting,
    (SELECT headers FROM outbox ORDER BY id LIMIT 1) AS oldest,
    (SELECT count(*) FROM parked) AS parked
"""

_COLUMNS = """id, topic, partition, "offset", key, type, reason, error, trace_id, parked_at, replay_requested"""

_PAGE = f"""
SELECT {_COLUMNS} FROM parked WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2
"""  # noqa: S608

_WHOLE = f"""
SELECT {_COLUMNS}, headers, coalesce(length(value), 0) AS size, CASE WHEN $2::boolean THEN value END AS value
FROM parked WHERE id = $1
"""  # noqa: S608

_REPLAY = "UPDATE parked SET replay_requested = true WHERE id = $1 RETURNING id"


async def standing(tx: Tx, now: datetime) -> Standing:
    row = await tx.fetchrow(_STANDING)
    return Standing(0, 0.0, 0) if row is None else Standing(row["waiting"], _age(row["oldest"], now), row["parked"])


def _age(headers: str | None, now: datetime) -> float:
    """Seconds since the event with these headers was decided; 0 where there is none."""
    if headers is None:
        return 0.0
    decided = datetime.fromisoformat(dict(headers_from_text(headers))["ce_time"].decode())
    return max(0.0, (now - decided).total_seconds())


@frozen
class Ops:
    """What the pages ask of a running service."""

    service: str
    token: SecretStr | None
    database: Database
    health: Health
    started_at: datetime
    replica: Callable[[], str]
    relay_active: Callable[[], bool | None]
    lag: Callable[[], Mapping[str, int]]
    hurry: Callable[[], None]
    """Replay what was asked for now rather than at the next beat."""

    def mount(self, app: FastAPI) -> None:
        """Add the routes before whatever takes every path; they are no part of the API's document."""
        app.router.routes[:0] = [
            self._route("/ops/status", self._status, "GET"),
            self._route("/ops/parked", self._page, "GET"),
            self._route("/ops/parked/{id:int}", self._whole, "GET"),
            self._route("/ops/parked/{id:int}/replay", self._replay, "POST"),
        ]

    def _route(self, path: str, answer: Callable[[Request], Awaitable[BaseModel | None]], method: str) -> Route:
        async def endpoint(request: Request) -> Response:
            refused = refusal(self.token, request)
            if refused is not None:
                return refused
            try:
                found = await answer(request)
            except ValueError:
                return JSONResponse({"detail": "limit and after are whole numbers"}, 422)
            except Exception as error:
                if not is_transient(error):
                    raise
                return JSONResponse({"detail": "the database cannot be had at the moment"}, 503)
            return JSONResponse({"detail": "not found"}, 404) if found is None else _json(found)

        return Route(path, endpoint, methods=[method], include_in_schema=False)

    async def _status(self, _: Request) -> Status:
        async with self.database.connection() as connection:
            found = await standing(connection, clock.now())
        return Status(
            service=self.service,
            replica=self.replica(),
            started_at=self.started_at,
            not_ready=tuple(word for check in self.health.ready if (word := check())),
            relay_active=self.relay_active(),
            outbox=Outbox(rows=found.waiting, age=found.age),
            parked=found.parked,
            lag=dict(self.lag()),
        )

    async def _page(self, request: Request) -> ParkedPage:
        asked = request.query_params
        limit = min(max(int(asked.get("limit", "50")), 1), MOST)
        after = min(max(int(asked["after"]), 0), _LARGEST_ID) if "after" in asked else None
        async with self.database.connection() as connection:
            rows = await connection.fetch(_PAGE, after, limit + 1)
            total = await connection.fetchval("SELECT count(*) FROM parked")
        items = tuple(Parked.model_validate(_said(row)) for row in rows[:limit])
        return ParkedPage(items=items, total=total, after=items[-1].id if len(rows) > limit else None)

    async def _whole(self, request: Request) -> ParkedWhole | None:
        number = _id(request)
        if number is None:
            return None
        async with self.database.connection() as connection:
            row = await connection.fetchrow(_WHOLE, number, request.query_params.get("value") == "true")
        return None if row is None else _whole(row)

    async def _replay(self, request: Request) -> Parked | None:
        number = _id(request)
        if number is None:
            return None
        async with self.database.connection() as connection:
            if await connection.fetchval(_REPLAY, number) is None:
                return None
            row = await connection.fetchrow(_WHOLE, number, False)
        self.hurry()
        return None if row is None else Parked.model_validate(_said(row))


def refusal(token: SecretStr | None, request: Request) -> Response | None:
    """None for whoever bears the token; the comparison takes the same time wherever they differ."""
    if token is None:
        return JSONResponse({"detail": "not found"}, 404)
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    right = hmac.compare_digest(token.get_secret_value().encode(), given.strip().encode("utf-8", "replace"))
    if right and scheme.lower() == "bearer":
        return None
    return JSONResponse({"detail": "the token is missing or wrong"}, 401, headers={"WWW-Authenticate": "Bearer"})


def _id(request: Request) -> int | None:
    number = int(request.path_params["id"])
    return number if number <= _LARGEST_ID else None


_SAID = tuple(Parked.model_fields)


def _said(row: Row) -> dict[str, object]:
    return {name: row[name] for name in _SAID}


def _whole(row: Row) -> ParkedWhole:
    headers = [(name, raw.decode(errors="replace")) for name, raw in headers_from_text(row["headers"])]
    value: bytes | None = row["value"]
    text = None if value is None else bytes(value).decode(errors="replace")
    return ParkedWhole.model_validate(_said(row) | {"headers": headers, "size": row["size"], "value": text})


def _json(found: BaseModel) -> Response:
    return Response(found.model_dump_json(), media_type="application/json")
