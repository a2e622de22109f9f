"""How messages read. The topic bears no sequence, so the order of the readings is in what they say."""

from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter

from lotse.contracts.envelope import Event, Fact
from lotse.contracts.insights import AnalysisWithdrawn, MessageAnalysed
from lotse.contracts.values import Span
from lotse.desk.core.rows import Analysis
from lotse.desk.core.state import State

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPANS = TypeAdapter(tuple[Span, ...])


def read(state: State, fact: Fact[Event]) -> None:
    """Keep the reading of the latest edit; a withdrawn one never comes back."""
    match fact.data:
        case MessageAnalysed() as event:
            rank = _rank(fact, event)
            found = Analysis(
                event.message_id, rank, event.reading.model_dump_json(), _SPANS.dump_json(event.pii).decode()
            )
        case AnalysisWithdrawn() as event:
            found = Analysis(event.message_id, (1, 0, 0, 0, 0), None, "[]")
        case _:
            return
    known = state.analyses.get(found.message_id)
    if known is None or found.rank >= known.rank:
        state.analyses.put(found.message_id, found)


def _rank(fact: Fact[Event], event: MessageAnalysed) -> tuple[int, ...]:
    return 0, *text_rank(event.edit, event.edited_at), _microseconds(fact.time)


def text_rank(edit: int | None, edited_at: datetime | None) -> tuple[int, int, int]:
    """Which of a message's texts was read, the later the higher: whether an edit, its number, its time."""
    is_edit = edit is not None or edited_at is not None
    return int(is_edit), edit or 0, _microseconds(edited_at) if edited_at else 0


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
