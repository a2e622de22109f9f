"""Whether a schema can take the place of an older one of the same version without breaking a reader.

Additive change only: new optional properties and new event types. Everything else needs a new version.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None
Schema = Mapping[str, Json]


def breaking(old: Schema, new: Schema) -> list[str]:
    """What would break somebody who reads by the old schema, or whose old records are read by the new."""
    return sorted(set(_compare(old, new, old, new, "data", frozenset())))


def _compare(old: Schema, new: Schema, olds: Schema, news: Schema, at: str, met: frozenset[str]) -> Iterator[str]:
    reference = old.get("$ref")
    if isinstance(reference, str):
        if reference in met:
            return
        met |= {reference}
    old, new = _resolved(old, olds), _resolved(new, news)
    yield from _kinds(old, new, at)
    yield from _choices(old, new, at)
    yield from _properties(old, new, olds, news, at, met)
    for name in ("items", "additionalProperties"):
        before, after = old.get(name), new.get(name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _compare(cast(Schema, before), cast(Schema, after), olds, news, f"{at}[]", met)


def _resolved(schema: Schema, root: Schema) -> Schema:
    """Follow `$ref`, and take the value of an optional."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        definitions = cast("Mapping[str, Schema]", root.get("$defs", {}))
        return _resolved(definitions[reference.rpartition("/")[2]], root)
    options = [option for option in _list(schema, "anyOf") if option.get("type") != "null"]
    return _resolved(options[0], root) if len(options) == 1 else schema


def _list(schema: Schema, name: str) -> Sequence[Schema]:
    return cast("Sequence[Schema]", schema.get(name, ()))


def _kinds(old: Schema, new: Schema, at: str) -> Iterator[str]:
    for name in ("type", "format", "const", "pattern"):
        if name in new and old.get(name) != new[name]:
            yield f"{at}: {name} was {old.get(name)}, is {new[name]}"


def _choices(old: Schema, new: Schema, at: str) -> Iterator[str]:
    before, after = old.get("enum"), new.get("enum")
    if isinstance(after, Sequence) and not isinstance(after, str):
        if not isinstance(before, Sequence):
            yield f"{at}: only some values are allowed now"
        else:
            for value in before:
                if value not in after:
                    yield f"{at}: {value} is not allowed any more"


def _properties(old: Schema, new: Schema, olds: Schema, news: Schema, at: str, met: frozenset[str]) -> Iterator[str]:
    before = cast("Mapping[str, Schema]", old.get("properties", {}))
    after = cast("Mapping[str, Schema]", new.get("properties", {}))
    required = set(cast("Sequence[str]", old.get("required", ())))
    needed = set(cast("Sequence[str]", new.get("required", ())))
    for name in before:
        if name not in after:
            yield f"{at}.{name}: was removed"
        else:
            yield from _compare(before[name], after[name], olds, news, f"{at}.{name}", met)
    for name in sorted(needed - required):
        yield f"{at}.{name}: is required now"
    for name in sorted(required - needed):
        if name in after:
            yield f"{at}.{name}: readers count on it and it may be missing now"
