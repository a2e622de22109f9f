"""Who takes work, and what becomes of the work of those who leave."""

from datetime import timedelta

from router_stories import (
    ANNA,
    BEN,
    NINE,
    Router,
    asks,
    at,
    config,
    heartbeat,
    kinds,
    opened_by,
    received,
    sent,
    status,
)

from lotse.contracts.calendars import Calendar, Hours
from lotse.contracts.channels import Channel
from lotse.contracts.commands import TransferRequested
from lotse.contracts.conversations import AgentStatusChanged, AssignmentChanged, CommandRefused
from lotse.contracts.ids import AgentId
from lotse.contracts.values import Presence


async def test_a_status_is_told_once_and_asking_again_is_refused(router: Router) -> None:
    (changed,) = await router.hear(status(ANNA, Presence.ONLINE))
    assert isinstance(changed.data, AgentStatusChanged)
    assert (changed.data.previous, changed.data.current) == (Presence.OFFLINE, Presence.ONLINE)
    (refused,) = await router.hear(status(ANNA, Presence.ONLINE, at(1)))
    assert isinstance(refused.data, CommandRefused)
    assert refused.data.reason == "unchanged"
    assert refused.key == ANNA


async def test_an_unknown_agent_and_a_strangers_order_are_refused(router: Router) -> None:
    stranger = AgentId("nobody")
    facts = await router.hear(status(stranger, Presence.ONLINE), status(ANNA, Presence.ONLINE, actor_id=BEN))
    assert [fact.data.reason for fact in facts if isinstance(fact.data, CommandRefused)] == [
        "unknown_agent",
        "forbidden",
    ]
    assert kinds(await router.hear(status(ANNA, Presence.ONLINE, actor_id="x", role="lead"))) == [
        "agent.status_changed"
    ]


async def test_thirty_seconds_without_a_heartbeat_are_offline(router: Router) -> None:
    await router.online(ANNA, BEN)
    assert await router.hear(heartbeat(ANNA, at(20)), now=at(20)) == []
    facts = await router.elapse(at(30))
    assert [(fact.key, fact.data.reason) for fact in facts if isinstance(fact.data, AgentStatusChanged)] == [
        (BEN, "heartbeat_missed")
    ]
    assert kinds(await router.elapse(at(50))) == ["agent.status_changed"]
    assert await router.elapse(at(90)) == []


async def test_a_heartbeat_that_was_read_late_counts_from_its_reading(router: Router) -> None:
    await router.online(ANNA)
    await router.hear(heartbeat(ANNA, at(10)), now=at(300))
    assert await router.elapse(at(329)) == []


async def test_live_work_of_one_who_is_gone_goes_back_at_once_with_its_age(router: Router) -> None:
    await router.online(ANNA)
    chat, message = received("chat", channel=Channel.WEBCHAT), received("kim")
    await router.work(chat, message)
    await router.online(BEN, now=at(29))
    (changed,) = await router.hear(status(ANNA, Presence.OFFLINE, at(30)), now=at(30))
    assert isinstance(changed.data, AgentStatusChanged)
    (lost,) = await router.elapse(at(31))
    assert isinstance(lost.data, AssignmentChanged)
    assert (lost.data.previous, lost.data.current, lost.data.reason) == (ANNA, None, "offline")
    assert lost.key == str(opened_by(chat))
    (given,) = await router.match(at(32))
    assert isinstance(given.data, AssignmentChanged)
    assert given.data.current == BEN
    assert given.id != lost.id
    assert await router.status(opened_by(message)) == ("assigned", ANNA)


async def test_other_work_goes_back_on_the_customers_word(router: Router) -> None:
    await router.online(ANNA)
    message = received()
    await router.work(message)
    await router.hear(status(ANNA, Presence.OFFLINE))
    facts = await router.hear(received(n=2, when=at(60)), now=at(60))
    assert kinds(facts) == ["assignment.changed", "message.added"]
    assert await router.status(opened_by(message)) == ("queued", None)


async def test_other_work_goes_back_after_half_an_hour_of_business_time(database: str) -> None:
    office = Calendar(name="office", zone="UTC", week={"mon-fri": (Hours.model_validate("09:00-17:00"),)})
    given = config().model_copy(update={"calendars": {"office": office}})
    evening = NINE + timedelta(hours=7, minutes=50)
    async with Router.open(database, given) as router:
        await router.online(ANNA, now=evening)
        await router.work(received(when=evening), now=evening)
        await router.hear(status(ANNA, Presence.OFFLINE, evening), now=evening)
        assert await router.elapse(evening + timedelta(minutes=45)) == []
        assert await router.elapse(NINE + timedelta(days=1, minutes=19)) == []
        assert kinds(await router.elapse(NINE + timedelta(days=1, minutes=20))) == ["assignment.changed"]


async def test_who_comes_back_in_time_keeps_his_work(router: Router) -> None:
    await router.online(ANNA)
    await router.work(received())
    await router.hear(status(ANNA, Presence.OFFLINE, at(10)), now=at(10))
    await router.online(ANNA, now=at(600))
    assert await router.elapse(at(601)) == []
    await router.hear(heartbeat(ANNA, at(3600)), now=at(3600))
    assert await router.elapse(at(3601)) == []


async def test_away_keeps_the_work_and_takes_no_more(router: Router) -> None:
    await router.online(ANNA)
    await router.work(received("kim"))
    await router.hear(status(ANNA, Presence.AWAY))
    assert await router.work(received("toni")) == []
    assert await router.elapse(at(20)) == []


async def test_away_with_hand_back_lets_everything_go_at_once(router: Router) -> None:
    await router.online(ANNA)
    await router.work(received("kim"), received("toni"))
    asked = router.harness.fact(status(ANNA, Presence.AWAY, hand_back=True))
    facts = await router.harness.feed(asked, now=NINE)
    assert kinds(facts) == ["agent.status_changed"]
    assert [fact.causation_id for fact in facts] == [asked.id]
    released = await router.elapse(at(0))
    assert [fact.data.reason for fact in released if isinstance(fact.data, AssignmentChanged)] == ["handed_back"] * 2


async def test_who_is_offline_gets_no_work_by_any_way(router: Router) -> None:
    await router.online(ANNA)
    message = received()
    await router.work(message)
    await router.hear(sent(opened_by(message), at(5)))
    await router.hear(status(ANNA, Presence.OFFLINE, at(6)), now=at(6))
    facts = await router.hear(received(n=2, when=at(10)), now=at(10))
    assert kinds(facts) == ["conversation.queued", "message.added"]
    assert await router.match(at(11)) == []
    (refused,) = await router.hear(
        asks(TransferRequested, opened_by(message), "lena", "lead", agent_id=ANNA, reason="take it"), now=at(12)
    )
    assert isinstance(refused.data, CommandRefused)
