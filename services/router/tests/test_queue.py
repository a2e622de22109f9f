"""When a conversation becomes work, what it calls for, and its place in the queue."""

import json
from datetime import timedelta

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
    due,
    edited,
    heartbeat,
    kinds,
    met,
    opened_by,
    received,
    sent,
    status,
)

from lotse.contracts.channels import Channel
from lotse.contracts.commands import ReopenRequested, ResolveRequested
from lotse.contracts.config import Relaxation, Rule, When
from lotse.contracts.conversations import (
    AssignmentChanged,
    ConversationQueued,
    ReadingChanged,
    RoutingRelaxed,
)
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import TeamId
from lotse.contracts.values import Presence, Sentiment, Situation, Triage
from lotse.router import app
from lotse.runtime.testing import Harness


def queued(facts: list[Fact[Event]]) -> ConversationQueued:
    return next(fact.data for fact in facts if isinstance(fact.data, ConversationQueued))


def given_to(facts: list[Fact[Event]]) -> list[str | None]:
    return [fact.data.current for fact in facts if isinstance(fact.data, AssignmentChanged)]


async def test_a_new_conversation_leaves_four_records_until_somebody_has_it(router: Router) -> None:
    await router.online(ANNA)
    message = received()
    facts = await router.hear(message)
    facts += await router.hear(analysed(message))
    facts += await router.match()
    assert kinds(facts) == ["conversation.opened", "message.added", "conversation.queued", "assignment.changed"]
    assert [fact.sequence for fact in facts] == [1, 2, 3, 4]
    assert facts[3].causation_id == facts[2].id


async def test_nothing_is_work_before_it_was_read(router: Router) -> None:
    await router.online(ANNA)
    message = received()
    await router.hear(message)
    assert await router.match() == []
    assert await router.elapse(at(1.9)) == []


async def test_without_an_analysis_in_two_seconds_it_is_queued_unread(router: Router) -> None:
    message = received()
    await router.hear(message)
    facts = await router.elapse(at(2))
    assert kinds(facts) == ["conversation.queued"]
    assert queued(facts).reading is None
    assert await router.elapse(at(4)) == []


@pytest.mark.parametrize("triage", [Triage.SPAM, Triage.NOISE])
async def test_spam_and_noise_never_reach_an_agent(router: Router, triage: Triage) -> None:
    await router.online(ANNA)
    message = received()
    facts = await router.hear(message, analysed(message, triage))
    assert kinds(facts) == ["conversation.opened", "message.added", "conversation.set_aside"]
    assert await router.elapse(at(10)) == []
    assert await router.match() == []


async def test_a_late_analysis_withdraws_spam_that_nobody_has(router: Router) -> None:
    message = received()
    await router.hear(message)
    await router.elapse(at(2))
    facts = await router.hear(analysed(message, Triage.SPAM))
    assert kinds(facts) == ["reading.changed", "conversation.set_aside"]


async def test_spam_that_somebody_has_stays_with_him(router: Router) -> None:
    await router.online(ANNA)
    message = received()
    await router.hear(message)
    await router.elapse(at(2))
    await router.match(at(2))
    facts = await router.hear(analysed(message, Triage.SPAM), now=at(3))
    assert kinds(facts) == ["reading.changed"]
    assert await router.status(opened_by(message)) == ("assigned", ANNA)


async def test_a_serious_word_brings_back_what_was_set_aside(router: Router) -> None:
    advert, question = received(n=1), received(n=2, when=at(60))
    await router.hear(advert, analysed(advert, Triage.NOISE))
    assert kinds(await router.hear(question)) == ["message.added"]
    assert kinds(await router.hear(analysed(question))) == ["conversation.queued"]


async def test_a_word_after_what_was_set_aside_is_queued_where_nobody_reads_it(router: Router) -> None:
    advert, question, more = received(n=1), received(n=2, when=at(60)), received(n=3, when=at(61))
    await router.hear(advert, analysed(advert, Triage.NOISE))
    assert await router.elapse(at(59)) == []
    await router.hear(question, now=at(60))
    await router.hear(more, analysed(question, Triage.NOISE), now=at(61))
    assert await router.elapse(at(62.9)) == []
    (fact,) = await router.elapse(at(63))
    queued = fact.data
    assert isinstance(queued, ConversationQueued)
    assert (queued.previous, queued.reason, queued.waiting_since) == ("set_aside", "not_read_in_time", at(61))
    assert kinds(await router.hear(analysed(more, Triage.NOISE))) == ["reading.changed", "conversation.set_aside"]
    assert await router.elapse(at(100)) == []


async def test_thanks_for_an_answer_are_owed_none_and_a_question_after_them_is(router: Router) -> None:
    await router.online(ANNA)
    question = received(n=1)
    await router.work(question)
    await router.hear(sent(opened_by(question), at(1), answers_until=NINE), now=at(1))
    owed: list[bool | None] = []
    for n, triage in enumerate([Triage.NOISE, Triage.NOISE, Triage.SERVICE, Triage.NOISE], 2):
        word = received(n=n, when=at(n))
        facts = await router.hear(word, analysed(word, triage), now=at(n))
        owed += [fact.data.owed for fact in facts if isinstance(fact.data, ReadingChanged)]
    assert owed == [False, False, True, True]
    assert await router.status(opened_by(question)) == ("assigned", ANNA)


async def test_noise_after_what_was_set_aside_stays_there(router: Router) -> None:
    advert, another = received(n=1), received(n=2, when=at(60))
    await router.hear(advert, analysed(advert, Triage.NOISE))
    await router.hear(another, now=at(60))
    assert await router.hear(analysed(another, Triage.NOISE), now=at(60)) == []
    assert await router.elapse(at(100)) == []


async def test_thanks_after_a_question_do_not_set_the_question_aside(router: Router) -> None:
    question, thanks = received(n=1), received(n=2, when=at(5))
    await router.hear(question, thanks, analysed(question))
    facts = await router.hear(analysed(thanks, Triage.NOISE))
    assert kinds(facts) == ["reading.changed"]
    assert (await router.status(opened_by(question)))[0] == "queued"


async def test_what_a_person_puts_back_is_queued_and_stays_queued(router: Router) -> None:
    message = received()
    await router.hear(message, analysed(message, Triage.SPAM))
    facts = await router.hear(asks(ReopenRequested, opened_by(message), BEN))
    assert kinds(facts) == ["conversation.reopened"]
    assert kinds(await router.elapse(at(0))) == ["conversation.queued"]


async def test_an_analysis_of_an_older_text_does_not_count(router: Router) -> None:
    message = received()
    edit = edited(message, "Das ist eine Beschwerde", at(5), 1)
    await router.hear(message, edit, analysed(message, edit=edit, situation=Situation.COMPLAINT))
    facts = await router.hear(analysed(message, situation=Situation.COMPLIMENT))
    assert facts == []


async def test_a_second_reading_that_says_the_same_is_not_told(router: Router) -> None:
    first, second = received(n=1), received(n=2, when=at(1))
    await router.hear(first, second, analysed(first, score=0.1))
    assert await router.hear(analysed(second, score=0.2)) == []
    third = received(n=3, when=at(2))
    facts = await router.hear(third, analysed(third, sentiment=Sentiment.NEGATIVE))
    assert [f.data.current.sentiment for f in facts if isinstance(f.data, ReadingChanged)] == [Sentiment.NEGATIVE]


async def test_a_late_reading_says_what_is_called_for_now(database: str) -> None:
    rule = Rule(name="complaints", when=When(situation=(Situation.COMPLAINT,)), require={"calm": 3}, priority=7)
    async with Router.open(database, config({ANNA: agent("Anna", calm=3)}, rule)) as router:
        message = received()
        await router.hear(message)
        assert queued(await router.elapse(at(2))).required == {}
        (fact,) = await router.hear(analysed(message, situation=Situation.COMPLAINT))
        changed = fact.data
        assert isinstance(changed, ReadingChanged)
        assert (changed.required, changed.rules) == ({"calm": 3}, ("complaints",))


RULES = (
    Rule(name="all", prefer={"product": 2}),
    Rule(name="complaints", when=When(situation=(Situation.COMPLAINT,)), require={"calm": 3}, priority=7),
    Rule(
        name="billing",
        when=When(topic=("billing",)),
        require={"calm": 2, "billing": 2},
        team=TeamId("billing"),
        priority=6,
        relax=(Relaxation(after=timedelta(minutes=5), drop=("billing", "de", "public_voice")),),
    ),
    Rule(name="urgent", when=When(priority_from=7), require={"senior": 1}),
)


async def test_rules_that_match_add_up(database: str) -> None:
    async with Router.open(database, config(None, *RULES)) as router:
        message = received(channel=Channel.FACEBOOK)
        reading = analysed(message, situation=Situation.COMPLAINT, topics=("billing",))
        told = queued(await router.hear(message, reading))
    assert told.required == {"de": 1, "public_voice": 3, "calm": 3, "billing": 2, "senior": 1}
    assert told.preferred == {"product": 2}
    assert (told.priority, told.team, told.rules_version) == (7, "billing", "7")
    assert told.rules == ("all", "complaints", "billing", "urgent")
    assert told.first


async def test_relaxation_drops_what_the_rule_names_but_never_language_or_public_voice(database: str) -> None:
    agents = {ANNA: agent("Anna", teams=("billing",), de=2, public_voice=3, calm=3, senior=1)}
    async with Router.open(database, config(agents, *RULES)) as router:
        await router.online(ANNA)
        message = received(channel=Channel.FACEBOOK)
        reading = analysed(message, situation=Situation.COMPLAINT, topics=("billing",))
        await router.hear(message, reading)
        assert await router.match() == []
        await router.alive(ANNA, now=at(299))
        facts = await router.elapse(at(300))
        assert [fact.data.dropped for fact in facts if isinstance(fact.data, RoutingRelaxed)] == [("billing",)]
        assigned = await router.match(at(300))
    assert [(f.data.current, f.data.ring) for f in assigned if isinstance(f.data, AssignmentChanged)] == [(ANNA, 2)]


async def test_ring_times_are_not_restarted_when_the_work_comes_back(database: str) -> None:
    agents = {ANNA: agent("Anna", teams=("billing",), de=2, calm=3, billing=3), BEN: agent("Ben", de=1)}
    async with Router.open(database, config(agents, *RULES)) as router:
        await router.online(ANNA)
        message = received()
        await router.hear(message, analysed(message, topics=("billing",)))
        assert given_to(await router.match()) == [ANNA]
        await router.hear(heartbeat(ANNA, at(400)), now=at(400))
        await router.hear(status(ANNA, Presence.AWAY, at(400), hand_back=True), now=at(400))
        facts = await router.elapse(at(400))
        assert kinds(facts) == ["assignment.changed"]
        assert kinds(await router.elapse(at(401))) == ["routing.relaxed"]


async def test_agents_without_language_skills_get_what_has_a_language(database: str) -> None:
    async with Router.open(database, config({ANNA: agent("Anna", product=1)})) as router:
        await router.online(ANNA)
        assert given_to(await router.work(received())) == [ANNA]


async def test_another_language_waits_for_one_who_speaks_it(database: str) -> None:
    agents = {ANNA: agent("Anna", de=5), BEN: agent("Ben", en=2)}
    async with Router.open(database, config(agents)) as router:
        await router.online(ANNA)
        message = received()
        await router.hear(message, analysed(message, language="en"))
        assert await router.match() == []
        await router.online(BEN)
        assert given_to(await router.match()) == [BEN]


async def test_crisis_goes_first_then_the_nearest_deadline_then_age(database: str) -> None:
    async with Router.open(database, config({ANNA: agent("Anna", 1, 1)})) as router:
        old, soon, crisis = received("old"), received("soon", when=at(60)), received("crisis", when=at(120))
        await router.hear(old, soon, crisis, analysed(old), analysed(soon))
        await router.hear(analysed(crisis, situation=Situation.CRISIS))
        await router.hear(due(opened_by(soon), at(600)))
        order = []
        for minute in range(3):
            await router.online(ANNA, now=at(minutes=minute))
            facts = await router.match(at(minutes=minute))
            order += [fact.data.conversation_id for fact in facts]  # type: ignore[attr-defined]
            await router.hear(asks(ResolveRequested, order[-1], ANNA))
    assert order == [opened_by(crisis), opened_by(soon), opened_by(old)]


async def test_a_deadline_that_was_met_orders_nothing_any_more(router: Router) -> None:
    message = received()
    await router.hear(message, analysed(message))
    deadline = due(opened_by(message), at(600))
    await router.hear(deadline)
    assert (await router.harness.rows("SELECT due_minute FROM conversation"))[0][0] == at(600)
    await router.hear(met(deadline, at(500)))
    assert (await router.harness.rows("SELECT due_minute FROM conversation"))[0][0] == at(days=1)


async def test_the_customers_word_goes_back_to_his_agent_while_there_is_room(router: Router) -> None:
    await router.online(ANNA)
    message = received()
    await router.work(message)
    conversation = opened_by(message)
    assert kinds(await router.hear(sent(conversation, at(5)))) == ["conversation.waiting"]
    facts = await router.hear(received(n=2, when=at(60)), now=at(60))
    assert kinds(facts) == ["conversation.resumed", "message.added"]
    assert await router.status(conversation) == ("assigned", ANNA)


async def test_without_room_it_waits_for_its_agent_for_a_minute_and_then_for_anybody(database: str) -> None:
    async with Router.open(database, config({ANNA: agent("Anna", 1, 1), BEN: agent("Ben", 1, 1)})) as router:
        await router.online(ANNA)
        first, second = received("kim"), received("toni")
        await router.work(first)
        await router.hear(sent(opened_by(first), at(5)))
        assert given_to(await router.work(second, now=at(10))) == [ANNA]
        await router.online(BEN)
        again = received("kim", 2, at(20))
        facts = await router.hear(again, now=at(20))
        assert kinds(facts) == ["conversation.queued", "message.added"]
        assert not queued(facts).first
        assert await router.match(at(21)) == []
        await router.alive(ANNA, BEN, now=at(60))
        assert await router.elapse(at(79)) == []
        assert await router.match(at(79)) == []
        assert await router.elapse(at(80)) == []
        facts = await router.match(at(80))
        assert given_to(facts) == [BEN]


async def test_nothing_waits_for_an_agent_who_has_left(database: str) -> None:
    async with Router.open(database, config({ANNA: agent("Anna", 1, 1), BEN: agent("Ben", 1, 1)})) as router:
        await router.online(ANNA)
        first, second = received("kim"), received("toni")
        await router.work(first)
        await router.hear(sent(opened_by(first), at(5)))
        await router.work(second, now=at(10))
        await router.online(BEN, now=at(10))
        await router.hear(received("kim", 2, at(20)), now=at(20))
        await router.hear(status(ANNA, Presence.AWAY, at(21)), now=at(21))
        assert await router.elapse(at(22)) == []
        assert given_to(await router.match(at(22))) == [BEN]


async def test_the_agent_who_gets_room_within_the_minute_goes_first(database: str) -> None:
    async with Router.open(database, config({ANNA: agent("Anna", 1, 1), BEN: agent("Ben", 1, 1)})) as router:
        await router.online(ANNA)
        first, second = received("kim"), received("toni")
        await router.work(first)
        await router.hear(sent(opened_by(first), at(5)))
        await router.work(second, now=at(10))
        await router.online(BEN)
        await router.hear(received("kim", 2, at(20)), now=at(20))
        await router.hear(asks(ResolveRequested, opened_by(second), ANNA, when=at(30)), now=at(30))
        (given,) = await router.match(at(30))
    assert isinstance(given.data, AssignmentChanged)
    assert (given.data.current, given.data.ring) == (ANNA, 0)


def _renewed(router: Router) -> Router:
    """The same under another version of the rules."""
    renewed = config(None, Rule(name="all", require={"new": 1})).model_copy(
        update={"routing": router.config.routing.model_copy(update={"version": "8"})}
    )
    again = Router(Harness(router.harness.database, "router", [app.fold(renewed)]), renewed)
    again.harness.log.offsets |= router.harness.log.offsets
    return again


async def test_new_rules_leave_alone_what_was_queued_under_the_old(router: Router) -> None:
    message = received()
    await router.hear(message, analysed(message))
    again = _renewed(router)
    await again.online(ANNA)
    second = received(n=2, when=at(5))
    await again.hear(second, analysed(second, sentiment=Sentiment.NEGATIVE))
    assert given_to(await again.match()) == [ANNA]


async def test_under_new_rules_a_later_reading_tells_language_and_crisis_and_a_new_episode_takes_them(
    router: Router,
) -> None:
    message = received()
    await router.hear(message, analysed(message, language="de"))
    again = _renewed(router)
    second = received(n=2, when=at(5))
    await again.hear(second, analysed(second, language="en", situation=Situation.CRISIS))
    (row,) = await again.harness.rows("SELECT record -> 'demand' AS demand FROM conversation")
    demand = json.loads(row["demand"])
    assert (set(demand["required"]) & {"de", "en"}, demand["crisis"], demand["version"]) == ({"en"}, True, "7")
    await again.hear(asks(ResolveRequested, opened_by(message), role="lead", when=at(9)), now=at(9))
    third = received(n=3, when=at(20))
    await again.hear(third, analysed(third), now=at(20))
    (row,) = await again.harness.rows("SELECT status, record -> 'demand' AS demand FROM conversation")
    assert (row["status"], json.loads(row["demand"])["version"]) == ("queued", "8")


async def test_work_goes_to_the_least_loaded_and_then_to_the_longest_idle(router: Router) -> None:
    await router.online(ANNA, BEN, LENA)
    order = []
    for n in range(6):
        order += given_to(await router.work(received(f"p{n}"), now=at(n)))
    assert order == [ANNA, BEN, LENA, ANNA, BEN, LENA]


async def test_a_burst_of_spam_that_is_read_in_time_reaches_nobody(router: Router) -> None:
    advert = received(n=1)
    await router.hear(advert, analysed(advert, Triage.SPAM))
    burst = [received(n=n, when=at(60 + 0.7 * n)) for n in range(2, 12)]
    for n, word in enumerate(burst):
        await router.hear(word, now=word.occurred_at)
        if n:
            await router.hear(analysed(burst[n - 1], Triage.SPAM), now=word.occurred_at)
        assert await router.elapse(word.occurred_at) == []
    await router.hear(analysed(burst[-1], Triage.SPAM), now=at(70))
    older = received(n=20, when=at(50))
    await router.hear(older, now=at(71))
    await router.hear(analysed(older, Triage.SPAM), now=at(72))
    assert await router.elapse(at(100)) == []


async def test_what_reads_serious_only_after_its_answer_does_not_make_thanks_owed(router: Router) -> None:
    await router.online(ANNA)
    question, thanks = received(n=1), received(n=2, when=at(40))
    await router.hear(question)
    await router.elapse(at(2))
    await router.match(at(2))
    await router.hear(sent(opened_by(question), at(10), answers_until=NINE), now=at(10))
    await router.hear(analysed(question), now=at(30))
    facts = await router.hear(thanks, analysed(thanks, Triage.NOISE), now=at(40))
    assert [fact.data.owed for fact in facts if isinstance(fact.data, ReadingChanged)] == [False]


async def test_thanks_read_before_the_question_that_came_with_them_leave_it_owed(router: Router) -> None:
    await router.online(ANNA)
    first, question, thanks = received(n=1), received(n=2, when=at(20)), received(n=3, when=at(21))
    await router.work(first)
    await router.hear(sent(opened_by(first), at(10), answers_until=NINE), now=at(10))
    facts = await router.hear(question, thanks, analysed(thanks, Triage.NOISE), now=at(21))
    facts += await router.hear(analysed(question), now=at(22))
    assert {fact.data.owed for fact in facts if isinstance(fact.data, ReadingChanged)} <= {True}


@pytest.mark.parametrize("text", ["edited", "as it was"])
async def test_noise_that_turns_out_a_question_is_told_as_owed(router: Router, text: str) -> None:
    await router.online(ANNA)
    first, word, thanks = received(n=1), received(n=2, when=at(20)), received(n=3, when=at(21))
    await router.work(first)
    await router.hear(sent(opened_by(first), at(10), answers_until=NINE), now=at(10))
    await router.hear(word, thanks, analysed(word, Triage.NOISE), analysed(thanks, Triage.NOISE), now=at(21))
    edit = edited(word, "Wo bleibt mein Geld?", at(30)) if text == "edited" else None
    facts = await router.hear(*([edit] if edit else []), analysed(word, edit=edit), now=at(31))
    (changed,) = [fact.data for fact in facts if isinstance(fact.data, ReadingChanged)]
    assert (changed.owed, changed.owed_since) == (True, at(20))
