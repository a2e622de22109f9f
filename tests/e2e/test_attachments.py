"""Files in both directions: what a customer sends is seen and fetched, what an agent sends arrives byte for byte."""

import hashlib
from datetime import UTC, datetime

import pytest

from lotse.contracts.conversations import AssignmentChanged, ConversationOpened, MessageAdded, ReplyApproved
from lotse.contracts.ids import message_id
from lotse.contracts.notices import ReplySent
from lotse.local.webhooks import mail

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 300
PDF = b"%PDF-1.7\r\n--x\r\n" + bytes(reversed(range(256))) * 3000
DOCX = b"PK\x03\x04" + bytes(range(256)) * 900
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def agent(world) -> str:
    await world.comes("anna")
    return "anna"


async def stored(world, content: bytes, media_type: str, name: str, channel: str) -> dict:
    answer = await world.desk(
        "POST",
        "/v1/files",
        params={"name": name, "channel": channel},
        content=content,
        headers={"Content-Type": media_type},
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def answered(world, conversation, text: str, *files: dict) -> ReplySent:
    """The reply as its provider took it over."""
    body = {"text": text, "attachments": [file["id"] for file in files]}
    answer = await world.desk("POST", f"/v1/conversations/{conversation}/reply", json=body)
    assert answer.status_code == 200, answer.text
    reply = answer.json()["command_id"]
    approved = await world.facts.one(ReplyApproved, lambda e: str(e.reply_id) == reply)
    assert [file.sha256 for file in approved.data.attachments] == [file["sha256"] for file in files]
    return (await world.facts.one(ReplySent, lambda e: str(e.reply_id) == reply)).data


async def delivered(world, sent: ReplySent) -> list[dict]:
    """What the providers have of a reply, each file with its bytes."""
    found = [item for item in await world.seen() if item["provider_id"] in sent.provider_ids]
    assert [item["provider_id"] for item in found] == list(sent.provider_ids)
    for item in found:
        for file in item["files"]:
            file["body"] = (await world.http.get(f"{world.stack.standin_url}/media/{file['sha256']}")).content
    return found


async def test_a_customers_picture_is_fetched_seen_and_downloaded_without_a_cookie(world, agent):
    standin = world.stack.standin_url
    placed = await world.http.post(f"{standin}/media", content=PNG, headers={"Content-Type": "image/png"})
    customer, mid = world.fresh("7"), world.fresh("m_")
    link = standin + placed.json()["path"]
    await world.customer_writes(world.meta.messenger(customer, mid, "So sieht der Karton aus.", now(), pictures=[link]))
    added = await world.facts.one(MessageAdded, lambda e: e.message_id == message_id(world.meta.account, mid))
    path = f"/v1/conversations/{added.data.conversation_id}/files"

    async def listed() -> dict | None:
        items = (await world.desk("GET", path)).json().get("items", [])
        return items[0] if items else None

    file = await world.until(listed)
    assert (file["of"], file["number"]) == ("message", 0)

    async def downloaded():
        answer = await world.http.get(world.stack.desk + file["url"], headers={"Cookie": "lotse_session=whatever"})
        return answer if answer.status_code == 200 else None

    answer = await world.until(downloaded)
    assert answer.content == PNG
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_a_pdf_goes_out_by_mail(world, agent):
    token, sender = world.stack.secrets["LOTSE_MAIL_TOKEN"], world.fresh("kim") + "@example.org"
    to, name = "service@hafenmarkt.example", "Rechnung für Kim.pdf"
    first = f"<{world.fresh('a')}@example.org>"
    letter = mail("service", token, to, ("Kim", sender), "Rechnung", "Bitte senden Sie mir die Rechnung.", first, now())
    assert (await world.call(letter)).status_code in (200, 202)
    opened = await world.facts.one(ConversationOpened, lambda e: e.address.recipient == sender)
    conversation = opened.data.conversation_id
    await world.facts.one(AssignmentChanged, lambda e: e.conversation_id == conversation)
    sent = await answered(world, conversation, "Anbei.", await stored(world, PDF, "application/pdf", name, "email"))
    (item,) = await delivered(world, sent)
    (file,) = item["files"]
    assert (file["name"], file["media_type"], file["body"]) == (name, "application/pdf", PDF)
    assert item["text"].startswith("Anbei.")


async def test_a_picture_goes_out_by_messenger_after_its_text(world, agent):
    customer, mid = world.fresh("7"), world.fresh("m_")
    await world.customer_writes(world.meta.messenger(customer, mid, "Haben Sie ein Bild davon?", now()))
    added = await world.facts.one(MessageAdded, lambda e: e.message_id == message_id(world.meta.account, mid))
    conversation = added.data.conversation_id
    picture = await stored(world, PNG, "image/png", "karton.png", "messenger")
    sent = await answered(world, conversation, "Gern:", picture)
    text, image = await delivered(world, sent)
    assert (text["text"], text["files"]) == ("Gern:", [])
    assert image["files"][0]["body"] == PNG
    assert image["reply_id"] == str(sent.reply_id)
    seen = (await world.http.get(f"{world.stack.standin_url}/seen?counts")).json()
    assert str(sent.reply_id) not in seen["repeated"]


async def test_a_document_goes_out_by_whatsapp_with_its_text_under_it(world, agent):
    number, wamid = world.fresh("49")[:15], world.fresh("wamid.")
    await world.customer_writes(world.meta.whatsapp(number, "Kim", wamid, "Schicken Sie mir das Formular?", now()))
    added = await world.facts.one(MessageAdded, lambda e: e.message_id == message_id(world.meta.account, wamid))
    conversation = added.data.conversation_id
    form = await stored(world, DOCX, WORD, "Formular.docx", "whatsapp")
    sent = await answered(world, conversation, "Hier ist das Formular.", form)
    (item,) = await delivered(world, sent)
    assert item["text"] == "Hier ist das Formular."
    (file,) = item["files"]
    assert (file["media_type"], file["body"]) == (WORD, DOCX)


async def test_a_file_that_is_killed_on_its_way_arrives_once(world, agent):
    """The provider takes the file and the connection is cut; the notifier brings it again and sends it once."""
    customer, mid = world.fresh("7"), world.fresh("m_")
    await world.customer_writes(world.meta.messenger(customer, mid, "Und das zweite Bild?", now()))
    added = await world.facts.one(MessageAdded, lambda e: e.message_id == message_id(world.meta.account, mid))
    picture = await stored(world, PNG + b"2", "image/png", "zwei.png", "messenger")
    wish = {"fault": "drop", "on": ["uploads"]}
    assert (await world.http.post(f"{world.stack.standin_url}/behave", json=wish)).status_code == 200
    sent = await answered(world, added.data.conversation_id, "", picture)
    (item,) = await delivered(world, sent)
    assert item["files"][0]["sha256"] == hashlib.sha256(PNG + b"2").hexdigest()
    again = [one for one in await world.seen() if one["reply_id"] == str(sent.reply_id)]
    assert len(again) == 1


async def test_what_a_channel_does_not_take_is_refused_before_and_after_the_upload(world, agent):
    customer, mid = world.fresh("7"), world.fresh("m_")
    await world.customer_writes(world.meta.messenger(customer, mid, "Haben Sie das auch größer?", now()))
    added = await world.facts.one(MessageAdded, lambda e: e.message_id == message_id(world.meta.account, mid))
    picture = PNG + bytes(8_000_000)
    params = {"name": "plakat.png", "channel": "messenger"}
    refused = await world.desk("POST", "/v1/files", params=params, content=picture)
    assert (refused.status_code, refused.json()["reason"]) == (413, "file-too-large")
    kept = await world.desk("POST", "/v1/files", params={"name": "plakat.png"}, content=picture)
    body = {"text": "Bitte sehr.", "attachments": [kept.json()["id"]]}
    path = f"/v1/conversations/{added.data.conversation_id}/reply"
    blocked = await world.desk("POST", path, json=body)
    assert (blocked.status_code, blocked.json()["reason"]) == (409, "file-too-large")
