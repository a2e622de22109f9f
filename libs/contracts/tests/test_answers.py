"""Canned answers: every mistake in one names its line, and what is filled in is what stands there."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotse.contracts.answers import GAP, VARIABLES, bare, checked_text, fill
from lotse.contracts.channels import PROFILES
from lotse.contracts.config_file import ConfigError, load
from lotse.contracts.pii import scan
from lotse.contracts.replies import Problem, split

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "config").glob("*.yaml"))
LABELS = {name: name.upper() for name in VARIABLES}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            'answers:\n  a:\n    title: A\n    text:\n      de: "Hallo {Name}"\n',
            5,
            ["answers.a.text.de", "'{Name}' is not a variable", "Did you mean '{name}'?"],
        ),
        (
            'answers:\n  a:\n    title: A\n    text: {de: ok, en: "Hi {kunde}"}\n',
            4,
            ["{kunde}", "There are: {name}, {first_name}, {agent}, {title}, {reference}, {channel}"],
        ),
        ('answers:\n  a:\n    title: A\n    text: {de: "a {} b"}\n', 4, ["'{}' is not a variable"]),
        ('answers:\n  a:\n    title: A\n    text: {de: " "}\n', 4, ["there is nothing in it"]),
        ("answers:\n  a:\n    title: A\n    text: {}\n", 4, ["answers.a.text"]),
        ("answers:\n  a:\n    title: A\n    text: {fr: Bonjour}\n", 4, ["'de' or 'en'"]),
        ("answers:\n  a:\n    text: {de: Hallo}\n", 2, ["answers.a.title", "is missing"]),
        ("answers:\n  a:\n    titel: A\n    text: {de: Hallo}\n", 2, ["answers.a.title", "is missing"]),
        ("answers:\n  A b:\n    title: A\n    text: {de: Hallo}\n", 2, ["pattern"]),
        (
            "answers:\n  a:\n    title: A\n    text: {de: Hallo}\n    when: {chanel: [x]}\n",
            5,
            ["chanel", "Did you mean 'channel'"],
        ),
        (
            f"answers:\n  a:\n    title: A\n    text:\n      de: {'x' * 281}\n    when: {{channel: [x]}}\n",
            5,
            ["too long for its channel, 1 over", "Shorten it"],
        ),
    ],
)
def test_a_mistake_in_an_answer_names_its_line_and_the_remedy(text, line, words):
    with pytest.raises(ConfigError) as raised:
        load(text)
    (mistake, *_) = raised.value.mistakes
    assert mistake.line == line
    for word in words:
        assert word in str(mistake)


def test_an_answer_that_fits_on_one_of_its_channels_is_good():
    text = f"answers:\n  a:\n    title: A\n    text: {{de: {'x' * 281}}}\n    when: {{channel: [x, email]}}\n"
    assert load(text).answers["a"].text["de"] == "x" * 281


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_have_a_dozen_in_both_languages_that_fit_and_give_nothing_away(path):
    config = load(path.read_text(encoding="utf-8"), path.name)
    assert len(config.answers) >= 12
    for answer in config.answers.values():
        assert set(answer.text) == {"de", "en"}
        channels = answer.when.channel or [
            channel
            for channel, profile in PROFILES.items()
            if profile.answerable and answer.when.public in (None, profile.public)
        ]
        for text in answer.text.values():
            filled = fill(text, dict.fromkeys(VARIABLES, "Wolfgang-Maria"), LABELS)
            assert not [channel for channel in channels if isinstance(split(filled, PROFILES[channel]), Problem)]
            assert scan(filled, patterns=config.pii.patterns) == ()


def test_variables_are_filled_in_and_what_is_missing_becomes_a_gap():
    values = {"first_name": "Kim", "agent": "Mia Kern", "name": "  "}
    text = checked_text("Hallo {first_name}, {name}! {agent}\n")
    assert fill(text, values, LABELS) == "Hallo Kim, ⟦NAME⟧! Mia Kern"
    assert bare(text) == "Hallo , ! "


def test_what_is_filled_in_is_not_looked_at_for_variables():
    assert fill("{name}", {"name": "{agent}", "agent": "Mia"}, LABELS) == "{agent}"


@given(st.text(), st.dictionaries(st.sampled_from(VARIABLES), st.text()))
def test_every_text_is_refused_or_leaves_no_variable_behind(text, values):
    try:
        checked = checked_text(text)
    except ValueError:
        return
    gaps = GAP.findall(fill(checked, dict.fromkeys(VARIABLES, "x"), LABELS))
    assert gaps == GAP.findall(checked)
    assert fill(checked, values, LABELS).count("⟦") >= checked.count("⟦")
