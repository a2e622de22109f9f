"""`lotse-train`: make a model from labelled messages, or measure one."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lotse.sentiment.core import Model, model_from_bytes, model_to_bytes
from lotse.sentiment.core.lexicon import LexiconError
from lotse.sentiment.core.model import ModelError, Parts, model_from_parts
from lotse.sentiment.corpus import Labelled, LabelsError, read_labels, split
from lotse.sentiment.measure import lines, measure
from lotse.sentiment.shipped import shipped_labels, shipped_lexicons, shipped_model

SEED = 7
SHIPPED = "shipped"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 where it did what was asked, 2 where the files would not do."""
    options = _parser().parse_args(arguments, _Options())
    try:
        if options.measure:
            return _measure(Path(options.measure), options.model)
        return _train(options.data, options.out, options.held_out, options.seed)
    except (LabelsError, LexiconError, ModelError, TrainError, OSError) as error:
        print(f"lotse-train: {error}", file=sys.stderr)
        return 2


class TrainError(Exception):
    """Training cannot be done with what is there; the text says what to do."""


@dataclass(slots=True)
class _Options:
    """The command line, as argparse fills it in."""

    data: list[str] = field(default_factory=list[str])
    out: str | None = None
    held_out: float = 0.2
    seed: int = SEED
    measure: str | None = None
    model: str | None = None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("lotse-train", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--data", nargs="+", help=f"files of labelled messages; `{SHIPPED}` stands for Lotse's own")
    what.add_argument("--measure", help="measure a model on a file of labelled messages, train nothing")
    parser.add_argument("--out", help="where to write the model; without it only the figures are printed")
    parser.add_argument("--held-out", type=float, help="share of the messages that only measure (0.2)")
    parser.add_argument("--seed", type=int, help=f"which messages are held out ({SEED})")
    parser.add_argument("--model", help="model to measure instead of the shipped one")
    parser.set_defaults(held_out=0.2, seed=SEED)
    return parser


def labels_of(names: Sequence[str]) -> list[Labelled]:
    """All labelled messages of the files named; `shipped` stands for Lotse's own."""
    paths = [path for name in names for path in (shipped_labels() if name == SHIPPED else [Path(name)])]
    return [message for path in paths for message in read_labels(path)]


def train(messages: Sequence[Labelled], seed: int) -> Parts:
    """Train with scikit-learn, which only the extra `train` installs."""
    try:
        from lotse.sentiment.fit import FitError, fit
    except ImportError as error:
        raise TrainError("scikit-learn is missing; install lotse-sentiment[train]") from error
    try:
        return fit(messages, shipped_lexicons(), seed)
    except FitError as error:
        raise TrainError(f"too few labelled messages: {error}") from error


def _train(data: Sequence[str], out: str | None, held_out: float, seed: int) -> int:
    if not 0 < held_out < 1:
        raise TrainError("--held-out must lie between 0 and 1, for example 0.2")
    messages = labels_of(data)
    learning, checking = split(messages, held_out, seed)
    print(f"{len(messages)} messages, {len(learning)} to learn from, {len(checking)} held out")
    _print(checking, model_from_parts(train(learning, seed)))
    if out:
        parts = train(messages, seed)
        Path(out).write_bytes(model_to_bytes(parts))
        print(f"wrote {out}, trained on all messages, version {model_from_parts(parts).version}")
    return 0


def _measure(path: Path, name: str | None) -> int:
    model = model_from_bytes(Path(name).read_bytes()) if name else shipped_model()
    print(f"model {model.version}, limits {model.limits}")
    _print(read_labels(path), model)
    return 0


def _print(messages: Sequence[Labelled], model: Model) -> None:
    print("\n".join(lines(measure(messages, model))))


if __name__ == "__main__":
    sys.exit(main())
