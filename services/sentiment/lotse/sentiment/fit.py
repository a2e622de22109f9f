"""Weights from labelled messages, with scikit-learn; nothing that serves imports this."""

import math
import random
from collections.abc import Sequence
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from lotse.contracts.frozen import frozen, replace
from lotse.sentiment.core import HEADS, Limits
from lotse.sentiment.core import language as languages
from lotse.sentiment.core.features import DENSE, ROWS, Features, extract
from lotse.sentiment.core.lexicon import Lexicon, parse_lexicon
from lotse.sentiment.core.model import Parts
from lotse.sentiment.core.words import fold, normalise
from lotse.sentiment.corpus import ANSWERS, Labelled, split

STRENGTH = 3.0
LANGUAGE_STRENGTH = 300.0
HELD_OUT = 0.25
SPAM_PRECISION, NOISE_PRECISION, SENTIMENT_RIGHT = 0.995, 0.985, 0.9

Matrix = NDArray[np.float64]


class FitError(Exception):
    """The labelled messages are not enough to train from."""


class Table(Protocol):
    """What is used of SciPy's sparse matrices, which have no types."""

    def dot(self, other: Matrix, /) -> Matrix: ...
    def __getitem__(self, part: NDArray[np.int64] | tuple[slice, NDArray[np.int64]], /) -> "Table": ...
    @property
    def indices(self) -> NDArray[np.int64]: ...
    @property
    def shape(self) -> tuple[int, int]: ...


class _Regression(Protocol):
    """What is used of scikit-learn, which has no types."""

    @property
    def coef_(self) -> Matrix: ...
    @property
    def intercept_(self) -> Matrix: ...
    @property
    def classes_(self) -> NDArray[np.str_]: ...
    def fit(self, table: Table, labels: NDArray[np.str_], /) -> object: ...


class _Make(Protocol):
    def __call__(self, *, C: float, class_weight: str, max_iter: int, tol: float) -> _Regression: ...  # noqa: N803


_regression = cast(_Make, LogisticRegression)


@frozen
class Head:
    """Weights of one head: a column per answer, a row per feature, and the bias."""

    weights: Matrix
    bias: Matrix

    def logits(self, table: Table) -> Matrix:
        """A row per message, a column per answer."""
        return table.dot(self.weights) + self.bias

    def divided(self, temperature: float) -> "Head":
        return Head(self.weights / temperature, self.bias / temperature)


def fit(messages: Sequence[Labelled], lexicons: dict[str, str], seed: int) -> Parts:
    """Train all heads; the same messages in the same order give the same weights.

    A quarter of the groups first measures how sure the model may be of itself; then all train. Raises FitError.
    """
    with threadpool_limits(1):
        return _fit(messages, lexicons, seed)


def _fit(messages: Sequence[Labelled], lexicons: dict[str, str], seed: int) -> Parts:
    heads, limits = _calibrated(messages, lexicons, seed)
    rows = np.concatenate([head.weights[:ROWS] for head in heads], axis=1)
    dense = np.concatenate([head.weights[ROWS:] for head in heads], axis=1)
    language = _train(
        _language_table(messages), [m.language for m in messages], ANSWERS["language"], LANGUAGE_STRENGTH, 1e-4
    )
    return Parts(
        rows=rows.astype(np.float16),
        dense=dense.astype(np.float32),
        bias=np.concatenate([head.bias for head in heads]).astype(np.float32),
        language_rows=language.weights.astype(np.float16),
        language_bias=language.bias.astype(np.float32),
        lexicons=lexicons,
        limits=limits,
    )


def _calibrated(messages: Sequence[Labelled], lexicons: dict[str, str], seed: int) -> tuple[list[Head], Limits]:
    known = [m for m in messages if m.language != "und"]
    learning, checking = split(known, HELD_OUT, seed)
    known, learning = known + longer(known, seed), learning + longer(learning, seed)
    lists = {name: parse_lexicon(text) for name, text in lexicons.items()}
    whole, part, check = (_table(some, lists) for some in (known, learning, checking))
    heads: list[Head] = []
    odds: dict[str, Matrix] = {}
    for name, answers in HEADS.items():
        trial = _train(part, _labels(learning, name), answers, STRENGTH)
        logits: Matrix = trial.logits(check)
        temperature = _temperature(logits, _labels(checking, name), answers)
        heads.append(_train(whole, _labels(known, name), answers, STRENGTH).divided(temperature))
        odds[name] = _softmax(logits / temperature)
    return heads, _limits(odds, checking)


def longer(messages: Sequence[Labelled], seed: int) -> list[Labelled]:
    """Messages of two to six messages with the same labels, so that the model knows long ones, too."""
    chance = random.Random(seed)  # noqa: S311 - a fixed choice, nothing secret
    alike: dict[tuple[str, ...], list[Labelled]] = {}
    for message in messages:
        labels = (message.language, message.sentiment, message.triage, message.situation)
        alike.setdefault(labels, []).append(message)
    joined: list[Labelled] = []
    for same in alike.values():
        for _ in range(len(same) // 5):
            parts = chance.sample(same, min(len(same), chance.randint(2, 6)))
            joined.append(replace(parts[0], text=" ".join(part.text for part in parts), topics=None))
    return joined


def _labels(messages: Sequence[Labelled], head: str) -> list[str]:
    match head:
        case "sentiment":
            return [m.sentiment for m in messages]
        case "triage":
            return [m.triage for m in messages]
        case _:
            return [m.situation for m in messages]


def _train(table: Table, labels: list[str], answers: tuple[str, ...], strength: float, tol: float = 1e-3) -> Head:
    """Weights with a column per answer; an answer that no message has gets a column that never wins."""
    named = np.array([index for index, label in enumerate(labels) if label])
    truth = np.array([label for label in labels if label], dtype=np.str_)
    if len(set(labels) - {""}) < 2:
        raise FitError(f"needs messages with at least two different labels of: {', '.join(answers)}")
    used = np.unique(table.indices)
    regression = _regression(C=strength, class_weight="balanced", max_iter=400, tol=tol)
    regression.fit(table[:, used][named], truth)
    return _columns(regression, answers, used, table.shape[1])


def _columns(regression: _Regression, answers: tuple[str, ...], used: NDArray[np.int64], size: int) -> Head:
    found = list(regression.classes_)
    coefficients, intercept = regression.coef_, regression.intercept_
    if len(found) == 2:
        coefficients, intercept = np.vstack([-coefficients, coefficients]), np.concatenate([-intercept, intercept])
    weights = np.zeros((size, len(answers)))
    bias = np.full(len(answers), -30.0)
    for index, answer in enumerate(found):
        weights[used, answers.index(answer)] = coefficients[index]
        bias[answers.index(answer)] = intercept[index]
    return Head(weights, bias)


def _table(messages: Sequence[Labelled], lexicons: dict[str, Lexicon]) -> Table:
    """A row per message: the same sums that `read` makes."""
    values: list[float] = []
    columns: list[int] = []
    ends = [0]
    for message in messages:
        features = _features(message, lexicons)
        for rows in (features.words, features.grams):
            columns.extend(rows.tolist())
            values.extend([1 / math.sqrt(rows.size)] * rows.size if rows.size else [])
        columns.extend(range(ROWS, ROWS + len(DENSE)))
        values.extend(features.dense)
        ends.append(len(columns))
    return cast(Table, csr_matrix((values, columns, ends), shape=(len(messages), ROWS + len(DENSE))))


def _features(message: Labelled, lexicons: dict[str, Lexicon]) -> Features:
    text = message.text
    lexicon = lexicons["en" if message.language == "en" else "de"]
    return extract(fold(normalise(text)), len(text) > 8 and text[:400].isupper(), lexicon)


def _language_table(messages: Sequence[Labelled]) -> Table:
    rows = [languages.language_rows(normalise(m.text)) for m in messages]
    values = np.concatenate([np.full(found.size, 1 / found.size) for found in rows])
    ends = np.concatenate([[0], np.cumsum([found.size for found in rows])])
    return cast(Table, csr_matrix((values, np.concatenate(rows), ends), shape=(len(messages), languages.ROWS)))


def _softmax(logits: Matrix) -> Matrix:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _temperature(logits: Matrix, labels: list[str], answers: tuple[str, ...]) -> float:
    """The divisor under which the model is as sure as it is right, by log loss on messages it has not seen."""
    named = [index for index, label in enumerate(labels) if label]
    truth = [answers.index(labels[index]) for index in named]
    if not named:
        return 1.0

    def loss(temperature: float) -> float:
        odds = _softmax(logits[named] / temperature)[range(len(named)), truth]
        return float(-np.log(np.maximum(odds, 1e-12)).mean())

    return min((step / 20 for step in range(6, 101)), key=loss)


def _limits(odds: dict[str, Matrix], messages: Sequence[Labelled]) -> Limits:
    return Limits(
        sentiment=_limit(odds["sentiment"], _labels(messages, "sentiment"), "sentiment", None, SENTIMENT_RIGHT, 0.45),
        spam=_limit(odds["triage"], _labels(messages, "triage"), "triage", "spam", SPAM_PRECISION, 0.9),
        noise=_limit(odds["triage"], _labels(messages, "triage"), "triage", "noise", NOISE_PRECISION, 0.6),
    )


def _limit(odds: Matrix, labels: list[str], head: str, answer: str | None, wanted: float, least: float) -> float:
    """The lowest certainty from which the answers (all, or one) are right as often as wanted, at most 0.97."""
    best, sure = odds.argmax(axis=1), odds.max(axis=1)
    given: list[str] = [HEADS[head][index] for index in best.tolist()]
    for step in range(round(least * 100), 97):
        right: list[bool] = [
            given[index] == label
            for index, label in enumerate(labels)
            if label and sure[index] >= step / 100 and answer in (None, given[index])
        ]
        if right and sum(right) / len(right) >= wanted:
            return step / 100
    return 0.97
