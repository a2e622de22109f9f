"""Whether manifests fit the code: settings, topics, principals, time to stop."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain
from tempfile import NamedTemporaryFile

from deploy import code, secrets
from deploy.access import PREFIX, SERVICES, rights
from deploy.node import Build, Node, Pods, name, title
from lotse.contracts.config import Config
from lotse.contracts.config_file import ConfigError, load
from lotse.contracts.topics import TOPICS
from lotse.runtime.errors import SettingsError
from lotse.runtime.settings import RuntimeSettings

_AFTER_DRAIN = 10
"""Seconds that the runtime takes at most after its drain: relay and open connections."""


def variables(build: Build) -> Iterator[str]:
    """Variables are fields of the settings class, and enough of them that the service can be put together."""
    config = _config(build)
    if isinstance(config, str):
        yield config
        return
    given = secrets.needs(config)
    for pods in _ours(build):
        named = _environment(build, pods)
        known = code.variables(RuntimeSettings) | code.variables(code.settings_of(pods.app))
        for unknown in sorted(key for key in named if key.startswith("LOTSE_") and key not in known):
            yield f"{title(pods.owner)}: {unknown} is no setting of {pods.app}"
        if pods.app in SERVICES:
            secret = {key: _invented(key) for key in given[pods.app]}
            yield from _wrong_with(pods.app, frozenset({**named, **secret}.items()), _text(build))


@cache
def _wrong_with(service: str, environment: frozenset[tuple[str, str]], config: str) -> tuple[str, ...]:
    """Each service is put together once for the variables that many builds share."""
    return tuple(_starts(service, dict(environment), config))


def _starts(service: str, environment: Mapping[str, str], config: str) -> Iterator[str]:
    """Put together with these variables and no others, reading no more than the registry allows."""
    with NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(config)
        file.flush()
        try:
            made = code.service_of(service, {**environment, "LOTSE_CONFIG": file.name})
        except SettingsError as error:
            yield f"{service} does not start: {error}"
            return
    for topic in code.topics_read(made):
        if service not in TOPICS[topic].readers:
            yield f"{service} reads {topic}, and the registry does not name it a reader"


def commands(build: Build) -> Iterator[str]:
    """`python -m` names modules that are there."""
    for pods in build.pods:
        for container in pods.containers:
            words = [word.text for word in container["command"]]
            if "-m" in words and not code.is_module(words[words.index("-m") + 1]):
                yield f"{title(pods.owner)}: {' '.join(words)} names no module"


def stopping(build: Build) -> Iterator[str]:
    """A pod is killed only after all that its service does to stop."""
    drain = RuntimeSettings.model_fields["drain"].default.total_seconds()
    for pods in _ours(build):
        for container in pods.spec["containers"]:
            pause = [word.text for word in container.at("lifecycle", "preStop", "exec", "command")]
            needed = int(pause[1] if pause[:1] == ["sleep"] else 0) + drain + _AFTER_DRAIN
            if pods.app in SERVICES and pods.spec["terminationGracePeriodSeconds"].number < needed:
                yield f"{title(pods.owner)}: is killed before {needed:.0f} s"


def listening(build: Build) -> Iterator[str]:
    """The port that is named is the one that the service opens, to others than itself."""
    for pods in _ours(build):
        if pods.app in SERVICES:
            named = _environment(build, pods)
            if named.get("LOTSE_HTTP_PORT") != str(pods.port("http")) or named.get("LOTSE_HTTP_HOST") != "0.0.0.0":  # noqa: S104
                yield f"{title(pods.owner)}: listens elsewhere than its port says"


def topics(build: Build) -> Iterator[str]:
    """Topics are the registry's, with its partitions, replicas and retention."""
    found = {name(one): one["spec"] for one in build.kind("KafkaTopic")}
    wanted = {spec.topic.full_name(PREFIX): spec for spec in TOPICS.values()}
    if found and found.keys() != wanted.keys():
        yield f"topics are {sorted(found)} instead of {sorted(wanted)}"
        return
    for key, spec in found.items():
        of, config = wanted[key], spec["config"]
        have = (spec["partitions"].number, spec["replicas"].number, config["retention.ms"].number)
        if have != (of.partitions, of.replication, int(of.retention.total_seconds() * 1000)):
            yield f"{key}: not as the registry says"
        if config["min.insync.replicas"].number != of.min_insync_replicas:
            yield f"{key}: min.insync.replicas is not the registry's"


def principals(build: Build) -> Iterator[str]:
    """Where Kafka asks who speaks, each service is a user with exactly the registry's rights."""
    users = {name(one): one.at("spec", "authorization", "acls") for one in build.kind("KafkaUser")}
    if not users:
        return
    for pods in _ours(build):
        user = _environment(build, pods).get("LOTSE_KAFKA_USERNAME", "")
        if pods.app in SERVICES and _canonical(users.get(user, Node())) != _canonical(Node(rights(pods.app))):
            yield f"{title(pods.owner)}: {user or 'nobody'} has other rights than the registry gives"


def groups(build: Build) -> Iterator[str]:
    """Scalers watch the groups by which the services read."""
    for one in build.kind("ScaledObject"):
        target = one.at("spec", "scaleTargetRef", "name").text.removeprefix("lotse-")
        prefix = _settings(build).get("LOTSE_TOPIC_PREFIX", "")
        for trigger in one.at("spec", "triggers"):
            asked = trigger["metadata"]
            if asked["consumerGroup"].text != f"{prefix}-{target}":
                yield f"{title(one)}: {asked['consumerGroup'].text} is not the group of {target}"
            if asked["bootstrapServers"].text != _settings(build).get("LOTSE_KAFKA"):
                yield f"{title(one)}: looks at another Kafka than the service"
        most = max((s.partitions for s in TOPICS.values() if target in s.readers), default=0)
        if one.at("spec", "maxReplicaCount").number > most:
            yield f"{title(one)}: more replicas than partitions"


def _canonical(acls: Node) -> list[str]:
    return sorted(json.dumps(one.value, sort_keys=True) for one in acls)


def _ours(build: Build) -> list[Pods]:
    return [pods for pods in build.pods if pods.ours]


def _environment(build: Build, pods: Pods) -> dict[str, str]:
    """What the main container finds, as far as manifests say; a Secret's values are not known."""
    container = next(iter(pods.spec["containers"]), Node())
    maps = [source.at("configMapRef", "name").text for source in container["envFrom"]]
    found = dict(chain.from_iterable(build.named("ConfigMap", one)["data"].texts.items() for one in maps if one))
    for variable in container["env"]:
        value = variable["value"].text.replace("$(SERVICE)", pods.app)
        found[variable["name"].text] = value if variable["value"] else "referred-to"
    return {key: value for key, value in found.items() if key.startswith("LOTSE_")}


def _settings(build: Build) -> dict[str, str]:
    found = [one["data"].texts for one in build.kind("ConfigMap") if name(one).startswith("lotse-settings")]
    return found[0] if found else {}


def _text(build: Build) -> str:
    configs = [one["data"] for one in build.kind("ConfigMap") if name(one).startswith("lotse-config")]
    return configs[0]["lotse.yaml"].text if configs else ""


def _config(build: Build) -> Config | str:
    try:
        return load(_text(build), "lotse.yaml")
    except ConfigError as error:
        return f"the configuration is wrong: {error}"


def _invented(variable: str) -> str:
    """A value of a secret's form."""
    if variable == "LOTSE_POSTGRES":
        return "postgresql://lotse@localhost:5432/lotse"
    return "whsec_bm90aGluZyBvZiB2YWx1ZSBzdGFuZHMgaGVyZQ==" if "ALERT" in variable else "x" * 48


CHECKS = (variables, commands, stopping, listening, topics, principals, groups)
