"""What a customer took back is kept nowhere, not among what could not be applied either."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from lotse.contracts.channels import Channel
from lotse.contracts.conversations import ConversationEvent, MessageAdded, MessageRemoved
from lotse.contracts.envelope import Event, decode
from lotse.contracts.frozen import replace
from lotse.contracts.ids import AccountId, ConversationId, CustomerId, MessageId
from lotse.contracts.inbound import InboundEvent, MessageDeleted, MessageReceived
from lotse.contracts.topics import Topic
from lotse.contracts.values import Attachment, Identity
from lotse.runtime import parking
from lotse.runtime.fold import Fold, Reads
from lotse.runtime.testing import FakeRecord, Harness, fact_of

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GONE, OTHER = MessageId(UUID(int=7)), MessageId(UUID(int=8))
TEXT = "Meine Nummer ist 0171 1234567"
FILE = Attachment(name="me.jpg", media_type="image/jpeg", size=3, sha256="0" * 64)


async def load(tx: object, facts: object) -> None:
    """There is no state."""


def decide(state: None, fact: object, now: datetime) -> list[Event]:
    del state, fact, now
    return []


FOLD: Fold[None] = Fold(
    reads=(
        Reads(Topic.INBOUND, (MessageReceived, MessageDeleted), once=True),
        Reads(Topic.CONVERSATIONS, (MessageAdded, MessageRemoved)),
    ),
    load=load,
    decide=decide,
    save=lambda _: (),
)


def received(message: MessageId) -> InboundEvent:
    return MessageReceived(
        account=AccountId("shop"),
        channel=Channel.MESSENGER,
        thread="4711",
        occurred_at=AT,
        received_at=AT,
        message_id=message,
        provider_id=f"m_{message}",
        identities=(Identity(kind="meta", value="4711"),),
        text=TEXT,
        subject=TEXT,
        attachments=(FILE,),
    )


def deleted(message: MessageId) -> InboundEvent:
    return MessageDeleted(
        account=AccountId("shop"),
        channel=Channel.MESSENGER,
        thread="4711",
        occurred_at=AT,
        received_at=AT,
        message_id=message,
        provider_id=f"m_{message}",
    )


def added(message: MessageId) -> ConversationEvent:
    return MessageAdded(
        conversation_id=ConversationId(UUID(int=1)),
        message_id=message,
        customer_id=CustomerId(UUID(int=2)),
        channel=Channel.MESSENGER,
        text=TEXT,
        subject=TEXT,
        attachments=(FILE,),
        occurred_at=AT,
        received_at=AT,
    )


def removed(message: MessageId) -> ConversationEvent:
    return MessageRemoved(
        conversation_id=ConversationId(UUID(int=1)), message_id=message, length=29, sha256="0" * 64, deleted_at=AT
    )


def of_a_later_release(record: FakeRecord) -> FakeRecord:
    headers = [(k, v.replace(b".v1", b".v9") if k == "ce_type" else v) for k, v in record.headers]
    return replace(record, headers=headers)


@pytest.fixture
async def harness(database):
    async with Harness.open(database, "counting", (FOLD,), packages=("lotse.runtime",)) as opened:
        yield opened


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(("said", "back"), [(received, deleted), (added, removed)])
async def test_what_is_parked_says_nothing_more_once_it_was_taken_back(harness: Harness, said, back, together):
    parked = [of_a_later_release(harness.log.record(fact_of(said(message)))) for message in (GONE, OTHER)]
    taken = harness.log.record(fact_of(back(GONE)))
    for batch in [[*parked, taken]] if together else [parked, [taken]]:
        await harness.feed_records(batch)
    gone, other = (await harness.rows("SELECT value FROM parked ORDER BY id"))[:2]
    assert TEXT.encode() not in gone["value"]
    assert b"me.jpg" not in gone["value"]
    assert other["value"] == parked[1].value
    emptied = decode(harness.log.record(fact_of(said(GONE))).headers, gone["value"]).data
    assert (emptied.message_id, emptied.text, emptied.subject, emptied.attachments) == (GONE, "", None, ())


async def test_what_is_too_damaged_to_tell_is_emptied(harness: Harness):
    record = harness.log.record(fact_of(received(GONE)))
    await harness.feed_records([replace(record, value=record.value[:-1])])
    await harness.feed(deleted(GONE))
    assert [row["value"] for row in await harness.rows("SELECT value FROM parked")] == [None]


async def test_what_nobody_mended_in_thirty_days_is_kept_no_longer(harness: Harness):
    for message in (GONE, OTHER):
        await harness.feed_records([of_a_later_release(harness.log.record(fact_of(received(message))))])
    await harness.execute("UPDATE parked SET parked_at = $1 WHERE id = 1", AT - parking.KEPT_FOR)
    await harness.execute("UPDATE parked SET parked_at = $1 WHERE id = 2", AT)
    async with harness.database.transaction() as tx:
        assert await parking.expire(tx, AT + timedelta(seconds=1)) == 1
    assert [row["id"] for row in await harness.rows("SELECT id FROM parked")] == [2]
