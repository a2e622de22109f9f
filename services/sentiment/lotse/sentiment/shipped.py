"""The model and the word lists that ride in the package."""

from importlib.resources import files
from pathlib import Path

from lotse.sentiment.core import Model, model_from_bytes

_PACKAGE = files("lotse.sentiment")


def shipped_model() -> Model:
    """Load the model of this release; reads one file."""
    return model_from_bytes((_PACKAGE / "models" / "lotse.npz").read_bytes())


def shipped_lexicons() -> dict[str, str]:
    """The text of the word lists by language, each with the signs that all languages share."""
    signs = (_PACKAGE / "data" / "lexicon-signs.txt").read_text(encoding="utf-8")
    return {
        language: (_PACKAGE / "data" / f"lexicon-{language}.txt").read_text(encoding="utf-8") + "\n" + signs
        for language in ("de", "en")
    }


def shipped_labels() -> list[Path]:
    """The files of labelled messages that the shipped model was trained from."""
    return [Path(str(_PACKAGE / "data" / f"messages-{language}.tsv")) for language in ("de", "en", "und")]
