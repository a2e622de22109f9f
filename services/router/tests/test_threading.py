"""Which conversation a message becomes part of, and who wrote it."""

from datetime import timedelta

import pytest
from router_stories import (
    MAIL,
    META,
    NINE,
    Router,
    analysed,
    asks,
    at,
    deleted,
    edited,
    kinds,
    mail,
    opened_by,
    person,
    received,
)

from lotse.contracts.channels import Channel
from lotse.contracts.commands import ReplyRequested, ResolveRequested
from lotse.contracts.conversations import (
    ConversationOpened,
    CustomerIdentified,
    MessageAdded,
    MessageRemoved,
    MessageUpdated,
)
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import ConversationId, ReplyId
from lotse.contracts.references import mail_message_id
from lotse.contracts.values import Identity, IdentityKind, Triage
from lotse.router.app import FORGET


def conversations(facts: list[Fact[Event]]) -> list[ConversationId]:
    return [fact.data.conversation_id for fact in facts if isinstance(fact.data, MessageAdded)]


def customers(facts: list[Fact[Event]]) -> list[object]:
    return [fact.data.customer_id for fact in facts if isinstance(fact.data, MessageAdded)]


async def test_a_first_message_opens_a_conversation_with_the_way_back_to_its_writer(router: Router) -> None:
    message = received("kim", sender_name="Kim")
    opened, added = await router.hear(message)
    assert isinstance(opened.data, ConversationOpened)
    assert isinstance(added.data, MessageAdded)
    assert opened.data.address.recipient == "kim"
    assert opened.data.address.in_reply_to == "kim-1"
    assert opened.data.identities == message.identities
    assert added.data.conversation_id == opened.data.conversation_id
    assert added.causation_id == message.message_id
    assert (opened.sequence, added.sequence) == (1, 2)


async def test_messages_of_one_batch_from_a_new_person_become_one_conversation(router: Router) -> None:
    facts = await router.hear(*(received("kim", n) for n in range(10)))
    assert kinds(facts) == ["conversation.opened", *["message.added"] * 10]
    assert len(set(conversations(facts))) == 1


async def test_the_same_message_again_changes_nothing(router: Router) -> None:
    message = received("kim")
    await router.hear(message)
    later = await router.harness.feed(router.harness.fact(message), now=at(60))
    assert later == []


@pytest.mark.parametrize(
    ("channel", "account", "window"),
    [
        (Channel.MESSENGER, META, timedelta(days=7)),
        (Channel.WEBCHAT, META, timedelta(hours=1)),
    ],
)
async def test_a_message_within_the_window_reopens_and_a_later_one_opens_anew(
    router: Router, channel: Channel, account: str, window: timedelta
) -> None:
    first = received("kim", 1, channel=channel)
    await router.hear(first)
    await router.hear(asks(ResolveRequested, opened_by(first), role="lead"))
    in_time = await router.hear(received("kim", 2, NINE + window, channel), now=NINE + window)
    assert kinds(in_time) == ["conversation.reopened", "message.added"]
    assert conversations(in_time) == [opened_by(first)]

    again = NINE + window
    await router.hear(asks(ResolveRequested, opened_by(first), role="lead", when=again), now=again)
    late = again + window + timedelta(seconds=1)
    third = received("kim", 3, late, channel)
    facts = await router.hear(third, now=late)
    assert kinds(facts) == ["conversation.opened", "message.added"]
    assert isinstance(facts[0].data, ConversationOpened)
    assert facts[0].data.previous_conversation_id == opened_by(first)
    assert conversations(await router.hear(received("kim", 4, late, channel), now=late)) == [opened_by(third)]


async def test_mail_with_our_token_finds_its_conversation_from_any_address(router: Router) -> None:
    first = mail("kim@example.org", 1)
    await router.hear(first)
    other = mail("kim.private@example.com", 2, at(60), reply_token=opened_by(first).hex)
    assert conversations(await router.hear(other, now=at(60))) == [opened_by(first)]


async def test_mail_is_found_by_in_reply_to_then_by_references(router: Router) -> None:
    one, two = mail(n="one"), mail(n="two")
    await router.hear(one, two)
    by_parent = mail(n="three", in_reply_to=f"<{one.provider_id}>", references=(two.provider_id,))
    by_chain = mail(n="four", references=("unknown@example.org", two.provider_id))
    assert conversations(await router.hear(by_parent, by_chain)) == [opened_by(one), opened_by(two)]


async def test_mail_that_answers_our_reply_finds_the_conversation_by_our_message_id(router: Router) -> None:
    first = mail(n=1)
    await router.hear(first)
    (approved,) = await router.hear(asks(ReplyRequested, opened_by(first), role="lead", text="Guten Tag!"))
    ours = mail_message_id(ReplyId(approved.data.reply_id), "example.org")  # type: ignore[attr-defined]
    answer = mail(n=2, in_reply_to=ours)
    assert conversations(await router.hear(answer)) == [opened_by(first)]


async def test_mail_is_never_threaded_by_subject_or_address(router: Router) -> None:
    facts = await router.hear(mail(n=1, subject="Rechnung"), mail(n=2, subject="Re: Rechnung"))
    assert len(set(conversations(facts))) == 2


async def test_a_token_does_not_lead_into_a_conversation_of_another_account(router: Router) -> None:
    private = received("kim")
    await router.hear(private)
    forged = mail(n=9, reply_token=opened_by(private).hex)
    assert conversations(await router.hear(forged)) == [opened_by(forged)]


async def test_automatic_mail_is_kept_and_neither_reopens_nor_resumes(router: Router) -> None:
    first = mail(n=1)
    await router.hear(first)
    await router.hear(asks(ResolveRequested, opened_by(first), role="lead"))
    facts = await router.hear(mail(n=2, in_reply_to=first.provider_id, auto=True))
    assert kinds(facts) == ["message.added"]
    assert await router.status(opened_by(first)) == ("resolved", None)


async def test_a_whatsapp_user_id_and_number_are_one_thread_and_one_customer(router: Router) -> None:
    number = Identity(kind=IdentityKind.PHONE, value="+491701234567", verified=True)
    user = Identity(kind=IdentityKind.WHATSAPP, value="DE.777", verified=True)
    by_number = received("491701234567", 1, channel=Channel.WHATSAPP, identities=(number,))
    both = received("DE.777", 2, channel=Channel.WHATSAPP, identities=(user, number))
    by_user = received("DE.777", 3, channel=Channel.WHATSAPP, identities=(user,))
    facts = await router.hear(by_number)
    facts += await router.hear(both)
    facts += await router.hear(by_user)
    assert set(conversations(facts)) == {opened_by(by_number)}
    assert len(set(customers(facts))) == 1
    told = [fact.data for fact in facts if isinstance(fact.data, CustomerIdentified)]
    assert [event.identities for event in told] == [(user,)]


async def test_a_verified_name_is_the_same_customer_on_every_channel(router: Router) -> None:
    address = Identity(kind=IdentityKind.EMAIL, value="Kim@Example.org", verified=True)
    facts = await router.hear(
        received("kim", 1, identities=(person("kim"), address)), mail("kim@example.org", 2, verified=True)
    )
    assert len(set(customers(facts))) == 1
    assert len(set(conversations(facts))) == 2


async def test_an_unverified_mail_address_merges_nobody(router: Router) -> None:
    facts = await router.hear(mail(n=1, verified=True), mail(n=2, verified=False))
    assert len(set(customers(facts))) == 2


async def test_an_unverified_answer_in_a_thread_is_its_customers(router: Router) -> None:
    first = mail(n=1)
    facts = await router.hear(first, mail(n=2, in_reply_to=first.provider_id))
    assert len(set(customers(facts))) == 1


async def test_somebody_else_in_a_mail_thread_is_another_customer(router: Router) -> None:
    first = mail(n=1, verified=True)
    facts = await router.hear(first, mail("colleague@example.org", 2, in_reply_to=first.provider_id, verified=True))
    assert len(set(conversations(facts))) == 1
    assert len(set(customers(facts))) == 2


async def test_comments_of_two_people_under_one_post_are_one_conversation_of_two_customers(router: Router) -> None:
    first = received("kim", 1, channel=Channel.FACEBOOK, thread="comment-1")
    second = received("toni", 2, channel=Channel.FACEBOOK, thread="comment-1")
    facts = await router.hear(first, second)
    assert len(set(conversations(facts))) == 1
    assert len(set(customers(facts))) == 2


async def test_an_answer_goes_to_the_conversations_own_identity(router: Router) -> None:
    first = mail("kim@example.org", 1)
    await router.hear(first)
    await router.hear(mail("boss@example.com", 2, at(5), in_reply_to=first.provider_id), now=at(5))
    (approved,) = await router.hear(asks(ReplyRequested, opened_by(first), role="lead", text="Guten Tag!"))
    address = approved.data.address  # type: ignore[attr-defined]
    assert address.recipient == "kim@example.org"
    assert address.in_reply_to == "boss@example.com-2"
    assert address.account == MAIL


async def test_an_edit_and_a_deletion_wait_for_their_message(router: Router) -> None:
    message = received("kim")
    assert await router.hear(edited(message, "neu", at(1)), deleted(message, at(2))) == []
    facts = await router.hear(message)
    assert kinds(facts) == ["conversation.opened", "message.added", "message.updated", "message.removed"]
    assert await router.harness.rows("SELECT id FROM kept") == []


async def test_the_higher_edit_wins_and_without_a_number_the_later(router: Router) -> None:
    numbered, timed = received("kim"), received("toni")
    await router.hear(numbered, timed)
    first = await router.hear(edited(numbered, "zwei", at(1), 2), edited(timed, "später", at(9)))
    assert [fact.data.text for fact in first if isinstance(fact.data, MessageUpdated)] == ["zwei", "später"]
    assert await router.hear(edited(numbered, "eins", at(5), 1), edited(timed, "früher", at(3))) == []


async def test_a_removal_tells_length_and_hash_and_no_text_stays(router: Router) -> None:
    message = received("kim", text="Meine Nummer ist geheim")
    await router.hear(message)
    (removed,) = await router.hear(deleted(message, at(3)))
    assert isinstance(removed.data, MessageRemoved)
    assert removed.data.length == len("Meine Nummer ist geheim")
    for table in ("conversation", "message", "kept"):
        rows = await router.harness.rows(f"SELECT t::text AS row FROM {table} AS t")
        assert not any("geheim" in row["row"] for row in rows)


async def test_what_waits_for_a_message_is_forgotten_after_a_day(router: Router) -> None:
    message = received("kim")
    await router.hear(edited(message, "neu", at(1)))
    await router.harness.execute("UPDATE kept SET kept_at = $1", NINE - timedelta(hours=25))
    await router.harness.job(FORGET, now=NINE)
    assert kinds(await router.hear(message)) == ["conversation.opened", "message.added"]


async def test_an_analysis_that_comes_first_queues_its_message_at_once(router: Router) -> None:
    message = received("kim")
    assert await router.hear(analysed(message, Triage.SERVICE)) == []
    assert kinds(await router.hear(message)) == ["conversation.opened", "message.added", "conversation.queued"]
    assert await router.status(opened_by(message)) == ("queued", None)
