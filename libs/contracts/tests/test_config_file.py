"""The operator's file: complete examples load, and every mistake names its line and what to do."""

from pathlib import Path

import pytest

from lotse.contracts.config_file import ConfigError, load

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "config").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_complete_examples_load(path):
    config = load(path.read_text(encoding="utf-8"), path.name)
    assert len(config.accounts) == 3
    assert config.agents
    assert config.sla.policies
    assert config.templates.received


def test_an_empty_file_is_a_configuration_of_defaults():
    assert load("").language == "de"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("langauge: de\n", 1, ["langauge", "Did you mean 'language'"]),
        ("language: fr\n", 1, ["language", "'de' or 'en'"]),
        (
            "teams:\n  a: {name: A}\nagents:\n  x:\n    name: X\n    teams: [b]\n",
            6,
            ["no team is called 'b'", "There are: a"],
        ),
        ("agents:\n  x:\n    name: X\n    skills: {de: 9}\n", 4, ["skills.de", "less than or equal to 5"]),
        ("agents:\n  x:\n    name: X\n    skils: {de: 3}\n", 4, ["skils", "Did you mean 'skills'"]),
        ("agents:\n  x: {}\n", 2, ["agents.x.name", "is missing"]),
        ("accounts:\n  m:\n    kind: meta\n", 2, ["accounts.m.app_secret", "is missing"]),
        ("accounts:\n  m:\n    kind: fax\n", 2, ["accounts.m", "'meta'"]),
        (
            "accounts:\n  m:\n    kind: api\n    token: hunter2\n    channels: [letter]\n",
            4,
            ["accounts.m.token", "pattern"],
        ),
        (
            "sla:\n  policies:\n    - name: a\n      targets: {first_response: soon}\n",
            4,
            ["write a duration", "1 h 30 min"],
        ),
        (
            "sla:\n  policies:\n    - name: a\n      calendar: mondays\n",
            4,
            ["no calendar is called 'mondays'", "always"],
        ),
        (
            "agents:\n  x: {name: X, skills: {sales: 2}}\nrouting:\n  rules:\n    - name: r\n      require: {sales: 4}\n",
            6,
            ["no agent has 'sales' at level 4"],
        ),
        (
            "agents:\n  x: {name: X, skills: {sales: 2}}\nrouting:\n  rules:\n    - name: r\n      require: {salse: 1}\n",
            6,
            ["Did you mean 'sales'"],
        ),
        ("agents:\n  x:\n    name: X\n    capacity: {soft: 9, hard: 2}\n", 4, ["soft is above hard"]),
        ("calendars:\n  c:\n    zone: Europe/Hamburg\n    week: {mon: ['09:00-17:00']}\n", 3, ["unknown time zone"]),
        ("language: [de\n", 2, ["YAML"]),
        ("a: b: c\n", 1, ["YAML", "not allowed here"]),
        ("- just\n- a list\n", 1, ["file"]),
    ],
)
def test_a_mistake_names_its_line_and_the_remedy(text, line, words):
    with pytest.raises(ConfigError) as raised:
        load(text)
    (mistake, *_) = raised.value.mistakes
    assert mistake.line == line
    for word in words:
        assert word in str(mistake)


def test_every_mistake_is_named_at_once():
    with pytest.raises(ConfigError) as raised:
        load("langauge: de\nteams: 7\nagents:\n  x: {}\n")
    assert [mistake.line for mistake in raised.value.mistakes] == [1, 2, 4] or len(raised.value.mistakes) == 3


def test_no_mistake_quotes_what_may_be_a_secret():
    with pytest.raises(ConfigError) as raised:
        load("accounts:\n  m:\n    kind: api\n    token: hunter2\n    channels: [letter]\n")
    assert "hunter2" not in str(raised.value)
