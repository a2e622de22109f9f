from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotse.contracts import file_links
from lotse.contracts.channels import PROFILES, Channel, as_private_reply, profile
from lotse.contracts.file_links import FileLink, key_of, token_of
from lotse.contracts.files import MB, MOST_BYTES, FileKind, TextWith, is_forbidden
from lotse.contracts.replies import Moment, ProblemCode, Remedy, check, check_files
from lotse.contracts.values import Attachment

NOW = datetime(2026, 5, 6, 12, 7, 31, tzinfo=UTC)
PNG, PDF, MP4 = "image/png", "application/pdf", "video/mp4"


def file(media_type: str = PDF, size: int = 1000, name: str = "rechnung") -> Attachment:
    return Attachment(name=name, media_type=media_type, size=size)


def codes(channel: str, *files: Attachment, text: str = "") -> list[str]:
    return [problem.code.value for problem in check_files(profile(Channel(channel)), files, text)]


@pytest.mark.parametrize(
    ("channel", "media_type", "largest"),
    [
        ("messenger", PDF, 25 * MB),
        ("messenger", PNG, 8 * MB),
        ("instagram-direct", "image/jpeg", 8 * MB),
        ("instagram-direct", MP4, 25 * MB),
        ("whatsapp", PNG, 5 * MB),
        ("whatsapp", MP4, 16 * MB),
        ("whatsapp", "audio/mpeg", 16 * MB),
        ("whatsapp", PDF, 100 * MB),
        ("email", PDF, 20 * MB),
        ("email", "application/zip", 20 * MB),
        ("facebook", PNG, 4 * MB),
    ],
)
def test_a_file_may_be_as_large_as_the_channel_says_and_no_larger(channel, media_type, largest):
    assert codes(channel, file(media_type, largest)) == []
    assert codes(channel, file(media_type, largest + 1)) == ["file-too-large"]


@pytest.mark.parametrize(
    ("channel", "media_type", "problem"),
    [
        ("instagram", PNG, "no-files"),
        ("youtube", PNG, "no-files"),
        ("sms", PNG, "no-files"),
        ("facebook", PDF, "file-type"),
        ("instagram-direct", PDF, "file-type"),
        ("whatsapp", "image/gif", "file-type"),
        ("whatsapp", "application/zip", "file-type"),
        ("letter", PNG, "file-type"),
        ("email", "text/html", "file-type"),
        ("messenger", "image/svg+xml", "file-type"),
    ],
)
def test_what_a_channel_does_not_take_is_named(channel, media_type, problem):
    assert codes(channel, file(media_type)) == [problem]


def test_a_public_page_that_takes_no_files_offers_the_private_way():
    (problem,) = check_files(profile(Channel.INSTAGRAM), [file(PNG)])
    assert problem.allowed == (Remedy.PRIVATE,)


def test_the_problem_names_the_file_and_by_how_much():
    (problem,) = check_files(profile(Channel.WHATSAPP), [file(PNG), file(PNG, 6 * MB, "plakat.png")])
    assert (problem.file, problem.over) == ("plakat.png", 1 * MB)


def test_a_comment_has_one_picture():
    assert codes("facebook", file(PNG), file(PNG)) == ["too-many-files"]


def test_mails_files_count_together():
    assert codes("email", file(size=12 * MB), file(size=9 * MB)) == ["files-too-large"]
    assert codes("email", file(size=12 * MB), file(size=8 * MB)) == []


def test_a_private_reply_is_one_message():
    messenger = as_private_reply(profile(Channel.FACEBOOK), profile(Channel.MESSENGER))
    assert [p.code for p in check_files(messenger, [file()], "Guten Tag")] == [ProblemCode.TEXT_OR_FILE]
    assert check_files(messenger, [file()]) == ()
    assert [p.code for p in check_files(messenger, [file(), file()])] == [ProblemCode.TOO_MANY_FILES]


@pytest.mark.parametrize("found", [p for p in PROFILES.values() if p.files], ids=lambda p: p.channel)
def test_a_file_needs_no_text_and_text_no_file(found):
    moment = Moment(now=NOW, last_customer_message_at=NOW - timedelta(hours=1), human=True)
    taken = next(name for name in (PNG, PDF, "image/jpeg") if found.files.of(name))
    assert check(found, "", (), moment, [file(taken)]) == ()
    assert [problem.code for problem in check(found, "", (), moment)] == [ProblemCode.EMPTY]
    assert found.files.largest <= MOST_BYTES


def test_only_whatsapp_and_telegram_put_a_text_under_the_file():
    found = {channel for channel, p in PROFILES.items() if p.files and p.files.text is TextWith.CAPTION}
    assert found == {Channel.WHATSAPP, Channel.TELEGRAM}
    rules = profile(Channel.WHATSAPP).files
    assert {rule.kind for rule in rules.rules if not rule.captioned} == {FileKind.AUDIO}


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("rechnung.pdf.exe", PDF),
        ("RECHNUNG.EXE", "application/octet-stream"),
        ("start.bat. ", "text/plain"),
        ("bild.svg", "image/png"),
        ("seite.htm", "text/plain"),
        ("makro.docm", "application/msword"),
        ("x", "text/html"),
        ("x", "image/svg+xml"),
        ("x.ps1", "text/plain"),
    ],
)
def test_what_runs_or_shows_as_a_page_is_sent_nowhere(name, media_type):
    assert is_forbidden(name, media_type)
    for found in PROFILES.values():
        problems = check_files(found, [file(media_type, name=name)])
        assert {problem.code for problem in problems} <= {ProblemCode.NO_FILES, ProblemCode.FILE_TYPE}
        assert problems


@pytest.mark.parametrize(
    "name", ["rechnung.pdf", "foto.JPG", "svg", "exe", "brief.docx", "a.tar.gz", "", "ohne endung"]
)
def test_an_ordinary_name_is_none_of_them(name):
    assert not is_forbidden(name, PDF)


KEY = key_of("secret")


def link(**given) -> FileLink:
    return FileLink(name="größe.pdf", media_type=PDF, until=NOW, **given)


@pytest.mark.parametrize(
    "one", [link(sha256="a" * 64, size=3), link(message_id=uuid4(), number=0), link(use="attach", sha256="b" * 64)]
)
def test_a_link_reads_as_it_was_made(one):
    token = token_of(KEY, one)
    assert file_links.read(KEY, token) == one
    assert token == token_of(KEY, one)
    assert token.replace(".", "").replace("-", "").replace("_", "").isalnum()


@given(st.integers(0), st.characters())
def test_a_link_that_was_changed_is_none(place, char):
    token = token_of(KEY, link(sha256="a" * 64))
    place %= len(token)
    changed = token[:place] + char + token[place + 1 :]
    found = file_links.read(KEY, changed)
    assert found is None or found == link(sha256="a" * 64)


@given(st.text(max_size=200))
def test_nothing_else_is_a_link(text):
    assert file_links.read(KEY, text) is None


def test_a_link_of_another_secret_is_none():
    assert file_links.read(key_of("other"), token_of(KEY, link(sha256="a" * 64))) is None


@given(st.timedeltas(timedelta(days=-9000), timedelta(days=9000)).map(lambda age: NOW - age))
def test_links_made_within_a_quarter_of_an_hour_end_together(now):
    hour = timedelta(hours=1)
    end = file_links.until(now, hour)
    assert hour <= end - now < hour + timedelta(minutes=15)
    assert (end.minute % 15, end.second, end.microsecond) == (0, 0, 0)
