"""Manifests against the schemas of Kubernetes and of the resource definitions that operators bring."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Protocol, cast

import yaml
from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry, Resource
from referencing.jsonschema import Schema

from deploy.node import Node, title

KUBERNETES = ("1.32", "1.37")
"""The oldest and the newest release that the manifests are written for."""

Json = dict[str, object]


class Validator(Protocol):
    """The one thing asked of jsonschema."""

    def validate(self, instance: object) -> None: ...


Definitions = Mapping[tuple[str, str], Validator]

_DEFINED_ELSEWHERE = ("keda.sh/", "monitoring.coreos.com/", "kafka.strimzi.io/")


def definitions(folder: Path) -> Definitions:
    """Validators of the CustomResourceDefinitions in a folder, by API version and kind; fields unknown are refused."""
    found: dict[tuple[str, str], Validator] = {}
    for path in sorted(folder.glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            spec = Node(document)["spec"]
            for version in spec["versions"]:
                api = f"{spec['group'].text}/{version['name'].text}"
                schema = cast("Json", _closed(version.at("schema", "openAPIV3Schema").value, top=True))
                found[api, spec.at("names", "kind").text] = cast("Validator", Draft202012Validator(schema))
    return found


@dataclass(slots=True)
class Schemas:
    """Every schema at hand. `defined` None: kinds that operators bring are not looked at."""

    defined: Definitions | None
    _built_in: dict[tuple[str, str, str], Validator | None] = field(
        default_factory=dict[tuple[str, str, str], Validator | None]
    )
    _shared: dict[str, Json] = field(default_factory=dict[str, Json])

    def mistakes(self, one: Node) -> list[str]:
        """What is wrong with one manifest."""
        api, kind = one["apiVersion"].text, one["kind"].text
        if not api.startswith(_DEFINED_ELSEWHERE):
            return [
                word for version in KUBERNETES for word in _judge(one, self._validator(version, api, kind), version)
            ]
        return [] if self.defined is None else _judge(one, self.defined.get((api, kind)), api)

    def _validator(self, version: str, api: str, kind: str) -> Validator | None:
        """Of a built-in kind; None where that release has none."""
        key = (version, api, kind)
        if key not in self._built_in:
            schema = _shipped(version, f"{kind.lower()}-{_short(api)}")
            self._built_in[key] = self._resolving(schema, version) if schema else None
        return self._built_in[key]

    def _resolving(self, schema: Json, version: str) -> Validator:
        if version not in self._shared:
            self._shared[version] = _shipped(version, "_definitions") or {}
        shared = Resource[Schema].from_contents(self._shared[version])
        registry = shared @ Registry[Schema]()
        return cast("Validator", Draft202012Validator(schema, registry=registry))


def _short(api: str) -> str:
    """`networking.k8s.io/v1` as the files are called: `networking-v1`."""
    group, _, version = api.rpartition("/")
    return f"{group.partition('.')[0]}-{version}" if group else version


def _shipped(version: str, name: str) -> Json | None:
    """A strict schema from the package `kubernetes-validate`."""
    path = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local-strict" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _judge(one: Node, validator: Validator | None, release: str) -> list[str]:
    if validator is None:
        return [f"{title(one)}: {release} has no {one['apiVersion'].text} {one['kind'].text}"]
    try:
        validator.validate(one.value)
    except ValidationError as error:
        return [f"{title(one)}: {release}: {error.json_path}: {error.message[:300]}"]
    return []


def _closed(schema: object, *, top: bool = False) -> object:
    """An OpenAPI v3 schema as JSON Schema that refuses fields it does not name."""
    if isinstance(schema, list):
        return [_closed(one) for one in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    given = cast("Json", schema)
    made: Json = {key: _closed(value) for key, value in given.items() if key not in ("nullable", "properties")}
    named = given.get("properties")
    if isinstance(named, dict):
        inner = {key: _closed(value) for key, value in cast("Json", named).items()}
        made["properties"] = {**inner, "metadata": {"type": "object"}} if top else inner
        if not given.get("x-kubernetes-preserve-unknown-fields") and "additionalProperties" not in given:
            made["additionalProperties"] = False
    if given.get("nullable") and isinstance(given.get("type"), str):
        made["type"] = [given["type"], "null"]
    return made
