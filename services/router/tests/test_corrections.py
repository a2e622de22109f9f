"""A person corrects how a message reads: shown to all, routed by it, and no later analysis of the text undoes it."""

from typing import Any

import pytest
from router_stories import (
    ANNA,
    BEN,
    NINE,
    Router,
    agent,
    analysed,
    asks,
    at,
    config,
    deleted,
    edited,
    kinds,
    opened_by,
    received,
)

from lotse.contracts.commands import ReadingCorrectRequested, ResolveRequested
from lotse.contracts.config import Rule, When
from lotse.contracts.conversations import CommandRefused, ConversationQueued, ConversationSetAside, ReadingChanged
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import derive
from lotse.contracts.inbound import MessageReceived
from lotse.contracts.values import Actor, Sentiment, Situation, Triage

BY_ANNA = Actor(kind="agent", id=ANNA)


def corrects(message: MessageReceived, triage: Triage = Triage.SERVICE, **given: Any) -> Event:
    fields: dict[str, Any] = {"message_id": message.message_id, "sentiment": Sentiment.NEUTRAL} | given
    return asks(ReadingCorrectRequested, fields.pop("conversation", opened_by(message)), triage=triage, **fields)


def changed(fact: Fact[Event]) -> ReadingChanged:
    assert isinstance(fact.data, ReadingChanged)
    return fact.data


def refusal(facts: list[Fact[Event]]) -> str:
    (fact,) = facts
    assert isinstance(fact.data, CommandRefused)
    return fact.data.reason


async def test_a_correction_says_who_what_it_was_before_and_why(router: Router) -> None:
    message = received()
    await router.online(ANNA)
    await router.work(message)
    asked = router.harness.fact(
        corrects(message, sentiment="negative", situation="complaint", topics=("delivery",), reason="Er ist wütend.")
    )
    (fact,) = await router.harness.feed(asked, now=at(60))
    event = changed(fact)
    assert fact.causation_id == asked.id
    assert (event.reason, event.actor, event.comment, event.latest) == ("corrected", BY_ANNA, "Er ist wütend.", True)
    assert event.previous is not None
    assert (event.previous.sentiment, event.previous.model_version) == (Sentiment.UNSURE, "m1")
    current = event.current
    assert (current.sentiment, current.situation, current.topics) == ("negative", "complaint", ("delivery",))
    assert (current.language, current.score, current.confidence, current.model_version) == ("de", -1.0, 1.0, "")
    assert await router.status(opened_by(message)) == ("assigned", ANNA)


async def test_what_waits_is_ranked_anew(database: str) -> None:
    rule = Rule(name="complaints", when=When(situation=(Situation.COMPLAINT,)), priority=9, require={"calm": 2})
    agents = {ANNA: agent("Anna", calm=3), BEN: agent("Ben")}
    async with Router.open(database, config(agents, rule)) as router:
        await router.online(BEN)
        message = received()
        await router.hear(message, analysed(message, situation=Situation.COMPLAINT))
        assert await router.match() == []
        (fact,) = await router.hear(corrects(message, situation=Situation.QUESTION))
        assert changed(fact).priority == 5
        assert (changed(fact).required, changed(fact).rules) == ({"de": 1}, ())
        assert kinds(await router.match()) == ["assignment.changed"]
        assert await router.status(opened_by(message)) == ("assigned", BEN)


async def test_what_waits_is_withdrawn_as_spam_whatever_was_read_before(router: Router) -> None:
    message, more = received(), received(n=2, when=at(1))
    await router.hear(message, analysed(message), more, analysed(more))
    facts = await router.hear(corrects(more, Triage.SPAM, conversation=opened_by(message)))
    assert kinds(facts) == ["reading.changed", "conversation.set_aside"]
    aside = facts[1].data
    assert isinstance(aside, ConversationSetAside)
    assert (aside.actor, aside.reason) == (BY_ANNA, "spam")
    assert await router.match() == []


async def test_what_was_set_aside_is_put_back(router: Router) -> None:
    message = received()
    await router.hear(message, analysed(message, Triage.SPAM))
    assert await router.status(opened_by(message)) == ("set_aside", None)
    facts = await router.hear(corrects(message))
    assert kinds(facts) == ["reading.changed", "conversation.queued"]
    queued = facts[1].data
    assert isinstance(queued, ConversationQueued)
    assert (queued.previous, queued.actor, queued.reason) == ("set_aside", BY_ANNA, "corrected")
    await router.online(BEN)
    assert kinds(await router.match()) == ["assignment.changed"]


async def test_what_somebody_has_stays_with_him(router: Router) -> None:
    message = received()
    await router.online(ANNA)
    await router.work(message)
    assert kinds(await router.hear(corrects(message, Triage.SPAM))) == ["reading.changed"]
    assert await router.status(opened_by(message)) == ("assigned", ANNA)


async def test_a_correction_before_the_reading_is_the_reading(router: Router) -> None:
    message = received()
    await router.hear(message)
    facts = await router.hear(corrects(message, sentiment="positive"))
    assert kinds(facts) == ["reading.changed", "conversation.queued"]
    assert changed(facts[0]).previous is None
    assert await router.hear(analysed(message, Triage.SPAM)) == []
    assert await router.status(opened_by(message)) == ("queued", None)


async def test_no_later_analysis_of_the_text_undoes_a_correction_but_an_edit_does(router: Router) -> None:
    message = received()
    await router.hear(message, analysed(message), corrects(message, sentiment="negative"))
    again = await router.hear(analysed(message, sentiment=Sentiment.POSITIVE, model_version="m2"))
    assert again == []
    edit = edited(message, "Danke, alles gut!", at(30))
    facts = await router.hear(edit, analysed(message, edit=edit, sentiment=Sentiment.POSITIVE))
    assert kinds(facts) == ["message.updated", "reading.changed"]
    event = changed(facts[1])
    assert (event.current.sentiment, event.reason, event.edited_at) == (Sentiment.POSITIVE, "edited", at(30))
    (fact,) = await router.hear(corrects(message, sentiment="unsure"))
    assert changed(fact).edited_at == at(30)
    assert await router.hear(analysed(message, sentiment=Sentiment.NEGATIVE)) == []
    assert await router.hear(analysed(message, edit=edit, model_version="m2")) == []


async def test_another_correction_overwrites_the_first(router: Router) -> None:
    message = received()
    await router.hear(message, analysed(message), corrects(message, sentiment="negative"))
    (fact,) = await router.hear(corrects(message, actor=BEN, sentiment="positive"))
    event = changed(fact)
    assert event.previous is not None
    assert (event.previous.sentiment, event.current.sentiment) == (Sentiment.NEGATIVE, Sentiment.POSITIVE)


async def test_an_older_message_may_be_corrected_and_the_conversation_reads_like_its_latest(router: Router) -> None:
    message, more = received(), received(n=2, when=at(1))
    await router.hear(message, analysed(message), more, analysed(more, sentiment=Sentiment.NEGATIVE))
    (fact,) = await router.hear(corrects(message, Triage.SPAM))
    assert (changed(fact).latest, changed(fact).previous) == (False, None)
    assert await router.status(opened_by(message)) == ("queued", None)
    (fact,) = await router.hear(corrects(more, Triage.PRAISE, conversation=opened_by(message)))
    event = changed(fact)
    assert event.previous is not None
    assert event.previous.sentiment is Sentiment.NEGATIVE


async def test_the_next_message_reads_for_itself(router: Router) -> None:
    message, more = received(), received(n=2, when=at(1))
    await router.hear(message, analysed(message), corrects(message, Triage.SPAM))
    facts = await router.hear(more, analysed(more, sentiment=Sentiment.NEGATIVE))
    assert kinds(facts) == ["message.added", "conversation.queued"]


async def test_what_is_resolved_may_still_be_corrected_and_stays_resolved(router: Router) -> None:
    message = received()
    await router.online(ANNA)
    await router.work(message)
    await router.hear(asks(ResolveRequested, opened_by(message)))
    assert kinds(await router.hear(corrects(message, Triage.PRAISE, sentiment="positive"))) == ["reading.changed"]
    assert (await router.status(opened_by(message)))[0] == "resolved"


@pytest.mark.parametrize("elsewhere", ["unknown", "of another conversation"])
async def test_a_message_that_is_not_in_the_conversation_is_refused(router: Router, elsewhere: str) -> None:
    message, other = received("kim"), received("toni")
    await router.hear(message, other, analysed(message), analysed(other))
    named = other.message_id if elsewhere != "unknown" else derive("test", "no such message")
    command = corrects(message, message_id=named)
    assert refusal(await router.hear(command)) == "no_message"


async def test_what_the_customer_deleted_and_what_is_read_so_already_are_refused(router: Router) -> None:
    message = received()
    await router.hear(message, analysed(message, sentiment=Sentiment.NEUTRAL))
    assert refusal(await router.hear(corrects(message))) == "reads_so"
    await router.hear(deleted(message, at(5)))
    assert refusal(await router.hear(corrects(message, Triage.SPAM), now=NINE)) == "removed"
