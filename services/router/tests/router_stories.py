"""Short words for what router's tests tell their stories with."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID, uuid4

from lotse.contracts.channels import Channel
from lotse.contracts.commands import AgentHeartbeat, AgentStatusRequested, Command
from lotse.contracts.config import Agent, Capacity, Config, Routing, Rule, Team
from lotse.contracts.deadlines import Clock, DeadlineMet, DeadlineStarted
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import AccountId, AgentId, ConversationId, ReplyId, TeamId, derive, message_id
from lotse.contracts.inbound import MessageDeleted, MessageEdited, MessageReceived
from lotse.contracts.insights import MessageAnalysed
from lotse.contracts.notices import ReplySent
from lotse.contracts.values import Identity, IdentityKind, Presence, Reading, Triage
from lotse.router import app
from lotse.router.core.names import conversation_of
from lotse.runtime.testing import Harness, fact_of

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
META = AccountId("meta")
MAIL = AccountId("mail")
API = AccountId("api")
ANNA, BEN, LENA = AgentId("anna"), AgentId("ben"), AgentId("lena")


def at(seconds: float = 0, **more: float) -> datetime:
    """After Monday, 9:00 UTC."""
    return NINE + timedelta(seconds=seconds, **more)


def agent(name: str, soft: int = 3, hard: int = 4, teams: Iterable[str] = (), **skills: int) -> Agent:
    return Agent(
        name=name,
        initials=name[:2].upper(),
        skills=skills or {"de": 3, "en": 3, "public_voice": 3},
        capacity=Capacity(soft=soft, hard=hard),
        teams=tuple(TeamId(team) for team in teams),
    )


def config(agents: dict[AgentId, Agent] | None = None, *rules: Rule, **given: Any) -> Config:
    return Config(
        agents=agents or {ANNA: agent("Anna"), BEN: agent("Ben"), LENA: agent("Lena")},
        teams={TeamId("billing"): Team(name="Rechnungen"), TeamId("press"): Team(name="Presse")},
        routing=Routing(version="7", rules=rules, **given),
    )


def person(
    name: str, kind: IdentityKind = IdentityKind.META, *, verified: bool = True, scope: str = "meta"
) -> Identity:
    return Identity(kind=kind, value=name, scope=scope, verified=verified)


def received(
    who: str = "kim",
    n: int | str = 1,
    when: datetime = NINE,
    channel: Channel = Channel.MESSENGER,
    account: AccountId = META,
    **given: Any,
) -> MessageReceived:
    """The n-th message of a person, who is known by a verified name unless `identities` says otherwise."""
    provider_id = f"{who}-{n}"
    fields: dict[str, Any] = {
        "thread": who,
        "identities": (person(who),),
        "text": f"Nachricht {n}",
        "received_at": when,
    }
    return MessageReceived(
        account=account,
        channel=channel,
        occurred_at=when,
        message_id=message_id(account, provider_id),
        provider_id=provider_id,
        **(fields | given),
    )


def mail(
    who: str = "kim@example.org", n: int | str = 1, when: datetime = NINE, *, verified: bool = False, **given: Any
) -> MessageReceived:
    identity = Identity(kind=IdentityKind.EMAIL, value=who, verified=verified)
    return received(who, n, when, Channel.EMAIL, MAIL, identities=(identity,), **given)


def fact(event: Event) -> Fact[Event]:
    """In an envelope whose id is the same for the same event, as edges make it."""
    own = (
        event.message_id if isinstance(event, MessageReceived) else derive("test", event.TYPE, event.model_dump_json())
    )
    return fact_of(event, id=own)


def reading(triage: Triage = Triage.SERVICE, **given: Any) -> Reading:
    return Reading(**({"language": "de", "confidence": 0.9, "model_version": "m1"} | given), triage=triage)


def analysed(
    message: MessageReceived, triage: Triage = Triage.SERVICE, *, edit: MessageEdited | None = None, **given: Any
) -> MessageAnalysed:
    return MessageAnalysed(
        account=message.account,
        channel=message.channel,
        thread=message.thread,
        message_id=message.message_id,
        occurred_at=message.occurred_at,
        reading=reading(triage, **given),
        edit=edit.edit if edit else None,
        edited_at=edit.occurred_at if edit else None,
    )


def edited(message: MessageReceived, text: str, when: datetime, edit: int | None = None) -> MessageEdited:
    return MessageEdited(
        account=message.account,
        channel=message.channel,
        thread=message.thread,
        occurred_at=when,
        received_at=when,
        message_id=message.message_id,
        provider_id=message.provider_id,
        edit=edit,
        text=text,
    )


def deleted(message: MessageReceived, when: datetime) -> MessageDeleted:
    return MessageDeleted(
        account=message.account,
        channel=message.channel,
        thread=message.thread,
        occurred_at=when,
        received_at=when,
        message_id=message.message_id,
        provider_id=message.provider_id,
    )


def opened_by(message: MessageReceived) -> ConversationId:
    """The conversation that this message opens."""
    return conversation_of(message.message_id)


def asks(
    kind: type[Command],
    conversation: ConversationId,
    actor: str = ANNA,
    role: str = "agent",
    when: datetime = NINE,
    **given: Any,
) -> Command:
    return kind.model_validate({"conversation_id": conversation, "actor_id": actor, "role": role, "at": when} | given)


def status(agent_id: AgentId, to: Presence, when: datetime = NINE, **given: Any) -> AgentStatusRequested:
    fields: dict[str, Any] = {"actor_id": agent_id, "role": "agent", "hand_back": False}
    return AgentStatusRequested(agent_id=agent_id, at=when, status=to, **(fields | given))


def heartbeat(agent_id: AgentId, when: datetime) -> AgentHeartbeat:
    return AgentHeartbeat(agent_id=agent_id, actor_id=agent_id, role="agent", at=when)


def due(conversation: ConversationId, when: datetime, started: datetime = NINE) -> DeadlineStarted:
    return DeadlineStarted(
        conversation_id=conversation,
        deadline_id=derive("deadline", conversation, started),
        clock=Clock.FIRST_RESPONSE,
        channel=Channel.MESSENGER,
        started_at=started,
        due_at=when,
        target=when - started,
        policy="standard",
        policy_version="1",
        calendar="always",
        calendar_version="1",
    )


def met(started: DeadlineStarted, when: datetime) -> DeadlineMet:
    return DeadlineMet(
        conversation_id=started.conversation_id,
        deadline_id=started.deadline_id,
        clock=started.clock,
        channel=started.channel,
        due_at=started.due_at,
        met_at=when,
        business_time=when - started.started_at,
    )


def sent(conversation: ConversationId, when: datetime, reply_id: UUID | None = None, **given: Any) -> ReplySent:
    fields: dict[str, Any] = {"agent_id": ANNA, "provider_ids": ("out-1",)}
    return ReplySent(
        conversation_id=conversation,
        reply_id=ReplyId(reply_id or uuid4()),
        account=META,
        channel=Channel.MESSENGER,
        sent_at=when,
        **(fields | given),
    )


def kinds(facts: Sequence[Fact[Event]]) -> list[str]:
    """What happened, by short names."""
    return [fact.data.TYPE.removeprefix("de.lotse.").removesuffix(".v1") for fact in facts]


@dataclass(slots=True)
class Router:
    """Router with its parts in hand."""

    harness: Harness
    config: Config

    @classmethod
    @asynccontextmanager
    async def open(cls, database: str, given: Config) -> AsyncGenerator[Self]:
        async with Harness.open(database, "router", [app.fold(given)]) as harness:
            router = cls(harness, given)
            async with harness.database.transaction() as tx:
                await app.tables.make_agents(tx, given)
            yield router

    async def hear(self, *events: Event, now: datetime = NINE) -> list[Fact[Event]]:
        return await self.harness.feed(*(fact(event) for event in events), now=now)

    async def online(self, *agents: AgentId, now: datetime = NINE) -> None:
        await self.hear(*(status(agent_id, Presence.ONLINE, now) for agent_id in agents), now=now)

    async def alive(self, *agents: AgentId, now: datetime) -> None:
        await self.hear(*(heartbeat(agent_id, now) for agent_id in agents), now=now)

    async def match(self, now: datetime = NINE) -> list[Fact[Event]]:
        return await self.harness.job(app.match(self.config), now=now)

    async def elapse(self, now: datetime) -> list[Fact[Event]]:
        """Let every timer fire that is due by now."""
        found: list[Fact[Event]] = []
        for timer in (app.elapsed(self.config), app.absent(self.config), app.left(self.config)):
            found += await self.harness.tick(timer, now=now)
        return found

    async def work(self, *messages: MessageReceived, now: datetime = NINE) -> list[Fact[Event]]:
        """Receive, read and match messages."""
        await self.hear(*messages, *(analysed(message) for message in messages), now=now)
        return await self.match(now=now)

    async def conversation(self, conversation_id: ConversationId) -> Any:
        rows = await self.harness.rows(
            "SELECT status, agent_id, timer_at, record FROM conversation WHERE id = $1", conversation_id
        )
        return rows[0]

    async def status(self, conversation_id: ConversationId) -> tuple[str, str | None]:
        row = await self.conversation(conversation_id)
        return row["status"], row["agent_id"]
