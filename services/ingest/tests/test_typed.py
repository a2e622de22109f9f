"""Typed messages: who, what, when, from systems without a webhook."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest_worlds import API, API_CONFIG, NOW
from pydantic import JsonValue, ValidationError

from lotse.contracts.channels import Channel
from lotse.contracts.envelope import decode, encode_headers, encode_value
from lotse.contracts.ids import message_id
from lotse.contracts.inbound import MessageDeleted, MessageEdited, MessageReceived
from lotse.contracts.values import IdentityKind
from lotse.ingest.channels import bearer, typed
from lotse.ingest.channels.parsed import Parsed
from lotse.ingest.channels.typed import ChannelNotAllowed, Edit, NewMessage

LETTER: dict[str, JsonValue] = {
    "channel": "letter",
    "sender": {"id": "K-1", "email": "Erika@Kunde.example", "phone": "030 1234567", "name": "Erika Müller"},
    "text": "Sehr geehrte Damen und Herren",
    "medium": "letter",
    "occurred_at": "2026-02-27T12:00:00+01:00",
}


def receive(**more: JsonValue) -> Parsed:
    return typed.received(NewMessage.model_validate({**LETTER, **more}), "L-1", API, API_CONFIG, NOW)


def received(**more: JsonValue) -> MessageReceived:
    (fact,) = receive(**more).facts
    assert isinstance(fact.data, MessageReceived)
    return fact.data


def test_a_letter_bears_every_name_of_its_sender_as_the_account_vouches() -> None:
    event = received()
    assert event.message_id == message_id(API, "L-1")
    assert [(name.kind, name.value, name.scope, name.verified) for name in event.identities] == [
        (IdentityKind.EXTERNAL, "K-1", "letters", True),
        (IdentityKind.EMAIL, "erika@kunde.example", "", True),
        (IdentityKind.PHONE, "+49301234567", "", True),
    ]
    assert (event.thread, event.channel, event.medium) == ("K-1", Channel.LETTER, "letter")
    assert event.occurred_at.isoformat() == "2026-02-27T11:00:00+00:00" or event.occurred_at.hour == 12


def test_names_that_nobody_vouches_for_are_not_verified() -> None:
    config = API_CONFIG.model_copy(update={"verified": False})
    (fact,) = typed.received(NewMessage.model_validate(LETTER), "L-1", API, config, NOW).facts
    assert isinstance(fact.data, MessageReceived)
    assert not any(name.verified for name in fact.data.identities)


def test_the_thread_is_the_one_given_else_the_senders_first_name() -> None:
    assert received(thread="Vorgang 7").thread == "Vorgang 7"
    assert received(sender={"email": "Erika@Kunde.example"}).thread == "erika@kunde.example"


def test_a_file_in_the_call_is_stored_and_a_link_is_kept() -> None:
    content = base64.b64encode(b"%PDF").decode()
    files: JsonValue = [
        {"name": "../brief.pdf", "media_type": "application/pdf", "content": content},
        {"name": "scan", "url": "https://archiv.example/1"},
    ]
    parsed = receive(attachments=files)
    (fact,) = parsed.facts
    assert isinstance(fact.data, MessageReceived)
    stored, link = fact.data.attachments
    assert (stored.sha256, stored.size) == (hashlib.sha256(b"%PDF").hexdigest(), 4)
    assert [blob.body for blob in parsed.blobs] == [b"%PDF"]
    assert (link.url, link.sha256) == ("https://archiv.example/1", None)


def test_an_edit_and_a_deletion_are_about_the_same_message() -> None:
    change = Edit.model_validate({"channel": "letter", "thread": "K-1", "text": "neu", "edit": 2})
    (edit,) = typed.edited(change, "L-1", API, API_CONFIG, NOW).facts
    (deletion,) = typed.deleted("L-1", Channel.LETTER, "K-1", API, API_CONFIG, NOW).facts
    assert isinstance(edit.data, MessageEdited)
    assert isinstance(deletion.data, MessageDeleted)
    assert edit.data.message_id == deletion.data.message_id == received().message_id
    assert edit.key == deletion.key == receive().facts[0].key


def test_each_edit_is_one_of_its_own() -> None:
    def id_of(**given: JsonValue) -> object:
        change = Edit.model_validate({"channel": "letter", "thread": "K-1", "text": "neu", **given})
        (fact,) = typed.edited(change, "L-1", API, API_CONFIG, NOW).facts
        return fact.id

    files: JsonValue = [{"name": "scan", "url": "https://archiv.example/1"}]
    edits: list[dict[str, JsonValue]] = [
        {"edit": 1},
        {"edit": 2},
        {"edit": 2, "attachments": files},
        {"occurred_at": "2026-02-27T12:00:00Z"},
        {"occurred_at": "2026-02-27T12:01:00Z"},
    ]
    assert len({id_of(**edit) for edit in edits}) == len(edits)
    assert id_of(edit=2, attachments=files) == id_of(edit=2, attachments=files)
    with pytest.raises(ValidationError, match="edit or occurred_at"):
        id_of()


def test_an_account_takes_only_its_own_channels() -> None:
    with pytest.raises(ChannelNotAllowed):
        receive(channel="whatsapp")
    with pytest.raises(ChannelNotAllowed):
        typed.deleted("L-1", Channel.SMS, "K-1", API, API_CONFIG, NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sender": {}},
        {"sender": {"name": "Erika"}},
        {"sender": {"phone": "keine"}},
        {"sender": {"email": "nobody"}},
        {"channel": "pigeon"},
        {"occurred_at": "2026-02-27T12:00:00"},
        {"rating": 6},
        {"unknown": 1},
        {"attachments": [{"name": "x"}]},
        {"attachments": [{"name": "x", "content": "%%%"}]},
        {"attachments": [{"name": "x", "content": "", "url": "https://a.example"}]},
    ],
)
def test_a_call_that_breaks_the_schema_is_refused(wrong: dict[str, JsonValue]) -> None:
    with pytest.raises(ValidationError):
        receive(**wrong)


@given(st.text(max_size=300), st.text(min_size=1, max_size=200), st.text(max_size=200), st.text(max_size=500))
def test_whatever_stands_in_a_call_survives_the_wire(text: str, id: str, name: str, subject: str) -> None:
    parsed = receive(text=text, sender={"id": id, "name": name}, subject=subject)
    (fact,) = parsed.facts
    assert decode(encode_headers(fact), encode_value(fact.data)) == fact
    assert "\x00" not in encode_value(fact.data).decode()


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ("Bearer geheim", True),
        ("bearer  geheim", True),
        ("Bearer geheim2", False),
        ("Basic geheim", False),
        ("geheim", False),
        ("Bearer ", False),
        ("", False),
        (None, False),
        ("Bearer ümlaut", False),
    ],
)
def test_only_the_right_token_is_known(header: str | None, known: bool) -> None:
    assert bearer.verify("geheim", header) is known
