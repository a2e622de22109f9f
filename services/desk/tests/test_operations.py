"""What is told of the installation: by whom, what is added up, and that what cannot be asked is never zero."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest
import uvicorn
from desk_api import desk_over, settings_of
from desk_history import Told, at
from fastapi import FastAPI
from pydantic import SecretStr, ValidationError

from lotse.contracts.config import Config
from lotse.contracts.ops import Account, Seen, Unparsed
from lotse.desk.console.operating.rows import Telling
from lotse.desk.console.operating.texts import OPERATIONS
from lotse.desk.operations import Look, Operations, merged
from lotse.desk.replicas import NotThere, Replicas, Unreachable
from lotse.runtime.health import Health
from lotse.runtime.lag import Extent, GroupLag, PartitionLag, TopicLag
from lotse.runtime.ops import Ops, ParkedWhole, Status

NINE = at(0)
TOKEN = SecretStr("what services show each other")
ACCOUNTS = {"haus": {"kind": "api", "token": "env:T", "channels": ["letter"]}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", {}),
        ("router=http://router:8080", {"router": ("http://router:8080",)}),
        (
            "ingest=http://a:1, ingest=http://b:2,sla=https://c",
            {"ingest": ("http://a:1", "http://b:2"), "sla": ("https://c",)},
        ),
        (
            '{"router": "http://r", "ingest": ["http://a", "http://b"]}',
            {"router": ("http://r",), "ingest": ("http://a", "http://b")},
        ),
    ],
)
def test_where_the_services_are_is_said_in_a_list_or_as_json(monkeypatch, given, expected):
    for name, value in {
        "KAFKA": "k",
        "POSTGRES": "p",
        "CONFIG": "c",
        "JWT_SECRET": "s" * 32,
        "SERVICES": given,
    }.items():
        monkeypatch.setenv(f"LOTSE_{name}", value)
    from lotse.desk.settings import DeskSettings

    assert DeskSettings.read().services == expected


@pytest.mark.parametrize("given", ["router", "router=", "router=ftp://x", "{"])
def test_addresses_that_cannot_be_meant_are_refused_by_name(given):
    with pytest.raises(ValidationError, match="services"):
        settings_of("postgresql://x", services=given)


@asynccontextmanager
async def served(app: FastAPI):
    """An app on a port of its own."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


def service(harness, name: str, **given) -> FastAPI:
    app = FastAPI()
    made = {
        "service": name,
        "token": TOKEN,
        "database": harness.database,
        "health": Health(),
        "started_at": at(0),
        "replica": lambda: "x",
        "relay_active": lambda: True,
        "lag": dict,
        "hurry": lambda: None,
    }
    Ops(**made | given).mount(app)
    return app


def account(id: str = "haus", **said) -> Account:
    nothing = {
        "kind": "api",
        "accepted": 0,
        "last_accepted": None,
        "refused": {},
        "last_refused": None,
        "last_reason": None,
        "not_understood": 0,
        "last_not_understood": None,
    }
    return Account(id=id, **nothing | said)


def ingest(*accounts: Account, since=NINE) -> FastAPI:
    """What ingest says, without the rest of it."""
    app = FastAPI()
    app.get("/ops/accounts")(lambda: Seen(since=since, accounts=accounts))
    app.get("/ops/unparsed")(lambda: Unparsed(items=(), total=0))
    return app


@pytest.fixture
async def desk(database):
    async with desk_over(settings_of(database)) as made:
        yield made


@asynccontextmanager
async def operations(**apps: FastAPI | str | list[FastAPI | str]):
    """Operations that know these services: apps that run, or addresses."""
    async with AsyncExitStack() as stack:
        urls = {}
        for name, given in apps.items():
            many = given if isinstance(given, list) else [given]
            urls[name] = [one if isinstance(one, str) else await stack.enter_async_context(served(one)) for one in many]
        replicas = Replicas(urls, TOKEN)
        stack.push_async_callback(replicas.close)
        yield Operations(replicas)


GONE = "http://127.0.0.1:9"


async def test_a_service_is_told_with_each_of_its_processes_and_one_list_of_what_is_parked(desk):
    await park(desk.harness)
    apps = [service(desk.harness, "desk"), service(desk.harness, "desk", relay_active=lambda: False)]
    async with operations(desk=[*apps, GONE]) as found:
        (told,) = (await found.look(desk.parts)).services
    assert [process.status and process.status.relay_active for process in told.processes] == [True, False, None]
    assert told.processes[-1].fault == "ClientConnectorError"
    assert (told.parked.total, told.fault) == (1, None)


async def park(harness) -> None:
    """One record that breaks its schema."""
    told = Told()
    told.opened("u", "petra")
    record = harness.log.record(told.facts[0])
    await harness.feed_records([type(record)(record.topic, 0, record.offset, record.key, b"{}", record.headers)])


async def test_what_cannot_be_asked_is_unknown_and_never_zero(desk):
    async with operations(
        desk=service(desk.harness, "desk"), sla=GONE, ingest="http://no.such.host.invalid:1"
    ) as found:
        look = await found.look(desk.parts)
    told = {one.name: one for one in look.services}
    assert (told["desk"].parked.total, told["sla"].parked, told["ingest"].parked) == (0, None, None)
    assert told["ingest"].fault == "the name is not known"
    assert (look.topics, look.accounts.unparsed) == (None, None)
    assert "Kafka did not answer" in look.topics_fault
    shown = Telling(OPERATIONS["de"]).shown(look)
    unknown = next(row for row in shown.services if row.name == "sla")
    assert (unknown.parked, unknown.outbox, unknown.processes[0].behind) == (None, None, None)
    assert {left.service for left in shown.left if left.unknown is not None} == {"sla", "ingest"}
    assert (shown.topics, shown.parts) == (None, None)
    assert not any(row.known for row in shown.accounts)


@pytest.mark.parametrize("token", [None, SecretStr("another")])
async def test_a_token_that_does_not_open_is_told_and_not_taken_for_nothing(desk, token):
    async with operations(desk=service(desk.harness, "desk")) as found:
        replicas = Replicas({"desk": [(await found.replicas.of("desk"))[0].url]}, token)
        with pytest.raises(Unreachable, match=r"LOTSE_SERVICE_TOKEN|HTTP 401"):
            await replicas.first("desk", "/ops/status", Status)
        await replicas.close()


async def test_a_service_that_knows_no_token_is_told_too(desk):
    async with operations(desk=service(desk.harness, "desk", token=None)) as found:
        (told,) = (await found.look(desk.parts)).services
    assert (told.parked, told.processes[0].fault) == (None, "HTTP 404")


async def test_the_first_replica_that_answers_is_enough_for_what_is_in_the_database(desk):
    await park(desk.harness)
    async with operations(desk=[GONE, service(desk.harness, "desk")]) as found:
        (one,) = (await found.look(desk.parts)).services[0].parked.items
        assert (await found.parked("desk", one.id, value=False)).value is None
        assert (await found.parked("desk", one.id, value=True)).value == "{}"
        assert (await found.replay("desk", one.id)).replay_requested
        with pytest.raises(NotThere):
            await found.parked("desk", one.id + 1, value=False)
        with pytest.raises(Unreachable):
            await found.parked("nobody", one.id, value=False)


async def test_a_look_serves_everybody_for_a_while_and_is_taken_afresh_after_something_was_done(desk):
    await park(desk.harness)
    async with operations(desk=service(desk.harness, "desk")) as found:
        first = await found.look(desk.parts)
        assert await found.look(desk.parts) is first
        assert await found.look(desk.parts, 200) is not first, "more was asked for"
        (one,) = first.services[0].parked.items
        await found.replay("desk", one.id)
        (again,) = (await found.look(desk.parts)).services[0].parked.items
        assert again.replay_requested


async def test_accounts_are_added_up_over_the_replicas_that_can_be_asked(desk, monkeypatch):
    monkeypatch.setattr("lotse.desk.operations._topics", no_topics)
    parts = desk.parts
    object.__setattr__(parts, "config", Config.model_validate({"accounts": ACCOUNTS}))
    one = account(
        accepted=2, last_accepted=at(5), refused={"signature": 1}, last_refused=at(1), last_reason="signature"
    )
    other = account(
        accepted=3,
        last_accepted=at(4),
        refused={"signature": 1, "too_large": 4},
        last_refused=at(3),
        last_reason="too_large",
    )
    async with operations(ingest=[ingest(one), ingest(other, since=at(2)), GONE]) as found:
        accounts = (await found.look(parts)).accounts
    (told,) = accounts.accounts
    assert (told.seen.accepted, told.seen.last_accepted, told.seen.last_reason) == (5, at(5), "too_large")
    assert told.seen.refused == {"signature": 2, "too_large": 4}
    assert (accounts.since, accounts.unreachable) == (at(2), 1)


async def no_topics(_):
    return None, "not asked"


def test_nobody_who_could_say_is_not_the_same_as_nothing_said():
    assert merged([]) is None
    assert merged([account()]).accepted == 0


def test_lag_is_shown_by_group_and_partition_with_what_is_not_known():
    groups = (
        GroupLag("lotse-router", (PartitionLag(0, 700, 100, 600), PartitionLag(1, 5, None, 5))),
        GroupLag("lotse-desk", (PartitionLag(0, 700, 700, 0),)),
        GroupLag("lotse-sla", None, "GroupAuthorizationFailedError"),
    )
    topic = TopicLag("lotse-inbound", {0: Extent(0, 700), 1: Extent(2, 5)}, groups)
    empty = TopicLag("lotse-commands", {}, ())
    shown = Telling(OPERATIONS["en"]).shown(look_of((topic, empty)))
    assert [(row.records, row.there) for row in shown.topics] == [(703, True), (0, False)]
    assert [(row.behind, row.tone) for row in shown.topics[0].groups] == [(605, "danger"), (0, "ok"), (None, "warn")]


def look_of(topics) -> Look:
    from lotse.desk.operations import AccountsLook

    return Look(at(0), topics, None, (), AccountsLook((), None, 0, None))


@pytest.mark.parametrize(
    ("template", "address"),
    [(None, None), ("http://traces/trace/{trace_id}", "http://traces/trace/0af7651916cd43dd8448eb211c80319c")],
)
def test_a_trace_is_linked_where_there_is_a_viewer(template, address):
    whole = ParkedWhole(
        id=7,
        topic="timer:overdue",
        partition=0,
        offset=0,
        key="k",
        type="timer",
        reason="failed",
        error="ValueError at x.py:1",
        trace_id="0af7651916cd43dd8448eb211c80319c",
        parked_at=at(0) + timedelta(hours=1),
        replay_requested=False,
        headers=(),
        size=0,
    )
    record = Telling(OPERATIONS["de"], template).record("sla", whole)
    assert (record.row.trace_address, record.row.place, record.value) == (address, "", None)
    assert record.row.reason == "ließ sich nicht anwenden"
