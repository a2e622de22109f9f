from datetime import timedelta

import pytest
from pydantic import ValidationError

from lotse.contracts.channels import (
    PROFILES,
    Channel,
    LengthUnit,
    Profile,
    ProfileOverride,
    as_private_reply,
    profile,
    with_overrides,
)

MIN, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_every_channel_has_its_own_profile():
    assert set(PROFILES) == set(Channel)
    assert all(found.channel is channel for channel, found in PROFILES.items())


@pytest.mark.parametrize(
    ("channel", "public", "live", "limit", "expected", "window"),
    [
        ("facebook", True, False, 8_000, 60 * MIN, None),
        ("instagram", True, False, 2_200, 60 * MIN, None),
        ("messenger", False, False, 2_000, 30 * MIN, DAY),
        ("instagram-direct", False, False, 1_000, 30 * MIN, DAY),
        ("whatsapp", False, False, 4_096, 30 * MIN, DAY),
        ("x", True, False, 280, 60 * MIN, None),
        ("x-direct", False, False, 10_000, 60 * MIN, None),
        ("youtube", True, False, 10_000, 60 * MIN, None),
        ("viber", False, False, 7_000, 30 * MIN, None),
        ("wechat", False, False, 2_048, 30 * MIN, 2 * DAY),
        ("webchat", False, True, 4_000, MIN / 2, None),
        ("in-app", False, False, 4_000, MIN / 2, None),
        ("email", False, False, None, DAY, None),
        ("sms", False, False, 1_600, 60 * MIN, None),
        ("phone", False, True, None, MIN / 4, None),
        ("forum", True, False, 10_000, DAY, None),
        ("reviews", True, False, 4_096, 4 * HOUR, None),
        ("letter", False, False, None, 5 * DAY, None),
        ("press", True, False, None, None, None),
        ("blog", True, False, None, None, None),
        ("broadcast", True, False, None, None, None),
    ],
)
def test_the_profile_is_the_published_one(channel, public, live, limit, expected, window):
    found = profile(Channel(channel))
    assert (found.public, found.live, found.limit, found.answer_expected, found.reply_window) == (
        public,
        live,
        limit,
        expected,
        window,
    )


@pytest.mark.parametrize("found", PROFILES.values(), ids=str)
def test_personal_data_is_allowed_exactly_where_nobody_else_reads(found: Profile):
    assert found.personal_data is not found.public


@pytest.mark.parametrize("found", PROFILES.values(), ids=str)
def test_public_texts_are_never_split_and_live_work_is_offered(found: Profile):
    assert found.splits is not found.public
    assert found.sync is found.live


@pytest.mark.parametrize(
    ("channel", "unit"),
    [
        (Channel.X, LengthUnit.WEIGHTED),
        (Channel.WECHAT, LengthUnit.BYTES),
        (Channel.INSTAGRAM_DIRECT, LengthUnit.BYTES),
        (Channel.REVIEWS, LengthUnit.BYTES),
        (Channel.MESSENGER, LengthUnit.CHARACTERS),
        (Channel.EMAIL, LengthUnit.NONE),
    ],
)
def test_each_channel_counts_in_its_own_unit(channel, unit):
    assert profile(channel).limit_unit is unit


@pytest.mark.parametrize(
    ("channel", "units", "reopen"),
    [
        (Channel.WEBCHAT, 2, HOUR),
        (Channel.EMAIL, 1, 14 * DAY),
        (Channel.PHONE, 5, HOUR),
        (Channel.FACEBOOK, 1, 7 * DAY),
        (Channel.WHATSAPP, 1, 7 * DAY),
        (Channel.LETTER, 1, 30 * DAY),
    ],
)
def test_capacity_and_reopening_follow_the_kind_of_channel(channel, units, reopen):
    assert (profile(channel).capacity_units, profile(channel).reopen_window) == (units, reopen)


def test_only_meta_gives_people_a_longer_window():
    assert {c for c, p in PROFILES.items() if p.human_window} == {Channel.MESSENGER, Channel.INSTAGRAM_DIRECT}


def test_a_comment_is_answered_in_private_once_by_the_rules_of_the_private_channel():
    reply = as_private_reply(profile(Channel.FACEBOOK), profile(Channel.MESSENGER))
    assert (reply.public, reply.limit, reply.reply_window, reply.human_window) == (False, 2_000, 7 * DAY, None)
    assert reply.single_reply
    assert not reply.splits


def test_a_channel_without_private_replies_cannot_be_answered_like_that():
    assert not as_private_reply(profile(Channel.YOUTUBE), profile(Channel.MESSENGER)).answerable


def test_an_operator_changes_one_number_and_the_rest_stays():
    changed = with_overrides({Channel.X: ProfileOverride(answer_expected=15 * MIN)})
    assert changed[Channel.X] == profile(Channel.X).model_copy(update={"answer_expected": 15 * MIN})
    assert changed[Channel.EMAIL] is profile(Channel.EMAIL)
    assert profile(Channel.X).answer_expected == HOUR


def test_an_explicit_null_removes_a_window():
    override = ProfileOverride.model_validate({"reply_window": None})
    assert with_overrides({Channel.WECHAT: override})[Channel.WECHAT].reply_window is None


def test_an_override_reads_as_it_stands_in_a_settings_file():
    override = ProfileOverride.model_validate({"capacity_units": 2, "reopen_window": "P3D"})
    changed = with_overrides({Channel.EMAIL: override})[Channel.EMAIL]
    assert (changed.capacity_units, changed.reopen_window) == (2, 3 * DAY)


@pytest.mark.parametrize(
    "raw",
    [{"public": False}, {"personal_data": True}, {"limit": 0}, {"reply_window": "PT0S"}, {"capacity_units": -1}],
)
def test_what_is_no_number_of_a_profile_is_refused(raw):
    with pytest.raises(ValidationError):
        ProfileOverride.model_validate(raw)


def test_a_limit_on_a_channel_without_one_needs_its_unit():
    with pytest.raises(ValidationError, match="limit_unit"):
        with_overrides({Channel.EMAIL: ProfileOverride(limit=500)})
    given = ProfileOverride(limit=500, limit_unit=LengthUnit.CHARACTERS)
    assert with_overrides({Channel.EMAIL: given})[Channel.EMAIL].limit == 500


def test_profiles_cannot_be_changed_in_place():
    with pytest.raises(ValidationError):
        profile(Channel.X).limit = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        PROFILES[Channel.X] = profile(Channel.EMAIL)  # type: ignore[index]


def test_a_profile_survives_its_json():
    for found in PROFILES.values():
        assert Profile.model_validate_json(found.model_dump_json()) == found
