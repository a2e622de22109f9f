"""What the person wishes for, as the browser says it, and the command that it becomes."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, TypeAdapter

from lotse.contracts import commands as c
from lotse.contracts.ids import AgentId, MessageId, TeamId
from lotse.contracts.values import Sentiment, Situation, Triage
from lotse.desk.acting import Asked
from lotse.desk.api.wish_models import Text
from lotse.desk.model import Model

Short = Annotated[Text, Field(max_length=200)]


class Wish(Model):
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
    by = asked.about(wish.conversation)
    match wish:
        case Resolve():
            return c.ResolveRequested(**by)
        case Reopen():
            return c.ReopenRequested(**by)
        case Take():
            return c.TransferRequested(**by, agent_id=AgentId(asked.caller.subject), reason="transfer")
        case Snooze():
            return c.SnoozeRequested(**by, until=wish.until)
        case Transfer():
            return c.TransferRequested(
                **by,
                agent_id=AgentId(wish.agent) if wish.agent else None,
                team_id=TeamId(wish.team) if wish.team else None,
                reason=wish.reason or "transfer",
            )
        case Correct():
            return c.ReadingCorrectRequested(
                **by,
                message_id=MessageId(wish.message),
                sentiment=wish.sentiment,
                triage=wish.triage,
                situation=wish.situation or None,
                topics=wish.topics,
                reason=wish.reason or None,
            )
