"""What people ask for: one outcome each, or a reason why not."""

from datetime import datetime
from typing import Any

import pytest
from router_stories import (
    ANNA,
    BEN,
    LENA,
    NINE,
    Router,
    agent,
    analysed,
    asks,
    at,
    config,
    kinds,
    opened_by,
    received,
    sent,
)

from lotse.contracts.channels import Channel
from lotse.contracts.commands import (
    Command,
    NoteWritten,
    ReopenRequested,
    ReplyRequested,
    ResolveRequested,
    SnoozeRequested,
    TransferRequested,
)
from lotse.contracts.conversations import (
    AssignmentChanged,
    CommandRefused,
    ConversationResolved,
    ConversationResumed,
    ConversationSnoozed,
    NoteAdded,
    ReadingChanged,
    ReplyApproved,
    ReplyBlocked,
)
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import ConversationId, ReplyId, derive
from lotse.contracts.notices import ReplyFailed
from lotse.contracts.values import Attachment, Triage

NOBODY = ConversationId(derive("test", "no such conversation"))


async def given_to_anna(router: Router, **of_message: Any) -> ConversationId:
    """A conversation that Anna has."""
    await router.online(ANNA)
    message = received(**of_message)
    await router.work(message)
    assert await router.status(opened_by(message)) == ("assigned", ANNA)
    return opened_by(message)


def undelivered(conversation: ConversationId, reply_id: ReplyId, when: datetime) -> ReplyFailed:
    return ReplyFailed(conversation_id=conversation, reply_id=reply_id, reason="undelivered", detail="", at=when)


def outcome(facts: list[Fact[Event]]) -> Event:
    """The one event that answers a command."""
    assert len(facts) == 1
    return facts[0].data


def reason(facts: list[Fact[Event]]) -> str:
    refused = outcome(facts)
    assert isinstance(refused, CommandRefused)
    return refused.reason


@pytest.mark.parametrize(
    ("command", "more"),
    [
        (ReplyRequested, {"text": "Guten Tag!"}),
        (ResolveRequested, {}),
        (SnoozeRequested, {"until": at(3600)}),
        (ReopenRequested, {}),
        (TransferRequested, {"agent_id": BEN, "reason": "pause"}),
        (NoteWritten, {"text": "Bitte prüfen"}),
    ],
)
async def test_a_command_about_nothing_is_refused(router: Router, command: type[Command], more: dict[str, Any]) -> None:
    facts = await router.hear(asks(command, NOBODY, **more))
    assert reason(facts) == "not_found"
    assert facts[0].key == str(NOBODY)


async def test_each_outcome_names_its_command_as_its_cause(router: Router) -> None:
    conversation = await given_to_anna(router)
    for command, more, told in [
        (NoteWritten, {"text": "Bitte prüfen"}, "note.added"),
        (ReplyRequested, {"text": "Guten Tag!"}, "reply.approved"),
        (SnoozeRequested, {"until": at(60)}, "conversation.snoozed"),
        (ResolveRequested, {}, "conversation.resolved"),
        (ReopenRequested, {}, "conversation.reopened"),
    ]:
        asked = router.harness.fact(asks(command, conversation, **more))
        facts = await router.harness.feed(asked, now=NINE)
        assert kinds(facts) == [told]
        assert facts[0].causation_id == asked.id


async def test_a_note_and_a_reply_bear_their_commands_id(router: Router) -> None:
    conversation = await given_to_anna(router)
    note = router.harness.fact(asks(NoteWritten, conversation, BEN, text="Bitte prüfen"))
    reply = router.harness.fact(asks(ReplyRequested, conversation, text="Guten Tag!"))
    added, approved = (fact.data for fact in await router.harness.feed(note, reply, now=NINE))
    assert isinstance(added, NoteAdded)
    assert isinstance(approved, ReplyApproved)
    assert (added.note_id, approved.reply_id) == (note.id, reply.id)


async def test_an_answer_goes_out_under_its_agents_name(router: Router) -> None:
    conversation = await given_to_anna(router)
    approved = outcome(await router.hear(asks(ReplyRequested, conversation, text="Guten Tag!")))
    assert isinstance(approved, ReplyApproved)
    assert (approved.agent_name, approved.agent_initials, approved.human) == ("Anna", "AN", True)
    assert approved.last_customer_message_at == NINE
    assert approved.address.recipient == "kim"


async def test_only_who_has_it_or_a_lead_may_answer(router: Router) -> None:
    conversation = await given_to_anna(router)
    assert reason(await router.hear(asks(ReplyRequested, conversation, BEN, text="Hallo"))) == "not_assigned"
    by_lead = await router.hear(asks(ReplyRequested, conversation, LENA, "lead", text="Hallo"))
    assert kinds(by_lead) == ["reply.approved"]


async def test_personal_data_in_public_is_blocked_and_a_lead_may_override_with_a_reason(router: Router) -> None:
    conversation = await given_to_anna(router, channel=Channel.FACEBOOK)
    text = "Wir haben an max@example.org geschrieben."
    blocked = outcome(await router.hear(asks(ReplyRequested, conversation, text=text, override_reason="eilig")))
    assert isinstance(blocked, ReplyBlocked)
    assert (blocked.problem, blocked.suggestion) == ("pii", "private")
    assert [text[span.start : span.end] for span in blocked.spans] == ["max@example.org"]
    without = await router.hear(asks(ReplyRequested, conversation, LENA, "lead", text=text))
    assert kinds(without) == ["reply.blocked"]
    let_through = outcome(
        await router.hear(asks(ReplyRequested, conversation, LENA, "lead", text=text, override_reason="erlaubt"))
    )
    assert isinstance(let_through, ReplyApproved)
    assert let_through.override_reason == "erlaubt"


async def test_personal_data_in_private_is_no_problem(router: Router) -> None:
    conversation = await given_to_anna(router)
    text = "Wir haben an max@example.org geschrieben."
    assert kinds(await router.hear(asks(ReplyRequested, conversation, text=text))) == ["reply.approved"]


async def test_a_closed_reply_window_blocks_with_what_is_allowed(router: Router) -> None:
    conversation = await given_to_anna(router, channel=Channel.WHATSAPP)
    later = at(days=1)
    blocked = outcome(await router.hear(asks(ReplyRequested, conversation, text="Hallo", when=later), now=later))
    assert isinstance(blocked, ReplyBlocked)
    assert (blocked.problem, blocked.suggestion) == ("window-closed", "template")


async def test_an_answer_that_was_sent_frees_capacity_until_the_customer_writes(router: Router) -> None:
    conversation = await given_to_anna(router)
    facts = await router.hear(sent(conversation, at(5)))
    assert kinds(facts) == ["conversation.waiting"]
    assert await router.harness.rows("SELECT id FROM conversation WHERE active") == []


async def test_a_live_conversation_takes_capacity_until_it_is_closed(router: Router) -> None:
    conversation = await given_to_anna(router, channel=Channel.WEBCHAT)
    await router.hear(sent(conversation, at(5)))
    assert [row["units"] for row in await router.harness.rows("SELECT units FROM conversation WHERE active")] == [2]
    await router.hear(asks(ResolveRequested, conversation))
    assert await router.harness.rows("SELECT id FROM conversation WHERE active") == []


async def test_answer_and_resolve_in_one_command_resolves_when_it_was_sent(router: Router) -> None:
    conversation = await given_to_anna(router)
    command = router.harness.fact(asks(ReplyRequested, conversation, text="Gern!", then="resolved"))
    await router.harness.feed(command, now=NINE)
    assert await router.status(conversation) == ("assigned", ANNA)
    assert kinds(await router.hear(sent(conversation, at(5), command.id))) == ["conversation.resolved"]


async def test_an_answer_given_elsewhere_counts(router: Router) -> None:
    conversation = await given_to_anna(router)
    facts = await router.hear(sent(conversation, at(5), agent_id=None, elsewhere=True, text="Erledigt"))
    assert kinds(facts) == ["conversation.waiting"]


async def test_an_answer_that_crossed_with_the_customers_word_leaves_the_work(router: Router) -> None:
    conversation = await given_to_anna(router)
    await router.hear(received(n=2, when=at(10)), now=at(10))
    (goes_on,) = await router.hear(sent(conversation, at(5)), now=at(11))
    assert isinstance(goes_on.data, ConversationResumed)
    assert (goes_on.data.previous, goes_on.data.current, goes_on.data.waiting_since) == ("assigned", "assigned", at(10))
    assert await router.status(conversation) == ("assigned", ANNA)


@pytest.mark.parametrize("then", ["waiting", "resolved"])
async def test_what_the_customer_wrote_after_the_approval_still_waits_for_an_answer(router: Router, then: str) -> None:
    conversation = await given_to_anna(router)
    command = router.harness.fact(asks(ReplyRequested, conversation, text="Gern!", when=at(8), then=then))
    (approved,) = await router.harness.feed(command, now=at(8))
    assert isinstance(approved.data, ReplyApproved)
    await router.hear(received(n=2, when=at(9)), now=at(9))
    until = approved.data.last_customer_message_at
    facts = await router.hear(sent(conversation, at(10), command.id, answers_until=until), now=at(10))
    assert kinds(facts) == ["conversation.resumed"]
    assert await router.status(conversation) == ("assigned", ANNA)
    second = await router.hear(sent(conversation, at(12), answers_until=at(9)), now=at(12))
    assert kinds(second) == ["conversation.waiting"]


async def test_an_answer_that_never_arrived_was_none(router: Router) -> None:
    conversation = await given_to_anna(router)
    reply = sent(conversation, at(5), answers_until=NINE)
    await router.hear(reply, now=at(5))
    again, owed = await router.hear(undelivered(conversation, reply.reply_id, at(60)), now=at(60))
    assert isinstance(owed.data, ReadingChanged)
    assert (owed.data.owed, owed.data.reason) == (True, "undelivered")
    assert isinstance(again.data, ConversationResumed)
    assert (again.data.reason, again.data.waiting_since) == ("undelivered", NINE)
    assert await router.status(conversation) == ("assigned", ANNA)
    assert await router.hear(undelivered(conversation, reply.reply_id, at(61)), now=at(61)) == []


async def test_what_an_answer_closed_that_never_arrived_is_open_again(router: Router) -> None:
    conversation = await given_to_anna(router)
    reply = sent(conversation, at(5), resolves=True, answers_until=NINE)
    (closed,) = await router.hear(reply, now=at(5))
    assert isinstance(closed.data, ConversationResolved)
    assert closed.data.reply_id == reply.reply_id
    opened = await router.hear(undelivered(conversation, reply.reply_id, at(60)), now=at(60))
    assert kinds(opened) == ["conversation.reopened", "reading.changed"]
    assert "conversation.queued" in kinds(await router.elapse(at(60.5)))


async def test_an_older_answer_that_never_arrived_leaves_the_newer_one(router: Router) -> None:
    conversation = await given_to_anna(router)
    first, second = sent(conversation, at(5), answers_until=NINE), sent(conversation, at(20), answers_until=at(10))
    await router.hear(first, now=at(5))
    await router.hear(received(n=2, when=at(10)), now=at(10))
    await router.hear(second, now=at(20))
    assert await router.hear(undelivered(conversation, first.reply_id, at(60)), now=at(60)) == []
    assert (await router.status(conversation))[0] == "waiting"


async def test_a_failed_answer_is_remembered_and_changes_nothing(router: Router) -> None:
    conversation = await given_to_anna(router)
    (approved,) = await router.hear(asks(ReplyRequested, conversation, text="Gern!"))
    assert isinstance(approved.data, ReplyApproved)
    reply_id = approved.data.reply_id
    failure = ReplyFailed(conversation_id=conversation, reply_id=reply_id, reason="refused", detail="", at=at(5))
    assert await router.hear(failure) == []
    assert [row["outcome"] for row in await router.harness.rows("SELECT outcome FROM reply")] == ["failed"]
    assert await router.status(conversation) == ("assigned", ANNA)


PDF = Attachment(name="rechnung.pdf", media_type="application/pdf", size=52_000, sha256="a" * 64)


async def test_a_file_goes_on_with_the_reply_and_needs_no_text(router: Router) -> None:
    conversation = await given_to_anna(router)
    approved = outcome(await router.hear(asks(ReplyRequested, conversation, text="", attachments=(PDF,))))
    assert isinstance(approved, ReplyApproved)
    assert approved.attachments == (PDF,)


@pytest.mark.parametrize(
    ("channel", "change", "problem"),
    [
        (Channel.MESSENGER, {"size": 25_000_001}, "file-too-large"),
        (Channel.WHATSAPP, {"media_type": "application/zip"}, "file-type"),
        (Channel.MESSENGER, {"name": "rechnung.pdf.exe"}, "file-type"),
        (Channel.INSTAGRAM, {"media_type": "image/png"}, "no-files"),
    ],
)
async def test_a_file_that_the_channel_does_not_take_blocks_the_reply(
    router: Router, channel: Channel, change: dict[str, Any], problem: str
) -> None:
    conversation = await given_to_anna(router, channel=channel)
    files = (PDF, PDF.model_copy(update=change)) if channel.value != "instagram" else (PDF,)
    blocked = outcome(await router.hear(asks(ReplyRequested, conversation, text="Anbei.", attachments=files)))
    assert isinstance(blocked, ReplyBlocked)
    assert blocked.problem == problem
    assert blocked.file == (files[1].name if len(files) > 1 else None)


async def test_more_files_than_the_channel_takes_block_the_reply(router: Router) -> None:
    conversation = await given_to_anna(router)
    blocked = outcome(await router.hear(asks(ReplyRequested, conversation, text="", attachments=(PDF,) * 11)))
    assert isinstance(blocked, ReplyBlocked)
    assert (blocked.problem, blocked.suggestion) == ("too-many-files", "fewer-files")


async def test_a_snooze_ends_at_its_time_with_its_agent(router: Router) -> None:
    conversation = await given_to_anna(router)
    snoozed = outcome(await router.hear(asks(SnoozeRequested, conversation, until=at(20))))
    assert isinstance(snoozed, ConversationSnoozed)
    assert reason(await router.hear(asks(SnoozeRequested, conversation, until=at(-1)))) == "past"
    assert await router.elapse(at(19)) == []
    assert kinds(await router.elapse(at(20))) == ["conversation.resumed"]
    assert await router.elapse(at(21)) == []


async def test_a_transfer_to_a_colleague_needs_one_who_is_there_and_has_room(database: str) -> None:
    async with Router.open(database, config({ANNA: agent("Anna", 5, 5), BEN: agent("Ben", 1, 1)})) as router:
        one = await given_to_anna(router)
        two = await given_to_anna(router, who="toni")

        async def to(who: str, conversation: ConversationId = one) -> list[Fact[Event]]:
            return await router.hear(asks(TransferRequested, conversation, agent_id=who, reason=f"to {who} {two}"))

        assert reason(await to("nobody")) == "unknown_agent"
        assert reason(await to(BEN)) == "agent_offline"
        assert reason(await to(ANNA)) == "same_agent"
        await router.online(BEN)
        given = outcome(await router.hear(asks(TransferRequested, one, agent_id=BEN, reason="Pause")))
        assert isinstance(given, AssignmentChanged)
        assert (given.previous, given.current, given.units, given.ring) == (ANNA, BEN, 1, None)
        assert reason(await to(BEN, two)) == "no_room"
        assert await router.status(one) == ("assigned", BEN)


async def test_a_transfer_to_a_team_puts_it_in_the_queue_for_that_team(database: str) -> None:
    agents = {ANNA: agent("Anna"), BEN: agent("Ben", teams=("billing",))}
    async with Router.open(database, config(agents)) as router:
        conversation = await given_to_anna(router)
        assert (
            reason(await router.hear(asks(TransferRequested, conversation, team_id="x", reason="?"))) == "unknown_team"
        )
        moved = outcome(await router.hear(asks(TransferRequested, conversation, team_id="billing", reason="Rechnung")))
        assert isinstance(moved, AssignmentChanged)
        assert (moved.previous, moved.current, moved.team) == (ANNA, None, "billing")
        assert await router.status(conversation) == ("queued", None)
        assert await router.match() == []
        await router.online(BEN)
        (given,) = await router.match()
        assert isinstance(given.data, AssignmentChanged)
        assert given.data.current == BEN


async def test_an_agent_may_pull_what_nobody_has_up_to_the_hard_limit(database: str) -> None:
    async with Router.open(database, config({ANNA: agent("Anna", 0, 1), BEN: agent("Ben")})) as router:
        await router.online(ANNA)
        one, two = received("kim"), received("toni")
        assert await router.work(one, two) == []
        facts = await router.hear(asks(TransferRequested, opened_by(one), agent_id=ANNA, reason="pulled"))
        assert kinds(facts) == ["assignment.changed"]
        facts = await router.hear(asks(TransferRequested, opened_by(two), agent_id=ANNA, reason="pulled"))
        assert reason(facts) == "no_room"
        facts = await router.hear(asks(TransferRequested, opened_by(two), ANNA, agent_id=BEN, reason="you"))
        assert reason(facts) == "not_assigned"


async def test_lowering_a_limit_takes_nothing_away(router: Router) -> None:
    conversation = await given_to_anna(router)
    lowered = Router(router.harness, config({ANNA: agent("Anna", 0, 0)}))
    assert await lowered.match() == []
    assert await lowered.elapse(at(5)) == []
    assert await lowered.status(conversation) == ("assigned", ANNA)


async def test_what_is_resolved_takes_no_orders_but_to_be_reopened(router: Router) -> None:
    conversation = await given_to_anna(router)
    assert reason(await router.hear(asks(ReopenRequested, conversation))) == "not_closed"
    await router.hear(asks(ResolveRequested, conversation))
    assert reason(await router.hear(asks(ResolveRequested, conversation, when=at(1)))) == "resolved"
    assert reason(await router.hear(asks(ReplyRequested, conversation, text="Noch etwas"))) == "resolved"
    assert kinds(await router.hear(asks(ReopenRequested, conversation, when=at(2)))) == ["conversation.reopened"]
    assert kinds(await router.elapse(at(2))) == ["conversation.queued"]
    (given,) = await router.match(at(2))
    assert isinstance(given.data, AssignmentChanged)
    assert (given.data.current, given.data.ring) == (ANNA, 0)


async def test_a_second_analysis_does_not_undo_what_was_resolved(router: Router) -> None:
    message = received()
    await router.hear(message)
    await router.hear(asks(ResolveRequested, opened_by(message), LENA, "lead"))
    assert await router.hear(analysed(message)) == []
    assert await router.elapse(at(60)) == []


async def test_an_answer_that_never_arrived_wakes_what_was_snoozed_after_it(router: Router) -> None:
    conversation = await given_to_anna(router)
    reply = sent(conversation, at(5), answers_until=NINE)
    await router.hear(reply, now=at(5))
    await router.hear(asks(SnoozeRequested, conversation, until=at(3600)), now=at(6))
    facts = await router.hear(undelivered(conversation, reply.reply_id, at(60)), now=at(60))
    assert kinds(facts) == ["conversation.resumed", "reading.changed"]
    assert await router.status(conversation) == ("assigned", ANNA)


async def test_what_a_person_closed_after_an_answer_that_never_arrived_is_open_again(router: Router) -> None:
    conversation = await given_to_anna(router)
    reply = sent(conversation, at(5), answers_until=NINE)
    await router.hear(reply, now=at(5))
    closed = outcome(await router.hear(asks(ResolveRequested, conversation), now=at(6)))
    assert isinstance(closed, ConversationResolved)
    assert closed.reply_id == reply.reply_id
    facts = await router.hear(undelivered(conversation, reply.reply_id, at(60)), now=at(60))
    assert kinds(facts) == ["conversation.reopened", "reading.changed"]
    assert "conversation.queued" in kinds(await router.elapse(at(60.5)))


async def test_noise_written_while_an_answer_was_under_way_needs_no_other(router: Router) -> None:
    conversation = await given_to_anna(router)
    noise = received(n=2, when=at(9))
    await router.hear(noise, analysed(noise, Triage.NOISE), now=at(9))
    facts = await router.hear(sent(conversation, at(10), answers_until=NINE), now=at(10))
    assert kinds(facts) == ["conversation.waiting", "reading.changed"]
    changed = facts[-1].data
    assert isinstance(changed, ReadingChanged)
    assert changed.owed is False


async def test_after_a_partial_answer_the_customer_waits_on_the_first_word_that_is_left(router: Router) -> None:
    conversation = await given_to_anna(router)
    await router.hear(received(n=2, when=at(9)), received(n=3, when=at(30)), now=at(30))
    (on,) = await router.hear(sent(conversation, at(31), answers_until=NINE), now=at(31))
    assert isinstance(on.data, ConversationResumed)
    assert on.data.waiting_since == at(9)
