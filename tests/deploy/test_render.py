"""Every overlay and combination renders, is valid, and fits the code; and what would not fit is noticed."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from deploy import generate
from deploy.checks import CHECKS
from deploy.fits import CHECKS as FITS
from deploy.node import Build, Node
from deploy.render import combination, combined, mistakes, overlay, overlays
from deploy.schemas import Schemas
from deploy.tools import Command


def test_generated_files_are_what_the_registry_and_the_signals_say() -> None:
    assert generate.stale() == []


@pytest.mark.parametrize("name", overlays())
def test_an_overlay_has_no_mistake(name: str, command: Command, schemas: Schemas) -> None:
    assert list(mistakes(overlay(command, name), schemas)) == []


@pytest.mark.parametrize("chosen", combined(), ids=lambda chosen: "+".join(chosen) or "base")
def test_a_combination_has_no_mistake(chosen: tuple[str, ...], command: Command, schemas: Schemas) -> None:
    assert list(mistakes(combination(command, chosen), schemas)) == []


@pytest.fixture(scope="session")
def prod(command: Command) -> Build:
    return overlay(command, "prod")


Manifest = dict[str, Any]


def pod(one: Manifest) -> Manifest:
    return one["spec"]["template"]["spec"]


def main(one: Manifest) -> Manifest:
    return pod(one)["containers"][0]


def variable(name: str, value: str) -> Callable[[Manifest], None]:
    return lambda one: main(one)["env"].append({"name": name, "value": value})


def no_budget(one: Manifest) -> None:
    one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"] = "nobody"


ROUTER, INGEST = "Deployment/lotse-router", "Deployment/lotse-ingest"

BROKEN: list[tuple[str, str, Callable[[Manifest], object]]] = [
    ("selectors", ROUTER, lambda one: one["spec"]["selector"]["matchLabels"].pop("app.kubernetes.io/name")),
    ("selectors", "Service/lotse-desk", lambda one: one["spec"]["selector"].pop("app.kubernetes.io/name")),
    ("selectors", "NetworkPolicy/lotse-mail", lambda one: one["spec"]["podSelector"]["matchLabels"].update({"x": "y"})),
    ("guarded", "PodDisruptionBudget/lotse-sla", no_budget),
    ("guarded", INGEST, lambda one: pod(one).update(priorityClassName="lotse")),
    ("guarded", ROUTER, lambda one: pod(one).update(serviceAccountName="default")),
    ("references", ROUTER, lambda one: main(one)["envFrom"][0]["configMapRef"].update(name="lotse-settings")),
    ("references", ROUTER, lambda one: main(one)["envFrom"][1]["secretRef"].update(name="lotse-router-envs")),
    ("references", "ScaledObject/lotse-sla", lambda one: one["spec"]["scaleTargetRef"].update(name="sla")),
    ("references", "Ingress/lotse-desk", lambda one: one["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"].update(name="web")),
    ("references", "TriggerAuthentication/lotse-kafka", lambda one: one["metadata"].update(name="other")),
    ("namespaces", "Service/lotse-desk", lambda one: one["metadata"].update(namespace="default")),
    ("namespaces", "Namespace/lotse", lambda one: one["metadata"].pop("labels")),
    ("ports", ROUTER, lambda one: main(one)["ports"][0].update(name="web")),
    ("ports", "PodMonitor/lotse", lambda one: one["spec"]["podMetricsEndpoints"][0].update(path="/metric")),
    ("ports", "NetworkPolicy/lotse-called", lambda one: one["spec"]["ingress"][0]["ports"][0].update(port=80)),
    ("probes", ROUTER, lambda one: main(one)["livenessProbe"]["httpGet"].update(path="/readyz")),
    ("probes", ROUTER, lambda one: main(one).pop("readinessProbe")),
    ("restricted", ROUTER, lambda one: pod(one)["securityContext"].pop("seccompProfile")),
    ("restricted", ROUTER, lambda one: main(one)["securityContext"].pop("capabilities")),
    ("restricted", ROUTER, lambda one: pod(one).pop("automountServiceAccountToken")),
    ("no_secrets", ROUTER, variable("LOTSE_KAFKA_PASSWORD", "plain")),
    ("images", ROUTER, lambda one: main(one).update(image="registry.example/lotse-sla:0.1.0")),
    ("images", ROUTER, lambda one: main(one).update(image="registry.example/lotse-router")),
    ("variables", ROUTER, variable("LOTSE_KAFKA_SERVERS", "kafka:9092")),
    ("variables", ROUTER, variable("LOTSE_LOG_LEVEL", "LOUD")),
    ("variables", INGEST, lambda one: main(one)["envFrom"].pop(0)),
    ("commands", ROUTER, lambda one: pod(one)["initContainers"][0].update(command=["python", "-m", "lotse.runtime.migrations"])),
    ("stopping", ROUTER, lambda one: pod(one).update(terminationGracePeriodSeconds=30)),
    ("listening", ROUTER, lambda one: main(one)["ports"][0].update(containerPort=8081)),
    ("topics", "KafkaTopic/lotse-inbound", lambda one: one["spec"].update(partitions=3)),
    ("topics", "KafkaTopic/lotse-inbound", lambda one: one["metadata"].update(name="lotse-in")),
    ("principals", "KafkaUser/lotse-sla", lambda one: one["spec"]["authorization"]["acls"].pop()),
    ("principals", "KafkaUser/lotse-sla", lambda one: one["spec"]["authorization"]["acls"][0]["operations"].append("All")),
    ("groups", "ScaledObject/lotse-sla", lambda one: one["spec"]["triggers"][0]["metadata"].update(consumerGroup="sla")),
    ("groups", "ScaledObject/lotse-sla", lambda one: one["spec"].update(maxReplicaCount=12)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("check", "which", "damage"), BROKEN, ids=[f"{check}-{n}" for n, (check, *_) in enumerate(BROKEN)]
)
def test_a_damaged_manifest_is_noticed_by_its_check(
    check: str, which: str, damage: Callable[[Manifest], object], prod: Build
) -> None:
    found = next(one for one in (*CHECKS, *FITS) if one.__name__ == check)
    assert list(found(prod)) == []
    assert list(found(damaged(prod, which, damage)))


UNFIT: list[tuple[str, Callable[[Manifest], object]]] = [
    (ROUTER, lambda one: main(one).update(imagePullSecret="x")),
    (ROUTER, lambda one: one["spec"].update(replicas="two")),
    ("KafkaUser/lotse-sla", lambda one: one["spec"]["authorization"]["acls"][0].update(operations=["Reed"])),
    ("ScaledObject/lotse-sla", lambda one: one["spec"].update(maxReplicas=3)),
    ("PodMonitor/lotse", lambda one: one["spec"]["podMetricsEndpoints"][0].update(intervall="15s")),
    ("PrometheusRule/lotse", lambda one: one["spec"]["groups"][0]["rules"][0].pop("expr")),
]


@pytest.mark.parametrize(("which", "damage"), UNFIT, ids=[which for which, _ in UNFIT])
def test_a_manifest_with_a_wrong_field_is_refused_by_its_schema(
    which: str, damage: Callable[[Manifest], object], prod: Build, every_schema: Schemas
) -> None:
    whole = damaged(prod, which, damage)
    assert [word for one in prod.objects for word in every_schema.mistakes(one)] == []
    assert [word for one in whole.objects for word in every_schema.mistakes(one)]


def damaged(build: Build, which: str, damage: Callable[[Manifest], object]) -> Build:
    """The build with one manifest changed."""
    kind, _, name = which.partition("/")
    objects = deepcopy([one.value for one in build.objects])
    (wanted,) = [one for one in objects if one["kind"] == kind and one["metadata"]["name"] == name]
    damage(wanted)
    return Build(build.name, [Node(one) for one in objects])
