"""What Kafka and KEDA must know of the topic registry: topics, least rights of each service, when to scale."""

from collections.abc import Mapping, Sequence

from lotse.contracts.topics import TOPICS, TopicSpec

Manifest = dict[str, object]

SERVICES = ("ingest", "sentiment", "router", "sla", "notifier", "desk")
PREFIX = "lotse"
CLUSTER = "lotse"
_STRIMZI = "kafka.strimzi.io/v1"

LAG_PER_REPLICA = 500
"""Records that a replica may be behind before KEDA adds one: one batch of the runtime."""

_SCALED_BY_LAG = ("sentiment", "router", "sla", "notifier")
_SCALED_BY_CPU = ("ingest", "desk")


def topics() -> list[Manifest]:
    """A KafkaTopic for each topic of the registry."""
    return [_topic(spec) for spec in TOPICS.values()]


def _topic(spec: TopicSpec) -> Manifest:
    return {
        "apiVersion": _STRIMZI,
        "kind": "KafkaTopic",
        "metadata": {"name": spec.topic.full_name(PREFIX), "labels": {"strimzi.io/cluster": CLUSTER}},
        "spec": {
            "partitions": spec.partitions,
            "replicas": spec.replication,
            "config": {
                "cleanup.policy": "delete",
                "retention.ms": int(spec.retention.total_seconds() * 1000),
                "min.insync.replicas": spec.min_insync_replicas,
                "unclean.leader.election.enable": False,
            },
        },
    }


def users() -> list[Manifest]:
    """A KafkaUser for each service, and one that only looks at lag."""
    return [*(_user(service, rights(service)) for service in SERVICES), _user("keda", _rights_to_look())]


def rights(service: str) -> list[Manifest]:
    """To write its own topics, to read those it is named a reader of, and to be a group of its own; desk watches."""
    specs = TOPICS.values()
    written = [_allow("topic", s.topic.full_name(PREFIX), "Write", "Describe") for s in specs if s.writer == service]
    read = [_allow("topic", s.topic.full_name(PREFIX), "Read", "Describe") for s in specs if service in s.readers]
    idempotent: list[Manifest] = [{"resource": {"type": "cluster"}, "operations": ["IdempotentWrite"]}]
    group = [_allow("group", f"{PREFIX}-{service}", "Read", "Describe")]
    return [
        *written,
        *(idempotent if written else ()),
        *read,
        *(group if read else ()),
        *(_to_watch(service) if service == "desk" else ()),
    ]


def _to_watch(service: str) -> list[Manifest]:
    """The page of operations shows how far every group is behind on every topic."""
    others = [spec for spec in TOPICS.values() if service not in spec.readers and spec.writer != service]
    groups = sorted({reader for spec in TOPICS.values() for reader in spec.readers if reader in SERVICES} - {service})
    return [
        *(_allow("topic", spec.topic.full_name(PREFIX), "Describe") for spec in others),
        *(_allow("group", f"{PREFIX}-{group}", "Describe") for group in groups),
    ]


def _rights_to_look() -> list[Manifest]:
    watched = [s for s in TOPICS.values() if set(s.readers) & set(_SCALED_BY_LAG)]
    return [
        *(_allow("topic", spec.topic.full_name(PREFIX), "Describe") for spec in watched),
        *(_allow("group", f"{PREFIX}-{service}", "Describe") for service in _SCALED_BY_LAG),
    ]


def _allow(kind: str, name: str, *operations: str) -> Manifest:
    return {"resource": {"type": kind, "name": name, "patternType": "literal"}, "operations": list(operations)}


def _user(name: str, acls: Sequence[Manifest]) -> Manifest:
    return {
        "apiVersion": _STRIMZI,
        "kind": "KafkaUser",
        "metadata": {"name": f"lotse-{name}", "labels": {"strimzi.io/cluster": CLUSTER}},
        "spec": {
            "authentication": {"type": "scram-sha-512"},
            "authorization": {"type": "simple", "acls": list(acls)},
        },
    }


def scalers() -> list[Manifest]:
    """Consumers by lag, never more than partitions; callers by CPU."""
    return [*map(_scaled_by_lag, _SCALED_BY_LAG), *map(_scaled_by_cpu, _SCALED_BY_CPU)]


_CALM: Mapping[str, object] = {"scaleDown": {"stabilizationWindowSeconds": 600}}
"""Every change of a group's size makes all of it pause."""


def _scaled_by_lag(service: str) -> Manifest:
    """One trigger without a topic: the lag of the whole group."""
    most = max(spec.partitions for spec in TOPICS.values() if service in spec.readers)
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": f"lotse-{service}", "labels": {"app.kubernetes.io/part-of": "lotse"}},
        "spec": {
            "scaleTargetRef": {"name": f"lotse-{service}"},
            "minReplicaCount": 2,
            "maxReplicaCount": most,
            "pollingInterval": 15,
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": dict(_CALM)}},
            "triggers": [
                {
                    "type": "kafka",
                    "metadata": {
                        "bootstrapServers": "kafka:9092",
                        "consumerGroup": f"{PREFIX}-{service}",
                        "lagThreshold": str(LAG_PER_REPLICA),
                        "offsetResetPolicy": "earliest",
                    },
                }
            ],
        },
    }


def _scaled_by_cpu(service: str) -> Manifest:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": f"lotse-{service}", "labels": {"app.kubernetes.io/part-of": "lotse"}},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"lotse-{service}"},
            "minReplicas": 2,
            "maxReplicas": 6,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
                }
            ],
            "behavior": dict(_CALM),
        },
    }
