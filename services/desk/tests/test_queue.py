"""Why a conversation waits, who could take it, and when a rule eases what it calls for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotse.contracts.channels import Channel
from lotse.contracts.config import Config
from lotse.contracts.values import Presence
from lotse.desk.core.demand import Demand, Relaxed
from lotse.desk.core.queue import Queue, Waits, Why, Worker

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SKILLS = ("de", "en", "sales", "public_voice")
CONFIG = Config.model_validate(
    {
        "teams": {"service": {"name": "Service"}, "social": {"name": "Social"}},
        "agents": {
            "anna": {"name": "Anna", "teams": ["service", "social"], "skills": {"de": 5, "public_voice": 4}},
            "bruno": {"name": "Bruno", "teams": ["service"], "skills": {"de": 5, "sales": 2}},
            "clara": {"name": "Clara", "teams": ["social"], "skills": {"de": 3, "en": 5, "public_voice": 3}},
        },
        "routing": {
            "version": "7",
            "rules": [
                {
                    "name": "angebot",
                    "require": {"sales": 3},
                    "relax": [
                        {"after": "2 min", "drop": ["sales"]},
                        {"after": "1 min", "drop": ["de"]},
                        {"after": "3 min", "drop": ["sales"]},
                    ],
                }
            ],
        },
    }
)
ONLINE, AWAY, OFFLINE = Presence.ONLINE, Presence.AWAY, Presence.OFFLINE


def workers(**presences: Presence | tuple[Presence, int]) -> list[Worker]:
    """Everybody of the configuration, offline where nothing is said; with units in use."""
    found = []
    for name, card in CONFIG.agents.items():
        given = presences.get(name, OFFLINE)
        presence, used = given if isinstance(given, tuple) else (given, 0)
        found.append(Worker(name, card, presence, used))
    return found


def explained(team=None, crisis=False, channel=Channel.EMAIL, now=NOON, queued_at=NOON, people=(), **wanted):
    demand = Demand(version="7", **wanted)
    return Queue(CONFIG, people or workers(anna=ONLINE), now).explain(Waits(channel, crisis, team, demand, queued_at))


@pytest.mark.parametrize(
    ("required", "team", "people", "crisis", "why"),
    [
        ({"sales": 3}, None, {"anna": ONLINE, "bruno": ONLINE}, False, Why.NOBODY_HAS_THE_SKILLS),
        ({"sales": 2}, "social", {"bruno": ONLINE}, False, Why.NOBODY_HAS_THE_SKILLS),
        ({"de": 5}, None, {"clara": ONLINE}, False, Why.NOBODY_ONLINE),
        ({"de": 5}, None, {"anna": AWAY, "bruno": Presence.NOT_RESPONDING}, False, Why.NOBODY_ONLINE),
        ({"de": 5}, None, {"anna": (ONLINE, 6), "bruno": AWAY}, False, Why.ALL_FULL),
        ({"de": 5}, None, {"anna": (ONLINE, 6)}, True, Why.MATCHING),
        ({"de": 5}, None, {"anna": (ONLINE, 8)}, True, Why.ALL_FULL),
        ({"de": 5}, None, {"anna": (ONLINE, 6), "bruno": ONLINE}, False, Why.MATCHING),
        ({}, None, {}, False, Why.NOBODY_ONLINE),
        ({}, "nowhere", {"anna": ONLINE}, False, Why.NOBODY_HAS_THE_SKILLS),
    ],
)
def test_each_wait_has_its_reason(required, team, people, crisis, why):
    assert explained(team, crisis, required=required, people=workers(**people)).why is why


def test_a_call_takes_more_room_than_a_mail():
    people = workers(anna=(ONLINE, 4))
    assert explained(required={"de": 5}, people=people).why is Why.MATCHING
    assert explained(required={"de": 5}, people=people, channel=Channel.PHONE).why is Why.ALL_FULL


def test_who_could_take_it_is_named_with_what_keeps_them_and_the_nearest_after_them():
    people = workers(anna=(ONLINE, 6), bruno=ONLINE, clara=AWAY)
    found = explained("social", required={"de": 3, "public_voice": 3}, people=people).candidates
    assert [(one.id, one.suits, one.takes_work, one.has_room) for one in found] == [
        ("anna", True, True, False),
        ("clara", True, False, True),
        ("bruno", False, True, True),
    ]
    (missing,) = found[-1].missing
    assert (missing.skill, missing.level, missing.needed, found[-1].other_team) == ("public_voice", 0, 3, True)


def test_what_a_rule_dropped_is_called_for_no_longer():
    dropped = Relaxed(ring=2, dropped=("sales",), at=NOON)
    people = workers(clara=ONLINE)
    assert explained(required={"sales": 3, "de": 3}, people=people).why is Why.NOBODY_HAS_THE_SKILLS
    assert explained(required={"sales": 3, "de": 3}, relaxed=(dropped,), people=people).why is Why.MATCHING


@pytest.mark.parametrize(
    ("after", "people", "why", "held"),
    [
        (30, {"anna": ONLINE, "bruno": ONLINE}, Why.MATCHING, True),
        (30, {"anna": (ONLINE, 6), "bruno": ONLINE}, Why.GOES_FIRST, True),
        (61, {"anna": (ONLINE, 6), "bruno": ONLINE}, Why.MATCHING, False),
        (30, {"anna": OFFLINE, "bruno": ONLINE}, Why.MATCHING, False),
    ],
)
def test_who_had_it_before_goes_first_for_a_while(after, people, why, held):
    now = NOON + timedelta(seconds=after)
    found = explained(required={"de": 5}, goes_first="anna", now=now, people=workers(**people))
    assert (found.why, found.first is not None) == (why, held)
    if found.first:
        assert (found.first.id, found.first.until) == ("anna", NOON + timedelta(seconds=60))


def test_the_next_easing_follows_the_rules_it_was_queued_under_and_never_drops_a_language():
    wanted = {"required": {"sales": 3, "de": 1}, "rules": ("angebot",), "begun_at": NOON}
    eases = explained(**wanted).eases
    assert (eases.at, eases.dropped) == (NOON + timedelta(minutes=2), ("sales",))
    assert explained(**wanted, relaxed=(Relaxed(ring=2, dropped=("sales",), at=NOON),)).eases is None
    assert explained(required={"sales": 3}, rules=(), begun_at=NOON).eases is None
    other = Queue(CONFIG, workers(), NOON).explain(Waits(Channel.EMAIL, demand=Demand(**wanted, version="6")))
    assert other.eases is None


people = st.fixed_dictionaries(
    {name: st.tuples(st.sampled_from(Presence), st.integers(0, 9)) for name in CONFIG.agents}
)
demands = st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 5))


@given(people, demands, st.sampled_from([None, "service", "social"]), st.booleans())
def test_the_reason_is_what_the_candidates_say(people, required, team, crisis):
    found = explained(team, crisis, required=required, people=workers(**people))
    suiting = [one for one in found.candidates if one.suits]
    assert (found.why is Why.NOBODY_HAS_THE_SKILLS) == (not suiting)
    assert (found.why is Why.MATCHING) == any(one.is_free for one in suiting)
    assert (found.why is Why.NOBODY_ONLINE) == (bool(suiting) and not any(one.takes_work for one in suiting))
    assert len(found.candidates) >= min(3, len(CONFIG.agents))


@given(people, demands, st.sampled_from(SKILLS))
def test_calling_for_less_never_leaves_fewer_who_could(people, required, skill):
    everybody = workers(**people)
    before = {one.id for one in explained(required=required, people=everybody).candidates if one.is_free}
    less = {name: level for name, level in required.items() if name != skill}
    assert before <= {one.id for one in explained(required=less, people=everybody).candidates if one.is_free}
