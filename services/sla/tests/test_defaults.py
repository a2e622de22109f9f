"""What is promised where the operator's file has no policies."""

from datetime import timedelta

import pytest
from sla_stories import MORNING, Story, answer, at, word

from lotse.contracts.channels import Channel
from lotse.contracts.config import Config
from lotse.contracts.config_file import load
from lotse.contracts.deadlines import Clock, DeadlineStarted
from lotse.sla.core.rules import Rules

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("channel", "first", "following"),
    [
        *((channel, HOUR, HOUR) for channel in (Channel.X, Channel.FACEBOOK, Channel.INSTAGRAM, Channel.YOUTUBE)),
        *(
            (channel, 30 * MINUTE, 30 * MINUTE)
            for channel in (Channel.MESSENGER, Channel.WHATSAPP, Channel.VIBER, Channel.WECHAT)
        ),
        (Channel.EMAIL, 24 * HOUR, 24 * HOUR),
        (Channel.WEBCHAT, timedelta(seconds=30), MINUTE),
        (Channel.REVIEWS, 4 * HOUR, 4 * HOUR),
        (Channel.FORUM, 24 * HOUR, 24 * HOUR),
        (Channel.SMS, HOUR, HOUR),
    ],
)
def test_each_channel_is_promised_what_customers_expect_of_it(
    channel: Channel, first: timedelta, following: timedelta
) -> None:
    story = Story(Rules.of(Config()))
    story.hear(word(0, channel=channel), answer(0.1), word(1, channel=channel))
    started = {event.clock: event for event in story.events if isinstance(event, DeadlineStarted)}
    assert started[Clock.FIRST_RESPONSE].due_at == at(0) + first
    assert started[Clock.NEXT_RESPONSE].due_at == at(1) + following


def test_a_letter_is_answered_within_five_working_days() -> None:
    (started,) = Story(Rules.of(Config())).hear(word(0, channel=Channel.LETTER))
    assert isinstance(started, DeadlineStarted)
    assert started.due_at == MORNING + timedelta(days=7)


@pytest.mark.parametrize("channel", [Channel.PRESS, Channel.BLOG, Channel.BROADCAST])
def test_where_we_only_listen_nothing_is_promised(channel: Channel) -> None:
    assert Story(Rules.of(Config())).hear(word(0, channel=channel)) == []


FILE = """
sla:
  version: "7"
  policies:
    - {name: office, targets: {first_response: 1 h}, calendar: office}
calendars:
  office: {name: office, zone: Europe/Berlin, week: {mon-fri: ["09:00-17:00"]}}
"""


def test_policies_of_the_file_stand_in_place_of_the_default_ones() -> None:
    rules = Rules.of(load(FILE))
    assert [policy.name for policy in rules.policies] == ["office"]
    (started,) = Story(rules).hear(word(0))
    assert isinstance(started, DeadlineStarted)
    assert (started.calendar, started.policy_version.split("+")[0]) == ("office", "7")


def test_the_version_changes_with_the_content_even_where_the_operator_forgets_to() -> None:
    changed = FILE.replace("1 h", "2 h"), FILE.replace("17:00", "18:00"), FILE.replace('"7"', '"8"')
    versions = {Rules.of(load(text)).version for text in (FILE, *changed)}
    assert len(versions) == 4
