"""Reads the operator's YAML file and says, for each mistake, which line it is and what to do."""

import difflib
from collections.abc import Iterable, Iterator
from typing import get_args

import yaml
from pydantic import BaseModel, ValidationError

from lotse.contracts import replies
from lotse.contracts.answers import bare
from lotse.contracts.channels import profile
from lotse.contracts.config import Config
from lotse.contracts.frozen import frozen

Path = tuple[str | int, ...]


@frozen
class Mistake:
    """One thing to mend: where, what, and how."""

    line: int
    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"line {self.line}: {self.where}: {self.what}" + (f". {self.remedy}" if self.remedy else "")


class ConfigError(Exception):
    """The file cannot be used; `mistakes` has every reason."""

    def __init__(self, name: str, mistakes: list[Mistake]) -> None:
        super().__init__(f"{name}: " + "; ".join(map(str, mistakes)))
        self.name = name
        self.mistakes = mistakes


def load(text: str, name: str = "lotse.yaml") -> Config:
    """The configuration in `text`. Raises ConfigError with every mistake, each with its line."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data: object = yaml.safe_load(text) if node is not None else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ConfigError(
            name, [Mistake(line, "YAML", error.problem or "cannot be read", _yaml_remedy(error))]
        ) from error
    except yaml.YAMLError as error:
        raise ConfigError(name, [Mistake(1, "YAML", str(error).splitlines()[0])]) from error
    lines = dict(_lines(node)) if node is not None else {}
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError(
            name, [_mistake(item["loc"], item["type"], item["msg"], lines) for item in error.errors()]
        ) from error
    mistakes = [Mistake(_line(path, lines), _dotted(path), what, remedy) for path, what, remedy in _unresolved(config)]
    if mistakes:
        raise ConfigError(name, mistakes)
    return config


def _yaml_remedy(error: yaml.MarkedYAMLError) -> str:
    if "\\t" in (error.problem or ""):
        return "Indent with spaces, not with tabs"
    return "Check indentation, quotes and the colon before it"


def _lines(node: yaml.Node, at: Path = ()) -> Iterator[tuple[Path, int]]:
    """Where each key and item begins, lines counted from 1."""
    yield at, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from ((path, line) for path, line in _lines(value, (*at, key.value)) if path != (*at, key.value))
            yield (*at, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _lines(item, (*at, number))


def _line(path: Path, lines: dict[Path, int]) -> int:
    """The line of the path or of the nearest thing above it that stands in the file."""
    wanted = tuple(part if isinstance(part, int) else str(part) for part in path)
    while wanted and wanted not in lines:
        wanted = wanted[:-1]
    return lines.get(wanted, 1)


def _dotted(path: Path) -> str:
    return ".".join(map(str, path)) or "file"


_KINDS = ("meta", "mail", "api")


def _mistake(loc: Path, kind: str, text: str, lines: dict[Path, int]) -> Mistake:
    path = tuple(part for n, part in enumerate(loc) if not (part in _KINDS and n == 2 and loc[0] == "accounts"))
    path = tuple(part for part in path if part != "[key]")
    if kind == "extra_forbidden":
        return Mistake(_line(path, lines), _dotted(path), "is not a setting", _similar(path))
    if kind == "missing":
        return Mistake(_line(path, lines), _dotted(path), "is missing", "Add it")
    return Mistake(_line(path, lines), _dotted(path), text.removeprefix("Value error, "))


def _similar(path: Path) -> str:
    """What was probably meant."""
    known = _fields(Config, path[:-1])
    close = difflib.get_close_matches(str(path[-1]), known, n=1)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known here: {', '.join(sorted(known))}" if known else "Remove it"


def _fields(model: type[BaseModel], path: Path) -> list[str]:
    """The names of the settings at a path, found by following the models."""
    models = [model]
    for part in path:
        found = [m for current in models for m in _below(current, part)]
        models = found or models
    return sorted({name for current in models for name in current.model_fields})


def _below(model: type[BaseModel], part: str | int) -> list[type[BaseModel]]:
    field = model.model_fields.get(str(part))
    return list(_models(field.annotation)) if field else []


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """The models named anywhere in an annotation."""
    if isinstance(annotation, type) and not get_args(annotation):
        if issubclass(annotation, BaseModel):
            yield annotation
    else:
        for inner in get_args(annotation):
            yield from _models(inner)


def _unresolved(config: Config) -> Iterator[tuple[Path, str, str]]:
    """Names that refer to nothing, and promises that cannot be kept."""
    skills = {skill for agent in config.agents.values() for skill in agent.skills}
    for name, agent in config.agents.items():
        for number, team in enumerate(agent.teams):
            if team not in config.teams:
                yield ("agents", name, "teams", number), f"no team is called '{team}'", _choose(team, config.teams)
        if agent.capacity.soft > agent.capacity.hard:
            yield ("agents", name, "capacity"), "soft is above hard", "Lower soft or raise hard"
    for number, rule in enumerate(config.routing.rules):
        at: Path = ("routing", "rules", number)
        if rule.team is not None and rule.team not in config.teams:
            yield (*at, "team"), f"no team is called '{rule.team}'", _choose(rule.team, config.teams)
        for skill, level in rule.require.items():
            if skill not in skills:
                yield (*at, "require", skill), f"no agent has the skill '{skill}'", _choose(skill, skills)
            elif not any(agent.skills.get(skill, 0) >= level for agent in config.agents.values()):
                yield (*at, "require", skill), f"no agent has '{skill}' at level {level}", "Lower it or train somebody"
    for number, policy in enumerate(config.sla.policies):
        if policy.calendar != "always" and policy.calendar not in config.calendars:
            remedy = _choose(policy.calendar, [*config.calendars, "always"])
            yield ("sla", "policies", number, "calendar"), f"no calendar is called '{policy.calendar}'", remedy
    yield from _too_long(config)


def _too_long(config: Config) -> Iterator[tuple[Path, str, str]]:
    """Answers that fit on none of their channels, however short what is filled in."""
    for name, answer in config.answers.items():
        for language, text in answer.text.items():
            parts = [replies.split(bare(text), profile(channel)) for channel in answer.when.channel]
            problems = [part for part in parts if isinstance(part, replies.Problem)]
            if problems and len(problems) == len(parts):
                over = min(problem.over for problem in problems)
                yield ("answers", name, "text", language), f"is too long for its channel, {over} over", "Shorten it"


def _choose(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(names) or 'none'}"
