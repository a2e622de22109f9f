"""Events that webhooks of the operator are told of."""

import json
from datetime import datetime
from uuid import UUID

from lotse.contracts.deadlines import ServiceLevelEvent
from lotse.contracts.envelope import Event, Fact, encode_value
from lotse.contracts.ids import ConversationId, derive
from lotse.notifier.core.letters import append
from lotse.notifier.core.model import ALERT, Alarm, Kind, Sink, State, StopReason
from lotse.notifier.core.rules import Rules


def alert(rules: Rules, state: State, fact: Fact[Event], now: datetime) -> None:
    """Put one row in the queue of each alert that wants this event and has not ended."""
    conversation_id = about(fact.data)
    if conversation_id is None:
        return
    for name, wish in rules.config.alerts.items():
        stop = state.stops.get(ALERT + name)
        gone = stop is not None and stop.reason is StopReason.GONE and stop.until > now
        if fact.data.TYPE in wish.events and not gone:
            append(
                state,
                fact,
                alert_id(name, fact),
                Kind.ALERT,
                conversation_id,
                Sink.WEBHOOK,
                ALERT + name,
                None,
                Alarm(event_type=fact.data.TYPE, body=structured(fact)),
                now,
                now + rules.timings.alert,
            )


def about(event: Event) -> ConversationId | None:
    """What an alert is queued behind: its conversation, or its channel under an id made of the name."""
    if isinstance(event, ServiceLevelEvent):
        return ConversationId(derive("channel", event.channel))
    return getattr(event, "conversation_id", None)


def can_be_told(model: type[Event]) -> bool:
    """Whether alerts may name this type."""
    return issubclass(model, ServiceLevelEvent) or "conversation_id" in model.model_fields


def alert_id(name: str, fact: Fact[Event]) -> UUID:
    """The row's id and the `webhook-id`: one per alert and event."""
    return derive("alert", name, fact.id)


def structured(fact: Fact[Event]) -> str:
    """The event in CloudEvents' structured JSON (CloudEvents JSON format 1.0.2)."""
    envelope: dict[str, object] = {
        "specversion": "1.0",
        "id": str(fact.id),
        "source": fact.source,
        "type": fact.data.TYPE,
        "subject": fact.key,
        "time": fact.time.isoformat(),
        "datacontenttype": "application/json",
        "data": json.loads(encode_value(fact.data)),
    }
    if fact.sequence is not None:
        envelope["sequence"] = str(fact.sequence)
    if fact.causation_id is not None:
        envelope["causationid"] = str(fact.causation_id)
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
