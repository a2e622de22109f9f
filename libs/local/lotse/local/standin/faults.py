"""Faults on wish: what `POST /behave` asks for happens to the next requests."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Where = Literal["messages", "comments", "alerts", "mail", "uploads"]


class Fault(BaseModel):
    """One wish. throttle: 429, error: 500, refuse: 401; delay and drop accept the request and answer late or never.

    By mail, throttle, error and delay are 451, 554 and a late 250; drop ends the session after the mail was accepted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: Literal["throttle", "error", "refuse", "delay", "drop"]
    times: int = Field(default=1, ge=1)
    """For how many requests."""
    on: tuple[Where, ...] = ("messages", "comments", "alerts", "mail", "uploads")
    retry_after: int = Field(default=1, ge=0)
    """Seconds, for throttle."""
    seconds: float = Field(default=1.0, ge=0)
    """For delay."""
    code: int | None = None
    """The Graph API's error code, where another than the usual one is wanted."""


@dataclass(slots=True)
class _Wish:
    fault: Fault
    left: int


class Faults:
    """Wishes in their order; each request takes the first that is meant for its kind."""

    def __init__(self) -> None:
        self._wishes: list[_Wish] = []

    def add(self, fault: Fault) -> None:
        self._wishes.append(_Wish(fault, fault.times))

    def clear(self) -> None:
        self._wishes.clear()

    def next(self, where: Where) -> Fault | None:
        """The fault that this request shall meet, None for none."""
        found = next((wish for wish in self._wishes if where in wish.fault.on), None)
        if found is None:
            return None
        found.left -= 1
        if not found.left:
            self._wishes.remove(found)
        return found.fault
