"""Manifests as they come out of kustomize, and a way to walk in them without asking at every step."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import yaml


@dataclass(frozen=True, slots=True)
class Node:
    """Any place in a manifest; what is not there is an empty node."""

    value: object = None

    def __getitem__(self, key: str) -> "Node":
        found = cast("Mapping[str, object]", self.value).get(key) if isinstance(self.value, Mapping) else None
        return Node(found)

    def at(self, *path: str) -> "Node":
        node = self
        for key in path:
            node = node[key]
        return node

    def __iter__(self) -> Iterator["Node"]:
        """The elements of a list; none for anything else."""
        if isinstance(self.value, list):
            yield from (Node(one) for one in cast("Sequence[object]", self.value))

    def __bool__(self) -> bool:
        return bool(self.value)

    @property
    def text(self) -> str:
        return "" if self.value is None else str(self.value)

    @property
    def number(self) -> int:
        return int(self.text or 0)

    @property
    def texts(self) -> dict[str, str]:
        """A mapping of texts, such as labels."""
        if not isinstance(self.value, Mapping):
            return {}
        return {str(key): str(value) for key, value in cast("Mapping[object, object]", self.value).items()}


@dataclass(frozen=True, slots=True)
class Pods:
    """A pod template and what makes pods of it."""

    owner: Node
    labels: Mapping[str, str]
    spec: Node

    @property
    def app(self) -> str:
        return self.labels.get("app.kubernetes.io/name", "")

    @property
    def ours(self) -> bool:
        return self.labels.get("app.kubernetes.io/part-of") == "lotse"

    @property
    def containers(self) -> list[Node]:
        return [*self.spec["initContainers"], *self.spec["containers"]]

    def port(self, name: str) -> int | None:
        """The number of a named port."""
        found = [
            port["containerPort"].number for c in self.containers for port in c["ports"] if port["name"].text == name
        ]
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Build:
    """Everything that one overlay or combination renders."""

    name: str
    objects: Sequence[Node]

    @classmethod
    def of(cls, name: str, text: str) -> "Build":
        return cls(name, [Node(one) for one in yaml.safe_load_all(text) if one is not None])

    def kind(self, *kinds: str) -> list[Node]:
        return [one for one in self.objects if one["kind"].text in kinds]

    def names(self, kind: str) -> set[str]:
        return {name(one) for one in self.kind(kind)}

    def named(self, kind: str, wanted: str) -> Node:
        return next((one for one in self.kind(kind) if name(one) == wanted), Node())

    @property
    def pods(self) -> list[Pods]:
        owners = self.kind("Deployment", "StatefulSet", "Job")
        return [
            Pods(one, one.at("spec", "template", "metadata", "labels").texts, one.at("spec", "template", "spec"))
            for one in owners
        ]

    def selected(self, selector: Node) -> list[Pods]:
        return [pods for pods in self.pods if selects(selector, pods.labels)]


def name(one: Node) -> str:
    return one.at("metadata", "name").text


def title(one: Node) -> str:
    return f"{one['kind'].text}/{name(one)}"


def selects(selector: Node, labels: Mapping[str, str]) -> bool:
    """A label selector as Kubernetes reads it."""
    if any(labels.get(key) != value for key, value in selector["matchLabels"].texts.items()):
        return False
    return all(_fits(rule, labels) for rule in selector["matchExpressions"])


def _fits(rule: Node, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(rule["key"].text), [one.text for one in rule["values"]]
    match rule["operator"].text:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None
