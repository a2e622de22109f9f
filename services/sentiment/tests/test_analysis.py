"""What sentiment says of a message, an edit and a deletion."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from lotse.contracts.channels import Channel
from lotse.contracts.envelope import decode, encode_headers, encode_value
from lotse.contracts.ids import AccountId, message_id
from lotse.contracts.inbound import MessageDeleted, MessageEchoed, MessageEdited, MessageReceived
from lotse.contracts.insights import AnalysisWithdrawn, MessageAnalysed
from lotse.contracts.values import Identity, IdentityKind, Sentiment
from lotse.runtime.outbox import facts_of
from lotse.runtime.testing import fact_of
from lotse.sentiment.analysis import analyse
from lotse.sentiment.app import stream
from lotse.sentiment.shipped import shipped_model

MODEL = shipped_model()
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
COMMON = {"account": AccountId("a"), "channel": Channel.MESSENGER, "thread": "7", "occurred_at": AT, "received_at": AT}
ID = message_id("a", "m1")


def received(text: str, **more: object) -> MessageReceived:
    who = (Identity(kind=IdentityKind.META, value="7", scope="a", verified=True),)
    return MessageReceived(message_id=ID, provider_id="m1", identities=who, text=text, **COMMON, **more)


def said(event):
    (caused,) = analyse(fact_of(event), MODEL, {})
    return caused.event


def test_a_complaint_is_read_and_its_personal_data_found_where_it_stands():
    text = "Das ist eine Frechheit, ich bin maßlos enttäuscht! Meine IBAN ist DE89 3704 0044 0532 0130 00."
    made = said(received(text, subject="Beschwerde"))
    assert isinstance(made, MessageAnalysed)
    assert made.reading.language == "de"
    assert made.reading.sentiment is Sentiment.NEGATIVE
    (span,) = made.pii
    assert span.kind == "iban"
    assert text[span.start : span.end] == "DE89 3704 0044 0532 0130 00"
    assert made.key() == received(text).key(), "both sides of a thread stand under one key"


def test_an_edit_is_read_again_and_says_which_edit_it_read():
    edit = MessageEdited(message_id=ID, provider_id="m1", edit=2, text="Danke, hat sich erledigt!", **COMMON)
    made = said(edit)
    assert (made.edit, made.edited_at) == (2, AT)
    assert made.reading.sentiment is Sentiment.POSITIVE


def test_a_deleted_message_is_withdrawn():
    assert isinstance(said(MessageDeleted(message_id=ID, provider_id="m1", **COMMON)), AnalysisWithdrawn)


def test_what_we_wrote_ourselves_is_not_read():
    echo = MessageEchoed(provider_id="m2", recipient="7", text="Guten Tag", **COMMON)
    assert analyse(fact_of(echo), MODEL, {}) == []


def test_reading_a_message_twice_gives_the_same_event():
    fact = fact_of(received("Wo bleibt mein Paket?"), id=uuid4())
    first, second = (facts_of(analyse(fact, MODEL, {}), "/sentiment", AT) for _ in range(2))
    assert first == second
    assert [decode(encode_headers(f), encode_value(f.data)) for f in first] == first


def test_another_message_or_model_gives_another_event():
    one, two = (analyse(fact_of(received("Hallo"), id=uuid4()), MODEL, {})[0].cause for _ in range(2))
    assert one != two


@pytest.mark.parametrize("text", ["", "\ud83d", "🙂" * 5000, "a" * 1_000_000, "\x00", "ﷺ" * 900])
def test_no_text_stops_the_stream(text):
    handle = stream(MODEL, {}).handle
    before = datetime.now(UTC)
    assert len(handle([fact_of(received(text))])) == 1
    assert datetime.now(UTC) - before < timedelta(seconds=5)
