"""The two languages that everything is said in."""

from typing import Literal

Language = Literal["de", "en"]


def language_of(accept: str) -> Language:
    """German or English by `Accept-Language`; German where neither or both the same is asked for."""
    weights: dict[Language, float] = {"de": 0.0, "en": 0.0}
    for part in accept.split(","):
        tag, _, parameter = part.strip().partition(";")
        weight = _weight(parameter)
        match tag.strip().lower().partition("-")[0]:
            case "de":
                weights["de"] = max(weights["de"], weight)
            case "en":
                weights["en"] = max(weights["en"], weight)
            case _:
                pass
    return "en" if weights["en"] > weights["de"] else "de"


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0
