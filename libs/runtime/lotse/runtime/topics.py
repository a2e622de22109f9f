"""Makes the topics of the registry on a cluster; what is there already is left as it is.

`python -m lotse.runtime.topics` does it for the cluster that `LOTSE_KAFKA` names.
"""

import argparse
import asyncio
import sys

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from lotse.contracts.frozen import frozen
from lotse.contracts.topics import TOPICS, TopicSpec
from lotse.runtime.errors import RuntimeFault
from lotse.runtime.kafka import Security, security
from lotse.runtime.settings import KafkaSettings


@frozen
class Standing:
    """How one topic stands on the cluster."""

    name: str
    made: bool


async def create_topics(
    bootstrap: str,
    prefix: str,
    *,
    single: bool = False,
    partitions: int | None = None,
    secured: Security | None = None,
) -> list[Standing]:
    """Make what is missing. `single` is one broker: replication 1. Raises RuntimeFault when Kafka refuses."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **(secured or {}))
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


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lotse.runtime.topics", description="Makes the missing topics.")
    parser.add_argument("--single", action="store_true", help="one broker: one replica of each partition")
    single = parser.parse_args().single
    try:
        settings = KafkaSettings.read()
        made = create_topics(settings.kafka, settings.topic_prefix, single=single, secured=security(settings))
        for standing in asyncio.run(made):
            sys.stdout.write(f"{standing.name}: {'made' if standing.made else 'was there'}\n")
    except (KafkaError, OSError, RuntimeFault) as error:
        sys.exit(f"topics: {error}")


if __name__ == "__main__":
    main()
