"""Channels whose customers wait longer than usual, as the desk shows them."""

from lotse.contracts.deadlines import ServiceLevelDegraded, ServiceLevelRecovered
from lotse.contracts.envelope import Event
from lotse.desk.core.rows import ServiceLevel
from lotse.desk.core.state import State


def keep(state: State, event: Event) -> None:
    """Apply one fact about a channel."""
    match event:
        case ServiceLevelDegraded():
            found = ServiceLevel(
                channel=event.channel.value,
                degraded_at=event.at,
                since=event.since,
                p90=event.p90,
                baseline=event.baseline,
                share_met=event.share_met,
                volume_change=event.volume_change,
                staffed=event.staffed,
                topic=event.topic,
                changed_at=event.at,
            )
        case ServiceLevelRecovered():
            found = ServiceLevel(
                channel=event.channel.value,
                degraded_at=None,
                since=None,
                p90=event.p90,
                baseline=event.baseline,
                share_met=event.share_met,
                volume_change=None,
                staffed=None,
                topic=None,
                changed_at=event.at,
            )
        case _:
            return
    state.service_levels.put(found.channel, found)
