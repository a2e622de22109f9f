"""What a command takes."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from lotse.contracts.config import Name
from lotse.contracts.values import Sentiment, Situation, Triage

Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""Without U+0000, which no database keeps."""

FileId = Annotated[str, Field(min_length=1, max_length=2_000, pattern=r"^[A-Za-z0-9_.-]+$")]


class Wish(BaseModel):
    """What a command takes; unknown fields are typing errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ReplyWish(Wish):
    """Text, files, or both."""

    text: Annotated[Text, Field(max_length=60_000)] = ""
    attachments: Annotated[tuple[FileId, ...], Field(max_length=10)] = ()
    """Ids that `POST /v1/files` gave."""
    then: Literal["waiting", "resolved"] = "waiting"
    override_reason: Annotated[Text, Field(min_length=1, max_length=1_000)] | None = None
    """Let personal data through in public, for this reason; takes a role that may."""
    private: bool = False
    """Answer the newest public comment in private, which Facebook and Instagram take once within seven days."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.text and not self.attachments:
            raise ValueError("write a text or attach a file")
        return self


class ResolveWish(Wish):
    reason: Annotated[Text, Field(min_length=1, max_length=200)] = "done"


class SnoozeWish(Wish):
    until: AwareDatetime


class ReopenWish(Wish):
    reason: Annotated[Text, Field(min_length=1, max_length=200)] = "reopened"


class TransferWish(Wish):
    """To an agent, or back to the queue of a team; neither: back to the queue."""

    agent_id: Name | None = None
    team_id: Name | None = None
    reason: Annotated[Text, Field(min_length=1, max_length=200)] = "transfer"


class NoteWish(Wish):
    text: Annotated[Text, Field(min_length=1, max_length=20_000)]


Topic = Annotated[Text, Field(min_length=1, max_length=100)]


class ReadingWish(Wish):
    """How a message reads, said whole; `situation` None: none of them."""

    message_id: UUID
    sentiment: Sentiment
    triage: Triage
    situation: Situation | None
    topics: Annotated[tuple[Topic, ...], Field(max_length=20)]
    reason: Annotated[Text, Field(min_length=1, max_length=1_000)] | None = None
    """For colleagues and for training."""


class StatusWish(Wish):
    status: Literal["online", "away", "offline"]
    hand_back: bool = False
    """Return the work to the queue at once."""
