"""The weights and lists that a reading rests on, as one file."""

import io
import json
from dataclasses import asdict
from hashlib import sha256
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from lotse.contracts.frozen import frozen
from lotse.contracts.values import Language, Situation, Triage
from lotse.sentiment.core import features
from lotse.sentiment.core.lexicon import Lexicon, parse_lexicon

HEADS: dict[str, tuple[str, ...]] = {
    "sentiment": ("negative", "neutral", "positive"),
    "triage": tuple(Triage),
    "situation": ("none", *Situation),
}
"""The questions that one table of weights answers, with their answers in column order."""

COLUMNS = sum(map(len, HEADS.values()))


class ModelError(Exception):
    """A file is no model that this release can use."""


@frozen
class Limits:
    """How sure the model must be: below, sentiment is `unsure` and triage `service`."""

    sentiment: float = 0.5
    spam: float = 0.9
    noise: float = 0.8
    lead: float = 0.6
    situation: float = 0.4


@frozen
class Model:
    """Weights by hashed row and column, the word lists they were trained with, and the version of the whole."""

    rows: NDArray[np.float32]
    dense: NDArray[np.float32]
    bias: NDArray[np.float32]
    language_rows: NDArray[np.float32]
    language_bias: NDArray[np.float32]
    lexicons: dict[str, Lexicon]
    limits: Limits
    version: str


@frozen
class Parts:
    """What a trainer hands over: weights as they are stored, and the text of each language's list."""

    rows: NDArray[np.float16]
    dense: NDArray[np.float32]
    bias: NDArray[np.float32]
    language_rows: NDArray[np.float16]
    language_bias: NDArray[np.float32]
    lexicons: dict[str, str]
    limits: Limits


def model_from_parts(parts: Parts) -> Model:
    """Make parts ready for reading; the version is a hash of all of them."""
    if parts.rows.shape != (features.ROWS, COLUMNS) or parts.dense.shape != (len(features.DENSE), COLUMNS):
        raise ModelError("the model was trained by another release; train it again with `lotse-train`")
    return Model(
        rows=parts.rows.astype(np.float32),
        dense=parts.dense,
        bias=parts.bias,
        language_rows=parts.language_rows.astype(np.float32),
        language_bias=parts.language_bias,
        lexicons={name: parse_lexicon(text) for name, text in parts.lexicons.items()},
        limits=parts.limits,
        version=_version(parts),
    )


def model_to_bytes(parts: Parts) -> bytes:
    """The content of a model file; the same parts give the same bytes."""
    file = io.BytesIO()
    settings = np.frombuffer(_settings(parts).encode(), dtype=np.uint8)
    np.savez_compressed(file, allow_pickle=False, settings=settings, **_arrays(parts))
    return file.getvalue()


def parts_from_bytes(content: bytes) -> Parts:
    """Read a model file. Raises ModelError where it is none."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            settings = json.loads(stored["settings"].tobytes())
            return Parts(
                rows=stored["rows"],
                dense=stored["dense"],
                bias=stored["bias"],
                language_rows=stored["language_rows"],
                language_bias=stored["language_bias"],
                lexicons=settings["lexicons"],
                limits=Limits(**settings["limits"]),
            )
    except (ValueError, KeyError, TypeError, OSError, EOFError) as error:
        raise ModelError("this is no model file; make one with `lotse-train --data FILE --out FILE`") from error


def model_from_bytes(content: bytes) -> Model:
    """Read a model file and make it ready. Raises ModelError where it is none."""
    return model_from_parts(parts_from_bytes(content))


def _arrays(parts: Parts) -> dict[str, NDArray[np.float16] | NDArray[np.float32]]:
    return {
        "rows": parts.rows,
        "dense": parts.dense,
        "bias": parts.bias,
        "language_rows": parts.language_rows,
        "language_bias": parts.language_bias,
    }


def _settings(parts: Parts) -> str:
    return json.dumps({"lexicons": parts.lexicons, "limits": asdict(parts.limits)}, sort_keys=True)


def _version(parts: Parts) -> str:
    digest = sha256(f"{features.REVISION} {get_args(Language)} {HEADS}".encode())
    digest.update(_settings(parts).encode())
    for name, array in _arrays(parts).items():
        digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:12]
