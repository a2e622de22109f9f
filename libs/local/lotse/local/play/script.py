"""The day's script: what customers say and what an agent answers, read from `day.yaml`."""

from datetime import time
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from lotse.contracts.channels import Channel


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Say(_Part):
    """The customer writes. The provider delivers it `copies` times, after `ago` real minutes."""

    say: str
    copies: int = Field(default=1, ge=1)
    ago: float = 0.0


class Edit(_Part):
    """The customer changes the last message."""

    edit: str


class Delete(_Part):
    """The customer takes the last message back."""

    delete: Literal[True]


class Wait(_Part):
    """Minutes of the day."""

    wait: float


class Answer(_Part):
    """Whoever has the conversation answers; `slip` is what he tries first and Lotse must block."""

    answer: str
    slip: str | None = None
    resolve: bool = False


class Note(_Part):
    """Whoever has the conversation leaves a word for colleagues."""

    note: str


class Transfer(_Part):
    """Whoever has the conversation gives it back to a team's queue, for a reason."""

    transfer: str
    team: str | None = None


class Resolve(_Part):
    """Done without a further word."""

    resolve: Literal[True]


Turn = Annotated[
    Say | Edit | Delete | Wait | Answer | Note | Transfer | Resolve,
    BeforeValidator(lambda given: {"say": given} if isinstance(given, str) else given),
]


class Story(_Part):
    """One customer's day, in order. `{name}`, `{agent}` and `{order}` are filled in."""

    at: time
    via: Channel
    lang: Literal["de", "en"] = "de"
    subject: str | None = None
    talk: tuple[Turn, ...]


class Names(_Part):
    first: tuple[str, ...]
    last: tuple[str, ...]


class Day(_Part):
    """The whole script: the stories in order of time, names to give, and answers to whoever is not in the script."""

    names: dict[Literal["de", "en"], Names]
    answers: dict[Literal["de", "en"], tuple[str, ...]]
    stories: tuple[Story, ...]


def read() -> Day:
    day = Day.model_validate(yaml.safe_load(Path(__file__).with_name("day.yaml").read_text(encoding="utf-8")))
    return day.model_copy(update={"stories": tuple(sorted(day.stories, key=lambda story: story.at))})
