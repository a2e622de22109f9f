"""A public comment answered in private: once, within a week, by the rules of the private channel."""

from typing import Any

import pytest
from router_stories import ANNA, NINE, Router, analysed, asks, at, kinds, opened_by, received, sent

from lotse.contracts.channels import Channel
from lotse.contracts.commands import Command, ReplyRequested
from lotse.contracts.conversations import CommandRefused, ReplyApproved, ReplyBlocked
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import ConversationId
from lotse.contracts.notices import ReplyFailed

IBAN = "Ihre IBAN ist DE89 3704 0044 0532 0130 00, stimmt das?"


async def a_comment(router: Router, channel: Channel = Channel.FACEBOOK, **given: Any) -> ConversationId:
    """A comment that Anna has."""
    await router.online(ANNA)
    message = received(channel=channel, **({"thread": "post-1"} | given))
    await router.work(message)
    return opened_by(message)


def privately(conversation: ConversationId, text: str = "Gern!", **given: Any) -> Command:
    return asks(ReplyRequested, conversation, text=text, private=True, **given)


def only(facts: list[Fact[Event]]) -> Event:
    (fact,) = facts
    return fact.data


@pytest.mark.parametrize(
    ("public", "private"),
    [(Channel.FACEBOOK, Channel.MESSENGER), (Channel.INSTAGRAM, Channel.INSTAGRAM_DIRECT)],
)
async def test_it_goes_to_the_commenter_with_what_nobody_else_may_read(
    router: Router, public: Channel, private: Channel
) -> None:
    conversation = await a_comment(router, public)
    approved = only(await router.hear(privately(conversation, IBAN)))
    assert isinstance(approved, ReplyApproved)
    assert (approved.comment_on, approved.address.channel) == (public, private)
    assert (approved.address.recipient, approved.address.thread) == ("kim", "kim")
    assert approved.address.in_reply_to == "kim-1"
    in_public = only(await router.hear(asks(ReplyRequested, conversation, text=IBAN)))
    assert isinstance(in_public, ReplyBlocked)
    assert in_public.problem == "pii"


async def test_a_second_one_to_the_same_comment_is_blocked_and_one_to_the_next_is_not(router: Router) -> None:
    conversation = await a_comment(router)
    await router.hear(privately(conversation))
    blocked = only(await router.hear(privately(conversation, "Noch etwas.")))
    assert isinstance(blocked, ReplyBlocked)
    assert (blocked.problem, blocked.suggestion) == ("window-closed", "")
    assert kinds(await router.hear(asks(ReplyRequested, conversation, text="Öffentlich geht."))) == ["reply.approved"]
    more = received(n=2, when=at(60), channel=Channel.FACEBOOK, thread="post-1")
    await router.hear(more, analysed(more), now=at(60))
    approved = only(await router.hear(privately(conversation, "Zum zweiten."), now=at(61)))
    assert isinstance(approved, ReplyApproved)
    assert approved.address.in_reply_to == "kim-2"


@pytest.mark.parametrize(("reason", "again"), [("refused", "reply.approved"), ("unknown", "reply.blocked")])
async def test_what_did_not_go_out_may_be_tried_again_unless_nobody_can_tell(
    router: Router, reason: str, again: str
) -> None:
    conversation = await a_comment(router)
    approved = only(await router.hear(privately(conversation)))
    assert isinstance(approved, ReplyApproved)
    lost = ReplyFailed(conversation_id=conversation, reply_id=approved.reply_id, reason=reason, detail="", at=at(5))
    assert await router.hear(lost) == []
    assert kinds(await router.hear(privately(conversation, "Noch einmal."))) == [again]


async def test_after_a_week_it_is_too_late(router: Router) -> None:
    conversation = await a_comment(router)
    just = at(days=7, seconds=-1)
    assert kinds(await router.hear(privately(conversation, "Spät.", when=just), now=just)) == ["reply.approved"]
    other = await a_comment(router, who="toni", thread="post-2")
    late = at(days=7)
    blocked = only(await router.hear(privately(other, when=late), now=late))
    assert isinstance(blocked, ReplyBlocked)
    assert blocked.problem == "window-closed"


async def test_one_message_is_all_so_what_is_too_long_is_blocked(router: Router) -> None:
    conversation = await a_comment(router)
    blocked = only(await router.hear(privately(conversation, "lang " * 500)))
    assert isinstance(blocked, ReplyBlocked)
    assert blocked.problem == "too-long"


@pytest.mark.parametrize("channel", [Channel.MESSENGER, Channel.X, Channel.YOUTUBE])
async def test_a_channel_that_takes_none_refuses(router: Router, channel: Channel) -> None:
    conversation = await a_comment(router, channel)
    refused = only(await router.hear(privately(conversation)))
    assert isinstance(refused, CommandRefused)
    assert refused.reason == "no_private_reply"


async def test_it_answers_the_public_conversation_and_the_customers_answer_is_the_same_customers(
    router: Router,
) -> None:
    conversation = await a_comment(router)
    command = router.harness.fact(privately(conversation))
    await router.harness.feed(command, now=NINE)
    facts = await router.hear(sent(conversation, at(5), command.id))
    assert kinds(facts) == ["conversation.waiting"]
    answer = received(n="dm", when=at(60), channel=Channel.MESSENGER)
    opened, added = await router.hear(answer, now=at(60))
    assert kinds([opened, added]) == ["conversation.opened", "message.added"]
    assert opened_by(answer) != conversation
    rows = await router.harness.rows("SELECT DISTINCT record ->> 'customer_id' FROM conversation")
    assert len(rows) == 1
