"""How well a model reads labelled messages."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from lotse.contracts.frozen import frozen
from lotse.sentiment.core import Model, read
from lotse.sentiment.corpus import ANSWERS, Head, Labelled


@frozen
class Score:
    """Figures of one head; `pairs` counts (label, answer), and an answer that is no label, as `unsure`, is wrong."""

    labels: tuple[str, ...]
    pairs: Counter[tuple[str, str]]

    @property
    def total(self) -> int:
        return self.pairs.total()

    @property
    def micro(self) -> float:
        """Micro-averaged F1; equals the share of right answers where every message gets one."""
        right = sum(self.pairs[label, label] for label in self.labels)
        given = sum(count for (_, answer), count in self.pairs.items() if answer in self.labels)
        return _f1(right, given, self.total)

    @property
    def macro(self) -> float:
        """Mean of the F1 of all labels that occur."""
        occurring = [label for label in self.labels if any(label in pair for pair in self.pairs)]
        return sum(map(self.f1, occurring)) / len(occurring) if occurring else 0.0

    @property
    def decided(self) -> float:
        """Share of right answers among those that are not `unsure`."""
        given = self.total - self.unsure
        return sum(self.pairs[label, label] for label in self.labels) / given if given else 0.0

    @property
    def unsure(self) -> int:
        return sum(count for (_, answer), count in self.pairs.items() if answer not in self.labels)

    def precision(self, label: str) -> float | None:
        """Share of right ones among the answers `label`; None where it was never the answer."""
        given = sum(count for (_, answer), count in self.pairs.items() if answer == label)
        return self.pairs[label, label] / given if given else None

    def f1(self, label: str) -> float:
        given = sum(count for (_, answer), count in self.pairs.items() if answer == label)
        wanted = sum(count for (truth, _), count in self.pairs.items() if truth == label)
        return _f1(self.pairs[label, label], given, wanted)


def _f1(right: int, given: int, wanted: int) -> float:
    return 2 * right / (given + wanted) if given + wanted else 0.0


@frozen
class Report:
    """Figures per head, and how well the topics that a person named were found."""

    heads: dict[Head, Score]
    topics: Score


def measure(messages: Sequence[Labelled], model: Model) -> Report:
    """Read all messages and compare with their labels; messages without a label do not count for its head."""
    heads: dict[Head, Counter[tuple[str, str]]] = {head: Counter() for head in ANSWERS}
    topics: Counter[tuple[str, str]] = Counter()
    for message in messages:
        reading = read(message.text, model)
        answers: dict[Head, tuple[str, str]] = {
            "language": (message.language, reading.language),
            "sentiment": (message.sentiment, reading.sentiment),
            "triage": (message.triage, reading.triage),
            "situation": (message.situation, reading.situation or "none"),
        }
        for head, (label, answer) in answers.items():
            if label:
                heads[head][label, answer] += 1
        if message.topics is not None:
            topics.update(_topic_pairs(message.topics, frozenset(reading.topics)))
    named = tuple(sorted({label for label, _ in topics if label != "-"}))
    scores: dict[Head, Score] = {head: Score(ANSWERS[head], pairs) for head, pairs in heads.items()}
    return Report(scores, Score(named, topics))


def _topic_pairs(labels: frozenset[str], answers: frozenset[str]) -> Iterable[tuple[str, str]]:
    yield from ((label, label if label in answers else "-") for label in labels)


def lines(report: Report) -> Iterator[str]:
    """The report as people read it in a terminal."""
    for head, score in report.heads.items():
        if not score.total:
            continue
        yield f"{head}: micro F1 {score.micro:.3f}, macro F1 {score.macro:.3f} ({score.total} messages)"
        if head == "sentiment":
            yield f"  decided {1 - score.unsure / score.total:.1%}, of these right {score.decided:.1%}"
        if head == "triage":
            precision = score.precision("spam")
            yield f"  precision of spam {'-' if precision is None else f'{precision:.3f}'}"
        yield from _table(score)
    if report.topics.total:
        found = sum(report.topics.pairs[label, label] for label in report.topics.labels)
        yield f"topics: {found / report.topics.total:.1%} of {report.topics.total} labelled topics found"


def _table(score: Score) -> Iterator[str]:
    answers = (*score.labels, *sorted({answer for _, answer in score.pairs} - set(score.labels)))
    width = max(map(len, answers)) + 1
    yield "  " + "label \\ answer".ljust(width + 2) + "".join(answer.rjust(width) for answer in answers)
    for label in score.labels:
        counts = [score.pairs[label, answer] for answer in answers]
        if any(counts):
            yield "  " + label.ljust(max(width + 2, 14)) + "".join(str(count).rjust(width) for count in counts)
