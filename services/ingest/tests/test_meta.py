"""Meta's webhooks: what each says, and that none of them raises."""

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest_recorded_events import EXPECTED
from ingest_worlds import META, META_CONFIG, NOW, RECORDED, own, recorded
from pydantic import JsonValue

from lotse.contracts.channels import Channel
from lotse.contracts.envelope import decode, encode_headers, encode_value
from lotse.contracts.ids import message_id
from lotse.contracts.inbound import (
    ActivityRecorded,
    MessageDeleted,
    MessageDelivered,
    MessageEchoed,
    MessageEdited,
    MessageFailed,
    MessageRead,
    MessageReceived,
)
from lotse.contracts.references import provider_reference
from lotse.contracts.values import Identity, IdentityKind
from lotse.ingest.channels import meta
from lotse.ingest.channels import whatsapp as whatsapp_channel
from lotse.ingest.channels.parsed import NotUnderstood, Parsed, Unreadable

REPLY = "9f4c1a52-0f5e-5b4c-8d7e-3b1a2c4d5e6f"


def parse(webhook: JsonValue | bytes) -> Parsed:
    body = webhook if isinstance(webhook, bytes) else json.dumps(webhook).encode()
    return meta.parse(body, META, META_CONFIG, NOW)


def messaging(*items: JsonValue, object: str = "page") -> JsonValue:
    return {"object": object, "entry": [{"id": "1001", "time": 1772440000000, "messaging": list(items)}]}


def feed(field: str = "feed", object: str = "page", **value: JsonValue) -> JsonValue:
    changes: JsonValue = [{"field": field, "value": value}]
    return {"object": object, "entry": [{"id": "1001", "time": 1772440000, "changes": changes}]}


def whatsapp(field: str = "messages", **value: JsonValue) -> JsonValue:
    change: JsonValue = {"field": field, "value": {"messaging_product": "whatsapp", **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": "7001", "changes": [change]}]}


def from_customer(**more: JsonValue) -> dict[str, JsonValue]:
    return {"sender": {"id": 2002}, "recipient": {"id": "1001"}, "timestamp": 1772440001000, **more}


def said(parsed: Parsed) -> list[str]:
    """Types of the events, then the reasons of what was not understood."""
    names = []
    for fact in parsed.facts:
        name = fact.data.TYPE.removeprefix("de.lotse.").removesuffix(".v1")
        names.append(f"{name} {fact.data.activity}" if isinstance(fact.data, ActivityRecorded) else name)
    return [*names, *(f"unparsed {part.reason}" for part in parsed.unparsed)]


def round_trips(parsed: Parsed) -> bool:
    """Whether every fact survives the wire."""
    return all(decode(encode_headers(fact), encode_value(fact.data)) == fact for fact in parsed.facts)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded payloads are not beside the project")
def test_every_recorded_webhook_says_what_it_says() -> None:
    found = {name: said(parse(webhook)) for name, webhook in recorded()}
    assert found == EXPECTED


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded payloads are not beside the project")
def test_every_recorded_event_survives_the_wire_and_comes_again_with_the_same_id() -> None:
    for name, webhook in recorded():
        first, again = parse(webhook), parse(json.dumps(webhook, indent=3).encode())
        assert round_trips(first), name
        assert [fact.id for fact in first.facts] == [fact.id for fact in again.facts], name
        assert len({fact.id for fact in first.facts}) == len(first.facts), name


def test_a_right_signature_is_known_and_any_other_is_not() -> None:
    body = own("meta-two-messages.json")
    right = "sha256=" + hmac.new(b"geheim", body, hashlib.sha256).hexdigest()
    assert meta.verify("geheim", body, right)
    for wrong in (None, "", "sha256=", right[:-1], right.upper(), right.removeprefix("sha256="), "sha256=ü"):
        assert not meta.verify("geheim", body, wrong)
    assert not meta.verify("anders", body, right)
    assert not meta.verify("geheim", body + b" ", right)


def test_the_handshake_takes_only_our_token() -> None:
    assert meta.is_subscription("token", "subscribe", "token")
    assert not meta.is_subscription("token", "subscribe", "tokeN")
    assert not meta.is_subscription("token", "unsubscribe", "token")


def test_several_entries_of_one_post_come_in_their_order() -> None:
    parsed = parse(own("meta-two-messages.json"))
    assert said(parsed) == ["message.received", "message.received", "message.received"]
    assert [fact.data.text for fact in parsed.facts if isinstance(fact.data, MessageReceived)] == [
        "Guten Tag, wo bleibt mein Paket?",
        "Die Nummer ist 4711.",
        "Hello from another page",
    ]


def test_a_private_message_bears_its_sender_thread_and_time() -> None:
    (fact,) = parse(messaging(from_customer(message={"mid": "m_1", "text": "Hallo"}))).facts
    assert fact.data == MessageReceived(
        account=META,
        channel=Channel.MESSENGER,
        thread="2002",
        occurred_at=datetime(2026, 3, 2, 8, 26, 41, tzinfo=UTC),
        received_at=NOW,
        message_id=message_id(META, "m_1"),
        provider_id="m_1",
        identities=(Identity(kind=IdentityKind.META, value="2002", scope=META, verified=True),),
        text="Hallo",
    )
    assert fact.id == message_id(META, "m_1")
    assert fact.source == "/ingest/social"


def test_an_instagram_direct_message_is_of_its_own_channel() -> None:
    (fact,) = parse(messaging(from_customer(message={"mid": "m_1"}), object="instagram")).facts
    assert fact.data.channel is Channel.INSTAGRAM_DIRECT


def test_an_id_is_the_same_as_number_and_as_text() -> None:
    as_number = parse(messaging(from_customer(message={"mid": 5, "text": "x"})))
    as_text = parse(messaging({**from_customer(message={"mid": "5", "text": "x"}), "sender": {"id": "2002"}}))
    assert as_number == as_text


def test_an_echo_of_our_reply_names_it() -> None:
    echo = {"mid": "m_9", "text": "Gern!", "is_echo": True, "metadata": f"lotse:{REPLY}"}
    (fact,) = parse(messaging({"sender": {"id": "1001"}, "recipient": {"id": "2002"}, "message": echo})).facts
    assert isinstance(fact.data, MessageEchoed)
    assert fact.data.thread == fact.data.recipient == "2002"
    assert str(fact.data.reply_id) == REPLY
    assert provider_reference(fact.data.reply_id) == echo["metadata"]


def test_an_answer_from_the_pages_own_inbox_is_an_echo_without_a_reply() -> None:
    message = {"mid": "m_9", "text": "Gern!"}
    (fact,) = parse(messaging({"sender": {"id": "1001"}, "recipient": {"id": "2002"}, "message": message})).facts
    assert isinstance(fact.data, MessageEchoed)
    assert fact.data.reply_id is None


def test_edits_bear_their_number_and_each_is_an_event_of_its_own() -> None:
    edits = [from_customer(message_edit={"mid": "m_1", "text": f"v{n}", "num_edit": n}) for n in (1, 2)]
    first, second = parse(messaging(*edits)).facts
    assert isinstance(first.data, MessageEdited)
    assert isinstance(second.data, MessageEdited)
    assert (first.data.edit, second.data.edit) == (1, 2)
    assert first.data.message_id == message_id(META, "m_1")
    assert first.id != second.id


def test_a_message_taken_back_is_deleted_and_ours_is_an_activity() -> None:
    deleted: JsonValue = {"mid": "m_1", "is_deleted": True}
    (fact,) = parse(messaging(from_customer(message=deleted))).facts
    assert isinstance(fact.data, MessageDeleted)
    ours = {"sender": {"id": "1001"}, "recipient": {"id": "2002"}, "message": {**deleted, "is_echo": True}}
    assert said(parse(messaging(ours))) == ["activity.recorded removed"]


def test_deliveries_and_reads_say_what_or_until_when() -> None:
    delivered, read = parse(
        messaging(
            from_customer(delivery={"mids": ["m_1", "m_2"], "watermark": 1772440000000}),
            from_customer(read={"watermark": 1772440000000}),
        )
    ).facts
    assert isinstance(delivered.data, MessageDelivered)
    assert delivered.data.provider_ids == ("m_1", "m_2")
    assert isinstance(read.data, MessageRead)
    assert read.data.up_to == datetime(2026, 3, 2, 8, 26, 40, tzinfo=UTC)
    (seen,) = parse(messaging(from_customer(read={"mid": "m_3"}), object="instagram")).facts
    assert isinstance(seen.data, MessageRead)
    assert seen.data.provider_ids == ("m_3",)


def test_a_pressed_button_is_a_word_of_the_customers() -> None:
    pressed = from_customer(postback={"title": "Sendung verfolgen", "payload": "TRACK"})
    (fact,) = parse(messaging(pressed)).facts
    assert isinstance(fact.data, MessageReceived)
    assert fact.data.text == "Sendung verfolgen"
    assert parse(messaging(pressed)).facts == (fact,)


COMMENT: dict[str, JsonValue] = {
    "item": "comment",
    "verb": "add",
    "post_id": "1001_5",
    "parent_id": "1001_5",
    "comment_id": "5_77",
    "from": {"id": 2002, "name": "Erika Beispiel"},
    "created_time": 1772440001,
    "message": "Immer noch kaputt!",
}


def test_a_top_level_comment_is_its_own_thread_and_a_reply_is_in_that_of_the_comment() -> None:
    (top,) = parse(feed(**COMMENT)).facts
    (reply,) = parse(feed(**{**COMMENT, "comment_id": "5_78", "parent_id": "5_77"})).facts
    assert isinstance(top.data, MessageReceived)
    assert isinstance(reply.data, MessageReceived)
    assert top.data.thread == reply.data.thread == "5_77"
    assert (top.data.parent, reply.data.parent) == ("1001_5", "5_77")
    assert top.data.sender_name == "Erika Beispiel"
    assert top.key == reply.key


@pytest.mark.parametrize(
    ("verb", "says"),
    [
        ("edited", ["message.edited"]),
        ("edit", ["message.edited"]),
        ("remove", ["message.deleted"]),
        ("hide", ["activity.recorded hidden"]),
        ("unhide", ["activity.recorded unhidden"]),
        ("mute", ["activity.recorded other"]),
    ],
)
def test_what_happens_to_a_customers_comment(verb: str, says: list[str]) -> None:
    assert said(parse(feed(**{**COMMENT, "verb": verb}))) == says


@pytest.mark.parametrize(
    ("verb", "says"),
    [("add", ["message.echoed"]), ("remove", ["activity.recorded removed"]), ("edited", ["activity.recorded other"])],
)
def test_our_own_comment_never_is_a_customers_message(verb: str, says: list[str]) -> None:
    assert said(parse(feed(**{**COMMENT, "verb": verb, "from": {"id": "1001"}}))) == says


def test_two_edits_of_a_comment_in_one_second_are_two_events() -> None:
    edits = [parse(feed(**{**COMMENT, "verb": "edited", "message": text})).facts[0] for text in ("a", "b")]
    assert edits[0].id != edits[1].id


def test_a_comment_whose_author_is_kept_from_us_is_from_nobody_known() -> None:
    (fact,) = parse(feed(**{key: value for key, value in COMMENT.items() if key != "from"})).facts
    assert isinstance(fact.data, MessageReceived)
    (identity,) = fact.data.identities
    assert (identity.kind, identity.verified) == (IdentityKind.EXTERNAL, False)


@pytest.mark.parametrize(
    ("given", "stars"),
    [({"rating": 2}, 2), ({"rating": 9}, None), ({"recommendation_type": "NEGATIVE"}, 1), ({}, None)],
)
def test_a_rating_bears_its_stars(given: dict[str, JsonValue], stars: int | None) -> None:
    value: dict[str, JsonValue] = {"item": "rating", "verb": "add", "open_graph_story_id": 42, "reviewer_id": 2002}
    (fact,) = parse(feed("ratings", **value, review_text="Naja", **given)).facts
    assert isinstance(fact.data, MessageReceived)
    assert (fact.data.rating, fact.data.text, fact.data.thread) == (stars, "Naja", "42")


def test_a_comment_on_a_rating_belongs_to_the_ratings_conversation() -> None:
    comment = {**COMMENT, "post_id": "2002_42", "parent_id": "2002_42"}
    (fact,) = parse(feed("ratings", **comment)).facts
    assert fact.data.thread == "42"


def test_instagram_comments_and_mentions() -> None:
    value: dict[str, JsonValue] = {"id": "90", "from": {"id": "2002", "username": "erika"}, "media": {"id": "80"}}
    (comment,) = parse(feed("comments", object="instagram", text="Toll", **value)).facts
    assert isinstance(comment.data, MessageReceived)
    assert (comment.data.channel, comment.data.thread, comment.data.parent) == (Channel.INSTAGRAM, "90", "80")
    (reply,) = parse(feed("comments", object="instagram", **{**value, "id": "91", "parent_id": "90"})).facts
    assert reply.data.thread == "90"
    (echo,) = parse(feed("comments", object="instagram", **{**value, "from": {"id": "1001"}})).facts
    assert isinstance(echo.data, MessageEchoed)
    mention = parse(feed("mentions", object="instagram", comment_id="91", media_id="80"))
    assert said(mention) == ["message.received"]


PERSON: JsonValue = [{"profile": {"name": "Erika"}, "wa_id": "4915112345678", "user_id": "DE.13491208655302741918"}]
WORDS: dict[str, JsonValue] = {
    "from": "4915112345678",
    "id": "wamid.A1",
    "timestamp": "1772440001",
    "type": "text",
    "text": {"body": "Moin"},
}


def test_a_whatsapp_user_id_stands_before_the_number_and_names_the_thread() -> None:
    (fact,) = parse(whatsapp(contacts=PERSON, messages=[WORDS])).facts
    assert isinstance(fact.data, MessageReceived)
    assert fact.data.identities == (
        Identity(kind=IdentityKind.WHATSAPP, value="DE.13491208655302741918", verified=True),
        Identity(kind=IdentityKind.PHONE, value="+4915112345678", verified=True),
    )
    assert fact.data.thread == "DE.13491208655302741918"
    assert fact.data.sender_name == "Erika"


def test_a_whatsapp_user_id_may_stand_where_the_number_stood() -> None:
    (fact,) = parse(whatsapp(messages=[{**WORDS, "from": "DE.134"}])).facts
    assert isinstance(fact.data, MessageReceived)
    assert fact.data.identities == (Identity(kind=IdentityKind.WHATSAPP, value="DE.134", verified=True),)


def test_somebody_elses_card_does_not_lend_its_id_to_the_sender() -> None:
    (fact,) = parse(whatsapp(contacts=PERSON, messages=[{**WORDS, "from": "4917000000000"}])).facts
    assert isinstance(fact.data, MessageReceived)
    assert [identity.value for identity in fact.data.identities] == ["+4917000000000"]


@pytest.mark.parametrize(
    ("cards", "message", "ids"),
    [
        ([{"wa_id": "4915100000001"}, {"wa_id": "4915100000002"}], {"from": "4915100000002"}, ["+4915100000002"]),
        ([{"wa_id": "4915100000001"}], {"from": "4915100000002"}, ["+4915100000002"]),
        ([{"wa_id": "4915100000001"}], {"from": None, "from_user_id": "DE.2"}, ["DE.2"]),
        ([{"wa_id": "4915100000001", "user_id": "DE.1"}], {"from": None}, ["DE.1", "+4915100000001"]),
    ],
)
def test_nobody_is_given_another_persons_number(
    cards: list[JsonValue], message: dict[str, JsonValue], ids: list[str]
) -> None:
    named: JsonValue = [{"profile": {"name": f"Person {n}"}, **card} for n, card in enumerate(cards, 1)]
    (fact,) = parse(whatsapp(contacts=named, messages=[{**WORDS, **message}])).facts
    assert isinstance(fact.data, MessageReceived)
    assert [identity.value for identity in fact.data.identities] == ids


ECHO: dict[str, JsonValue] = {"from": "4930901820", "id": "wamid.E1", "timestamp": "1772440009", "type": "text"}


def echo(**given: JsonValue) -> JsonValue:
    return whatsapp("smb_message_echoes", contacts=PERSON, message_echoes=[{**ECHO, **given}])


@pytest.mark.parametrize(
    "to",
    [
        {"to": "4915112345678", "to_user_id": "DE.13491208655302741918"},
        {"to": "4915112345678"},
        {"to_user_id": "DE.13491208655302741918"},
    ],
)
def test_an_answer_from_the_app_stands_in_the_customers_thread(to: dict[str, JsonValue]) -> None:
    (word,) = parse(whatsapp(contacts=PERSON, messages=[WORDS])).facts
    (answer,) = parse(echo(**to, text={"body": "Gern!"})).facts
    assert isinstance(answer.data, MessageEchoed)
    assert (answer.data.text, answer.key) == ("Gern!", word.key)


@pytest.mark.parametrize(
    ("changed", "activity"),
    [
        ({"type": "revoke", "revoke": {"original_message_id": "wamid.E1"}}, "removed"),
        ({"type": "edit", "edit": {"original_message_id": "wamid.E1", "message": {"type": "text"}}}, "other"),
        ({"type": "reaction", "reaction": {"message_id": "wamid.A1", "emoji": "👍"}}, "reaction_added"),
    ],
)
def test_what_is_changed_in_the_app_is_no_answer(changed: dict[str, JsonValue], activity: str) -> None:
    (fact,) = parse(echo(to="4915112345678", **{**changed, "id": "wamid.E2"})).facts
    assert isinstance(fact.data, ActivityRecorded)
    assert (fact.data.activity, fact.data.by_us) == (activity, True)


def test_a_shared_link_is_words_and_no_file() -> None:
    there = "https://graph.facebook.com/v23.0/1001_9?method=delete"
    post = {**COMMENT, "item": "share", "comment_id": None, "link": there, "message": "Seht mal"}
    (fact,) = parse(feed(**post)).facts
    assert isinstance(fact.data, MessageReceived)
    assert (fact.data.text, fact.data.attachments) == (f"Seht mal\n{there}", ())
    shared = {"mid": "m_1", "attachments": [{"type": "fallback", "url": "https://shop.example/hose"}]}
    (message,) = parse(messaging(from_customer(message=shared))).facts
    assert isinstance(message.data, MessageReceived)
    assert message.data.text == "https://shop.example/hose"


@pytest.mark.parametrize(
    ("status", "kind"),
    [("delivered", MessageDelivered), ("read", MessageRead), ("played", MessageRead), ("failed", MessageFailed)],
)
def test_a_status_confirms_our_reply_by_its_reference(status: str, kind: type) -> None:
    value: JsonValue = {
        "id": "wamid.B",
        "status": status,
        "timestamp": "1772440001",
        "recipient_id": "4915112345678",
        "biz_opaque_callback_data": f"lotse:{REPLY}",
        "errors": [{"code": 131026, "title": "Message undeliverable"}],
    }
    (fact,) = parse(whatsapp(statuses=[value])).facts
    assert type(fact.data) is kind
    assert str(fact.data.reply_id) == REPLY
    assert fact.data.provider_ids == ("wamid.B",)
    assert fact.data.thread == "+4915112345678"
    if isinstance(fact.data, MessageFailed):
        assert (fact.data.code, fact.data.reason) == ("131026", "Message undeliverable")


def test_an_edit_and_a_revocation_name_the_first_message() -> None:
    inner: JsonValue = {"type": "text", "text": {"body": "Moin moin"}}
    edit = {**WORDS, "id": "wamid.E", "type": "edit", "edit": {"original_message_id": "wamid.A1", "message": inner}}
    revoke = {**WORDS, "id": "wamid.R", "type": "revoke", "revoke": {"original_message_id": "wamid.A1"}}
    del edit["text"], revoke["text"]
    first, second = parse(whatsapp(contacts=PERSON, messages=[edit, revoke])).facts
    assert isinstance(first.data, MessageEdited)
    assert isinstance(second.data, MessageDeleted)
    assert first.data.message_id == second.data.message_id == message_id(META, "wamid.A1")
    assert first.data.text == "Moin moin"


def test_a_file_lies_behind_the_graph_api() -> None:
    file: JsonValue = {"id": "333", "mime_type": "application/pdf; x=1", "filename": "Rechnung.pdf", "caption": "Hier"}
    (fact,) = parse(whatsapp(messages=[{**WORDS, "type": "document", "text": None, "document": file}])).facts
    assert isinstance(fact.data, MessageReceived)
    (attachment,) = fact.data.attachments
    assert (attachment.name, attachment.media_type) == ("Rechnung.pdf", "application/pdf")
    assert attachment.url == f"{META_CONFIG.graph_url}/333"
    assert fact.data.text == "Hier"


def test_what_is_understood_is_kept_beside_what_is_not() -> None:
    good = from_customer(message={"mid": "m_1", "text": "a"})
    parsed = parse(messaging(good, from_customer(hologram={"x": 1}), 7, {**good, "message": {"text": "no id"}}))
    assert said(parsed) == ["message.received", "unparsed messaging", "unparsed invalid", "unparsed invalid"]
    kept = json.loads(parsed.unparsed[0].body)
    assert (kept["object"], kept["entry"][0]["id"]) == ("page", "1001")
    assert [item["hologram"] for item in kept["entry"][0]["messaging"]] == [{"x": 1}]


def test_a_message_type_of_tomorrow_is_kept_and_its_neighbours_are_read() -> None:
    parsed = parse(whatsapp(messages=[{**WORDS, "type": "hologram", "text": None}, {**WORDS, "id": "wamid.A2"}]))
    assert said(parsed) == ["message.received", "unparsed message type"]
    (change,) = json.loads(parsed.unparsed[0].body)["entry"][0]["changes"]
    assert [message["id"] for message in change["value"]["messages"]] == [WORDS["id"]]
    assert change["value"]["messaging_product"] == "whatsapp"


def test_what_a_later_release_understands_has_the_ids_and_times_that_it_had_from_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    webhooks = [
        messaging(from_customer(message={"mid": "m_1", "text": "a"})),
        feed(**COMMENT),
        whatsapp(contacts=PERSON, messages=[WORDS, {**WORDS, "id": "wamid.A2"}]),
    ]
    today = [parse(webhook) for webhook in webhooks]

    def unheard_of(*_: object) -> None:
        raise NotUnderstood("unheard of")

    with monkeypatch.context() as yesterday:
        yesterday.setattr(meta.messenger, "read", unheard_of)
        yesterday.setattr(meta.page, "read", unheard_of)
        yesterday.setattr(whatsapp_channel, "_received", unheard_of)
        kept = [parse(webhook) for webhook in webhooks]
    assert [said(parsed) for parsed in kept] == [["unparsed unheard of"] * len(parsed.facts) for parsed in today]
    for before, after in zip(kept, today, strict=True):
        assert [fact for part in before.unparsed for fact in parse(part.body).facts] == list(after.facts)


def as_it_was_kept(parsed: Parsed) -> bool:
    """Whether each part that is not understood is the same part when it is parsed again, and nothing else."""
    again = [parse(part.body) for part in parsed.unparsed]
    return all(other == Parsed(unparsed=(part,)) for part, other in zip(parsed.unparsed, again, strict=True))


@pytest.mark.parametrize("webhook", [[], 1, None, {}, {"object": "page"}, {"object": "page", "entry": {}}])
def test_json_that_is_no_webhook_is_kept_whole(webhook: JsonValue) -> None:
    assert said(parse(webhook)) == ["unparsed invalid"] or said(parse(webhook)) == ["unparsed envelope"]
    assert as_it_was_kept(parse(webhook))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": "\xff"}', b"a=b"])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(body)


def test_characters_that_cannot_be_stored_are_replaced() -> None:
    body = json.dumps(messaging(from_customer(message={"mid": "m_1", "text": "a\x00b\ud83dc"}))).encode()
    (fact,) = parse(body).facts
    assert isinstance(fact.data, MessageReceived)
    assert fact.data.text == "a\ufffdb\ufffdc"


def test_nothing_happens_after_we_heard_of_it() -> None:
    (fact,) = parse(messaging({**from_customer(message={"mid": "m"}), "timestamp": 4000000000000})).facts
    assert fact.data.occurred_at == NOW


def test_a_text_too_long_for_an_event_lies_in_a_blob_before_it() -> None:
    text = 'ä"\x01' * 50_000
    parsed = parse(messaging(from_customer(message={"mid": "m_1", "text": text})))
    (fact,) = parsed.facts
    (blob,) = parsed.blobs
    assert isinstance(fact.data, MessageReceived)
    assert blob.body.decode() == text
    assert fact.data.full is not None
    assert (fact.data.full.sha256, fact.data.full.size) == (hashlib.sha256(blob.body).hexdigest(), len(blob.body))
    assert text.startswith(fact.data.text)
    assert len(encode_value(fact.data)) < 70_000


NUMBERS = st.integers() | st.integers(min_value=10**300, max_value=10**301) | st.floats(allow_nan=False)
ANY_TEXT = st.text(alphabet=st.characters())
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        parsed = parse(body)
    except Unreadable:
        return
    assert parsed.unparsed or parsed.skipped >= 0


@given(JSON)
def test_any_json_is_read_or_kept(webhook: JsonValue) -> None:
    assert round_trips(parse(webhook))


SAMPLES: list[JsonValue] = [
    messaging(from_customer(message={"mid": "m", "text": "a", "attachments": [{"type": "image"}]})),
    messaging(from_customer(delivery={"mids": ["a"], "watermark": 1})),
    messaging(from_customer(message_edit={"mid": "m", "text": "a", "num_edit": 1}), object="instagram"),
    feed(**COMMENT),
    feed("ratings", item="rating", verb="add", open_graph_story_id=42, reviewer_id=1, rating=2),
    feed("comments", object="instagram", id="90", media={"id": "80"}, text="Toll", **{"from": {"id": 1}}),
    whatsapp(contacts=PERSON, messages=[WORDS]),
    whatsapp(statuses=[{"id": "w", "status": "failed", "recipient_id": "1", "errors": [{"code": 1}]}]),
]
SAMPLES += [webhook for _, webhook in recorded()]


def paths(value: JsonValue, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The place of everything in a document."""
    inner: list[tuple[str | int, JsonValue]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [above, *(path for key, item in inner for path in paths(item, (*above, key)))]


def with_change(value: JsonValue, path: tuple[str | int, ...], new: JsonValue) -> JsonValue:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)  # type: ignore[arg-type]
    copy[path[0]] = with_change(copy[path[0]], path[1:], new)  # type: ignore[index]
    return copy


@given(st.data())
def test_a_damaged_webhook_never_raises_and_whatever_it_says_survives_the_wire(data: st.DataObject) -> None:
    webhook = data.draw(st.sampled_from(SAMPLES))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(paths(webhook)))
        webhook = with_change(webhook, path, data.draw(JSON))
    parsed = parse(webhook)
    assert round_trips(parsed)
    assert as_it_was_kept(parsed)
    assert [fact.id for fact in parsed.facts] == [fact.id for fact in parse(webhook).facts]
