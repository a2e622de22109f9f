"""Raw mail: who wrote what to which conversation, however broken the mail is."""

import email
import hashlib
from datetime import UTC, datetime
from email.message import EmailMessage
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest_worlds import MAIL, MAIL_CONFIG, NOW, PAYLOADS, own

from lotse.contracts.envelope import decode, encode_headers, encode_value
from lotse.contracts.ids import ConversationId, message_id
from lotse.contracts.inbound import MessageEchoed, MessageReceived
from lotse.contracts.references import mail_message_id, plus_address
from lotse.contracts.values import Identity, IdentityKind
from lotse.ingest.channels import mail
from lotse.ingest.channels.html import text_of_html
from lotse.ingest.channels.parsed import Parsed, Unreadable
from lotse.ingest.channels.quotes import without_quotes

CONVERSATION = "5a0b7f0e-5d0b-5f53-9d6d-1a2b3c4d5e6f"
REPLY = "9f4c1a52-0f5e-5b4c-8d7e-3b1a2c4d5e6f"


def parse(raw: bytes | str) -> Parsed:
    return mail.parse(raw if isinstance(raw, bytes) else raw.encode(), MAIL, MAIL_CONFIG, NOW)


def received(raw: bytes | str) -> MessageReceived:
    (fact,) = parse(raw).facts
    assert isinstance(fact.data, MessageReceived)
    return fact.data


def plain(*headers: str, sender: str = "erika@kunde.example", text: str = "Hallo") -> str:
    return "\n".join((f"From: {sender}", "To: service@lotse.example", "Message-ID: <a@b>", *headers, "", text))


def test_an_answer_bears_sender_conversation_and_words() -> None:
    raw = own("mail-answer.eml")
    event = received(raw)
    assert event.message_id == message_id(MAIL, "<abc.1@kunde.example>")
    assert event.thread == "erika@kunde.example"
    assert event.identities == (Identity(kind=IdentityKind.EMAIL, value="erika@kunde.example", verified=True),)
    assert event.sender_name == "Erika Müller"
    assert event.subject == "AW: Rücksendung"
    assert event.occurred_at == datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    assert event.text == "Das Gerät ist immer noch kaputt.\n\nMit freundlichen Grüßen\nErika"
    assert event.reply_token == CONVERSATION
    assert event.in_reply_to == mail_message_id(REPLY, "lotse.example")  # type: ignore[arg-type]
    assert event.references == ("<first@kunde.example>", event.in_reply_to)
    assert not event.auto


def test_the_raw_mail_and_its_files_are_stored_before_the_event() -> None:
    raw = own("mail-answer.eml")
    parsed = parse(raw)
    event = received(raw)
    whole, file = parsed.blobs
    assert (whole.body, whole.media_type) == (raw, "message/rfc822")
    assert event.full is not None
    assert event.full.sha256 == hashlib.sha256(raw).hexdigest()
    (attachment,) = event.attachments
    assert attachment.name == "1.pdf"
    assert (attachment.media_type, attachment.size) == ("application/pdf", 9)
    assert (file.sha256, file.body) == (attachment.sha256, b"%PDF-1.4\n")


def test_all_of_a_mail_can_be_read() -> None:
    assert "Bitte senden Sie das Gerät ein." in mail.readable(own("mail-answer.eml"))


def with_html(page: str, *parts: str) -> bytes:
    """A mail with a text, the HTML and more parts, each with its headers."""
    texts = ("Content-Type: text/plain\n\nnur Text", f"Content-Type: text/html; charset=utf-8\n\n{page}")
    body = "".join(f"--x\n{part}\n" for part in (*texts, *parts))
    return plain("Content-Type: multipart/related; boundary=x", text=f"{body}--x--").encode()


PICTURE = "Content-Type: image/png\nContent-ID: <logo@firma>\nContent-Transfer-Encoding: base64\n\niVBORw=="


def test_the_html_of_a_mail_is_handed_on_as_it_was_written() -> None:
    page = mail.page(own("mail-html.eml"))
    assert page is not None
    assert "wann &ouml;ffnen Sie?</p><script>alert(1)</script>" in page


def test_a_mail_without_html_has_no_page() -> None:
    assert mail.page(plain().encode()) is None


def test_pictures_that_lie_in_the_mail_stand_in_its_html() -> None:
    raw = with_html('<img src="cid:logo@firma"><img src=cid:fehlt><a href="cid:x y">', PICTURE)
    assert mail.page(raw) == '<img src="data:image/png;base64,iVBORw=="><img src=cid:fehlt><a href="cid:x y">'


def test_pictures_that_are_large_together_stay_where_they_are() -> None:
    page = mail.page(with_html('<img src="cid:logo@firma">', PICTURE.replace("iVBORw==", "AAAA" * 400_000)))
    assert page == '<img src="cid:logo@firma">'


def test_html_is_read_as_its_reader_sees_it() -> None:
    event = received(own("mail-html.eml"))
    assert event.text == "Guten Tag,\nwann öffnen Sie?\n\nmorgens\n\nabends"
    assert event.sender_name == "Beispiel, Max"


def test_a_delivery_report_is_automatic() -> None:
    event = received(own("mail-bounce.eml"))
    assert event.auto
    assert event.text == "Your message could not be delivered."
    assert [file.media_type for file in event.attachments] == ["message/delivery-status", "message/rfc822"]


def test_a_broken_mail_is_read_as_far_as_it_goes() -> None:
    event = received(own("mail-broken.eml"))
    assert event.thread == "odd@kunde.example"
    assert event.occurred_at == NOW
    assert event.text.startswith("Hallo Wel")
    assert event.provider_id.startswith("hash:")


def test_a_mail_without_a_message_id_is_the_same_however_it_came() -> None:
    first = plain("Subject: x").replace("Message-ID: <a@b>\n", "")
    again = "Received: from another.example\n" + first.replace("\n", "\r\n")
    other = first.replace("Hallo", "Hullo")
    assert received(first).message_id == received(again).message_id
    assert received(first).message_id != received(other).message_id


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-generated",
        "auto-submitted: AUTO-REPLIED; owner-email=x",
        "X-Autoreply: yes",
        "Precedence: bulk",
        "Precedence: List",
        "List-Id: <news.kunde.example>",
        "Return-Path: <>",
    ],
)
def test_what_a_machine_wrote_is_known(header: str) -> None:
    assert received(plain(header)).auto


@pytest.mark.parametrize("header", ["Auto-Submitted: no", "Precedence: normal", "Return-Path: <erika@kunde.example>"])
def test_what_a_person_wrote_is_not_taken_for_a_machines(header: str) -> None:
    assert not received(plain(header)).auto


@pytest.mark.parametrize(
    ("results", "verified"),
    [
        ("mx.lotse.example; dkim=pass header.d=kunde.example", True),
        ("mx.lotse.example 1; spf=fail; dkim=pass (good) header.i=@x header.d=kunde.example", True),
        ("mx.lotse.example; dkim=pass header.d=other.example", False),
        ("mx.lotse.example; dkim=pass header.d=nde.example", False),
        ("mx.lotse.example; dkim=fail header.d=kunde.example", False),
        ("mx.lotse.example; dkim=pass header.d=example", False),
        ("mx.attacker.example; dkim=pass header.d=kunde.example", False),
        ("mx.lotse.example; none", False),
        ("", False),
        ("mx.lotse.example (our (own) server); dkim=pass (2048-bit key) header.d=kunde.example", True),
        (
            'mx.lotse.example; spf=pass smtp.mailfrom="x; dkim=pass header.d=kunde.example "@evil.example; dkim=none',
            False,
        ),
        (
            'mx.lotse.example; spf=pass (mx: domain of "x;dkim=pass header.d=kunde.example;"@evil.example); dkim=none',
            False,
        ),
        (
            'mx.lotse.example; dkim=pass header.i="a header.d=kunde.example "@evil.example header.d=evil.example',
            False,
        ),
        ('mx.lotse.example; spf=pass smtp.mailfrom="x; dkim=pass header.d=kunde.example', False),
        ("mx.lotse.example; spf=pass (x; dkim=pass header.d=kunde.example", False),
    ],
)
def test_a_sender_is_verified_only_by_our_own_server(results: str, verified: bool) -> None:
    event = received(plain(f"Authentication-Results: {results}"))
    assert event.identities[0].verified is verified


def test_only_the_topmost_result_of_our_server_counts() -> None:
    forged = "Authentication-Results: mx.lotse.example; dkim=pass header.d=kunde.example"
    event = received(plain("Authentication-Results: mx.lotse.example; dkim=fail header.d=kunde.example", forged))
    assert not event.identities[0].verified


def test_without_a_server_of_ours_nobody_is_verified() -> None:
    raw = plain("Authentication-Results: mx.lotse.example; dkim=pass header.d=kunde.example").encode()
    (fact,) = mail.parse(raw, MAIL, MAIL_CONFIG.model_copy(update={"authserv_id": None}), NOW).facts
    assert isinstance(fact.data, MessageReceived)
    assert not fact.data.identities[0].verified


def test_a_mail_from_our_own_address_is_an_echo_of_our_reply() -> None:
    raw = plain("To: Erika <Erika@Kunde.example>", sender="Service <service@LOTSE.example>").replace(
        "To: service@lotse.example\nMessage-ID: <a@b>", f"Message-ID: <lotse.{REPLY}@lotse.example>"
    )
    (fact,) = parse(raw).facts
    assert isinstance(fact.data, MessageEchoed)
    assert (fact.data.thread, fact.data.recipient) == ("erika@kunde.example", "erika@kunde.example")
    assert str(fact.data.reply_id) == REPLY
    assert parse(raw).blobs == ()


def test_a_forged_own_address_is_no_echo() -> None:
    forged = plain("Authentication-Results: mx.lotse.example; dkim=none", sender="service@lotse.example")
    assert received(forged).thread == "service@lotse.example"


@pytest.mark.parametrize(
    "to", ["service@lotse.example", plus_address("service@lotse.example", ConversationId(UUID(CONVERSATION)))]
)
def test_a_form_on_our_own_site_brings_a_customers_message(to: str) -> None:
    raw = plain("Reply-To: Erika <erika@kunde.example>", sender="Formular <service@lotse.example>", text="Wo ist es?")
    event = received(raw.replace("To: service@lotse.example", f"To: {to}"))
    assert (event.thread, event.sender_name, event.text) == ("erika@kunde.example", "Erika", "Wo ist es?")
    assert [identity.verified for identity in event.identities] == [False]
    assert event.full is not None


def test_a_signature_of_our_own_vouches_for_nobody_who_filled_in_a_form() -> None:
    ours = "Authentication-Results: mx.lotse.example; dkim=pass header.d=lotse.example"
    event = received(plain(ours, "Reply-To: chef@lotse.example", sender="service@lotse.example"))
    assert (event.thread, event.identities[0].verified) == ("chef@lotse.example", False)


def test_only_our_own_plus_address_leads_to_a_conversation() -> None:
    foreign = plus_address("service@elsewhere.example", ConversationId(UUID(CONVERSATION)))
    assert received(plain(f"Cc: {foreign}")).reply_token is None
    ours = plus_address("SERVICE@lotse.example", ConversationId(UUID(CONVERSATION)))
    assert received(plain(f"Delivered-To: {ours}")).reply_token == CONVERSATION


def test_a_mail_without_a_sender_is_kept_to_be_looked_at() -> None:
    parsed = parse("Subject: wer bin ich\n\nText")
    assert [part.reason for part in parsed.unparsed] == ["no sender"]
    assert parsed.facts == ()


@pytest.mark.parametrize("body", [b"", b"just words", b"\x00\x01", b"\n\nbody"])
def test_what_has_no_header_is_no_mail(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(body)


def test_parts_nested_without_end_are_kept_to_be_looked_at() -> None:
    nested = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(3000))
    parsed = parse("From: a@kunde.example\n" + nested)
    assert [part.reason for part in parsed.unparsed] == ["nesting"] or parsed.facts


def test_an_attached_mail_is_one_file_and_its_text_is_not_the_senders() -> None:
    outer = EmailMessage()
    outer["From"], outer["Message-ID"] = "erika@kunde.example", "<o@kunde.example>"
    outer.set_content("Siehe Anhang")
    inner = EmailMessage()
    inner["Subject"] = "innen"
    inner.set_content("Nicht von mir")
    outer.add_attachment(inner)
    event = received(outer.as_bytes())
    assert event.text == "Siehe Anhang"
    assert [file.media_type for file in event.attachments] == ["message/rfc822"]


def test_a_long_mail_is_cut_and_whole_in_its_blob() -> None:
    event = received(plain(text="Ein langer Brief. " * 20_000))
    assert len(encode_value(event)) < 80_000
    assert event.full is not None
    assert event.full.size > 300_000


@pytest.mark.parametrize(
    ("text", "own_words"),
    [
        ("Ja\n\nAm 1.3.2026 schrieb Lotse:\n> Frage", "Ja"),
        ("Yes\n\nOn Mon, 1 Mar 2026 at 10:00, Lotse\n<service@lotse.example> wrote:\n\n> Q", "Yes"),
        ("Ja\n-----Ursprüngliche Nachricht-----\nVon: x", "Ja"),
        ("Ja\n________________________________\nVon: x", "Ja"),
        ("Ja\n\nVon: Lotse\nGesendet: Montag\nAn: Erika\nBetreff: AW\n\nalt", "Ja"),
        ("Ja\n-- \nErika GmbH\nTel. 1", "Ja"),
        ("Ja\n\nVon meinem iPhone gesendet", "Ja"),
        ("> Farbe?\nRot\n> Größe?\nL", "Rot\nL"),
        ("Am Montag war ich da.\nOn time!", "Am Montag war ich da.\nOn time!"),
        ("Von: mir\nfür dich", "Von: mir\nfür dich"),
        ("Am 1.3. schrieb ich Ihnen:\nbisher keine Antwort", "Am 1.3. schrieb ich Ihnen:\nbisher keine Antwort"),
        ("> nur Zitat", "> nur Zitat"),
        ("", ""),
    ],
)
def test_only_the_senders_own_words_are_read(text: str, own_words: str) -> None:
    assert without_quotes(text) == own_words


@given(st.text(alphabet=st.sampled_from("Am On wrote schrieb:\n>-_ Von:x"), max_size=400) | st.text())
def test_cutting_quotes_adds_no_words_and_loses_no_whole_text(text: str) -> None:
    cut = without_quotes(text)
    assert set(cut.split()) <= set(text.split())
    assert bool(cut) == bool(text.strip())


@pytest.mark.parametrize(
    "line",
    [
        " " * 120 + "aa wrote on " + " " * 360 + "x",
        "am aaaa " + "schrieb " * 12 + " " * 370 + "x",
        "am " + "schrieb " * 60 + "x",
        "x wrote on y " * 37,
        "\u00a0" * 200 + "a schrieb am " + "\t" * 250,
    ],
)
@pytest.mark.timeout(10)
def test_no_line_takes_long(line: str) -> None:
    assert "Hi" in without_quotes(f"{line}\n" * 1000 + "Hi")


@pytest.mark.parametrize(
    "raw",
    [
        b'Content-Type: text/plain; x="' + b";" * 200_000 + b"\n\nHi",
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        + (b'--b\nContent-Disposition: x; y="' + b";" * 9_000 + b"\n\nHi\n") * 200,
        b"Content-Type: text/plain; charset=punycode\n\n" + b"abc-def-ghi" * 50_000,
        b"Content-Type: text/plain; charset=IDNA\n\n" + b"abc-def-ghi" * 50_000,
    ],
)
@pytest.mark.timeout(10)
def test_no_header_and_no_charset_takes_long(raw: bytes) -> None:
    parses(b"From: a@b.example\n" + raw)


@pytest.mark.parametrize(
    "header",
    [
        "Content-Type: multipart/mixed; boundary*=idna'en'x",
        "Content-Type: multipart/mixed; boundary*=undefined'en'x",
        "Content-Type: text/plain; charset*=a\0b'en'utf-8",
    ],
)
def test_a_mail_that_cannot_be_taken_apart_is_kept_to_be_looked_at(header: str) -> None:
    parsed = parse(plain(header))
    assert [part.reason for part in parsed.unparsed] in (["unreadable mime"], [])
    assert len(parsed.unparsed) + len(parsed.facts) == 1


@pytest.mark.parametrize(
    ("kind", "parts", "text"),
    [
        ("mixed", (("html", "<p>Mein Paket fehlt</p>"), ("plain", "Virus-free.")), "Mein Paket fehlt\nVirus-free."),
        ("alternative", (("plain", "Mein Paket"), ("html", "<p>Mein <b>Paket</b></p>")), "Mein Paket"),
        ("alternative", (("plain", " "), ("html", "<p>Mein Paket</p>")), "Mein Paket"),
        ("related", (("html", "<html><head><meta charset=utf-8><body><p>Mein Paket</p></body></html>"),), "Mein Paket"),
    ],
)
def test_no_words_of_a_mail_are_left_out_and_none_said_twice(
    kind: str, parts: tuple[tuple[str, str], ...], text: str
) -> None:
    body = "".join(f"--b\nContent-Type: text/{kind_}; charset=utf-8\n\n{words}\n" for kind_, words in parts)
    raw = plain("MIME-Version: 1.0", f"Content-Type: multipart/{kind}; boundary=b", text=f"{body}--b--\n")
    assert received(raw).text == text


@given(st.text())
def test_any_html_becomes_text_without_tags(text: str) -> None:
    assert "<script>" not in text_of_html(f"<div><script>{text}</script>{text}")


@pytest.mark.parametrize(
    "piece", ["<div>", "<blockquote>", "<!--", "<a ", "<", "<p>x</p>", "<table><tr><td>", "<script>"]
)
@pytest.mark.timeout(10)
def test_html_is_read_in_linear_time(piece: str) -> None:
    text_of_html(piece * (500_000 // len(piece)))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a < b &amp; c", "a < b & c"),
        ("<!DOCTYPE html><!--[if mso]><p>x</p><![endif]-->ja", "ja"),
        ("<title>t</title><STYLE>p{}</STYLE>Hallo<br/>Welt", "Hallo\nWelt"),
        ("<table><tr><td>1</td><td>2</td></tr></table>", "1 2"),
        ("Ja<blockquote type=cite>alt<blockquote>älter</blockquote></blockquote>", "Ja\n> alt\n> > älter"),
        ("<a href='x'>Link</a>, <b>fett</b>", "Link, fett"),
        ("offen <b", "offen <b"),
    ],
)
def test_html_pieces(html: str, text: str) -> None:
    assert text_of_html(html) == text


SEEDS = [own(path.name) for path in sorted(PAYLOADS.glob("*.eml"))]
SPICES = [
    b"=?utf-8?q?=ff?=",
    b"\xff\xfe",
    b"\x00",
    b";",
    b'"',
    b"<",
    b"\n",
    b"charset=idna",
    b"boundary*=idna'en'x",
    b"multipart/mixed",
    b"=\n",
]


def parses(raw: bytes) -> None:
    try:
        parsed = parse(raw)
    except Unreadable:
        return
    assert len(parsed.facts) + len(parsed.unparsed) == 1
    for fact in parsed.facts:
        assert decode(encode_headers(fact), encode_value(fact.data)) == fact
    assert [fact.id for fact in parsed.facts] == [fact.id for fact in parse(raw).facts]


@given(st.binary())
def test_any_bytes_are_a_mail_or_refused(raw: bytes) -> None:
    parses(raw)
    parses(b"From: a@b.example\n" + raw)


@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.floats(0, 1), st.sampled_from(SPICES), st.integers(0, 60))))
def test_a_damaged_mail_is_read_or_kept(raw: bytes, damage: list[tuple[float, bytes, int]]) -> None:
    for where, spice, lost in damage:
        at = int(where * len(raw))
        raw = raw[:at] + spice + raw[at + lost :]
    parses(raw)


def test_pythons_own_collection_of_odd_mails_is_read() -> None:
    spec = find_spec("test.test_email")
    if spec is None or spec.origin is None:
        pytest.skip("this interpreter ships no test mails")
    found = sorted((Path(spec.origin).parent / "data").glob("msg_*.txt"))
    for path in found:
        parses(path.read_bytes())


def test_the_project_reads_mail_that_the_standard_library_wrote() -> None:
    written = EmailMessage()
    written["From"], written["To"] = "Jörg Übel <joerg@kunde.example>", "service@lotse.example"
    written["Subject"] = "Größe 42 " * 30
    written.set_content("Grüße 🙂")
    event = received(email.message_from_bytes(written.as_bytes()).as_bytes())
    assert (event.sender_name, event.text) == ("Jörg Übel", "Grüße 🙂")
    assert event.subject == " ".join(("Größe 42 " * 30).split())
