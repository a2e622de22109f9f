"""What an inbox shows, as it stands in the address: after a reload or a restart of the desk it is the same."""

from collections.abc import Mapping
from urllib.parse import parse_qsl
from uuid import UUID

from lotse.contracts.channels import Channel
from lotse.contracts.frozen import frozen
from lotse.contracts.values import Sentiment, Status
from lotse.desk.api.models import View
from lotse.desk.reads import Filter

_LONGEST = 200


@frozen
class State:
    """A view, what narrows it, and the conversation that stands open."""

    view: View = View.UNANSWERED
    channel: Channel | None = None
    team: str | None = None
    agent: str | None = None
    sentiment: Sentiment | None = None
    status: Status | None = None
    words: str | None = None
    open: UUID | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "State":
        """Leaves out what it does not understand: an address may be old or typed by hand."""
        return cls(
            view=next((view for view in View if view == query.get("view")), View.UNANSWERED),
            channel=next((one for one in Channel if one == query.get("channel")), None),
            team=_text(query.get("team")),
            agent=_text(query.get("agent")),
            sentiment=next((one for one in Sentiment if one == query.get("sentiment")), None),
            status=next((one for one in Status if one == query.get("status")), None),
            words=_text(query.get("q")),
            open=conversation_id(query.get("c")),
        )

    @classmethod
    def parse(cls, query: str) -> "State":
        """From the part of an address behind the question mark."""
        return cls.read(dict(parse_qsl(query.removeprefix("?"))))

    @property
    def filter(self) -> Filter:
        return Filter(
            statuses=[self.status] if self.status else None,
            channels=[self.channel] if self.channel else None,
            agent=self.agent,
            team=self.team,
            sentiment=self.sentiment,
            words=self.words,
        )


def _text(value: str | None) -> str | None:
    return (value or "").replace("\0", "").strip()[:_LONGEST].strip() or None


def conversation_id(value: str | None) -> UUID | None:
    """None where it is none."""
    try:
        return UUID(value) if value else None
    except ValueError:
        return None
