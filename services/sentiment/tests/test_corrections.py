"""What people corrected at the desk becomes labelled messages that training takes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from lotse.contracts.channels import Channel
from lotse.contracts.conversations import (
    ConversationEvent,
    MessageAdded,
    MessageRemoved,
    MessageUpdated,
    ReadingChanged,
)
from lotse.contracts.envelope import encode_headers, encode_value
from lotse.contracts.ids import MessageId, derive
from lotse.contracts.values import Actor, Reading, Sentiment, Situation, Triage
from lotse.runtime.kafka import producer
from lotse.runtime.settings import KafkaSettings
from lotse.runtime.testing import fact_of
from lotse.runtime.topics import create_topics
from lotse.sentiment.corpus import read_labels
from lotse.sentiment.corrections import Corrections, read_log, write_labels

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SPAM = Reading(language="de", sentiment=Sentiment.UNSURE, triage=Triage.SPAM, confidence=1.0)
ANGRY = Reading(
    language="de",
    sentiment=Sentiment.NEGATIVE,
    situation=Situation.COMPLAINT,
    topics=("delivery", "ours alone"),
    confidence=1.0,
)


def message(name: str) -> MessageId:
    return MessageId(derive("test", name))


def added(name: str, text: str, subject: str | None = None) -> ConversationEvent:
    return MessageAdded(
        conversation_id=derive("conversation", name),
        message_id=message(name),
        customer_id=uuid4(),
        channel=Channel.EMAIL,
        text=text,
        subject=subject,
        occurred_at=AT,
        received_at=AT,
    )


def corrected(name: str, reading: Reading, edited_at: datetime | None = None, reason: str = "corrected"):
    return ReadingChanged(
        conversation_id=derive("conversation", name),
        message_id=message(name),
        current=reading,
        actor=Actor(kind="agent", id="anna"),
        reason=reason,
        priority=5,
        at=AT,
        edited_at=edited_at,
    )


def updated(name: str, text: str, edited_at: datetime):
    return MessageUpdated(
        conversation_id=derive("conversation", name), message_id=message(name), text=text, edited_at=edited_at
    )


def rows(*events: ConversationEvent) -> list[dict[str, str]]:
    found = Corrections()
    for event in events:
        found.hear(event)
    return [dict(row) for row in found.rows()]


def test_a_correction_is_a_labelled_message_with_the_text_that_sentiment_reads():
    (row,) = rows(added("a", "Wo bleibt sie?", subject="Meine Ware"), corrected("a", ANGRY))
    assert row == {
        "text": "Meine Ware\nWo bleibt sie?",
        "language": "de",
        "sentiment": "negative",
        "triage": "service",
        "situation": "complaint",
        "topics": "delivery",
        "group": str(message("a")),
    }


def test_what_no_model_can_learn_is_left_empty():
    (row,) = rows(added("a", "Gewinne!"), corrected("a", SPAM.model_copy(update={"language": "und"})))
    assert (row["language"], row["sentiment"], row["triage"], row["situation"]) == ("", "", "spam", "none")


def test_the_newest_word_on_each_text_counts_and_an_analysis_is_none():
    edit = AT + timedelta(minutes=5)
    found = rows(
        added("a", "Toll!"),
        corrected("a", SPAM),
        corrected("a", ANGRY),
        updated("a", "Doch toll!", edit),
        corrected("a", SPAM, edit, reason="edited"),
        corrected("a", SPAM, edit),
    )
    assert [(row["text"], row["triage"]) for row in found] == [("Toll!", "service"), ("Doch toll!", "spam")]
    assert found[0]["group"] == found[1]["group"]


def test_a_deleted_message_and_one_past_retention_are_left_out():
    removed = MessageRemoved(
        conversation_id=derive("conversation", "a"), message_id=message("a"), length=5, sha256="0" * 64, deleted_at=AT
    )
    assert rows(added("a", "Toll!"), corrected("a", SPAM), removed) == []
    assert rows(corrected("b", SPAM)) == []


@pytest.mark.parametrize("name", ["labels.csv", "labels.tsv"])
def test_the_file_is_one_that_training_reads(tmp_path: Path, name: str):
    words = 'Er sagt: "nie wieder",\nund\tgeht.'
    found = rows(added("a", words), corrected("a", ANGRY), added("b", "  "), corrected("b", SPAM))
    assert write_labels(found, tmp_path / name) == 1
    (row,) = read_labels(tmp_path / name)
    assert row.text.split() == words.split()
    assert (row.sentiment, row.situation, row.topics) == ("negative", "complaint", frozenset({"delivery"}))


async def test_corrections_are_read_from_the_log_whole(kafka: str, prefix: str):
    settings = KafkaSettings(kafka=kafka, topic_prefix=prefix)
    assert (await read_log(settings)).readings == {}
    await create_topics(kafka, prefix, single=True)
    sender = await producer(settings, "test")
    try:
        for name in ("a", "b", "c"):
            for event in (added(name, f"Text {name}"), corrected(name, ANGRY)):
                made = fact_of(event)
                headers, value = encode_headers(made), encode_value(event)
                await sender.send_and_wait(f"{prefix}-conversations", value, event.key().encode(), headers=headers)
        await sender.send_and_wait(f"{prefix}-conversations", b"{", b"x", headers=[("ce_type", b"of a later release")])
    finally:
        await sender.stop()
    found = await read_log(settings)
    assert sorted(row["text"] for row in found.rows()) == ["Text a", "Text b", "Text c"]
