"""Replies by Meta's Graph API, over real HTTP and a real database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from notifier_world import (
    AT,
    Provider,
    Shop,
    address,
    answer,
    approved,
    config,
    conversation,
    delivered,
    echo,
    failed,
    hang_up,
    meta_error,
    opened,
    other,
    provider,
    read,
    reply_id,
    shop,
    unheard,
)

from lotse.contracts.channels import Channel
from lotse.contracts.conversations import ReplyApproved
from lotse.contracts.notices import ReplyDelivered, ReplyFailed, ReplySent
from lotse.notifier.core.model import Sink
from lotse.notifier.core.outcome import Accepted, Ambiguous, Blocked, Performed
from lotse.notifier.core.rules import Timings
from lotse.runtime.journal import Journal


@pytest_asyncio.fixture
async def meta() -> AsyncIterator[Provider]:
    async with provider() as made:
        yield made


@pytest_asyncio.fixture
async def desk(meta: Provider, database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    async with shop(database, config(graph=meta.url), monkeypatch) as made:
        yield made


async def test_a_reply_goes_out_once_and_says_so(desk: Shop, meta: Provider) -> None:
    assert await desk.feed(opened(), approved()) == []
    (sent,) = await desk.send()
    assert isinstance(sent, ReplySent)
    assert (sent.reply_id, sent.provider_ids, sent.agent_id) == (reply_id(), ("m_1",), "ada")
    assert await desk.send() == []
    (request,) = meta.seen
    assert request.path == "/100/messages"
    assert request.json == {
        "recipient": {"id": "901"},
        "messaging_type": "RESPONSE",
        "message": {"text": "Antwort 1", "metadata": f"lotse:{reply_id()}"},
    }
    assert request.headers["Authorization"] == "Bearer token-of-the-page"


def private(**given: Any) -> ReplyApproved:
    """The one private answer to a public comment."""
    where = other(address(), in_reply_to="100_comment_1")
    return approved(where=where, comment_on=Channel.FACEBOOK, **given)


async def test_a_comment_is_answered_in_private_by_its_id_and_the_echo_is_ours(desk: Shop, meta: Provider) -> None:
    await desk.feed(opened(where=address(Channel.FACEBOOK)), private(text="Ihre IBAN ist DE89 3704 0044 0532 0130 00."))
    (sent,) = await desk.send()
    assert isinstance(sent, ReplySent)
    assert (sent.conversation_id, sent.channel) == (conversation(), Channel.MESSENGER)
    (request,) = meta.seen
    assert request.path == "/100/messages"
    assert request.json == {
        "recipient": {"comment_id": "100_comment_1"},
        "message": {"text": "Ihre IBAN ist DE89 3704 0044 0532 0130 00.", "metadata": f"lotse:{reply_id()}"},
    }
    assert await desk.feed(echo("m_1", reply_id())) == []
    (arrived,) = await desk.feed(delivered("m_1"))
    assert isinstance(arrived, ReplyDelivered)


@pytest.mark.parametrize(
    ("given", "days", "sends"),
    [({}, 6.9, True), ({}, 7, False), ({"text": "lang " * 500}, 0, False), ({"comment_on": Channel.X}, 0, False)],
)
async def test_a_private_answer_is_checked_again_when_it_goes_out(
    desk: Shop, meta: Provider, given: dict[str, Any], days: float, sends: bool
) -> None:
    desk.later(days=days)
    where = other(address(), in_reply_to="100_comment_1")
    await desk.feed(opened(), approved(where=where, **({"comment_on": Channel.FACEBOOK} | given)))
    (told,) = await desk.send()
    assert isinstance(told, ReplySent if sends else ReplyFailed)
    assert sends or told.reason == "blocked"
    assert len(meta.seen) == int(sends)


async def test_a_comment_that_was_answered_in_private_before_says_so_in_plain_words(desk: Shop, meta: Provider) -> None:
    meta.answers.append(meta_error(400, 10900, message="Activity already replied to"))
    await desk.feed(opened(), private())
    (lost,) = await desk.send()
    assert isinstance(lost, ReplyFailed)
    assert (lost.reason, "Frist" in lost.detail) == ("blocked", True)


async def test_the_same_approval_read_twice_sends_once(desk: Shop, meta: Provider) -> None:
    event = approved()
    await desk.feed(opened(), event)
    await desk.send()
    await desk.feed(event)
    await desk.send()
    assert len(meta.seen) == 1


@pytest.mark.parametrize(
    ("where", "path", "body"),
    [
        (address(Channel.FACEBOOK), "/comment_1/comments", {"message": "Antwort 1"}),
        (address(Channel.INSTAGRAM), "/comment_1/replies", {"message": "Antwort 1"}),
        (
            address(Channel.WHATSAPP),
            "/200/messages",
            {
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                "to": "901",
                "type": "text",
                "text": {"body": "Antwort 1"},
                "biz_opaque_callback_data": f"lotse:{reply_id()}",
            },
        ),
        (
            other(address(Channel.WHATSAPP), recipient="US.123", in_reply_to="wamid.7"),
            "/200/messages",
            {
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                "recipient": "US.123",
                "type": "text",
                "text": {"body": "Antwort 1"},
                "biz_opaque_callback_data": f"lotse:{reply_id()}",
                "context": {"message_id": "wamid.7"},
            },
        ),
    ],
)
async def test_each_channel_has_its_own_call(desk: Shop, meta: Provider, where: Any, path: str, body: Any) -> None:
    await desk.feed(opened(where=where), approved(where=where))
    assert isinstance((await desk.send())[0], ReplySent)
    assert (meta.seen[0].path, meta.seen[0].json) == (path, body)


async def test_after_a_day_a_persons_words_bear_the_human_tag(desk: Shop, meta: Provider) -> None:
    desk.later(hours=30)
    await desk.feed(opened(), approved())
    await desk.send()
    body = meta.seen[0].json
    assert (body["messaging_type"], body["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")


async def test_replies_of_one_conversation_keep_their_order(desk: Shop, meta: Provider) -> None:
    await desk.feed(opened(), *(approved(reply=number) for number in (1, 2, 3)))
    meta.answers = [answer(500)]
    assert await desk.send() == []
    assert await desk.send() == []
    assert meta.texts == ["Antwort 1"]
    desk.later(seconds=2)
    for _ in range(3):
        await desk.send()
    assert meta.texts == ["Antwort 1", "Antwort 1", "Antwort 2", "Antwort 3"]


async def test_a_failed_reply_holds_only_its_own(desk: Shop, meta: Provider) -> None:
    meta.answers = [meta_error(400, 100, message="(#100) Parameter")]
    await desk.feed(opened(), approved(reply=1), approved(reply=2), opened(2), approved(2, reply=3))
    told = [*await desk.send(), *await desk.send()]
    assert sum(isinstance(event, ReplySent) for event in told) == 2
    (lost,) = [event for event in told if isinstance(event, ReplyFailed)]
    assert (lost.reason, lost.agent_id) == ("refused", "ada")
    assert "Parameter" in lost.detail
    assert await desk.send() == []


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 1.0)])
async def test_too_many_requests_let_the_account_rest(desk: Shop, meta: Provider, header: str, seconds: float) -> None:
    meta.answers = [answer(429, **{"Retry-After": header})]
    await desk.feed(opened(), approved())
    await desk.send()
    await desk.feed(opened(2), approved(2), opened(3), approved(3))
    desk.later(seconds=seconds - 0.5)
    assert await desk.send() == []
    assert len(meta.seen) == 1
    desk.later(seconds=0.5)
    assert len(await desk.send()) == 1, "one is tried first"
    assert len(await desk.send()) == 2, "then all that waited"


async def test_a_rest_is_over_when_the_trial_is_refused_for_a_reason_of_its_own(desk: Shop, meta: Provider) -> None:
    meta.answers = [answer(429, **{"Retry-After": "1"}), meta_error(400, 100, message="No matching user found")]
    await desk.feed(opened(), approved())
    await desk.send()
    await desk.feed(opened(2), approved(2))
    desk.later(seconds=1)
    told = [*await desk.send(), *await desk.send()]
    assert {type(event) for event in told} == {ReplyFailed, ReplySent}


async def test_a_trial_that_is_told_to_wait_again_waits_that_long_and_no_longer(desk: Shop, meta: Provider) -> None:
    meta.answers = [answer(429, **{"Retry-After": "1"}), answer(429, **{"Retry-After": "2"})]
    await desk.feed(opened(), approved())
    await desk.send()
    desk.later(seconds=1)
    assert await desk.send() == []
    desk.later(seconds=1.9)
    assert (await desk.send(), len(meta.seen)) == ([], 2)
    desk.later(seconds=0.1)
    assert len(await desk.send()) == 1


async def test_what_was_under_way_ends_no_rest(desk: Shop, meta: Provider) -> None:
    meta.answers = [answer(200, {"message_id": "m_9"}), answer(429, **{"Retry-After": "60"})]
    await desk.feed(opened(), approved(), opened(2), approved(2))
    first, second = await desk.claim()
    accepted = await desk.sender.perform(first, unheard)
    await desk.settle((second, await desk.sender.perform(second, unheard)))
    await desk.settle((first, accepted))
    await desk.feed(opened(3), approved(3))
    desk.later(seconds=59)
    assert (await desk.send(), len(meta.seen)) == ([], 2)


async def test_what_was_under_way_makes_no_rest_shorter(desk: Shop, meta: Provider) -> None:
    meta.answers = [answer(429, **{"Retry-After": "3600"}), answer(429, **{"Retry-After": "5"})]
    await desk.feed(opened(), approved(), opened(2), approved(2))
    first, second = await desk.claim()
    told = [await desk.sender.perform(call, unheard) for call in (first, second)]
    await desk.settle((first, told[0]))
    await desk.settle((second, told[1]))
    await desk.feed(opened(3), approved(3))
    desk.later(seconds=60)
    assert (await desk.send(), len(meta.seen)) == ([], 2)


async def test_a_running_sender_looks_twice_a_second_whether_a_rest_is_over(desk: Shop, meta: Provider) -> None:
    meta.answers = [answer(429, **{"Retry-After": "10"})]
    sender = desk.effect(Sink.META)
    await desk.feed(opened(), approved())
    await desk.harness.effect(sender, now=desk.now)
    desk.later(seconds=9.8)
    assert await desk.harness.effect(sender, now=desk.now) == [], "it rests"
    desk.later(seconds=0.3)
    assert await desk.harness.effect(sender, now=desk.now) == [], "it was looked at 0.3 s ago"
    desk.later(seconds=0.2)
    assert len(await desk.harness.effect(sender, now=desk.now)) == 1


async def test_a_refused_sign_in_stops_the_account_and_keeps_its_replies(
    desk: Shop, meta: Provider, caplog: Any
) -> None:
    meta.answers = [meta_error(401, 190), meta_error(400, 190)]
    await desk.feed(opened(), approved())
    assert await desk.send() == []
    await desk.feed(*(event for n in (2, 3, 4) for event in (opened(n), approved(n))))
    assert await desk.send() == []
    desk.later(minutes=6)
    assert await desk.send() == []
    assert len(meta.seen) == 2, "only one is tried while it stands still"
    alarms = [record for record in caplog.records if "stands still" in record.message]
    assert len(alarms) == 1
    assert "token-of-the-page" not in caplog.text
    desk.later(minutes=6)
    told = [*await desk.send(), *await desk.send()]
    assert {event.reply_id for event in told if isinstance(event, ReplySent)} == {reply_id(n) for n in (1, 2, 3, 4)}


async def test_a_reply_that_waits_too_long_for_a_sign_in_goes_back_to_its_agent(desk: Shop, meta: Provider) -> None:
    meta.answers = [meta_error(401, 190)]
    await desk.feed(opened(), approved(human=False))
    await desk.send()
    desk.later(hours=25)
    (lost,) = await desk.tick()
    assert isinstance(lost, ReplyFailed)
    assert lost.reason == "account_stopped"


async def test_a_reply_whose_window_closed_while_it_waited_is_blocked(desk: Shop, meta: Provider) -> None:
    where = address(Channel.WHATSAPP)
    await desk.feed(opened(where=where), approved(where=where, last_customer_message_at=AT - timedelta(hours=25)))
    (lost,) = await desk.send()
    assert isinstance(lost, ReplyFailed)
    assert lost.reason == "blocked"
    assert meta.seen == []


async def test_personal_data_in_public_is_stopped_at_the_door(desk: Shop, meta: Provider) -> None:
    where = address(Channel.FACEBOOK)
    text = "Schreiben Sie an jana.muster@example.org"
    await desk.feed(opened(where=where), approved(where=where, text=text))
    (lost,) = await desk.send()
    assert isinstance(lost, ReplyFailed)
    assert (lost.reason, meta.seen) == ("blocked", [])
    allowed = approved(where=where, reply=2, text=text, override_reason="eigene Adresse")
    await desk.feed(allowed)
    assert isinstance((await desk.send())[0], ReplySent)


async def test_nobody_listening_is_tried_again(meta: Provider, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config(graph="http://127.0.0.1:1")
    async with shop(database, settings, monkeypatch) as desk:
        await desk.feed(opened(), approved())
        assert await desk.send() == []
        assert await desk.stages() == ["pending"]


async def test_an_unanswered_call_is_never_made_again_and_ends_as_unknown(desk: Shop, meta: Provider) -> None:
    meta.answers = [hang_up]
    await desk.feed(opened(), approved())
    assert await desk.send() == []
    assert await desk.stages() == ["sending"]
    desk.later(seconds=59)
    assert await desk.tick() == []
    desk.later(seconds=2)
    (lost,) = await desk.tick()
    assert isinstance(lost, ReplyFailed)
    assert lost.reason == "unknown"
    assert [*await desk.tick(), *await desk.send()] == []
    assert len(meta.seen) == 1


async def test_a_call_that_times_out_waits_for_its_echo(
    meta: Provider, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = asyncio.Event()

    async def slow(_: Any) -> Any:
        await released.wait()
        return answer(200)(_)

    meta.answers = [slow]
    async with shop(database, config(graph=meta.url), monkeypatch, Timings(call=timedelta(seconds=0.3))) as desk:
        await desk.feed(opened(), approved())
        assert await desk.send() == []
        released.set()
        (sent,) = await desk.feed(echo("m_9", reply_id()))
        assert isinstance(sent, ReplySent)
        assert sent.provider_ids == ("m_9",)


async def test_an_echo_after_unknown_says_that_it_was_sent_after_all(desk: Shop, meta: Provider) -> None:
    meta.answers = [hang_up]
    await desk.feed(opened(), approved())
    await desk.send()
    desk.later(minutes=3)
    await desk.tick()
    (sent,) = await desk.feed(echo("m_9", reply_id()))
    assert isinstance(sent, ReplySent)
    assert await desk.feed(echo("m_9", reply_id()), delivered(reply=reply_id())) != []
    assert [*await desk.tick(), *await desk.send()] == []


async def test_killed_between_call_and_settling_the_reply_is_known_by_its_echo(desk: Shop, meta: Provider) -> None:
    await desk.feed(opened(), approved(reply=1), approved(reply=2))
    await desk.send_and_die()
    desk.later(minutes=1)
    assert await desk.send() == [], "the next waits for the first"
    (sent,) = await desk.feed(echo("m_1", reply_id()))
    assert isinstance(sent, ReplySent)
    (second,) = await desk.send()
    assert isinstance(second, ReplySent)
    assert meta.texts == ["Antwort 1", "Antwort 2"]


async def test_a_killed_call_is_left_to_its_lease(desk: Shop, meta: Provider) -> None:
    never = asyncio.Event()

    async def stuck(_: Any) -> Any:
        await never.wait()

    meta.answers = [stuck]
    await desk.feed(opened(), approved())
    calls = await desk.claim()
    task = asyncio.ensure_future(desk.sender.perform(calls[0], unheard))
    await meta.arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    never.set()
    assert await desk.stages() == ["sending"]
    assert await desk.send() == []
    desk.later(minutes=2)
    (lost,) = await desk.tick()
    assert isinstance(lost, ReplyFailed)
    assert lost.reason == "unknown"


async def test_rows_that_a_killed_process_claimed_and_never_began_go_out_by_its_successor(
    desk: Shop, meta: Provider, tmp_path: Path
) -> None:
    await desk.feed(*(event for n in range(3) for event in (opened(n), approved(n))))
    first = Journal.opened(tmp_path, "send-meta")
    desk.journal = first.id
    calls = await desk.claim()
    begun, settled = calls[0].row.id, calls[1]
    first.begin(begun)
    await desk.settle((settled, Performed(Ambiguous(), None)))
    first.close()
    (sent,) = await desk.send(journal=Journal.opened(tmp_path, "send-meta"))
    assert isinstance(sent, ReplySent)
    assert sent.reply_id == calls[2].row.id
    assert len(meta.seen) == 1
    desk.later(minutes=2)
    doubtful = [event for event in await desk.tick() if isinstance(event, ReplyFailed)]
    assert {event.reply_id for event in doubtful} == {begun, settled.row.id}


async def test_what_is_refused_before_its_first_byte_was_never_begun(desk: Shop, meta: Provider) -> None:
    """The journal hears of calls that the provider may act on, and of no others."""
    begun: list[str] = []
    where = address(Channel.FACEBOOK)
    await desk.feed(opened(where=where), approved(where=where, text="Ihre IBAN ist DE89 3704 0044 0532 0130 00."))
    (call,) = await desk.claim()
    blocked = await desk.sender.perform(call, lambda: begun.append("blocked"))
    await desk.feed(opened(2), approved(2))
    (call,) = await desk.claim()
    sent = await desk.sender.perform(call, lambda: begun.append("sent"))
    assert (type(blocked.outcome), type(sent.outcome)) == (Blocked, Accepted)
    assert begun == ["sent"]


async def test_an_echo_may_come_before_the_answer(desk: Shop, meta: Provider) -> None:
    await desk.feed(opened(), approved())
    done = await desk.send_and_die()
    (sent,) = await desk.feed(echo("m_1", reply_id()))
    assert isinstance(sent, ReplySent)
    assert await desk.settle(*done) == []
    assert await desk.settle(*done) == []
    assert await desk.stages() == ["sent"]


async def test_an_echo_of_our_comment_is_known_by_its_text(desk: Shop, meta: Provider) -> None:
    where = address(Channel.FACEBOOK)
    await desk.feed(opened(where=where), approved(where=where))
    done = await desk.send_and_die()
    (sent,) = await desk.feed(echo("m_1", text="Antwort 1", where=where))
    assert isinstance(sent, ReplySent)
    assert not sent.elsewhere
    assert await desk.settle(*done) == []


async def test_while_a_call_is_open_no_echo_is_taken_for_a_strangers(desk: Shop, meta: Provider) -> None:
    where = address(Channel.FACEBOOK)
    await desk.feed(opened(where=where), approved(where=where))
    done = await desk.send_and_die()
    assert await desk.feed(echo("m_1", text="Antwort  1 (gekürzt)", where=where)) == []
    (sent,) = await desk.settle(*done)
    assert isinstance(sent, ReplySent)
    assert not sent.elsewhere
    (row,) = await desk.harness.rows("SELECT count(*) FROM provider_message WHERE echo_thread IS NOT NULL")
    assert row[0] == 0


async def test_an_answer_written_elsewhere_is_told_once(desk: Shop) -> None:
    await desk.feed(opened())
    event = echo("m_5", text="Aus der App geschrieben", at=AT + timedelta(minutes=1))
    (sent,) = await desk.feed(event)
    assert isinstance(sent, ReplySent)
    assert (sent.elsewhere, sent.text, sent.agent_id) == (True, "Aus der App geschrieben", None)
    assert await desk.feed(event, event.model_copy(update={"received_at": AT + timedelta(hours=1)})) == []


async def test_an_answer_written_elsewhere_waits_for_its_conversation(desk: Shop) -> None:
    assert await desk.feed(echo("m_0", text="alt", at=AT - timedelta(days=1)), echo("m_5", text="neu", at=AT)) == []
    (sent,) = await desk.feed(opened())
    assert isinstance(sent, ReplySent)
    assert (sent.conversation_id, sent.text) == (conversation(), "neu")


async def test_a_long_text_goes_in_parts_and_a_crash_repeats_none(desk: Shop, meta: Provider) -> None:
    text = "Das ist ein Satz. " * 200
    await desk.feed(opened(), approved(text=text))
    assert await desk.send() == []
    await desk.send_and_die()
    (sent,) = await desk.feed(echo("m_2", reply_id()))
    assert isinstance(sent, ReplySent)
    assert sent.provider_ids == ("m_1", "m_2")
    assert [part[-5:] for part in meta.texts] == ["(1/2)", "(2/2)"]


async def test_a_crash_in_the_first_part_does_not_skip_the_second(desk: Shop, meta: Provider) -> None:
    await desk.feed(opened(), approved(text="Das ist ein Satz. " * 200))
    done = await desk.send_and_die()
    assert await desk.feed(echo("m_1", reply_id())) == []
    (sent,) = await desk.send()
    assert isinstance(sent, ReplySent)
    assert await desk.settle(*done) == []
    assert [part[-5:] for part in meta.texts] == ["(1/2)", "(2/2)"]


async def test_receipts_by_id_reference_and_time(desk: Shop) -> None:
    await desk.feed(opened(), approved(reply=1), approved(reply=2))
    await desk.send()
    desk.later(seconds=1)
    await desk.send()
    assert [type(event) for event in await desk.feed(delivered("m_1"))] == [ReplyDelivered]
    assert await desk.feed(delivered("m_1"), delivered(reply=reply_id(1))) == []
    both = await desk.feed(read(up_to=desk.now))
    assert [(event.reply_id, event.read) for event in both if isinstance(event, ReplyDelivered)] == [
        (reply_id(1), True),
        (reply_id(2), True),
    ]


async def test_a_receipt_that_came_too_early_counts_when_the_answer_is_there(desk: Shop) -> None:
    await desk.feed(opened(), approved())
    done = await desk.send_and_die()
    assert await desk.feed(delivered("m_1")) == []
    told = await desk.settle(*done)
    assert [type(event) for event in told] == [ReplySent, ReplyDelivered]


async def test_what_the_provider_could_not_deliver_fails_in_plain_words(desk: Shop) -> None:
    await desk.feed(opened(), approved())
    (went,) = await desk.send()
    assert isinstance(went, ReplySent)
    assert went.answers_until == AT
    (lost,) = await desk.feed(failed("m_1", reason="Message undeliverable"))
    assert isinstance(lost, ReplyFailed)
    assert lost.reason == "undelivered"
    assert "nicht zustellen" in lost.detail
    assert "Message undeliverable" in lost.detail
    assert await desk.feed(failed(reply=reply_id())) == []


async def test_three_replicas_never_claim_a_row_twice(desk: Shop) -> None:
    await desk.feed(*(event for n in range(60) for event in (opened(n), approved(n))))
    claimed = await asyncio.gather(*(desk.claim() for _ in range(3)))
    ids = [call.row.id for calls in claimed for call in calls]
    assert len(ids) == len(set(ids)) == 60


async def test_news_of_an_earlier_call_does_not_end_a_later_one(desk: Shop, meta: Provider) -> None:
    await desk.feed(opened(), approved(text="Das ist ein Satz. " * 200))
    ((first, _),) = await desk.send_and_die()
    await desk.feed(echo("m_1", reply_id()))
    (second,) = await desk.claim()
    assert await desk.settle((first, Performed(Accepted("m_1", AT), None))) == []
    assert await desk.stages() == ["sending"]
    assert len(await desk.settle((second, Performed(Accepted("m_2", AT), None)))) == 1


async def test_the_calling_system_takes_its_replies_from_the_topic(desk: Shop, meta: Provider) -> None:
    where = address(Channel.LETTER)
    (sent,) = await desk.feed(opened(where=where), approved(where=where))
    assert isinstance(sent, ReplySent)
    assert sent.provider_ids == (str(reply_id()),)
    assert meta.seen == []


async def test_an_account_that_is_gone_from_the_file_gives_the_reply_back(desk: Shop) -> None:
    where = other(address(), account="sold")
    (lost,) = await desk.feed(opened(where=where), approved(where=where))
    assert isinstance(lost, ReplyFailed)
    assert lost.reason == "refused"


async def test_the_trace_goes_on_to_the_provider(desk: Shop, meta: Provider) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
    await desk.feed(opened(), desk.harness.fact(approved(), traceparent=parent))
    facts = await desk.harness.effect(desk.effect(Sink.META))
    assert meta.seen[0].headers["traceparent"] == parent
    assert facts[0].traceparent == parent
