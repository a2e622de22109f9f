"""Makes the topics of the registry on a cluster; what is there already is left as it is."""

from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from lotse.contracts.topics import TOPICS, TopicSpec
from lotse.runtime.errors import RuntimeFault


@dataclass(frozen=True, slots=True)
class Standing:
    """How one topic stands on the cluster."""

    name: str
    made: bool


async def create_topics(
    bootstrap: str, prefix: str, *, single: bool = False, partitions: int | None = None
) -> list[Standing]:
    """Make what is missing. `single` is one broker: replication 1. Raises RuntimeFault when Kafka refuses."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        missing = [spec for spec in TOPICS.values() if spec.topic.full_name(prefix) not in there]
        if missing:
            answer = await admin.create_topics([_new(spec, prefix, single, partitions) for spec in missing])
            _check(answer)
        return [Standing(s.topic.full_name(prefix), s in missing) for s in TOPICS.values()]
    finally:
        await admin.close()


def _new(spec: TopicSpec, prefix: str, single: bool, partitions: int | None) -> NewTopic:
    return NewTopic(
        name=spec.topic.full_name(prefix),
        num_partitions=partitions or spec.partitions,
        replication_factor=1 if single else spec.replication,
        topic_configs={
            "retention.ms": str(int(spec.retention.total_seconds() * 1000)),
            "min.insync.replicas": "1" if single else str(spec.min_insync_replicas),
            "unclean.leader.election.enable": "false",
            "cleanup.policy": "delete",
        },
    )


_ALREADY_THERE = 36


def _check(answer: object) -> None:
    errors = [(error[0], error[1]) for error in getattr(answer, "topic_errors", ())]
    refused = [(name, code) for name, code in errors if code not in (0, _ALREADY_THERE)]
    if refused:
        raise RuntimeFault("Kafka refused topics: " + ", ".join(f"{name} (code {code})" for name, code in refused))
