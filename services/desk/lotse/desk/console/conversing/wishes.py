"""What the person wishes for, as the browser says it, and the command that it becomes."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from lotse.contracts import commands as c
from lotse.contracts.ids import AgentId, ConversationId, MessageId, TeamId
from lotse.contracts.values import Sentiment, Situation, Triage
from lotse.desk.acting import Asked
from lotse.desk.api.models import Text

Short = Annotated[Text, Field(max_length=200)]


class Wish(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    conversation: UUID


class Resolve(Wish):
    what: Literal["resolve"]


class Reopen(Wish):
    what: Literal["reopen", "restore"]


class Take(Wish):
    what: Literal["take"]


class Snooze(Wish):
    what: Literal["snooze"]
    until: AwareDatetime


class Transfer(Wish):
    what: Literal["transfer"]
    agent: Short | None = None
    team: Short | None = None
    reason: Short = ""


class Correct(Wish):
    what: Literal["correct"]
    message: UUID
    sentiment: Sentiment
    triage: Triage
    situation: Situation | Literal[""] = ""
    topics: Annotated[tuple[Annotated[Text, Field(max_length=100)], ...], Field(max_length=20)] = ()
    reason: Annotated[Text, Field(max_length=1_000)] = ""


AnyWish = Resolve | Reopen | Take | Snooze | Transfer | Correct
WISHES: TypeAdapter[AnyWish] = TypeAdapter(Annotated[AnyWish, Field(discriminator="what")])


def command(wish: AnyWish, asked: Asked) -> c.ConversationCommand:
    """The command, given by whoever asks."""
    who, role, at, of = asked.caller.subject, asked.caller.role, asked.at, ConversationId(wish.conversation)
    match wish:
        case Resolve():
            return c.ResolveRequested(conversation_id=of, actor_id=who, role=role, at=at)
        case Reopen():
            return c.ReopenRequested(conversation_id=of, actor_id=who, role=role, at=at)
        case Take():
            to = AgentId(who)
            return c.TransferRequested(
                conversation_id=of, actor_id=who, role=role, at=at, agent_id=to, reason="transfer"
            )
        case Snooze():
            return c.SnoozeRequested(conversation_id=of, actor_id=who, role=role, at=at, until=wish.until)
        case Transfer():
            return c.TransferRequested(
                conversation_id=of,
                actor_id=who,
                role=role,
                at=at,
                agent_id=AgentId(wish.agent) if wish.agent else None,
                team_id=TeamId(wish.team) if wish.team else None,
                reason=wish.reason or "transfer",
            )
        case Correct():
            return c.ReadingCorrectRequested(
                conversation_id=of,
                actor_id=who,
                role=role,
                at=at,
                message_id=MessageId(wish.message),
                sentiment=wish.sentiment,
                triage=wish.triage,
                situation=wish.situation or None,
                topics=wish.topics,
                reason=wish.reason or None,
            )
