"""Labelled messages from a file."""

import csv
import itertools
import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal
from zlib import crc32

from lotse.contracts.frozen import frozen
from lotse.sentiment.core.language import LANGUAGES
from lotse.sentiment.core.lexicon import TOPICS
from lotse.sentiment.core.model import HEADS

Head = Literal["language", "sentiment", "triage", "situation"]

ANSWERS: dict[Head, tuple[str, ...]] = {
    "language": LANGUAGES,
    "sentiment": HEADS["sentiment"],
    "triage": HEADS["triage"],
    "situation": HEADS["situation"],
}

_CHOICE = re.compile(r"\{([^{}]*)\}")
_PHRASINGS = 6
_MOST = 1 << 20


class LabelsError(Exception):
    """A file of labelled messages cannot be used; says where and what to do."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}, line {line}: {problem}")
        self.path, self.line = path, line


@frozen
class Labelled:
    """A message and what a person said of it.

    An empty label is not known, `none` as situation means none of them. Phrasings of one template share their group.
    """

    text: str
    language: str
    sentiment: str
    triage: str
    situation: str
    topics: frozenset[str] | None
    group: str


def read_labels(path: Path) -> list[Labelled]:
    """Read a table with a column `text`, or `template`, and any of language, sentiment, triage, situation, topics.

    `.csv` is split at commas, anything else at tabs. In a template `{a|b}` stands for a choice; a few of all phrasings
    are taken, always the same. Raises LabelsError that names the line and the remedy.
    """
    with path.open(encoding="utf-8", newline="") as file:
        comma = path.suffix == ".csv"
        table = csv.reader(
            file, delimiter="," if comma else "\t", quoting=csv.QUOTE_MINIMAL if comma else csv.QUOTE_NONE
        )
        try:
            return list(_rows(path, table))
        except UnicodeDecodeError as error:
            raise LabelsError(path, 1, "is not UTF-8; save it as UTF-8") from error
        except csv.Error as error:
            raise LabelsError(path, table.line_num, f"cannot be read ({error})") from error


def _rows(path: Path, table: Iterator[list[str]]) -> Iterator[Labelled]:
    first: list[str] = next(table, list[str]())
    header = [name.strip().lower() for name in first]
    if "text" not in header and "template" not in header:
        raise LabelsError(
            path, 1, "has no column `text`; the first line must name the columns: text, sentiment, triage"
        )
    for line, cells in enumerate(table, 2):
        if not any(cells):
            continue
        if len(cells) != len(header):
            raise LabelsError(
                path, line, f"has {len(cells)} columns instead of {len(header)}; quote or remove separators"
            )
        row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
        labels = {head: _label(path, line, row, head) for head in ANSWERS}
        topics = _topic_labels(path, line, row)
        for text in _texts(path, line, row):
            yield Labelled(text=text, **labels, topics=topics, group=row.get("group") or f"{path.name}:{line}")


def _label(path: Path, line: int, row: Mapping[str, str], head: Head) -> str:
    label = row.get(head, "").lower()
    if label and label not in ANSWERS[head]:
        raise LabelsError(
            path, line, f"{head} `{label}` is unknown; use one of {', '.join(ANSWERS[head])} or leave it empty"
        )
    return label


def _topic_labels(path: Path, line: int, row: Mapping[str, str]) -> frozenset[str] | None:
    named = [name for name in re.split(r"[\s,;]+", row.get("topics", "").lower()) if name]
    unknown = [name for name in named if name not in TOPICS]
    if unknown:
        raise LabelsError(
            path, line, f"topic `{unknown[0]}` is unknown; use some of {', '.join(TOPICS)} or leave it empty"
        )
    return frozenset(named) or None


def _texts(path: Path, line: int, row: Mapping[str, str]) -> list[str]:
    text = row.get("text") or ""
    template = row.get("template") or ""
    if not text and not template:
        raise LabelsError(path, line, "has no text; remove the line or fill it in")
    return [text] if text else phrasings(template)


def phrasings(template: str) -> list[str]:
    """Some of the texts that a template stands for, chosen by the template itself."""
    pieces = _CHOICE.split(template)
    choices = [piece.split("|") if index % 2 else [piece] for index, piece in enumerate(pieces)]
    every = ["".join(parts).strip() for parts in itertools.islice(itertools.product(*choices), _MOST)]
    distinct = [text for text in dict.fromkeys(every) if text]
    chance = random.Random(crc32(template.encode()))  # noqa: S311 - a fixed choice, nothing secret
    return distinct if len(distinct) <= _PHRASINGS else chance.sample(distinct, _PHRASINGS)


def split(messages: list[Labelled], share: float, seed: int) -> tuple[list[Labelled], list[Labelled]]:
    """Set a share of the groups aside, so that no held-out message has a sibling among the others."""
    groups = sorted({message.group for message in messages})
    random.Random(seed).shuffle(groups)  # noqa: S311 - a fixed choice, nothing secret
    held = frozenset(groups[: round(len(groups) * share)])
    return [m for m in messages if m.group not in held], [m for m in messages if m.group in held]
