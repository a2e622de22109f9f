"""The automatic word that a message arrived."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from notifier_world import Provider, Shop, address, config, echo, hang_up, opened, other, provider, queued, shop

from lotse.contracts.channels import Channel
from lotse.contracts.notices import NoticeFailed, NoticeSent, NoticeSuppressed
from lotse.contracts.values import Reading, Situation, Triage

TEMPLATES = {"received": {"de": "Hallo {name}, wir haben Ihre Nachricht.", "en": "Hello {name}, we have your message."}}


@pytest_asyncio.fixture
async def meta() -> AsyncIterator[Provider]:
    async with provider() as made:
        yield made


@pytest_asyncio.fixture
async def desk(meta: Provider, database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    async with shop(database, config(graph=meta.url, templates=TEMPLATES), monkeypatch) as made:
        yield made


async def test_a_customer_hears_once_that_his_message_arrived(desk: Shop, meta: Provider) -> None:
    await desk.feed(opened(name="Frau Muster"), queued())
    (sent,) = await desk.send()
    assert isinstance(sent, NoticeSent)
    assert (sent.kind, sent.sink, sent.provider_id) == ("received", "shop", "m_1")
    assert meta.texts == ["Hallo Frau Muster, wir haben Ihre Nachricht."]
    await desk.feed(queued())
    assert await desk.send() == []
    assert await desk.feed(echo("m_1", meta_reference(meta))) == []


def meta_reference(meta: Provider) -> Any:
    from lotse.contracts.references import reply_of

    return reply_of(meta.seen[-1].json["message"]["metadata"])


@pytest.mark.parametrize(
    ("reading", "text"),
    [
        (Reading(language="en"), "Hello, we have your message."),
        (Reading(language="und"), "Hallo, wir haben Ihre Nachricht."),
        (None, "Hallo, wir haben Ihre Nachricht."),
    ],
)
async def test_it_speaks_the_customers_language(desk: Shop, meta: Provider, reading: Reading | None, text: str) -> None:
    await desk.feed(opened(), queued(reading=reading))
    await desk.send()
    assert meta.texts == [text]


@pytest.mark.parametrize(
    "event",
    [
        queued(first=False),
        queued(auto=True),
        queued(where=address(Channel.FACEBOOK)),
        queued(where=other(address(), account="sold")),
    ],
    ids=["queued again", "written by a machine", "in public", "no such account"],
)
async def test_where_none_is_due_nothing_is_told(desk: Shop, meta: Provider, event: Any) -> None:
    assert await desk.feed(opened(), event) == []
    assert [*await desk.send(), *meta.seen] == []


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (Reading(triage=Triage.SPAM), "spam"),
        (Reading(triage=Triage.NOISE), "noise"),
        (Reading(situation=Situation.CRISIS), "crisis"),
    ],
)
async def test_spam_and_crisis_get_none(desk: Shop, meta: Provider, reading: Reading, reason: str) -> None:
    (told,) = await desk.feed(opened(), queued(reading=reading))
    assert isinstance(told, NoticeSuppressed)
    assert told.reason == reason
    assert await desk.send() == []


async def test_one_address_gets_one_an_hour(desk: Shop, meta: Provider) -> None:
    where = address()
    await desk.feed(opened(1, where), queued(1, where))
    (told,) = await desk.feed(opened(2, where), queued(2, where))
    assert isinstance(told, NoticeSuppressed)
    assert told.reason == "one_per_hour"
    desk.later(minutes=59)
    assert isinstance((await desk.feed(opened(3, where), queued(3, where)))[0], NoticeSuppressed)
    desk.later(minutes=2)
    assert await desk.feed(opened(4, where), queued(4, where)) == []


async def test_a_burst_from_one_address_in_one_batch_gets_one(desk: Shop, meta: Provider) -> None:
    where = address()
    told = await desk.feed(*(event for n in range(5) for event in (opened(n, where), queued(n, where))))
    assert len(told) == 4
    assert len(await desk.send()) == 1


async def test_channels_can_be_named(meta: Provider, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config(graph=meta.url, templates={**TEMPLATES, "channels": ["facebook"]})
    async with shop(database, settings, monkeypatch) as desk:
        where = address(Channel.FACEBOOK, 2)
        await desk.feed(opened(), queued(), opened(2, where), queued(2, where))
        assert len(await desk.send()) == 1
    assert [seen.path for seen in meta.seen] == ["/comment_2/comments"]


async def test_without_a_template_nothing_goes_out(
    meta: Provider, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shop(database, config(graph=meta.url), monkeypatch) as desk:
        assert await desk.feed(opened(), queued()) == []
        assert await desk.send() == []


async def test_nobody_is_told_late_that_his_message_arrived(desk: Shop, meta: Provider) -> None:
    await desk.feed(opened(), queued())
    desk.later(minutes=11)
    assert await desk.send() == []
    (lost,) = await desk.tick()
    assert isinstance(lost, NoticeFailed)
    assert lost.reason == "too_late"


async def test_one_that_nobody_can_tell_about_is_sent_after_all_when_its_echo_comes(desk: Shop, meta: Provider) -> None:
    meta.answers = [hang_up]
    await desk.feed(opened(), queued())
    await desk.send()
    desk.later(minutes=2)
    (lost,) = await desk.tick()
    assert isinstance(lost, NoticeFailed)
    (sent,) = await desk.feed(echo("m_1", meta_reference(meta)))
    assert isinstance(sent, NoticeSent)


def test_the_hour_is_an_hour() -> None:
    from lotse.notifier.core.rules import Timings

    assert Timings().per_address == timedelta(hours=1)
