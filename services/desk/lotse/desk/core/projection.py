"""The desk's fold: every fact into the rows it belongs in. Nothing follows from it."""

from datetime import datetime

from lotse.contracts.envelope import Event, Fact
from lotse.contracts.topics import Topic
from lotse.desk.core import alarms, conversations, deadlines, insights, moves, notices, outcomes
from lotse.desk.core.state import State, is_news


def decide(state: State, fact: Fact[Event], now: datetime) -> list[Event]:  # noqa: ARG001
    """Put one fact into its rows. Heard before: nothing."""
    if not is_news(state, fact):
        return []
    match fact.data.TOPIC:
        case Topic.CONVERSATIONS:
            conversations.keep(state, fact)
            moves.keep(state, fact)
            outcomes.remember(state, fact)
        case Topic.INSIGHTS:
            insights.read(state, fact)
        case Topic.DEADLINES:
            deadlines.keep(state, fact.data)
            alarms.keep(state, fact.data)
        case Topic.NOTICES:
            notices.keep(state, fact.data)
        case _:
            pass
    return []
