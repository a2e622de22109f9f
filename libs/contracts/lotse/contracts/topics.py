"""Every topic: who writes it, who reads it, what keys it, how it is kept."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from lotse.contracts.frozen import frozen


class Topic(StrEnum):
    """A topic's name without the prefix of the installation."""

    INBOUND = "inbound"
    INSIGHTS = "insights"
    CONVERSATIONS = "conversations"
    DEADLINES = "deadlines"
    NOTICES = "notices"
    COMMANDS = "commands"

    def full_name(self, prefix: str) -> str:
        """The name on the broker: `lotse-inbound` with the prefix `lotse`."""
        return f"{prefix}-{self.value}"


@frozen
class TopicSpec:
    """How one topic is made and used.

    `sequenced` topics come through an outbox: they bear the relay's stamp and a gapless
    `ce_sequence` per key. The others are written by edges and bear neither.
    """

    topic: Topic
    writer: str
    key: str
    readers: tuple[str, ...]
    sequenced: bool
    partitions: int = 6
    retention: timedelta = timedelta(days=30)
    replication: int = 3
    min_insync_replicas: int = 2


TOPICS: Mapping[Topic, TopicSpec] = {
    spec.topic: spec
    for spec in (
        TopicSpec(
            Topic.INBOUND, "ingest", "uuid5 of account and thread", ("sentiment", "router", "notifier"), sequenced=False
        ),
        TopicSpec(
            Topic.INSIGHTS, "sentiment", "uuid5 of account and thread", ("router", "notifier", "desk"), sequenced=False
        ),
        TopicSpec(
            Topic.CONVERSATIONS,
            "router",
            "conversation id; customer id or agent id for facts about them",
            ("sla", "notifier", "desk"),
            sequenced=True,
        ),
        TopicSpec(
            Topic.DEADLINES,
            "sla",
            "conversation id; channel for service levels",
            ("router", "notifier", "desk"),
            sequenced=True,
        ),
        TopicSpec(Topic.NOTICES, "notifier", "conversation id", ("router", "sla", "notifier", "desk"), sequenced=True),
        TopicSpec(Topic.COMMANDS, "desk", "conversation id; agent id for presence", ("router",), sequenced=False),
    )
}
