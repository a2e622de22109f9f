"""The contracts are promises: examples decode, documents are fresh, no reader is broken, bad records say why."""

import copy
import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotse.contracts import documents
from lotse.contracts.compatibility import breaking
from lotse.contracts.envelope import (
    EnvelopeError,
    Fact,
    InvalidRecord,
    decode,
    encode_headers,
    encode_value,
)
from lotse.contracts.events import all_types
from lotse.contracts.topics import TOPICS

TYPES = all_types()
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def fact(model, **envelope):
    return Fact(uuid4(), "/test", NOW, documents.example(model), **envelope)


@pytest.mark.parametrize("model", TYPES, ids=lambda model: model.TYPE)
def test_every_example_goes_through_kafka_unchanged(model):
    sent = fact(model, causation_id=uuid4(), sequence=7, traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    assert decode(encode_headers(sent), encode_value(sent.data)) == sent
    assert sent.key


@pytest.mark.parametrize("model", TYPES, ids=lambda model: model.TYPE)
def test_fields_of_a_later_release_are_ignored(model):
    sent = fact(model)
    value = json.loads(encode_value(sent.data)) | {"sung_by": "a choir"}
    assert decode(encode_headers(sent), json.dumps(value).encode()) == sent


def test_documents_say_what_the_models_say():
    assert documents.stale() == []
    assert documents.broken() == []


def test_every_topic_has_events_and_every_type_one_topic():
    assert {model.TOPIC for model in TYPES} == set(TOPICS)
    assert all(model.TYPE.startswith("de.lotse.") for model in TYPES)


def schema():
    return json.loads(json.dumps(documents.schema_of(next(m for m in TYPES if m.TYPE.endswith("queued.v1")))))


def removed(new):
    del new["properties"]["priority"]


def required(new):
    new["properties"]["colour"] = {"type": "string"}
    new["required"].append("colour")


def retyped(new):
    new["properties"]["priority"] = {"type": "string"}


def narrowed(new):
    new["$defs"]["Status"]["enum"].remove("snoozed")


def optional_now(new):
    new["required"].remove("reason")


def deep(new):
    del new["$defs"]["Address"]["properties"]["recipient"]


@pytest.mark.parametrize("change", [removed, required, retyped, narrowed, optional_now, deep])
def test_a_breaking_change_is_found(change):
    old, new = schema(), copy.deepcopy(schema())
    change(new)
    assert breaking(old, new)


def test_an_optional_field_more_breaks_nobody():
    old, new = schema(), schema()
    new["properties"]["colour"] = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
    new["$defs"]["Status"]["enum"].append("dreaming")
    assert breaking(old, new) == []


HEADERS = encode_headers(fact(TYPES[0]))
VALUE = encode_value(documents.example(TYPES[0]))


def refusal(headers, value) -> str | None:
    try:
        decode(headers, value)
    except EnvelopeError as error:
        return str(error)
    return None


@given(st.lists(st.tuples(st.sampled_from([k for k, _ in HEADERS]), st.binary(max_size=40))), st.binary() | st.none())
def test_no_record_raises_anything_but_what_is_declared(headers, value):
    assert refusal(headers, value) != ""


@given(
    which=st.integers(0, len(HEADERS) - 1),
    text=st.binary(max_size=30),
    cut=st.integers(0, len(VALUE)),
)
def test_a_damaged_record_is_read_or_refused_with_a_word(which, text, cut):
    headers = [(k, text if n == which else v) for n, (k, v) in enumerate(HEADERS)]
    assert refusal(headers, VALUE) != ""
    assert refusal(HEADERS, VALUE[:cut]) != ""


def test_what_is_wrong_is_named_without_quoting_the_customer():
    sent = fact(next(m for m in TYPES if m.TYPE == "de.lotse.message.received.v1"))
    value = json.loads(encode_value(sent.data)) | {"occurred_at": "my secret", "text": 5}
    with pytest.raises(InvalidRecord) as raised:
        decode(encode_headers(sent), json.dumps(value).encode())
    assert "occurred_at" in str(raised.value)
    assert "secret" not in str(raised.value)
