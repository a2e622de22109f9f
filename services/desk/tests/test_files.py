"""Files in and out of the desk, with ingest as it runs behind it."""

import asyncio
import hashlib
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from desk_api import SERVICE_TOKEN, bearer, commands_of, desk_over, next_command, settings_of
from desk_history import Told, conversation

from lotse.contracts import file_links
from lotse.contracts.commands import ReplyRequested
from lotse.contracts.file_links import FileLink
from lotse.contracts.values import Attachment
from lotse.desk.api.downloads import Cookieless
from lotse.desk.files import Files
from lotse.runtime.postgres import Database
from lotse.runtime.topics import create_topics

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
PDF = b"%PDF-1.7\n" + b"x" * 1_500_000
A = f"/v1/conversations/{conversation('a')}"


@asynccontextmanager
async def desk_with(settings):
    async with desk_over(settings) as desk:
        files = Files.of(settings, desk.harness.clock)
        await files.open()
        app = desk.client._transport.app
        app.state.desk = desk.parts = replace(desk.parts, files=files)
        app.add_middleware(Cookieless)
        yield desk
        await files.close()


@pytest.fixture
async def settings(database, kafka, prefix, ingest):
    await create_topics(kafka, prefix, single=True)
    return settings_of(database, kafka, prefix, ingest_url=ingest, service_token=SERVICE_TOKEN)


@pytest.fixture
async def desk(settings):
    async with desk_with(settings) as made:
        yield made


async def put(desk, content=PDF, said="application/pdf", name="rechnung.pdf", **query) -> httpx.Response:
    headers = bearer() | {"Content-Type": said}
    return await desk.client.post("/v1/files", content=content, headers=headers, params={"name": name} | query)


async def test_a_file_comes_back_as_it_went_in(desk):
    answer = await put(desk)
    assert answer.status_code == 201, answer.text
    stored = answer.json()
    assert (stored["name"], stored["media_type"], stored["size"]) == ("rechnung.pdf", "application/pdf", len(PDF))
    file = desk.parts.files.attached(stored["id"])
    assert file.sha256 == stored["sha256"] == hashlib.sha256(PDF).hexdigest()
    found = await desk.client.get(desk.parts.files.link(file))
    assert (found.status_code, found.content) == (200, PDF)
    assert found.headers["content-type"] == "application/pdf"
    assert found.headers["content-disposition"].startswith('attachment; filename="rechnung.pdf"')


async def test_a_form_brings_a_file_as_well(desk):
    answer = await desk.client.post(
        "/v1/files",
        headers=bearer(),
        files={"file": ("Größe 1.png", PNG, "image/png")},
        params={"channel": "messenger"},
    )
    assert answer.status_code == 201, answer.text
    file = desk.parts.files.attached(answer.json()["id"])
    found = await desk.client.get(desk.parts.files.link(file))
    assert found.content == PNG
    assert found.headers["content-disposition"] == (
        "inline; filename=\"Gr__e 1.png\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%201.png"
    )


async def test_a_body_alone_may_be_named_by_its_disposition(desk):
    headers = bearer() | {
        "Content-Type": "image/png",
        "Content-Disposition": "attachment; filename*=UTF-8''f%C3%BCr.png",
    }
    answer = await desk.client.post("/v1/files", content=PNG, headers=headers)
    assert answer.json()["name"] == "für.png"


@pytest.mark.parametrize(
    ("more", "status", "reason"),
    [
        ({"content": PNG}, 415, "file-type-differs"),
        ({"content": b"<html>", "said": "text/plain", "name": "a.txt"}, 415, "file-type"),
        ({"name": "a.exe"}, 415, "file-type"),
        ({"content": b"<svg/>", "said": "image/svg+xml"}, 415, "file-type"),
        ({"channel": "instagram"}, 415, "no-files"),
        ({"channel": "facebook"}, 415, "file-type"),
        ({"content": b""}, 422, "empty"),
        ({"channel": "whatsapp", "content": PNG + b"\0" * 5_000_000, "said": "image/png"}, 413, "file-too-large"),
        ({"channel": "pigeon"}, 422, "invalid"),
        ({"content": b"--x\r\nhello", "said": "multipart/form-data; boundary=y"}, 400, "bad_request"),
        ({"content": b"", "said": "multipart/form-data"}, 400, "bad_request"),
        ({"content": b"--y--\r\n", "said": "multipart/form-data; boundary=y"}, 422, "invalid"),
    ],
)
async def test_a_file_that_may_not_be_sent_is_refused_with_the_reason(desk, more, status, reason):
    answer = await put(desk, **more)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_file_over_every_limit_is_refused_by_what_it_declares_and_by_what_comes(desk):
    sent = 0

    async def endless():
        nonlocal sent
        while sent < 500_000_000:
            sent += 1_000_000
            yield PDF[:9] + b"x" * 999_991

    answer = await desk.client.post("/v1/files?name=a.pdf", content=endless(), headers=bearer())
    assert (answer.status_code, answer.json()["reason"]) == (413, "file-too-large")
    assert sent <= 110_000_000
    headers = bearer() | {"Content-Length": "200000000"}
    assert (await desk.client.post("/v1/files?name=a.pdf", content=PDF, headers=headers)).status_code == 413


async def test_other_bodies_keep_their_own_limit(desk):
    answer = await desk.post(f"{A}/notes", {"text": "x" * 1_200_000})
    assert answer.status_code == 413


async def test_nobody_without_a_token_stores_anything(desk):
    assert (await desk.client.post("/v1/files?name=a.pdf", content=PDF)).status_code == 401


async def test_a_reply_bears_the_files_that_were_taken_in(desk, settings):
    ids = [(await put(desk)).json()["id"], (await put(desk, PNG, "image/png", "foto.png")).json()["id"]]
    async with commands_of(settings) as published:
        asking = asyncio.create_task(desk.post(f"{A}/reply", {"attachments": ids}))
        event = (await next_command(published)).data
        asking.cancel()
    assert isinstance(event, ReplyRequested)
    assert event.text == ""
    assert [(file.name, file.size, file.sha256) for file in event.attachments] == [
        ("rechnung.pdf", len(PDF), hashlib.sha256(PDF).hexdigest()),
        ("foto.png", len(PNG), hashlib.sha256(PNG).hexdigest()),
    ]


async def test_no_reply_bears_a_file_that_was_never_taken_in(desk):
    file = Attachment(name="a", sha256="a" * 64)
    link = desk.parts.files.link(file).removeprefix("/files/")
    foreign = file_links.token_of(
        b"other", FileLink(use="attach", name="a", media_type="a/b", until=desk.harness.clock())
    )
    for file_id in (link, foreign, "nonsense"):
        answer = await desk.post(f"{A}/reply", {"text": "Anbei.", "attachments": [file_id]})
        assert (answer.status_code, answer.json()["reason"]) == (422, "unknown_file")
    taken = (await put(desk)).json()["id"]
    desk.harness.clock.at += timedelta(days=8)
    answer = await desk.post(f"{A}/reply", {"text": "Anbei.", "attachments": [taken]})
    assert answer.json()["reason"] in ("unknown_file", "bad_token")
    assert (await desk.post(f"{A}/reply", {})).status_code == 422


SESSION = {"Cookie": "lotse_session=stolen; id=1"}


async def test_the_path_for_files_neither_reads_nor_sets_a_cookie(desk):
    file = desk.parts.files.attached((await put(desk, PNG, "image/png", "foto.png")).json()["id"])
    path = desk.parts.files.link(file)
    plain, with_cookie = await desk.client.get(path), await desk.client.get(path, headers=SESSION)
    assert (plain.status_code, plain.content) == (with_cookie.status_code, with_cookie.content) == (200, PNG)
    dated = ("date",)
    kept = [{k: v for k, v in a.headers.items() if k not in dated} for a in (plain, with_cookie)]
    assert kept[0] == kept[1]
    assert "set-cookie" not in plain.headers
    assert plain.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in plain.headers["content-security-policy"]
    assert "default-src 'none'" in plain.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("media_type", "name", "way", "as_"),
    [
        ("image/png", "a.png", "inline", "image/png"),
        ("image/webp", "a.webp", "inline", "image/webp"),
        ("image/svg+xml", "a.svg", "attachment", "application/octet-stream"),
        ("text/html", "a.html", "attachment", "application/octet-stream"),
        ("application/pdf", "a.pdf", "attachment", "application/pdf"),
        ("image/tiff", "a.tif", "attachment", "image/tiff"),
    ],
)
async def test_only_safe_pictures_are_shown_and_pages_are_never_pages(desk, media_type, name, way, as_):
    """What customers sent is stored as it came; the link decides how it leaves."""
    stored = (await put(desk, PNG, "image/png")).json()["sha256"]
    link = desk.parts.files.link(Attachment(name=name, media_type=media_type, sha256=stored))
    found = await desk.client.get(link)
    assert found.headers["content-disposition"].partition(";")[0] == way
    assert found.headers["content-type"] == as_


@pytest.mark.parametrize(("language", "words"), [("de", "abgelaufen"), ("en", "has ended")])
async def test_a_link_ends_after_an_hour_and_says_so(desk, language, words):
    file = desk.parts.files.attached((await put(desk)).json()["id"])
    link = desk.parts.files.link(file)
    desk.harness.clock.at += timedelta(minutes=59)
    assert (await desk.client.get(link)).status_code == 200
    desk.harness.clock.at += timedelta(minutes=17)
    over = await desk.client.get(link, headers={"Accept-Language": language})
    assert (over.status_code, over.headers["x-reason"]) == (410, "over")
    assert words in over.text


@pytest.mark.parametrize("token", ["x", "a.b", "..%2F..%2Fetc", "é", "x" * 5000])
async def test_what_is_no_link_leads_nowhere(desk, token):
    assert (await desk.client.get(f"/files/{token}")).status_code == 404


async def test_the_id_of_a_taken_in_file_is_no_link_to_it(desk):
    assert (await desk.client.get(f"/files/{(await put(desk)).json()['id']}")).status_code == 404


@pytest.fixture
async def media(lasting_database):
    """Writes what ingest knows of files that lie with a provider."""
    database = await Database.open(lasting_database, "ingest", 1)

    async def put_row(due: bool, failure: str | None) -> Attachment:
        message = uuid4()
        async with database.transaction() as tx:
            await tx.execute(
                "INSERT INTO media (message_id, number, account, url, media_type, due_at, failure, created_at)"
                " VALUES ($1, 0, 'gone', 'https://x.example', 'image/png', $2, $3, now())",
                message,
                None if not due else (await tx.fetchval("SELECT now() + interval '1 day'")),
                failure,
            )
        return message

    yield put_row
    await database.close()


@pytest.mark.parametrize(
    ("due", "failure", "status", "reason"),
    [(True, None, 503, "coming"), (False, "status 404", 410, "not_given")],
)
async def test_a_providers_file_says_why_it_is_not_here(desk, media, due, failure, status, reason):
    link = desk.parts.files.link(Attachment(name="foto.png", media_type="image/png"), await media(due, failure), 0)
    answer = await desk.client.get(link)
    assert (answer.status_code, answer.headers["x-reason"]) == (status, reason)
    assert ("retry-after" in answer.headers) is (status == 503)


async def test_a_deleted_file_says_that_it_is_gone(desk):
    for link in (
        desk.parts.files.link(Attachment(name="a", sha256="0" * 64)),
        desk.parts.files.link(Attachment(name="a"), uuid4(), 0),
        desk.parts.files.link(Attachment(name="a")),
    ):
        answer = await desk.client.get(link)
        assert (answer.status_code, answer.headers["x-reason"]) == (404, "deleted")


@pytest.mark.parametrize("more", [{"ingest_url": "http://127.0.0.1:1"}, {"ingest_url": None, "service_token": None}])
async def test_without_ingest_files_can_neither_be_kept_nor_fetched_and_it_is_said(settings, more):
    async with desk_with(settings.model_copy(update=more)) as desk:
        answer = await put(desk)
        assert (answer.status_code, answer.json()["reason"]) == (503, "store_away")
        assert "retry-after" in answer.headers
        away = await desk.client.get(desk.parts.files.link(Attachment(name="a", sha256="0" * 64)))
        assert (away.status_code, away.headers["x-reason"]) == (503, "away")


async def test_a_conversations_files_are_listed_with_their_links(desk):
    file = desk.parts.files.attached((await put(desk, PNG, "image/png", "foto.png")).json()["id"])
    told = Told()
    told.opened("f", "petra")
    told.added(
        "f", 1, "Siehe Bild", 0, attachments=(file, Attachment(name="video", media_type="video/mp4", url="https://x"))
    )
    await desk.harness.feed(*told.facts)
    first, second = (await desk.get(f"/v1/conversations/{conversation('f')}/files")).json()["items"]
    assert (first["of"], first["number"], first["name"]) == ("message", 0, "foto.png")
    assert (await desk.client.get(first["url"])).content == PNG
    assert (await desk.client.get(second["url"])).headers["x-reason"] == "deleted"
    assert (await desk.get(f"/v1/conversations/{uuid4()}/files")).status_code == 404
