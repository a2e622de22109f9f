"""The operator's one YAML file, as every service reads it.

`lotse.contracts.config_file` loads it and says which line is wrong and what to do.
"""

import re
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from lotse.contracts.answers import checked_text
from lotse.contracts.calendars import ALWAYS, Calendar
from lotse.contracts.channels import Channel
from lotse.contracts.deadlines import Clock
from lotse.contracts.ids import AccountId, AgentId, TeamId
from lotse.contracts.pii import checked_pattern
from lotse.contracts.values import Language, Sentiment, Situation, Triage

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|sec|min|m|h|d)\s*")
_UNITS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _duration(value: object) -> object:
    """Read `90 s`, `1 h 30 min`, `2 d`; leave everything else, such as the `PT1H30M` of JSON, to pydantic."""
    if not isinstance(value, str) or value.startswith("P"):
        return value
    parts = list(_DURATION.finditer(value))
    if not parts or "".join(part.group(0) for part in parts) != value:
        raise ValueError("write a duration as a number with ms, s, min, h or d, such as '1 h 30 min'")
    return timedelta(seconds=sum(float(part.group(1)) * _UNITS[part.group(2)] for part in parts))


Duration = Annotated[timedelta, BeforeValidator(_duration), Field(gt=timedelta(0))]
"""A positive time: `30 s`, `60 min`, `24 h`, `5 d`, `1 h 30 min`."""

SecretRef = Annotated[str, Field(pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$")]
"""Where a secret stands, never the secret: `env:NAME` or `file:/path`."""

Level = Annotated[int, Field(ge=1, le=5)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=64)]


class Section(BaseModel):
    """A part of the file: frozen, unknown keys are errors, since they are mostly typing errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MetaAccount(Section):
    """One Meta app's webhook and the pages, Instagram and WhatsApp accounts behind it."""

    kind: Literal["meta"]
    app_secret: SecretRef
    verify_token: SecretRef
    access_token: SecretRef
    page_id: str | None = None
    instagram_id: str | None = None
    phone_number_id: str | None = None
    graph_url: str = "https://graph.facebook.com/v23.0"


class Smtp(Section):
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretRef | None = None


class MailAccount(Section):
    """A mail address: an MTA or provider posts raw mail, replies leave by SMTP."""

    kind: Literal["mail"]
    address: str
    """What customers write to; replies bear `local+token@domain` as Reply-To."""
    name: str = ""
    token: SecretRef
    smtp: Smtp
    authserv_id: str | None = None
    """The name that your own mail server signs `Authentication-Results` with; without it no sender is verified."""


class ApiAccount(Section):
    """A system of our own that posts typed messages: letters, phone notes, in-app."""

    kind: Literal["api"]
    token: SecretRef
    channels: tuple[Channel, ...]
    verified: bool = False
    """The caller vouches for the identities it names."""
    reply_url: str | None = None
    """Where replies are posted, in Standard Webhooks form; without it they count as sent by the caller. Files up to
    256 KB are in it as base64, larger ones as links that end after a day (docs/files.md)."""
    reply_secret: SecretRef | None = None
    networks: tuple[str, ...] = ()
    """Networks (CIDR) that `reply_url` may resolve to beside public ones."""


Account = Annotated[MetaAccount | MailAccount | ApiAccount, Field(discriminator="kind")]


class Team(Section):
    name: str


class Capacity(Section):
    """Units of work at once: `soft` for automatic work, `hard` for what is pulled or a crisis."""

    soft: Annotated[int, Field(ge=0, le=1000)] = 6
    hard: Annotated[int, Field(ge=0, le=1000)] = 8


class Agent(Section):
    name: str
    title: str = ""
    picture: str = ""
    initials: Annotated[str, Field(max_length=3)] = ""
    email: str = ""
    role: Literal["agent", "lead", "admin"] = "agent"
    teams: tuple[TeamId, ...] = ()
    skills: dict[str, Level] = {}
    """Skill to level, 1 to 5. Languages are skills: `de`, `en`."""
    capacity: Capacity = Capacity()

    @property
    def takes_work(self) -> bool:
        """False for who has no capacity at all: a person with a role and no conversations."""
        return self.capacity.hard > 0


class When(Section):
    """A condition: every key that is given must hold; a list holds when one of it does."""

    channel: tuple[Channel, ...] = ()
    account: tuple[AccountId, ...] = ()
    public: bool | None = None
    language: tuple[Language, ...] = ()
    sentiment: tuple[Sentiment, ...] = ()
    triage: tuple[Triage, ...] = ()
    situation: tuple[Situation, ...] = ()
    topic: tuple[str, ...] = ()
    tier: tuple[str, ...] = ()
    priority_from: Annotated[int, Field(ge=0, le=9)] | None = None


class Relaxation(Section):
    """After this time in the queue these skills are no longer called for."""

    after: Duration
    drop: tuple[str, ...]


class Rule(Section):
    """What a conversation that meets the condition calls for. All rules that match add up."""

    name: str
    when: When = When()
    require: dict[str, Level] = {}
    prefer: dict[str, Level] = {}
    priority: Annotated[int, Field(ge=0, le=9)] | None = None
    team: TeamId | None = None
    relax: tuple[Relaxation, ...] = ()


class Routing(Section):
    version: str = "1"
    rules: tuple[Rule, ...] = ()
    units: dict[Channel, Annotated[int, Field(ge=0, le=100)]] = {}
    """Capacity units by channel where they differ from the profile."""
    analysis_wait: Duration = timedelta(seconds=2)
    same_agent: Duration = timedelta(seconds=60)
    offline_after: Duration = timedelta(seconds=30)


class Policy(Section):
    """What is promised. The first policy whose condition holds and that has the clock counts."""

    name: str
    when: When = When()
    targets: dict[Clock, Duration] = {}
    calendar: str = "always"
    warn_at: Annotated[float, Field(gt=0, lt=1)] | None = 0.75
    """Share of the target at which to warn; None: no warning."""
    active: bool = True


class Sla(Section):
    version: str = "1"
    policies: tuple[Policy, ...] = ()


class Templates(Section):
    """Texts that go out by themselves, by language. `{name}`, `{agent}` and `{reference}` are filled in."""

    received: dict[Language, str] = {}
    """Empty: no automatic answer."""
    channels: tuple[Channel, ...] | None = None
    """Where `received` is sent; None: on every private channel."""
    signature: dict[Language, str] = {}


class Answer(Section):
    """An answer that stands ready; `answers.VARIABLES` in its text are filled in when an agent takes it."""

    title: Annotated[str, Field(min_length=1, max_length=100)]
    """What agents look for it by."""
    text: Annotated[dict[Literal["de", "en"], Annotated[str, AfterValidator(checked_text)]], Field(min_length=1)]
    when: When = When()
    """Where it is offered first; it can be found everywhere."""


class Alert(Section):
    """A webhook that is told of deadlines and failures, in Standard Webhooks form."""

    url: str
    secret: SecretRef
    """`whsec_` and base64, as Standard Webhooks says."""
    events: tuple[str, ...] = ("de.lotse.deadline.warned.v1", "de.lotse.deadline.missed.v1")
    networks: tuple[str, ...] = ()
    """Networks (CIDR) that the URL may resolve to beside public ones."""


class Pii(Section):
    """Patterns of the operator's own customer and order numbers."""

    patterns: dict[str, Annotated[str, AfterValidator(checked_pattern)]] = {}


class Config(Section):
    """The whole file."""

    language: Literal["de", "en"] = "de"
    accounts: dict[AccountId, Account] = {}
    teams: dict[TeamId, Team] = {}
    agents: dict[AgentId, Agent] = {}
    routing: Routing = Routing()
    sla: Sla = Sla()
    calendars: dict[str, Calendar] = {}
    templates: Templates = Templates()
    answers: dict[Name, Answer] = {}
    alerts: dict[str, Alert] = {}
    pii: Pii = Pii()

    @field_validator("calendars", mode="before")
    @classmethod
    def _named_by_their_keys(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        named = cast("dict[str, object]", given)
        return {
            name: {"name": name, **cast("dict[str, object]", one)} if isinstance(one, dict) else one
            for name, one in named.items()
        }

    @cached_property
    def skills(self) -> frozenset[str]:
        """Every skill that an agent has or a rule calls for."""
        had = {skill for agent in self.agents.values() for skill in agent.skills}
        return frozenset(had | {skill for rule in self.routing.rules for skill in rule.require})

    def calendar(self, name: str) -> Calendar:
        """The calendar of that name; `always` is built in."""
        return ALWAYS if name == "always" and name not in self.calendars else self.calendars[name]
