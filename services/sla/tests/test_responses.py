"""What a customer was promised, told with the core alone: WhatsApp, first answer within 60 min, later within 30."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sla_stories import (
    CONVERSATION,
    FIRST,
    HOUR,
    NEXT,
    ROUTER,
    Story,
    address,
    answer,
    at,
    names,
    opened,
    policy,
    queued,
    reading_changed,
    removed,
    reopened,
    resolved,
    rules,
    set_aside,
    undelivered,
    word,
)

from lotse.contracts.calendars import Calendar
from lotse.contracts.channels import Channel
from lotse.contracts.conversations import MessageAdded, NoteAdded, ReplyApproved
from lotse.contracts.deadlines import (
    DeadlineCancelled,
    DeadlineCorrected,
    DeadlineMet,
    DeadlineMissed,
    DeadlineRescheduled,
    DeadlineStarted,
    DeadlineWarned,
)
from lotse.contracts.envelope import Event
from lotse.contracts.ids import AgentId, ReplyId, derive
from lotse.contracts.values import Reading, Situation, Status, Triage

APPROVED = ReplyApproved(
    conversation_id=CONVERSATION,
    reply_id=ReplyId(derive("reply")),
    address=address(),
    agent_id=AgentId("anna"),
    agent_name="Anna",
    agent_initials="A",
    text="Gern!",
    at=at(10),
)
NOTE = NoteAdded(conversation_id=CONVERSATION, note_id=derive("note"), text="Lager fragen", actor=ROUTER, at=at(10))


def only(events: list[Event], kind: type[Event]) -> Event:
    found = [event for event in events if isinstance(event, kind)]
    assert len(found) == 1, events
    return found[0]


def test_a_customers_word_starts_the_first_response() -> None:
    (started,) = Story().hear(opened(0), word(0))
    assert isinstance(started, DeadlineStarted)
    assert (started.clock, started.started_at, started.due_at, started.target) == (FIRST, at(0), at(60), HOUR)
    assert (started.channel, started.policy, started.calendar) == (Channel.WHATSAPP, "standard", "always")


def test_further_words_change_nothing_while_the_first_is_open() -> None:
    story = Story()
    story.hear(word(0))
    assert story.hear(word(1), word(2), now=2) == []


def test_an_answer_in_time_meets_it_at_the_providers_acceptance() -> None:
    story = Story()
    story.hear(word(0))
    met = only(story.hear(answer(20), now=21), DeadlineMet)
    assert isinstance(met, DeadlineMet)
    assert (met.met_at, met.late, met.business_time) == (at(20), False, timedelta(minutes=20))


def test_a_late_answer_still_closes_the_deadline_and_says_so() -> None:
    story = Story()
    story.hear(word(0))
    assert names(story.wait_until(60)) == ["warned first_response", "missed first_response"]
    met = only(story.hear(answer(75), now=75), DeadlineMet)
    assert isinstance(met, DeadlineMet)
    assert met.late
    assert met.met_at == at(75)


def test_a_warning_comes_at_its_share_of_the_target_and_the_miss_at_the_deadline() -> None:
    story = Story()
    story.hear(word(0))
    assert story.wait_until(44.9) == []
    (warned,) = story.wait_until(45.01)
    assert isinstance(warned, DeadlineWarned)
    assert (warned.warned_at, warned.due_at) == (at(45), at(60))
    assert story.wait_until(59.9) == []
    (missed,) = story.wait_until(60.02)
    assert isinstance(missed, DeadlineMissed)
    assert (missed.missed_at, missed.detected_at) == (at(60), at(60.02))
    assert story.wait_until(500) == []


def test_an_answer_before_the_deadline_that_is_heard_of_after_the_miss_corrects_it() -> None:
    story = Story()
    story.hear(word(0))
    story.wait_until(60)
    corrected, met = story.hear(answer(55), now=70)
    assert isinstance(corrected, DeadlineCorrected)
    assert isinstance(met, DeadlineMet)
    assert (corrected.missed_at, corrected.met_at, met.late) == (at(60), at(55), False)


def test_an_earlier_answer_that_is_heard_of_after_a_late_one_corrects_it_too() -> None:
    story = Story()
    story.hear(word(0))
    story.wait_until(60)
    story.hear(answer(70), now=70)
    assert names(story.hear(answer(55), now=80)) == ["corrected first_response", "met first_response"]


def test_a_late_answer_heard_of_before_the_miss_was_noticed_publishes_the_miss_first() -> None:
    story = Story()
    assert names(story.hear(word(0), answer(75), now=80)) == [
        "started first_response",
        "missed first_response",
        "met first_response",
    ]


@pytest.mark.parametrize(
    "nothing",
    [
        answer(10, human=False),
        APPROVED,
        NOTE,
    ],
    ids=["a bot's answer", "an approved reply that is not sent", "a note"],
)
def test_only_a_human_answer_that_the_provider_accepted_meets_anything(nothing: Event) -> None:
    story = Story()
    story.hear(word(0))
    assert story.hear(nothing, now=10) == []
    assert names(story.hear(answer(20), now=20)) == ["met first_response"]


def test_what_was_written_after_the_approval_goes_on_waiting() -> None:
    story = Story()
    story.hear(word(0))
    story.hear(word(9), answer(10, until=0), now=10)
    met, started = story.events[-2:]
    assert isinstance(met, DeadlineMet)
    assert (met.clock, met.met_at) == (FIRST, at(10))
    assert isinstance(started, DeadlineStarted)
    assert (started.clock, started.started_at, started.due_at) == (NEXT, at(9), at(39))
    assert names(story.hear(answer(12, until=9), now=12)) == ["met next_response"]


def test_an_answer_to_words_that_were_answered_already_meets_nothing() -> None:
    story = Story()
    story.hear(word(0), answer(5, until=0), word(9), now=9)
    assert story.hear(answer(10, until=0), now=10) == []


def test_an_answer_that_was_not_delivered_met_nothing() -> None:
    story = Story()
    story.hear(word(0), answer(10, until=0), now=10)
    (again,) = story.hear(undelivered(70, 10), now=70)
    assert isinstance(again, DeadlineStarted)
    assert (again.clock, again.due_at) == (FIRST, at(60))
    assert names(story.wait_until(70)) == ["warned first_response", "missed first_response"]
    assert names(story.hear(answer(75, until=0), now=75)) == ["met first_response"]


def test_what_an_answer_closed_that_was_not_delivered_waits_again() -> None:
    story = Story()
    story.hear(word(0), answer(10, until=0), resolved(11, by=10), now=11)
    assert names(story.hear(undelivered(20, 10), now=20)) == ["started first_response"]


def test_an_answer_given_elsewhere_meets_it() -> None:
    story = Story()
    story.hear(word(0))
    assert names(story.hear(answer(20, elsewhere=True), now=25)) == ["met first_response"]


def test_automatic_mail_starts_nothing() -> None:
    assert Story().hear(opened(0), word(0, auto=True)) == []


def test_answering_and_resolving_in_one_command_meets_the_deadline() -> None:
    for order in ([answer(20), resolved(20)], [resolved(20), answer(20)]):
        story = Story()
        story.hear(word(0))
        assert names(story.hear(*order, now=20))[-1] == "met first_response"


def test_an_answer_that_follows_a_resolution_in_time_meets_what_it_cancelled() -> None:
    story = Story()
    story.hear(word(0))
    assert names(story.hear(resolved(20), now=20)) == ["cancelled first_response"]
    met = only(story.hear(answer(21), now=21), DeadlineMet)
    assert isinstance(met, DeadlineMet)
    assert met.business_time == timedelta(minutes=21)
    assert story.hear(answer(25), now=25) == []


def test_the_next_response_starts_at_the_oldest_unanswered_word_and_ends_with_the_answer() -> None:
    story = Story()
    story.hear(word(0), answer(10), now=10)
    (started,) = story.hear(word(20), word(25), now=25)
    assert isinstance(started, DeadlineStarted)
    assert (started.clock, started.started_at, started.due_at) == (NEXT, at(20), at(50))
    assert names(story.hear(answer(40), now=40)) == ["met next_response"]


def test_the_next_response_does_not_run_while_the_first_is_open() -> None:
    story = Story()
    story.hear(word(0), word(5), now=5)
    story.wait_until(120)
    assert {event.split()[1] for event in names(story.events)} == {"first_response"}


def test_each_wait_has_a_deadline_of_its_own() -> None:
    story = Story()
    story.hear(word(0), answer(1), word(2), answer(3), word(4), now=4)
    started = [event for event in story.events if isinstance(event, DeadlineStarted)]
    assert len({event.deadline_id for event in started}) == 3


def test_a_word_on_another_channel_counts_and_is_promised_what_that_channel_is() -> None:
    mail = policy("mail", following=24 * 60, when={"channel": ["email"]})
    story = Story(rules(mail, policy()))
    story.hear(word(0), answer(1), now=1)
    (started,) = story.hear(word(2, channel=Channel.EMAIL), now=2)
    assert isinstance(started, DeadlineStarted)
    assert (started.policy, started.due_at) == ("mail", at(2 + 24 * 60))


def test_a_customer_who_goes_on_elsewhere_while_he_waits_is_promised_what_that_channel_is() -> None:
    story = Story(rules(policy("mail", first=24 * 60, when={"channel": ["email"]}), policy()))
    story.hear(word(0, channel=Channel.EMAIL))
    (moved,) = story.hear(word(10, channel=Channel.WHATSAPP), now=10)
    assert isinstance(moved, DeadlineRescheduled)
    assert (moved.channel, moved.previous, moved.current) == (Channel.WHATSAPP, at(24 * 60), at(60))


def test_a_removed_word_cancels_the_deadline_if_nothing_else_was_unanswered() -> None:
    story = Story()
    story.hear(word(0, "a"))
    cancelled = only(story.hear(removed(5, "a"), now=5), DeadlineCancelled)
    assert isinstance(cancelled, DeadlineCancelled)
    assert cancelled.reason == "deleted"
    (started,) = story.hear(word(10, "b"), now=10)
    assert isinstance(started, DeadlineStarted)
    assert (started.clock, started.due_at) == (FIRST, at(70))


def test_a_removed_word_leaves_the_deadline_to_the_words_that_remain() -> None:
    story = Story()
    story.hear(word(0, "a"), word(10, "b"), now=10)
    (moved,) = story.hear(removed(15, "a"), now=15)
    assert isinstance(moved, DeadlineRescheduled)
    assert (moved.previous, moved.current, moved.reason) == (at(60), at(70), "word")


def test_a_deadline_that_was_met_stays_met_when_the_word_is_removed() -> None:
    story = Story()
    story.hear(word(0, "a"), answer(5), now=5)
    assert story.hear(removed(10, "a"), now=10) == []


def test_a_removal_that_is_heard_of_before_its_word_leaves_no_deadline() -> None:
    story = Story()
    assert story.hear(removed(5, "a"), now=5) == []
    assert names(story.hear(word(0, "a"), now=6)) == ["started first_response", "cancelled first_response"]


def test_spam_cancels_the_deadline_and_nothing_is_said_of_it_again() -> None:
    story = Story()
    story.hear(word(0))
    cancelled = only(story.hear(set_aside(1), now=1), DeadlineCancelled)
    assert isinstance(cancelled, DeadlineCancelled)
    assert (cancelled.reason, cancelled.at) == ("set_aside", at(1))
    assert story.hear(word(2), word(3), now=3) == []
    assert story.wait_until(1000) == []


def test_spam_that_is_heard_of_after_its_deadline_is_no_miss() -> None:
    story = Story()
    assert "missed first_response" not in names(story.hear(word(0), set_aside(90), now=90))


SPAM, SERVICE = Reading(triage=Triage.SPAM), Reading(triage=Triage.SERVICE)


def test_work_that_turns_out_to_be_spam_owes_nobody_an_answer() -> None:
    story = Story()
    story.hear(word(0), reading_changed(5, SPAM, owed=False), now=5)
    cancelled = story.events[-1]
    assert isinstance(cancelled, DeadlineCancelled)
    assert (cancelled.reason, cancelled.at) == ("set_aside", at(5))
    assert story.wait_until(120) == []
    (again,) = story.hear(reading_changed(10, SERVICE, owed=True), now=10)
    assert isinstance(again, DeadlineStarted)
    assert again.due_at == at(60)


def test_a_word_after_the_noise_waits_until_it_is_read_as_noise_too() -> None:
    story = Story()
    story.hear(word(0), answer(5), word(10), reading_changed(11, SPAM, owed=False), now=11)
    assert names(story.hear(word(20), now=20)) == ["started next_response"]
    assert names(story.hear(reading_changed(21, SPAM, owed=False), now=21)) == ["cancelled next_response"]
    assert story.hear(answer(22), now=22) == []
    (started,) = story.hear(word(30), now=30)
    assert isinstance(started, DeadlineStarted)
    assert (started.clock, started.started_at) == (NEXT, at(30))


def test_noise_while_a_question_is_unanswered_cancels_nothing() -> None:
    story = Story()
    story.hear(word(0), word(3), now=3)
    assert story.hear(reading_changed(5, SPAM, owed=True), now=5) == []


def test_what_was_put_back_has_been_waiting_since_the_customers_word() -> None:
    story = Story()
    story.hear(word(0), set_aside(1), now=1)
    (started,) = story.hear(queued(30, previous=Status.SET_ASIDE), now=30)
    assert isinstance(started, DeadlineStarted)
    assert (started.started_at, started.due_at) == (at(0), at(60))


def test_what_was_put_back_because_of_a_new_word_has_been_waiting_since_that() -> None:
    story = Story()
    story.hear(word(0), set_aside(1), now=1)
    (started,) = story.hear(word(300), queued(301, previous=Status.SET_ASIDE, since=300), now=301)
    assert isinstance(started, DeadlineStarted)
    assert (started.clock, started.started_at) == (FIRST, at(300))


def test_putting_back_by_hand_counts_as_well() -> None:
    story = Story()
    story.hear(word(0), set_aside(1), now=1)
    assert names(story.hear(reopened(5, previous=Status.SET_ASIDE), now=5)) == ["started first_response"]


def test_a_resolution_without_an_answer_cancels_and_the_customers_next_word_starts_the_next_response() -> None:
    story = Story()
    story.hear(word(0))
    cancelled = only(story.hear(resolved(10), now=10), DeadlineCancelled)
    assert isinstance(cancelled, DeadlineCancelled)
    assert cancelled.reason == "resolved"
    assert names(story.hear(reopened(20), word(20), now=20)) == ["started next_response"]


def test_a_word_that_was_under_way_while_somebody_resolved_goes_on_waiting() -> None:
    story = Story()
    story.hear(word(0), answer(5), resolved(10), now=10)
    (started,) = story.hear(word(9, received=11), reopened(11), now=11)
    assert isinstance(started, DeadlineStarted)
    assert (started.clock, started.started_at) == (NEXT, at(9))


def test_an_earlier_word_that_arrives_later_moves_the_deadline() -> None:
    story = Story()
    story.hear(word(10))
    (moved,) = story.hear(word(4, received=12), now=12)
    assert isinstance(moved, DeadlineRescheduled)
    assert (moved.previous, moved.current) == (at(70), at(64))


def test_an_answer_that_is_heard_of_before_the_conversation_is_kept_for_it() -> None:
    story = Story()
    assert story.hear(answer(20), now=20) == []
    assert names(story.hear(opened(0), word(0), now=21)) == ["started first_response", "met first_response"]


def test_a_providers_clock_that_runs_ahead_does_not_put_the_word_behind_its_answer() -> None:
    story = Story()
    story.hear(word(30, received=0))
    assert names(story.hear(answer(5), now=5)) == ["met first_response"]


def test_a_change_of_priority_picks_the_policy_again_and_keeps_the_time_used() -> None:
    urgent = policy("urgent", first=20, when={"priority_from": 8})
    story = Story(rules(urgent, policy()))
    story.hear(word(0))
    assert story.hear(queued(1), now=1) == []
    (moved,) = story.hear(reading_changed(10, Reading(), priority=9), now=10)
    assert isinstance(moved, DeadlineRescheduled)
    assert (moved.previous, moved.current, moved.policy, moved.reason) == (at(60), at(20), "urgent", "policy")


def test_the_time_used_is_kept_when_the_calendar_changes_with_the_policy() -> None:
    office = Calendar(name="office", zone="UTC", week={"mon-fri": ("09:00-10:00",)})
    crisis = policy("crisis", first=60, when={"situation": ["crisis"]})
    story = Story(rules(crisis, policy("office", first=120, calendar="office"), office=office))
    story.hear(word(0))
    started = story.events[0]
    assert isinstance(started, DeadlineStarted)
    assert started.due_at == at(25 * 60)
    (moved,) = story.hear(reading_changed(120, Reading(situation=Situation.CRISIS)), now=120)
    assert isinstance(moved, DeadlineRescheduled)
    assert moved.current == at(60)


def test_what_was_used_under_one_calendar_is_not_asked_for_again_under_the_next() -> None:
    office = Calendar(name="office", zone="UTC", week={"mon-fri": ("09:00-10:00",)})
    crisis = policy("crisis", first=60, when={"situation": ["crisis"]})
    story = Story(rules(crisis, policy("office", first=120, calendar="office"), office=office))
    story.hear(queued(0, reading=Reading(situation=Situation.CRISIS)), word(0))
    (moved,) = story.hear(reading_changed(30, Reading()), now=30)
    assert isinstance(moved, DeadlineRescheduled)
    assert moved.current == at(25 * 60)


def test_a_condition_on_the_account_holds_from_the_start() -> None:
    story = Story(rules(policy("vip", first=5, when={"account": ["vip"]}), policy()))
    (started,) = story.hear(opened(0, account="vip"), word(0))
    assert isinstance(started, DeadlineStarted)
    assert started.policy == "vip"


def test_without_a_policy_nothing_is_promised_until_one_holds() -> None:
    story = Story(rules(policy("urgent", when={"priority_from": 8})))
    assert story.hear(word(0)) == []
    (started,) = story.hear(queued(10, priority=9), now=10)
    assert isinstance(started, DeadlineStarted)
    assert (started.started_at, started.due_at) == (at(0), at(60))
    cancelled = only(story.hear(reading_changed(20, Reading(), priority=3), now=20), DeadlineCancelled)
    assert isinstance(cancelled, DeadlineCancelled)
    assert cancelled.reason == "no_policy"


def test_a_policy_that_is_switched_off_promises_nothing() -> None:
    assert Story(rules(policy(active=False))).hear(word(0)) == []


def test_a_condition_on_the_customers_tier_never_holds_yet() -> None:
    (started,) = Story(rules(policy("gold", when={"tier": ["gold"]}), policy())).hear(word(0))
    assert isinstance(started, DeadlineStarted)
    assert started.policy == "standard"


def due_in(week: dict[str, tuple[str, ...]], written: str, minutes: int, zone: str = "Europe/Berlin") -> str:
    calendar = Calendar.model_validate({"name": "team", "zone": zone, "week": week})
    story = Story(rules(policy(first=minutes, calendar="team"), team=calendar))
    local = datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone))
    spoken = word(0)
    assert isinstance(spoken, MessageAdded)
    (started,) = story.hear(spoken.model_copy(update={"occurred_at": local, "received_at": local}))
    assert isinstance(started, DeadlineStarted)
    return started.due_at.astimezone(ZoneInfo(zone)).strftime("%a %H:%M")


@pytest.mark.parametrize(
    ("week", "written", "minutes", "due"),
    [
        ({"mon-fri": ("09:00-17:00",)}, "2026-03-06T16:30", 60, "Mon 09:30"),
        ({"mon-fri": ("08:00-12:00", "13:30-18:00")}, "2026-03-03T12:30", 30, "Tue 14:00"),
        ({"mon-sun": ("22:00-06:00",)}, "2026-03-03T05:30", 60, "Tue 22:30"),
        ({"mon-sun": ("22:00-06:00",)}, "2026-03-28T23:00", 6 * 60, "Sun 05:00"),
    ],
    ids=["Friday 16:30 and an hour", "over lunch", "over night", "over the night of the spring change"],
)
def test_a_deadline_counts_the_calendars_hours(
    week: dict[str, tuple[str, ...]], written: str, minutes: int, due: str
) -> None:
    assert due_in(week, written, minutes) == due
