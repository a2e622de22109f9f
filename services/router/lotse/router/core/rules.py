"""What a conversation calls for, by the operator's rules."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import get_args

from lotse.contracts.conditions import DEFAULT_PRIORITY, Subject, holds
from lotse.contracts.config import Config, Relaxation, Rule
from lotse.contracts.frozen import replace
from lotse.contracts.values import Language, Situation
from lotse.router.core.state import Conversation, Demand, Skills, Step

PUBLIC_VOICE = "public_voice"
PUBLIC_VOICE_LEVEL = 3
LANGUAGES = frozenset(get_args(Language)) - {"und"}
FIXED = LANGUAGES | {PUBLIC_VOICE}
"""Skills that no rule may drop."""


def demand(config: Config, conversation: Conversation) -> Demand:
    """All rules that hold add up: the highest level of each skill, the highest priority, the first team.

    A conversation that was queued under another version of the rules keeps what they gave it.
    """
    known = conversation.demand
    if known is not None and known.version != config.routing.version:
        return _kept(known, config, conversation)
    rules = _matching(config.routing.rules, conversation)
    required = reduce(_highest, (rule.require for rule in rules), _fixed(config, conversation))
    return Demand(
        required=required,
        preferred=reduce(_highest, (rule.prefer for rule in rules), {}),
        priority=_priority(rules),
        team=conversation.team_id or next((rule.team for rule in rules if rule.team), None),
        crisis=_is_crisis(conversation),
        steps=_steps(required, [step for rule in rules for step in rule.relax]),
        rules=tuple(rule.name for rule in rules),
        version=config.routing.version,
    )


def _kept(known: Demand, config: Config, conversation: Conversation) -> Demand:
    """What no rule decides follows the conversation all the same: language, crisis, a team chosen by hand."""
    spoken = {skill: level for skill, level in _fixed(config, conversation).items() if skill in LANGUAGES}

    def told(skills: Skills) -> Skills:
        others = {skill: level for skill, level in skills.items() if skill in spoken or skill not in LANGUAGES}
        return _highest(others, spoken) if spoken else skills

    return replace(
        known,
        required=told(known.required),
        steps=tuple(replace(step, required=told(step.required)) for step in known.steps),
        team=conversation.team_id or known.team,
        crisis=_is_crisis(conversation),
    )


def _is_crisis(conversation: Conversation) -> bool:
    return conversation.reading is not None and conversation.reading.situation is Situation.CRISIS


def _matching(rules: Sequence[Rule], conversation: Conversation) -> list[Rule]:
    """In the file's order, so that a condition on priority sees what the rules before it gave."""
    address = conversation.address
    subject = Subject.of(address.channel, address.account, conversation.reading)
    found: list[Rule] = []
    for rule in rules:
        if holds(rule.when, subject):
            found.append(rule)
            subject = replace(subject, priority=_priority(found))
    return found


def _priority(rules: Sequence[Rule]) -> int:
    return max((rule.priority for rule in rules if rule.priority is not None), default=DEFAULT_PRIORITY)


def _highest(skills: Skills, more: Mapping[str, int]) -> Skills:
    return {skill: max(skills.get(skill, 0), more.get(skill, 0)) for skill in sorted({*skills, *more})}


def _fixed(config: Config, conversation: Conversation) -> Skills:
    """Language and public voice, where the operator's agents have such skills at all."""
    known, found = config.skills, dict[str, int]()
    if conversation.reading and conversation.reading.language in LANGUAGES and known & LANGUAGES:
        found[conversation.reading.language] = 1
    if conversation.profile.public and PUBLIC_VOICE in known:
        found[PUBLIC_VOICE] = PUBLIC_VOICE_LEVEL
    return found


def _steps(required: Skills, relaxations: Sequence[Relaxation]) -> tuple[Step, ...]:
    """Rings 2, 3 …: what is left after each time that drops something."""
    found: list[Step] = []
    for relaxation in sorted(relaxations, key=lambda r: (r.after, r.drop)):
        dropped = tuple(skill for skill in relaxation.drop if skill in required and skill not in FIXED)
        if dropped:
            required = {skill: level for skill, level in required.items() if skill not in dropped}
            found.append(Step(relaxation.after, required, dropped))
    return tuple(found)
