"""From a draft to its outcome: sent once, and the words are never lost on the way."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from desk_api import commands_of, desk_over, next_command, settings_of
from desk_history import Told, at, conversation
from test_composer import facing, talk

from lotse.contracts import commands as c
from lotse.contracts import conversations
from lotse.contracts.ids import derive
from lotse.desk import drafts
from lotse.desk.console.composing.sending import Sender, Wish
from lotse.desk.console.composing.texts import COMPOSER
from lotse.desk.console.conversing.words import VOCABULARY
from lotse.desk.drafts import Draft, File, Place
from lotse.runtime.topics import create_topics

PLACE = Place("mia", conversation("a"), "reply")
NOTE = replace(PLACE, kind="note")
SETTING = facing(talk())


def sender(desk, who: str = "mia") -> Sender:
    caller = facing(talk(), who).caller
    return Sender(desk.parts, caller, COMPOSER["de"], VOCABULARY["de"])


async def begun(desk, place: Place = PLACE) -> Draft | None:
    async with desk.parts.database.transaction() as tx:
        return (await drafts.of(tx, place.agent, place.conversation)).get(place.kind)


async def hear(desk, event, cause, told: Told | None = None) -> None:
    """Fold it, then wake who waits. `told` goes on where an earlier event of the conversation stopped."""
    await desk.harness.feed((told or Told()).tell(event, 31, cause))
    await desk.harness.job(desk.parts.waiting.job())


def approved(command) -> conversations.ReplyApproved:
    return conversations.ReplyApproved(
        conversation_id=conversation("a"),
        reply_id=command.id,
        address={"account": "haupt", "channel": "facebook", "thread": "a", "recipient": "kim"},
        agent_id=command.data.actor_id,
        agent_name="Mia Kern",
        agent_initials="MK",
        text=command.data.text,
        last_customer_message_at=at(1),
        at=at(31),
    )


def refused(reason: str) -> conversations.CommandRefused:
    return conversations.CommandRefused(
        subject=str(conversation("a")), command="reply", reason=reason, detail="no", at=at(31)
    )


@pytest.fixture
async def settings(database, kafka, prefix):
    await create_topics(kafka, prefix, single=True)
    return settings_of(database, kafka, prefix, outcome_wait=timedelta(seconds=5))


@pytest.fixture
async def desk(settings):
    async with desk_over(settings) as made:
        yield made


@pytest.fixture
async def published(settings):
    async with commands_of(settings) as consumer:
        yield consumer


@pytest.fixture
async def cut_off(database):
    """A desk whose Kafka is away."""
    async with desk_over(settings_of(database)) as made:
        yield made


async def test_a_sent_draft_is_gone(desk, published):
    sending = asyncio.create_task(sender(desk).send(SETTING, Draft(PLACE, "Hallo"), Wish("resolved")))
    command = await next_command(published)
    assert isinstance(command.data, c.ReplyRequested)
    assert (command.data.text, command.data.then, command.data.role) == ("Hallo", "resolved", "agent")
    standing = await begun(desk)
    assert command.id == derive("command", "mia", standing.asked.key), "the key is kept before anything is sent"
    await hear(desk, approved(command), command.id)
    result = await sending
    assert (result.state, result.words, result.draft.empty) == ("sent", "Gesendet und erledigt.", True)
    assert await begun(desk) is None


async def test_two_sends_of_the_same_draft_are_one_command(desk, published):
    draft = Draft(PLACE, "Hallo")
    first = asyncio.create_task(sender(desk).send(SETTING, draft, Wish()))
    command = await next_command(published)
    again = asyncio.create_task(sender(desk).send(SETTING, draft, Wish()))
    assert (await next_command(published)).id == command.id
    await hear(desk, approved(command), command.id)
    assert [(await task).state for task in (first, again)] == ["sent", "sent"]
    late = await sender(desk).send(SETTING, draft, Wish())
    assert late.state == "sent", "another window that still shows the words learns what became of them"
    assert await begun(desk) is None


async def test_a_refusal_is_said_and_the_words_stand_under_a_new_key(desk, published):
    draft, told = Draft(PLACE, "Hallo"), Told()
    sending = asyncio.create_task(sender(desk).send(SETTING, draft, Wish()))
    command = await next_command(published)
    await hear(desk, refused("resolved"), command.id, told)
    result = await sending
    assert result.state == "refused"
    assert "schon erledigt" in result.words
    standing = await begun(desk)
    assert (standing.text, standing.asked) == ("Hallo", None)
    assert standing.key == result.draft.key != draft.key
    once_more = asyncio.create_task(sender(desk).send(SETTING, result.draft, Wish()))
    second = await next_command(published)
    assert second.id != command.id
    await hear(desk, approved(second), second.id, told)
    assert (await once_more).state == "sent"


async def test_what_router_blocks_is_said_in_words(desk, published):
    sending = asyncio.create_task(sender(desk).send(SETTING, Draft(PLACE, "Hallo"), Wish()))
    command = await next_command(published)
    blocked = conversations.ReplyBlocked(
        conversation_id=conversation("a"),
        reply_id=command.id,
        agent_id="mia",
        problem="window-closed",
        suggestion="template",
        at=at(31),
    )
    await hear(desk, blocked, command.id)
    assert "keine freien Antworten" in (await sending).words
    assert (await begun(desk)).text == "Hallo"


async def test_without_kafka_the_words_and_their_key_stay_to_be_sent_again(cut_off):
    result = await sender(cut_off).send(SETTING, Draft(PLACE, "Hallo"), Wish())
    assert result.state == "unknown"
    standing = await begun(cut_off)
    assert (standing.text, standing.asked) == ("Hallo", result.draft.asked)
    again = await sender(cut_off).hand_on(standing)
    assert (again.state, again.draft.asked.key) == ("unknown", standing.asked.key)
    other = await sender(cut_off).send(SETTING, Draft(PLACE, "Hallo, anders"), Wish())
    assert (other.state, "unterwegs" in other.words) == ("refused", True)
    given = await sender(cut_off).give_back(standing)
    assert (await begun(cut_off)).asked is None
    assert given.key != standing.key


async def test_an_outcome_that_comes_late_is_still_heard(settings, published):
    async with desk_over(settings.model_copy(update={"outcome_wait": timedelta(milliseconds=50)})) as desk:
        result = await sender(desk).send(SETTING, Draft(PLACE, "Hallo"), Wish())
        assert result.state == "under_way"
        waiting = asyncio.create_task(sender(desk).awaited(result.draft))
        command = await next_command(published)
        await hear(desk, approved(command), command.id)
        assert (await waiting).state == "sent"
        assert await begun(desk) is None


async def test_a_colleagues_answer_of_this_moment_is_asked_about_first(desk, published):
    sending = asyncio.create_task(sender(desk).send(SETTING, Draft(PLACE, "Hallo"), Wish()))
    await next_command(published)
    his = Draft(replace(PLACE, agent="lars"), "Guten Tag")
    result = await sender(desk, "lars").send(facing(talk(), "lars", "lead"), his, Wish())
    assert (result.state, result.words) == ("colleague", "Mia Kern")
    assert await begun(desk, his.place) is None, "nothing was sent"
    sending.cancel()


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (Draft(PLACE, "  "), "nichts darin"),
        (Draft(PLACE, "Auf DE89 3704 0044 0532 0130 00"), "IBAN"),
        (Draft(PLACE, "Hallo ⟦Name⟧"), "auszufüllen"),
        (Draft(PLACE, "", (File(id="gone", name="plan.pdf", media_type="application/pdf", size=1),)), "plan.pdf"),
        (Draft(NOTE, ""), "nichts darin"),
    ],
)
async def test_what_may_not_go_out_is_stopped_before_anything_is_kept(cut_off, draft, said):
    result = await sender(cut_off).send(SETTING, draft, Wish())
    assert result.state == "refused"
    assert said in result.words
    assert await begun(cut_off, draft.place) is None


async def test_a_note_may_say_anything_and_reaches_no_customer(desk, published):
    sending = asyncio.create_task(sender(desk).send(SETTING, Draft(NOTE, "IBAN DE89 3704 0044 0532 0130 00"), Wish()))
    command = await next_command(published)
    assert isinstance(command.data, c.NoteWritten)
    sending.cancel()


async def test_a_lead_may_override_with_a_reason_that_rides_along(desk, published):
    setting = facing(talk(), "lars", "lead")
    draft = Draft(replace(PLACE, agent="lars"), "Auf DE89 3704 0044 0532 0130 00")
    assert (await sender(desk, "lars").send(setting, draft, Wish())).state == "refused"
    lars = Sender(desk.parts, setting.caller, COMPOSER["de"], VOCABULARY["de"])
    sending = asyncio.create_task(lars.send(setting, draft, Wish(override_reason="eigenes Spendenkonto")))
    command = await next_command(published)
    assert (command.data.role, command.data.override_reason) == ("lead", "eigenes Spendenkonto")
    sending.cancel()
