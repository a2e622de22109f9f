"""Writes what other systems read of the contracts: JSON Schemas and one AsyncAPI document.

`python -m lotse.contracts.documents` writes; it refuses where a schema would break a reader.
`--check` only says what is stale.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import cast

import yaml

from lotse.contracts.compatibility import Schema, breaking
from lotse.contracts.envelope import Event
from lotse.contracts.events import all_types
from lotse.contracts.topics import TOPICS, TopicSpec

PACKAGE = Path(__file__).parent
SCHEMAS = PACKAGE / "schemas"
EXAMPLES = PACKAGE / "examples"
ASYNCAPI = PACKAGE.parents[3] / "docs" / "asyncapi.yaml"


def schema_of(model: type[Event]) -> dict[str, object]:
    """The JSON Schema (2020-12) of one event's data as it stands on the wire."""
    found = model.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": model.TYPE}


def schema_name(model: type[Event]) -> str:
    return f"{model.TYPE}.json"


def schema_text(model: type[Event]) -> str:
    return json.dumps(schema_of(model), indent=2, ensure_ascii=False) + "\n"


def example(model: type[Event]) -> Event:
    """The example of a type, as every reader's tests use it."""
    return model.model_validate_json((EXAMPLES / schema_name(model)).read_bytes())


def broken() -> list[str]:
    """What the models of this release would break of the schemas in the tree."""
    found: list[str] = []
    for path in sorted(SCHEMAS.glob("*.json")):
        old = cast(Schema, json.loads(path.read_text(encoding="utf-8")))
        model = next((m for m in all_types() if schema_name(m) == path.name), None)
        if model is None:
            found.append(f"{path.stem}: the type was removed")
        else:
            found += [f"{path.stem}: {what}" for what in breaking(old, cast(Schema, schema_of(model)))]
    return found


def asyncapi() -> dict[str, object]:
    """The AsyncAPI 3.0 document of every topic and message."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lotse",
            "version": "1.0.0",
            "description": "Events of customer conversations. CloudEvents 1.0 in Kafka's binary mode, JSON data.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {str(topic): _channel(spec) for topic, spec in TOPICS.items()},
        "operations": {f"read-{topic}": _operation(str(topic)) for topic in TOPICS},
        "components": {
            "messages": {model.TYPE: _message(model) for model in all_types()},
            "messageTraits": {"cloudevent": {"headers": _headers()}},
        },
    }


def _channel(spec: TopicSpec) -> dict[str, object]:
    types = [model.TYPE for model in all_types() if spec.topic == model.TOPIC]
    return {
        "address": spec.topic.full_name("lotse"),
        "description": f"Written by {spec.writer}; key: {spec.key}."
        + (" Gapless `ce_sequence` per key." if spec.sequenced else ""),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in types},
        "bindings": {"kafka": {"partitions": spec.partitions, "replicas": spec.replication, "bindingVersion": "0.5.0"}},
    }


def _operation(topic: str) -> dict[str, object]:
    return {"action": "receive", "channel": {"$ref": f"#/channels/{topic}"}}


def _message(model: type[Event]) -> dict[str, object]:
    return {
        "name": model.TYPE,
        "summary": (model.__doc__ or "").strip().split("\n")[0],
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudevent"}],
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"../libs/contracts/lotse/contracts/schemas/{schema_name(model)}"},
        },
    }


def _headers() -> dict[str, object]:
    text = {"type": "string"}
    return {
        "type": "object",
        "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "content-type"],
        "properties": {
            "ce_specversion": {"const": "1.0"},
            "ce_id": {"type": "string", "format": "uuid", "description": "The same for every copy of the event."},
            "ce_source": text,
            "ce_type": text,
            "ce_subject": {**text, "description": "Opaque; the record's key."},
            "ce_time": {"type": "string", "format": "date-time"},
            "ce_sequence": {**text, "pattern": "^[1-9][0-9]*$", "description": "1, 2, 3 … per key, gapless."},
            "ce_causationid": {"type": "string", "format": "uuid", "description": "The event or command behind it."},
            "traceparent": {**text, "description": "W3C Trace Context."},
            "lotse-stamp": {**text, "description": "Rises per partition; drop a record that is not above the last."},
            "content-type": {"const": "application/json"},
        },
    }


def asyncapi_text() -> str:
    return yaml.safe_dump(asyncapi(), sort_keys=False, allow_unicode=True, width=110)


def stale() -> list[str]:
    """Files that do not say what the models say, files of no type, and types without an example."""
    wanted = {SCHEMAS / schema_name(model): schema_text(model) for model in all_types()} | {ASYNCAPI: asyncapi_text()}
    found = [str(path.name) for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    found += [f"{path.name} (no such type)" for path in SCHEMAS.glob("*.json") if path not in wanted]
    return found + [f"examples/{schema_name(m)}" for m in all_types() if not (EXAMPLES / schema_name(m)).exists()]


def write() -> None:
    SCHEMAS.mkdir(exist_ok=True)
    for model in all_types():
        (SCHEMAS / schema_name(model)).write_text(schema_text(model), encoding="utf-8")
    ASYNCAPI.write_text(asyncapi_text(), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write JSON Schemas and the AsyncAPI document.")
    parser.add_argument("--check", action="store_true", help="write nothing, say what is stale or would break")
    arguments = parser.parse_args()
    problems = broken()
    if problems:
        sys.exit("would break readers; add a new version beside the old one:\n  " + "\n  ".join(problems))
    if arguments.check:
        if found := stale():
            sys.exit("stale, run `make schemas`:\n  " + "\n  ".join(found))
        return
    write()


if __name__ == "__main__":
    main()
