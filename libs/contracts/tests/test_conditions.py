"""What a condition of the configuration means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotse.contracts.channels import Channel
from lotse.contracts.conditions import Subject, holds
from lotse.contracts.config import When
from lotse.contracts.ids import AccountId
from lotse.contracts.values import Reading, Sentiment, Situation, Triage

READING = Reading(
    language="de",
    sentiment=Sentiment.NEGATIVE,
    triage=Triage.SERVICE,
    situation=Situation.COMPLAINT,
    topics=("delivery", "refund"),
)
COMPLAINT = Subject.of(Channel.FACEBOOK, AccountId("page"), READING, priority=7)
UNREAD = Subject.of(Channel.FACEBOOK, AccountId("page"), None)

HOLDS = [
    When(),
    When(channel=(Channel.X, Channel.FACEBOOK)),
    When(account=(AccountId("page"),)),
    When(public=True),
    When(language=("de",)),
    When(sentiment=(Sentiment.NEGATIVE, Sentiment.UNSURE)),
    When(triage=(Triage.SERVICE,)),
    When(situation=(Situation.CRISIS, Situation.COMPLAINT)),
    When(topic=("refund", "price")),
    When(priority_from=7),
    When(channel=(Channel.FACEBOOK,), language=("de",), topic=("delivery",), priority_from=6),
]
DOES_NOT_HOLD = [
    When(channel=(Channel.X,)),
    When(account=(AccountId("other"),)),
    When(public=False),
    When(language=("en",)),
    When(sentiment=(Sentiment.POSITIVE,)),
    When(triage=(Triage.SPAM, Triage.NOISE)),
    When(situation=(Situation.QUESTION,)),
    When(topic=("price",)),
    When(tier=("gold",)),
    When(priority_from=8),
    When(channel=(Channel.FACEBOOK,), language=("en",)),
]


@pytest.mark.parametrize("when", HOLDS, ids=str)
def test_a_condition_holds_when_every_key_that_is_given_does(when: When) -> None:
    assert holds(when, COMPLAINT)


@pytest.mark.parametrize("when", DOES_NOT_HOLD, ids=str)
def test_a_condition_fails_with_one_key_that_does_not_hold(when: When) -> None:
    assert not holds(when, COMPLAINT)


@pytest.mark.parametrize("key", ["language", "sentiment", "triage", "situation", "topic"])
def test_a_message_that_nobody_has_read_meets_no_condition_on_its_reading(key: str) -> None:
    full = {
        "language": ("de", "en", "und"),
        "sentiment": tuple(Sentiment),
        "triage": tuple(Triage),
        "situation": tuple(Situation),
        "topic": ("delivery",),
    }
    assert not holds(When.model_validate({key: full[key]}), UNREAD)


def test_a_priority_that_no_rule_has_set_counts_as_five() -> None:
    assert holds(When(priority_from=5), UNREAD)
    assert not holds(When(priority_from=6), UNREAD)


@given(st.sampled_from(HOLDS + DOES_NOT_HOLD), st.sampled_from(HOLDS + DOES_NOT_HOLD))
def test_two_conditions_in_one_hold_only_where_each_holds(one: When, other: When) -> None:
    both = one.model_copy(update={key: getattr(other, key) for key in other.model_fields_set - one.model_fields_set})
    assert holds(both, COMPLAINT) <= holds(one, COMPLAINT)
    if not other.model_fields_set & one.model_fields_set:
        assert holds(both, COMPLAINT) == (holds(one, COMPLAINT) and holds(other, COMPLAINT))
