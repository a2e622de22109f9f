"""What an agent asks for: published once, answered with what became of it."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from desk_api import bearer, commands_of, desk_over, next_command, settings_of
from desk_history import MIA, Told, at, conversation, message

from lotse.contracts import commands, conversations
from lotse.contracts.envelope import Fact
from lotse.contracts.ids import derive
from lotse.contracts.values import Presence, Status
from lotse.runtime.topics import create_topics

A = f"/v1/conversations/{conversation('a')}"
READS = {
    "message_id": str(message("a1")),
    "sentiment": "negative",
    "triage": "service",
    "situation": None,
    "topics": ["lieferung"],
}


@pytest.fixture
async def settings(database, kafka, prefix):
    await create_topics(kafka, prefix, single=True)
    return settings_of(database, kafka, prefix)


@pytest.fixture
async def desk(settings):
    async with desk_over(settings) as made:
        yield made


@pytest.fixture
async def published(settings):
    async with commands_of(settings) as consumer:
        yield consumer


async def hear(desk, told: Told) -> None:
    """As the running service does: fold, then wake who waits."""
    await desk.harness.feed(*told.facts)
    await desk.harness.job(desk.parts.waiting.job())


def resolved(cause: UUID) -> Told:
    told = Told()
    told.moved(conversations.ConversationResolved, "a", Status.RESOLVED, 31, MIA, cause)
    return told


def refused(cause: UUID) -> Told:
    told = Told()
    no = conversations.CommandRefused(
        subject=str(conversation("a")), command="resolve", reason="not_assigned", detail="mia has it not", at=at(31)
    )
    told.tell(no, 31, cause)
    return told


async def test_a_command_is_answered_with_its_outcome_once_the_desk_has_it(desk, published):
    asking = asyncio.create_task(desk.post(f"{A}/resolve", key="k1"))
    command = await next_command(published)
    assert command.id == derive("command", "mia", "k1")
    await hear(desk, resolved(command.id))
    answer = await asking
    assert (answer.status_code, answer.json()["type"]) == (200, "de.lotse.conversation.resolved.v1")
    assert UUID(answer.json()["command_id"]) == command.id


async def test_a_refused_command_is_a_conflict_with_the_reason(desk, published):
    asking = asyncio.create_task(desk.post(f"{A}/resolve"))
    command = await next_command(published)
    await hear(desk, refused(command.id))
    answer = await asking
    assert (answer.status_code, answer.json()["reason"]) == (409, "not_assigned")
    assert UUID(answer.json()["command_id"]) == command.id


async def test_a_blocked_reply_says_what_to_do_instead(desk, published):
    asking = asyncio.create_task(desk.post(f"{A}/reply", {"text": "Ihre IBAN ist …"}))
    command = await next_command(published)
    told = Told()
    blocked = conversations.ReplyBlocked(
        conversation_id=conversation("a"),
        reply_id=command.id,
        agent_id="mia",
        problem="pii",
        suggestion="answer in private",
        at=at(31),
    )
    told.tell(blocked, 31, command.id)
    await hear(desk, told)
    answer = await asking
    assert (answer.status_code, answer.json()["reason"], answer.json()["detail"]) == (409, "pii", "answer in private")


async def test_what_takes_longer_is_accepted_and_can_be_asked_for(settings, published):
    hasty = settings.model_copy(update={"outcome_wait": timedelta(milliseconds=50)})
    async with desk_over(hasty) as desk:
        answer = await desk.post(f"{A}/resolve")
        assert (answer.status_code, answer.json()["state"]) == (202, "open")
        command = await next_command(published)
        await hear(desk, resolved(command.id))
        found = (await desk.get(answer.headers["location"])).json()
        assert (found["state"], found["outcome"]["type"]) == ("done", "de.lotse.conversation.resolved.v1")


async def test_the_same_wish_again_has_the_same_outcome_and_is_not_published_again(desk, published):
    asking = asyncio.create_task(desk.post(f"{A}/resolve", key="same"))
    await hear(desk, resolved((await next_command(published)).id))
    first, second = await asking, await desk.post(f"{A}/resolve", key="same")
    assert second.json() == first.json()
    other = asyncio.create_task(desk.post("/v1/agents/mia/heartbeat", key="other"))
    assert (await next_command(published)).id == derive("command", "mia", "other")
    assert (await other).status_code == 204


async def test_the_same_key_of_two_callers_is_two_wishes(desk, published):
    asking = [
        asyncio.create_task(desk.post(f"{A}/resolve", key="k", who=bearer(name, "agent"))) for name in ("mia", "lars")
    ]
    found = {(await next_command(published)).id, (await next_command(published)).id}
    assert len(found) == 2
    for one in asking:
        one.cancel()
    await asyncio.gather(*asking, return_exceptions=True)


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "expected"),
    [
        ("POST", "reply", {"text": "Guten Tag"}, commands.ReplyRequested, {"text": "Guten Tag", "then": "waiting"}),
        (
            "POST",
            "reply",
            {"text": "Hier: a@b.de", "then": "resolved", "override_reason": "gewünscht"},
            commands.ReplyRequested,
            {"then": "resolved", "override_reason": "gewünscht"},
        ),
        ("POST", "reply", {"text": "Gern", "private": True}, commands.ReplyRequested, {"private": True}),
        ("POST", "resolve", {}, commands.ResolveRequested, {"reason": "done"}),
        ("POST", "snooze", {"until": at(99).isoformat()}, commands.SnoozeRequested, {"until": at(99)}),
        ("POST", "reopen", {}, commands.ReopenRequested, {"reason": "reopened"}),
        (
            "POST",
            "transfer",
            {"agent_id": "lars", "reason": "kennt den Fall"},
            commands.TransferRequested,
            {"agent_id": "lars", "team_id": None},
        ),
        ("POST", "notes", {"text": "ruft an"}, commands.NoteWritten, {"text": "ruft an"}),
        (
            "POST",
            "reading",
            READS,
            commands.ReadingCorrectRequested,
            {"message_id": message("a1"), "triage": "service", "situation": None, "topics": ("lieferung",)},
        ),
    ],
)
async def test_each_wish_reaches_the_router_as_it_was_said(settings, published, method, path, body, kind, expected):
    async with desk_over(settings.model_copy(update={"outcome_wait": timedelta(0)})) as desk:
        assert (await desk.post(f"{A}/{path}", body)).status_code == 202
        command: Fact = await next_command(published)
    assert type(command.data) is kind
    assert {name: getattr(command.data, name) for name in expected} == expected
    said = command.data
    assert (said.conversation_id, said.actor_id, said.role, said.at) == (conversation("a"), "mia", "agent", at(30))
    assert command.traceparent is not None


async def test_an_agent_goes_online(desk, published):
    asking = asyncio.create_task(desk.post("/v1/agents/mia/status", {"status": "online"}, method="PUT"))
    command = await next_command(published)
    told = Told()
    now_online = conversations.AgentStatusChanged(
        agent_id="mia", previous=Presence.OFFLINE, current=Presence.ONLINE, actor=MIA, reason="asked", at=at(31)
    )
    told.tell(now_online, 31, command.id)
    await hear(desk, told)
    assert (await asking).status_code == 200
    assert (await desk.get("/v1/me")).json()["agent"]["status"] == "online"


async def test_a_heartbeat_is_handed_on_and_waits_for_nothing(desk, published):
    assert (await desk.post("/v1/agents/mia/heartbeat")).status_code == 204
    assert type((await next_command(published)).data) is commands.AgentHeartbeat


@pytest.mark.parametrize(
    ("subject", "role", "allowed"),
    [
        ("mia", "agent", True),
        ("lars", "agent", False),
        ("lars", "lead", True),
        ("root", "admin", True),
        ("phone", "service", True),
    ],
)
async def test_an_agent_speaks_for_himself_alone(desk, subject, role, allowed):
    answer = await desk.post("/v1/agents/mia/heartbeat", who=bearer(subject, role))
    assert answer.status_code == (204 if allowed else 403)
    assert allowed or answer.json()["reason"] == "not_yours"


async def test_a_wish_without_a_key_is_refused(desk):
    answer = await desk.client.post(f"{A}/resolve", json={}, headers=bearer())
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert "Idempotency-Key" in answer.json()["errors"][0]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("reply", {"text": ""}),
        ("reply", {"text": "x" * 60_001}),
        ("reply", {"text": "a\x00b"}),
        ("reply", {"text": "hi", "then": "maybe"}),
        ("reply", {"text": "hi", "typo": 1}),
        ("snooze", {"until": "2026-03-02T10:00:00"}),
        ("snooze", {}),
        ("reading", READS | {"sentiment": "furious"}),
        ("reading", READS | {"topics": ["x"] * 21}),
        ("reading", {name: value for name, value in READS.items() if name != "situation"}),
    ],
)
async def test_a_wish_that_cannot_be_meant_is_refused_before_it_is_published(desk, path, body):
    answer = await desk.post(f"{A}/{path}", body)
    assert (answer.status_code, answer.json()["reason"]) == (422, "invalid")


@pytest.mark.parametrize("body", [b'{"text": "\\ud800"}', b'{"\\ud800": 1, "text": "x"}', b"{", b"[]", b"\xff"])
async def test_a_body_that_is_no_wish_is_refused(desk, body):
    headers = bearer() | {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = await desk.client.post(f"{A}/notes", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_of_megabytes_is_refused(desk):
    answer = await desk.post(f"{A}/notes", {"text": "x" * 2_000_000})
    assert (answer.status_code, answer.json()["reason"]) == (413, "request_entity_too_large")


async def test_without_kafka_the_caller_is_asked_to_come_again(database, unused_tcp_port):
    async with desk_over(settings_of(database, f"127.0.0.1:{unused_tcp_port}")) as desk:
        answer = await desk.post(f"{A}/resolve")
    assert (answer.status_code, answer.json()["reason"]) == (503, "broker_away")
    assert answer.headers["retry-after"] == "1"


async def test_nobody_waits_for_ever_in_memory(settings, published):
    async with desk_over(settings.model_copy(update={"outcome_wait": timedelta(0)})) as desk:
        await desk.post(f"{A}/resolve", key=uuid4().hex)
        asked = len(desk.parts.waiting._waiting)
    assert asked == 0
