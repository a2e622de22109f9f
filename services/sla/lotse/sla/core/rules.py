"""Policies and calendars as one thing with one version, so that a deadline can be computed again years later."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Self

from pydantic import BaseModel, ConfigDict

from lotse.contracts.calendars import Calendar
from lotse.contracts.conditions import Subject, holds
from lotse.contracts.config import Config, Policy
from lotse.contracts.deadlines import Clock
from lotse.sla.core.defaults import CALENDARS, POLICIES


class Rules(BaseModel):
    """What is promised, and in whose hours. `version` changes with every change of the content."""

    model_config = ConfigDict(frozen=True)

    version: str
    policies: tuple[Policy, ...]
    calendars: dict[str, Calendar]

    @classmethod
    def of(cls, config: Config) -> Self:
        """The operator's policies, or the default ones where the file has none."""
        if not config.sla.policies:
            return cls.made("default", POLICIES, dict(CALENDARS))
        calendars = {policy.calendar: config.calendar(policy.calendar) for policy in config.sla.policies}
        return cls.made(config.sla.version, config.sla.policies, calendars)

    @classmethod
    def made(cls, name: str, policies: tuple[Policy, ...], calendars: dict[str, Calendar]) -> Self:
        """Rules whose version is the operator's name for them and a mark of the content."""
        content = [policy.model_dump_json() for policy in policies]
        content += [f"{name} {calendar.version}" for name, calendar in sorted(calendars.items())]
        mark = sha256("\n".join(content).encode()).hexdigest()[:8]
        return cls(version=f"{name}+{mark}", policies=policies, calendars=calendars)

    def pick(self, subject: Subject, clock: Clock) -> int | None:
        """The place of the first policy whose condition holds and that has the clock."""
        for place, policy in enumerate(self.policies):
            if policy.active and clock in policy.targets and holds(policy.when, subject):
                return place
        return None


Rulebook = Mapping[str, Rules]
"""Every version of the rules that a history names."""
