"""Sentiment's wiring: what it reads, what it says of it, and nothing kept."""

import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta

from lotse.contracts.envelope import Event, Fact
from lotse.contracts.inbound import MessageDeleted, MessageEdited, MessageReceived
from lotse.contracts.insights import MessageAnalysed
from lotse.contracts.topics import Topic
from lotse.runtime import telemetry
from lotse.runtime.errors import RuntimeFault, SettingsError
from lotse.runtime.fold import Caused, Reads, Stream
from lotse.runtime.service import Service, run
from lotse.sentiment.analysis import analyse
from lotse.sentiment.core import Model, model_from_bytes
from lotse.sentiment.settings import SentimentSettings
from lotse.sentiment.shipped import shipped_model


def stream(model: Model, patterns: Mapping[str, str]) -> Stream:
    """Each message and each edit is read; a deleted one is withdrawn. Published, then acknowledged."""

    def handle(facts: Sequence[Fact[Event]]) -> list[Caused]:
        found = [caused for fact in facts for caused in analyse(fact, model, patterns)]
        for caused in found:
            _count(caused.event)
        return found

    return Stream((Reads(Topic.INBOUND, (MessageReceived, MessageEdited, MessageDeleted)),), handle)


def _count(event: Event) -> None:
    if isinstance(event, MessageAnalysed):
        reading = event.reading
        telemetry.count(
            "lotse_readings_total",
            sentiment=reading.sentiment.value,
            triage=reading.triage.value,
            situation=reading.situation.value if reading.situation else "none",
        )


def service(settings: SentimentSettings) -> Service:
    """Raises SettingsError where the model or the operator's file cannot be read."""
    patterns = settings.read_config().pii.patterns
    return Service(
        name="sentiment",
        gather=timedelta(milliseconds=25),
        settings=settings,
        streams=(stream(_model(settings), patterns),),
    )


def _model(settings: SentimentSettings) -> Model:
    if settings.model is None:
        return shipped_model()
    try:
        return model_from_bytes(settings.model.read_bytes())
    except (OSError, ValueError, KeyError) as error:
        raise SettingsError(f"LOTSE_MODEL: {settings.model} is no model of lotse-train: {error}") from error


def main() -> None:
    """`lotse-sentiment` runs the service."""
    try:
        run(service(SentimentSettings.read()))
    except RuntimeFault as error:
        sys.exit(f"lotse-sentiment: {error}")
