"""Ready-made answers: the variables in their texts, and how they are filled in.

A variable is a name in braces, `{first_name}`. What is not known of a customer becomes a gap, `⟦first name⟧`, for the
agent to fill in: its brackets stand in no text that a person types.
"""

import difflib
import re
from collections.abc import Mapping
from typing import Final, Literal, get_args

Variable = Literal["name", "first_name", "agent", "title", "reference", "channel"]
"""The customer's name and first name, the agent's name and title, the conversation's reference, the channel's name."""

VARIABLES: Final[tuple[Variable, ...]] = get_args(Variable)

GAP: Final = re.compile(r"⟦([^⟦⟧]*)⟧")
_VARIABLE: Final = re.compile(r"\{([^{}\n]*)\}")


def checked_text(text: str) -> str:
    """The text of an answer, without white space around it.

    Raises:
        ValueError: It is empty, or names a variable that does not exist.
    """
    for found in _VARIABLE.finditer(text):
        if found[1] not in VARIABLES:
            raise ValueError(f"{found[0]!r} is not a variable. {_remedy(found[1])}")
    if not text.strip():
        raise ValueError("there is nothing in it")
    return text.strip()


def _remedy(name: str) -> str:
    close = difflib.get_close_matches(name.lower(), VARIABLES, n=1)
    if close:
        return f"Did you mean '{{{close[0]}}}'?"
    return f"There are: {', '.join(f'{{{one}}}' for one in VARIABLES)}"


def fill(text: str, values: Mapping[Variable, str], labels: Mapping[Variable, str]) -> str:
    """A checked text with its variables filled in; what is empty becomes a gap with its label."""
    known: dict[str, str] = {name: values.get(name, "").strip() or f"⟦{labels[name]}⟧" for name in VARIABLES}
    return _VARIABLE.sub(lambda found: known.get(found[1], found[0]), text)


def bare(text: str) -> str:
    """A checked text without its variables: the least that it can become."""
    return _VARIABLE.sub("", text)
