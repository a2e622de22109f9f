"""Alerts and replies to other systems, in Standard Webhooks form, over real HTTP."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from notifier_world import (
    AT,
    KEY,
    LOOPBACK,
    Provider,
    Seen,
    Shop,
    address,
    answer,
    approved,
    config,
    conversation,
    hang_up,
    opened,
    provider,
    reply_id,
    shop,
)
from pydantic import SecretStr

from lotse.contracts.channels import Channel
from lotse.contracts.deadlines import Clock, DeadlineMissed, DeadlineWarned, ServiceLevelDegraded, ServiceLevelRecovered
from lotse.contracts.ids import derive
from lotse.contracts.notices import NoticeFailed, NoticeSent, ReplyFailed, ReplySent
from lotse.notifier import app
from lotse.notifier.core.model import Sink
from lotse.notifier.core.rules import Rules
from lotse.notifier.sinks.webhook import BadSecret, key_of
from lotse.runtime.errors import SettingsError


def warned(number: int = 1) -> DeadlineWarned:
    return DeadlineWarned(
        conversation_id=conversation(number),
        deadline_id=derive("deadline", number),
        clock=Clock.FIRST_RESPONSE,
        channel=Channel.MESSENGER,
        due_at=AT + timedelta(minutes=10),
        warned_at=AT,
    )


def missed(number: int = 1) -> DeadlineMissed:
    return DeadlineMissed(
        conversation_id=conversation(number),
        deadline_id=derive("deadline", number),
        clock=Clock.FIRST_RESPONSE,
        channel=Channel.MESSENGER,
        missed_at=AT,
        detected_at=AT,
    )


def signature(seen: Seen) -> str:
    """As a receiver computes it, written from the standard and not from the code under test."""
    signed = f"{seen.headers['webhook-id']}.{seen.headers['webhook-timestamp']}.".encode() + seen.body
    return "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()


@pytest_asyncio.fixture
async def team() -> AsyncIterator[Provider]:
    async with provider() as made:
        yield made


@pytest_asyncio.fixture
async def desk(team: Provider, database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    alert = {"url": f"{team.url}/alerts", "secret": "env:W", "networks": LOOPBACK}
    settings = config(hook=f"{team.url}/replies", alerts={"team": alert})
    async with shop(database, settings, monkeypatch) as made:
        yield made


async def test_a_warning_reaches_the_team_signed(desk: Shop, team: Provider) -> None:
    fact = desk.harness.fact(warned(), sequence=3)
    await desk.feed(fact)
    (sent,) = await desk.send(Sink.WEBHOOK)
    assert isinstance(sent, NoticeSent)
    assert (sent.kind, sent.sink, sent.conversation_id) == ("alert", "team", conversation())
    (seen,) = team.seen
    assert seen.headers["webhook-signature"] == signature(seen)
    assert seen.headers["webhook-timestamp"] == str(int(AT.timestamp()))
    assert seen.headers["Content-Type"] == "application/cloudevents+json"
    assert seen.json["id"] == str(fact.id)
    assert (seen.json["type"], seen.json["sequence"]) == ("de.lotse.deadline.warned.v1", "3")
    assert seen.json["data"]["conversation_id"] == str(conversation())


async def test_the_same_event_twice_is_one_alert(desk: Shop, team: Provider) -> None:
    fact = desk.harness.fact(missed())
    await desk.feed(fact)
    await desk.feed(fact)
    await desk.send(Sink.WEBHOOK)
    await desk.feed(fact)
    await desk.send(Sink.WEBHOOK)
    assert len(team.seen) == 1


async def test_a_retry_bears_the_same_id_and_waits_longer_each_time(desk: Shop, team: Provider) -> None:
    team.answers = [answer(500), answer(404), hang_up, answer(302, Location="http://elsewhere.example/")]
    await desk.feed(warned())
    for wait in ({"seconds": 5}, {"minutes": 5}, {"minutes": 30}, {"hours": 2}):
        assert await desk.send(Sink.WEBHOOK) == []
        desk.later(**{next(iter(wait)): next(iter(wait.values())) * 0.9})
        assert await desk.send(Sink.WEBHOOK) == []
        desk.later(**{next(iter(wait)): next(iter(wait.values())) * 0.1})
    assert isinstance((await desk.send(Sink.WEBHOOK))[0], NoticeSent)
    assert len(team.seen) == 5
    assert len({seen.headers["webhook-id"] for seen in team.seen}) == 1
    assert all(seen.headers["webhook-signature"] == signature(seen) for seen in team.seen)


async def test_after_three_days_it_is_given_up(desk: Shop, team: Provider) -> None:
    team.answers = [answer(500)] * 20
    await desk.feed(warned())
    told: list[object] = []
    for _ in range(200):
        told += await desk.send(Sink.WEBHOOK)
        told += await desk.tick()
        desk.later(minutes=30)
    (lost,) = told
    assert isinstance(lost, NoticeFailed)
    assert len(team.seen) == 9


async def test_410_ends_the_endpoint(desk: Shop, team: Provider) -> None:
    team.answers = [answer(410)]
    await desk.feed(warned())
    (lost,) = await desk.send(Sink.WEBHOOK)
    assert isinstance(lost, NoticeFailed)
    await desk.feed(missed())
    assert await desk.send(Sink.WEBHOOK) == []
    assert len(team.seen) == 1


async def test_alerts_of_one_conversation_keep_their_order(desk: Shop, team: Provider) -> None:
    team.answers = [answer(503)]
    await desk.feed(warned(), missed())
    await desk.send(Sink.WEBHOOK)
    assert await desk.send(Sink.WEBHOOK) == []
    desk.later(seconds=6)
    await desk.send(Sink.WEBHOOK)
    await desk.send(Sink.WEBHOOK)
    types = [seen.json["type"].rsplit(".", 2)[1] for seen in team.seen]
    assert types == ["warned", "warned", "missed"]


async def test_killed_between_call_and_settling_an_alert_is_told_again_with_its_id(desk: Shop, team: Provider) -> None:
    await desk.feed(warned())
    await desk.send_and_die(Sink.WEBHOOK)
    desk.later(minutes=1)
    assert await desk.tick() == []
    (sent,) = await desk.send(Sink.WEBHOOK)
    assert isinstance(sent, NoticeSent)
    assert len({seen.headers["webhook-id"] for seen in team.seen}) == 1
    assert len(team.seen) == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_an_alert_does_not_enter_a_network_that_is_not_allowed(
    team: Provider, database: str, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    url = team.url.replace("127.0.0.1", host)
    async with shop(database, config(alerts={"team": {"url": url, "secret": "env:W"}}), monkeypatch) as desk:
        await desk.feed(warned())
        (lost,) = await desk.send(Sink.WEBHOOK)
    assert isinstance(lost, NoticeFailed)
    assert (lost.reason, team.seen) == ("blocked", [])


async def test_a_reply_for_a_system_of_our_own_is_posted_to_it(desk: Shop, team: Provider) -> None:
    where = address(Channel.IN_APP)
    await desk.feed(opened(where=where), approved(where=where))
    (sent,) = await desk.send(Sink.WEBHOOK)
    assert isinstance(sent, ReplySent)
    (seen,) = team.seen
    assert seen.headers["webhook-signature"] == signature(seen)
    assert seen.headers["webhook-id"] == str(reply_id())
    assert seen.json["type"] == "reply.approved"
    assert seen.json["data"]["text"] == "Antwort 1"


async def test_a_system_that_does_not_answer_is_asked_again_at_once_safe(desk: Shop, team: Provider) -> None:
    team.answers = [hang_up]
    where = address(Channel.IN_APP)
    await desk.feed(opened(where=where), approved(where=where))
    assert await desk.send(Sink.WEBHOOK) == []
    desk.later(seconds=2)
    assert isinstance((await desk.send(Sink.WEBHOOK))[0], ReplySent)
    assert {seen.headers["webhook-id"] for seen in team.seen} == {str(reply_id())}


async def test_a_system_that_refuses_a_reply_gives_it_back(desk: Shop, team: Provider) -> None:
    team.answers = [answer(422)]
    where = address(Channel.IN_APP)
    await desk.feed(opened(where=where), approved(where=where))
    (lost,) = await desk.send(Sink.WEBHOOK)
    assert isinstance(lost, ReplyFailed)


async def test_an_alert_may_ask_for_any_event_of_a_conversation(
    team: Provider, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = {
        "url": team.url,
        "secret": "env:W",
        "networks": LOOPBACK,
        "events": ["de.lotse.reply.failed.v1", "de.lotse.conversation.opened.v1"],
    }
    async with shop(database, config(alerts={"team": wish}), monkeypatch) as desk:
        lost = ReplyFailed(conversation_id=conversation(), reply_id=reply_id(), reason="unknown", detail="?", at=AT)
        await desk.feed(opened(), lost, warned())
        await desk.send(Sink.WEBHOOK)
        await desk.send(Sink.WEBHOOK)
    assert sorted(seen.json["type"] for seen in team.seen) == sorted(wish["events"])


def slow(channel: Channel) -> ServiceLevelDegraded:
    return ServiceLevelDegraded(
        channel=channel,
        at=AT,
        since=AT - timedelta(minutes=10),
        p90=timedelta(minutes=40),
        baseline=timedelta(minutes=12),
        answers=44,
        staffed=2,
    )


async def test_an_alert_may_ask_for_the_service_levels_of_channels(
    team: Provider, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = ["de.lotse.service_level.degraded.v1", "de.lotse.service_level.recovered.v1"]
    wish = {"url": team.url, "secret": "env:W", "networks": LOOPBACK, "events": events}
    async with shop(database, config(alerts={"team": wish}), monkeypatch) as desk:
        recovered = ServiceLevelRecovered(channel=Channel.MESSENGER, at=AT, degraded_at=AT, reason="p90")
        await desk.feed(slow(Channel.MESSENGER), recovered, slow(Channel.EMAIL))
        told = [*await desk.send(Sink.WEBHOOK), *await desk.send(Sink.WEBHOOK)]
    assert [type(event) for event in told] == [NoticeSent] * 3
    of_messenger = [seen.json["type"] for seen in team.seen if seen.json["subject"] == "messenger"]
    assert of_messenger == events
    assert [seen.json["data"]["channel"] for seen in team.seen].count("email") == 1


@pytest.mark.parametrize("kind", ["de.lotse.nothing.v1", "de.lotse.agent.status_changed.v1"])
def test_an_alert_that_can_never_be_told_is_a_mistake_in_the_file(kind: str) -> None:
    settings = config(alerts={"team": {"url": "https://team.example", "secret": "env:W", "events": [kind]}})
    with pytest.raises(SettingsError, match="alerts.team.events"):
        app.fold(Rules(settings))


@pytest.mark.parametrize("text", ["plain", "whsec_%%%", "whsec_abc"])
def test_a_secret_that_is_none_is_named_without_being_shown(text: str) -> None:
    with pytest.raises(BadSecret) as raised:
        key_of(SecretStr(text))
    assert text not in str(raised.value)


async def test_the_page_and_the_team_do_not_wait_for_each_other(desk: Shop, team: Provider) -> None:
    await desk.feed(opened(), approved(), desk.harness.fact(warned(), id=uuid4()))
    assert await desk.stages() == ["pending", "pending"]
    assert isinstance((await desk.send(Sink.WEBHOOK))[0], NoticeSent)
