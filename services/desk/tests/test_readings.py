"""What a conversation shows of how its messages read, once a person has corrected it."""

import pytest
from desk_api import desk_over, settings_of
from desk_history import ANGRY, CALM, MIA, Told, at, conversation, message

from lotse.contracts import conversations as c
from lotse.contracts.values import Sentiment

NOISY = CALM.model_copy(update={"sentiment": Sentiment.POSITIVE})


@pytest.fixture
async def desk(database):
    async with desk_over(settings_of(database)) as made:
        yield made


def a_message() -> Told:
    told = Told()
    told.opened("a", "petra")
    told.added("a", 1, "Na toll!", 0)
    told.analysed("a", 1, 1, NOISY)
    return told


async def shown(desk, told: Told) -> dict:
    await desk.harness.feed(*told.facts)
    return (await desk.get(f"/v1/conversations/{conversation('a')}")).json()


async def test_a_correction_is_shown_with_who_and_when(desk):
    told = a_message()
    told.corrected("a", 1, 2, ANGRY, comment="ironisch")
    found = await shown(desk, told)
    (said,) = found["messages"]
    assert found["reading"]["sentiment"] == said["reading"]["sentiment"] == "negative"
    by = said["correction"]
    assert (by["actor_id"], by["actor_kind"], by["comment"]) == (MIA.id, "agent", "ironisch")
    assert by["at"].startswith(at(2).isoformat()[:16])


async def test_a_reading_that_nobody_corrected_says_so(desk):
    (said,) = (await shown(desk, a_message()))["messages"]
    assert (said["reading"]["sentiment"], said["correction"]) == ("positive", None)


@pytest.mark.parametrize("corrected_first", [True, False])
async def test_an_analysis_of_the_same_text_does_not_hide_it_whichever_comes_first(desk, corrected_first):
    told = a_message()
    told.corrected("a", 1, 2, ANGRY)
    told.analysed("a", 1, 3, NOISY)
    facts = told.facts if corrected_first else sorted(told.facts, key=lambda fact: fact.sequence is not None)
    (said,) = (await shown(desk, Told(list(facts))))["messages"]
    assert (said["reading"]["sentiment"], said["correction"] is None) == ("negative", False)


async def test_an_edit_that_was_read_ends_it_and_another_correction_of_that_text_holds(desk):
    told = a_message()
    told.corrected("a", 1, 2, ANGRY)
    told.analysed("a", 1, 5, NOISY, edit=1)
    (said,) = (await shown(desk, told))["messages"]
    assert (said["reading"]["sentiment"], said["correction"]) == ("positive", None)
    again = Told(numbers=told.numbers)
    again.corrected("a", 1, 6, ANGRY, edit=1, edited_at=at(5))
    (said,) = (await shown(desk, again))["messages"]
    assert (said["reading"]["sentiment"], said["correction"]["actor_id"]) == ("negative", "mia")


async def test_an_older_message_is_corrected_without_changing_how_the_conversation_reads(desk):
    told = a_message()
    told.queued("a", 1, NOISY, 0)
    told.corrected("a", 1, 2, ANGRY, latest=False)
    found = await shown(desk, told)
    assert (found["reading"]["sentiment"], found["messages"][0]["reading"]["sentiment"]) == ("positive", "negative")


async def test_what_was_deleted_shows_no_correction(desk):
    told = a_message()
    told.corrected("a", 1, 2, ANGRY, comment="nennt den Chef")
    removed = c.MessageRemoved(
        conversation_id=conversation("a"), message_id=message("a1"), length=8, sha256="0" * 64, deleted_at=at(3)
    )
    told.tell(removed, 3)
    (said,) = (await shown(desk, told))["messages"]
    assert (said["reading"], said["correction"]) == (None, None)
