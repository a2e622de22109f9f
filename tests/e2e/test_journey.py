"""One message from the provider's webhook to the last notice, as the customer, the agent and an SRE see it."""

from collections import Counter
from datetime import UTC, datetime

from lotse.contracts.conversations import (
    AssignmentChanged,
    ConversationOpened,
    ConversationQueued,
    ConversationWaiting,
    MessageAdded,
    ReplyApproved,
)
from lotse.contracts.deadlines import DeadlineMet, DeadlineStarted
from lotse.contracts.ids import message_id
from lotse.contracts.insights import MessageAnalysed
from lotse.contracts.notices import NoticeSent, ReplyDelivered, ReplySent
from lotse.contracts.values import Sentiment, Situation
from lotse.runtime.telemetry import trace_id

COMPLAINT = "Das ist eine Frechheit! Seit zwei Wochen warte ich auf mein Paket und niemand antwortet mir."


def now() -> datetime:
    return datetime.now(UTC)


async def test_a_complaint_is_read_assigned_promised_confirmed_and_answered_once(world):
    await world.comes("anna")
    customer, mid = world.fresh("7"), world.fresh("m_")
    begun = "00-" + "5" * 32 + "-" + "7" * 16 + "-01"
    await world.customer_writes(world.meta.messenger(customer, mid, COMPLAINT, now()), headers={"traceparent": begun})
    message = message_id(world.meta.account, mid)

    analysed = await world.facts.one(MessageAnalysed, lambda e: e.message_id == message)
    assert analysed.data.reading.language == "de"
    assert analysed.data.reading.sentiment is Sentiment.NEGATIVE
    assert analysed.data.reading.situation is Situation.COMPLAINT

    added = await world.facts.one(MessageAdded, lambda e: e.message_id == message)
    conversation = added.data.conversation_id
    assigned = await world.facts.one(AssignmentChanged, lambda e: e.conversation_id == conversation)
    assert assigned.data.current == "anna"
    started = await world.facts.one(DeadlineStarted, lambda e: e.conversation_id == conversation)
    assert (started.data.due_at - started.data.started_at).total_seconds() == 30 * 60
    received = await world.facts.one(NoticeSent, lambda e: e.conversation_id == conversation)
    assert received.data.kind == "received"

    answer = await world.desk(
        "POST",
        f"/v1/conversations/{conversation}/reply",
        who="anna",
        role="agent",
        json={"text": "Das tut uns sehr leid. Ihr Paket ist heute unterwegs."},
    )
    assert answer.status_code == 200, answer.text
    reply = answer.json()["command_id"]
    sent = await world.facts.one(ReplySent, lambda e: str(e.reply_id) == reply)
    met = await world.facts.one(DeadlineMet, lambda e: e.conversation_id == conversation)
    assert not met.data.late
    assert met.data.met_at == sent.data.sent_at
    await world.facts.one(ConversationWaiting, lambda e: e.conversation_id == conversation)
    await world.facts.one(ReplyDelivered, lambda e: str(e.reply_id) == reply)

    told = [item for item in await world.seen() if item["recipient"] == customer]
    assert [item["reply_id"] for item in told].count(reply) == 1
    assert len(told) == 2, "one received, one answer"

    await one_trace(world, conversation, trace_id(begun))
    await numbered_without_a_gap(world, conversation)

    async def waits_for_the_customer() -> dict[str, object] | None:
        """Desk's own reading of the log, which follows what it reports."""
        found = (await world.desk("GET", f"/v1/conversations/{conversation}")).json()
        return found if found["status"] == "waiting" else None

    shown = await world.until(waits_for_the_customer)
    assert shown["assignee"] == "anna"
    assert [m["text"] for m in shown["messages"]] == [COMPLAINT]


async def one_trace(world, conversation, wanted: str) -> None:
    facts = [
        f for f in world.facts.of(conversation) if not isinstance(f.data, ReplyApproved | ReplySent | ReplyDelivered)
    ]
    opening = (ConversationOpened, MessageAdded, ConversationQueued, AssignmentChanged, DeadlineStarted, NoticeSent)
    traces = {trace_id(f.traceparent) for f in facts if isinstance(f.data, opening)}
    assert traces == {wanted}, "one trace from the webhook to the notice"

    async def every_service_has_written() -> set[str]:
        spans = world.spans(wanted)
        services = {span["localEndpoint"]["serviceName"].removeprefix("lotse-") for span in spans}
        return services if {"ingest", "sentiment", "router", "sla", "notifier", "desk"} <= services else set()

    await world.until(every_service_has_written)
    spans = world.spans(wanted)
    ids = {span["id"] for span in spans}
    roots = [span for span in spans if span.get("parentId") not in ids]
    assert {span["localEndpoint"]["serviceName"] for span in roots} == {"lotse-ingest"}, "all hang on the webhook"
    kinds = Counter((span["localEndpoint"]["serviceName"], span.get("kind")) for span in spans)
    assert kinds["lotse-ingest", "SERVER"] == 1
    assert kinds["lotse-notifier", "CLIENT"] >= 1, "down to the provider's API"


async def numbered_without_a_gap(world, conversation) -> None:
    by_topic: dict[str, list[int]] = {}
    for fact in world.facts.of(conversation):
        if fact.sequence is not None:
            by_topic.setdefault(fact.data.TOPIC, []).append(fact.sequence)
    assert set(by_topic) == {"conversations", "deadlines", "notices"}
    assert all(found == list(range(1, len(found) + 1)) for found in by_topic.values())


async def test_personal_data_never_leaves_in_public_without_a_recorded_override(world):
    await world.comes("anna")
    await world.comes("clara")
    comment = f"880011223344_{world.fresh('')}"
    call = world.meta.comment(
        world.fresh("9"), "Kim Beispiel", comment, "880011223344_1", "Wann bekomme ich mein Geld zurück?", now()
    )
    await world.customer_writes(call)
    added = await world.facts.one(MessageAdded, lambda e: e.message_id == message_id_of(world, e, comment))
    conversation = added.data.conversation_id
    assigned = await world.facts.one(AssignmentChanged, lambda e: e.conversation_id == conversation)
    assert assigned.data.current in ("anna", "clara"), "public_voice 3 is called for"
    text = "Wir überweisen es auf DE89 3704 0044 0532 0130 00."
    path, who = f"/v1/conversations/{conversation}/reply", assigned.data.current
    refused = await world.desk("POST", path, who=who, role="agent", json={"text": text})
    assert refused.status_code == 409, refused.text
    assert "DE89" not in str(await world.seen())
    forbidden = await world.desk(
        "POST", path, who=who, role="agent", json={"text": text, "override_reason": "Kunde wünscht es"}
    )
    assert forbidden.status_code in (403, 409)
    allowed = await world.desk(
        "POST", path, who="anna", role="lead", json={"text": text, "override_reason": "Kunde wünscht es"}
    )
    assert allowed.status_code == 200, allowed.text
    approved = await world.facts.one(ReplyApproved, lambda e: e.conversation_id == conversation)
    assert approved.data.override_reason == "Kunde wünscht es"
    await world.facts.one(ReplySent, lambda e: e.reply_id == approved.data.reply_id)


def message_id_of(world, event, comment) -> object:
    return event.message_id if event.in_reply_to == comment else None


async def test_mail_is_answered_by_mail_and_the_answer_to_it_finds_its_conversation(world):
    from lotse.local.webhooks import mail

    await world.comes("anna")
    token, sender = world.stack.secrets["LOTSE_MAIL_TOKEN"], world.fresh("kim") + "@example.org"
    first = f"<{world.fresh('a')}@example.org>"
    to = "service@hafenmarkt.example"
    letter = mail(
        "service", token, to, ("Kim", sender), "Rechnung 17", "Die Rechnung stimmt leider nicht.", first, now()
    )
    assert (await world.call(letter)).status_code in (200, 202)
    opened = await world.facts.one(ConversationOpened, lambda e: e.address.recipient == sender)
    conversation = opened.data.conversation_id
    await world.facts.one(AssignmentChanged, lambda e: e.conversation_id == conversation)
    answer = await world.desk(
        "POST", f"/v1/conversations/{conversation}/reply", json={"text": "Wir prüfen die Rechnung."}
    )
    assert answer.status_code == 200, answer.text
    sent = await world.facts.one(ReplySent, lambda e: str(e.reply_id) == answer.json()["command_id"])
    (ours,) = sent.data.provider_ids
    reply = mail(
        "service",
        token,
        to,
        ("Kim", sender),
        "ganz anderer Betreff",
        "Danke!",
        f"<{world.fresh('b')}@example.org>",
        now(),
        ours,
    )
    assert (await world.call(reply)).status_code in (200, 202)
    added = await world.facts.some(2, MessageAdded, lambda e: e.conversation_id == conversation)
    assert len(added) == 2


async def test_a_promise_that_is_missed_is_told_once_and_signed(world):
    token = world.stack.secrets["LOTSE_API_TOKEN"]
    body = {
        "external_id": world.fresh("x"),
        "channel": "in-app",
        "sender": {"id": world.fresh("app"), "name": "Kim"},
        "text": "Hallo, ist jemand da? Ich brauche bitte Hilfe.",
        "occurred_at": now().isoformat(),
    }
    answer = await world.http.post(
        f"{world.stack.ingest}/v1/messages/haus", json=body, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 202, answer.text
    from lotse.contracts.deadlines import DeadlineMissed

    message = answer.json()["message_id"]
    added = await world.facts.one(MessageAdded, lambda e: str(e.message_id) == message)
    missed = await world.facts.one(DeadlineMissed, lambda e: e.conversation_id == added.data.conversation_id)
    assert (missed.data.detected_at - missed.data.missed_at).total_seconds() < 10

    async def told() -> list[object]:
        return [a for a in await world.alerts() if a["conversation_id"] == str(added.data.conversation_id)]

    alerts = await world.until(lambda: told(), 30)
    assert all(alert["verified"] for alert in alerts)
    assert len([f for f in world.facts.of(missed.key) if isinstance(f.data, DeadlineMissed)]) == 1
