"""Files behind a provider's link: fetched at once, from the provider only."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
import uvicorn
from ingest_stack import BEARER, client, opened, settings, signed, topic
from ingest_worlds import META, META_CONFIG, NOW
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from lotse.contracts.frozen import replace
from lotse.contracts.ids import message_id
from lotse.ingest import media, store
from lotse.ingest.accounts import Meta
from lotse.ingest.channels.parsed import Blob
from lotse.ingest.media import Failed, Fetcher, allowed
from lotse.ingest.store import Link
from lotse.ingest.web.calls import Calls
from lotse.runtime.testing import Harness

SERVICE = {"Authorization": BEARER["blobs"]}
HOSTS = (".fbcdn.net", "lookaside.example")
GRAPH = "https://graph.facebook.com/v23.0"


@pytest.mark.parametrize(
    ("url", "may"),
    [
        (f"{GRAPH}/333", True),
        ("https://scontent.xx.fbcdn.net/v/a.jpg?x=1", True),
        ("https://lookaside.example/a", True),
        ("https://lookaside.example:443/a", True),
        ("http://scontent.xx.fbcdn.net/a", False),
        ("https://scontent.xx.fbcdn.net:8443/a", False),
        ("https://fbcdn.net.attacker.example/a", False),
        ("https://attackerfbcdn.net/a", False),
        ("https://scontent.xx.fbcdn.net@attacker.example/a", False),
        ("https://x.lookaside.example/a", False),
        ("http://graph.facebook.com/v23.0/1", False),
        ("https://graph.facebook.com:444/1", False),
        ("http://169.254.169.254/latest", False),
        ("file:///etc/passwd", False),
        ("https://[::1", False),
        ("https://a:99999/", False),
        ("IMAGE_URL", False),
        ("", False),
    ],
)
def test_only_the_providers_own_hosts_are_asked(url: str, may: bool) -> None:
    assert allowed(url, GRAPH, HOSTS) is may


async def named(request: Request) -> Response:
    """The Graph API: a file's id to its link, for whoever bears the token."""
    if request.headers.get("authorization") != "Bearer access_token":
        return Response(status_code=401)
    return JSONResponse({"url": str(request.url_for("file"))})


async def file(request: Request) -> Response:
    return Response(b"\x89PNG", media_type="image/png")


async def shown(request: Request) -> Response:
    """What nobody may be asked for with our token."""
    SHOWN.append(request.headers.get("authorization"))
    return Response(b"\x89PNG", media_type="image/png")


SHOWN: list[str | None] = []


async def to_nowhere(request: Request) -> Response:
    return Response(status_code=302, headers={"location": "http://["})


async def large(request: Request) -> Response:
    return Response(b"x" * 5000)


async def away(request: Request) -> Response:
    return RedirectResponse("http://169.254.169.254/latest")


async def onward(request: Request) -> Response:
    return RedirectResponse("/file")


async def round_and_round(request: Request) -> Response:
    return RedirectResponse("/loop")


async def broken(request: Request) -> Response:
    return Response(status_code=int(request.path_params["status"]))


ROUTES = [
    Route("/v1/333", named),
    Route("/v1/444", file),
    Route("/v1/words", shown),
    Route("/v1/1_9", shown),
    Route("/bad", to_nowhere),
    Route("/file", file, name="file"),
    Route("/large", large),
    Route("/away", away),
    Route("/onward", onward),
    Route("/loop", round_and_round),
    Route("/broken/{status}", broken),
]


@asynccontextmanager
async def provider() -> AsyncIterator[str]:
    """A provider on a free port of this machine."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=ROUTES), log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    async with provider() as url, httpx.AsyncClient() as web:
        config = META_CONFIG.model_copy(update={"graph_url": f"{url}/v1"})
        account = Meta(META, config, *(SecretStr(name) for name in ("app_secret", "verify_token", "access_token")))
        yield Fetcher({META: account}, HOSTS, 4000, web, media.Room())


def at(fetcher: Fetcher, path: str) -> Link:
    url = fetcher.accounts[META].config.graph_url.removesuffix("/v1") + path
    return Link(message_id(META, "m_1"), 0, META, url, "application/octet-stream")


@pytest.mark.parametrize("path", ["/v1/333", "/file", "/onward"])
async def test_a_file_is_fetched_by_its_id_or_link(fetcher: Fetcher, path: str) -> None:
    assert await fetcher.fetch(at(fetcher, path)) == Blob.of(b"\x89PNG", "image/png")


@pytest.mark.parametrize(
    ("path", "again"),
    [
        ("/v1/444", False),
        ("/v1/1_9?method=delete", False),
        ("/v1/words", False),
        ("/bad", False),
        ("/large", False),
        ("/away", False),
        ("/loop", False),
        ("/broken/404", False),
        ("/broken/403", False),
        ("/broken/429", True),
        ("/broken/500", True),
    ],
)
async def test_what_cannot_be_had_says_whether_to_ask_again(fetcher: Fetcher, path: str, again: bool) -> None:
    found = await fetcher.fetch(at(fetcher, path))
    assert isinstance(found, Failed)
    assert found.again is again
    assert SHOWN == []


def webhook(url: str, number: int = 1) -> bytes:
    message = {"mid": f"m_{number}", "attachments": [{"type": "image", "payload": {"url": url}}]}
    item = {"sender": {"id": "2002"}, "recipient": {"id": "1001"}, "message": message}
    return json.dumps({"object": "page", "entry": [{"id": "1001", "messaging": [item]}]}).encode()


@pytest.fixture
async def calls(kafka: str, database: str, prefix: str) -> AsyncIterator[Calls]:
    async with topic(kafka, prefix), opened(settings(kafka, database, prefix)) as found:
        yield found


async def test_an_attachments_file_can_be_had_once_it_is_fetched_and_goes_with_its_message(
    calls: Calls, database: str, fetcher: Fetcher
) -> None:
    place = f"/v1/media/{message_id(META, 'm_1')}/0"
    async with client(calls) as web, Harness.open(database, "ingest") as harness:
        assert (await web.get(place, headers=SERVICE)).status_code == 404
        body = webhook(at(fetcher, "/file").url)
        for _ in range(2):
            assert (await web.post("/v1/meta/social", content=body, headers=signed(body))).status_code == 200
        waiting = await web.get(place, headers=SERVICE)
        assert waiting.status_code == 503
        now = calls.opened().clock()
        await harness.effect(media.effect(fetcher), now=now)
        answer = await web.get(place, headers=SERVICE)
        assert (answer.content, answer.headers["content-type"]) == (b"\x89PNG", "image/png")
        gone = json.loads(body)
        gone["entry"][0]["messaging"][0]["message"] = {"mid": "m_1", "is_deleted": True}
        body = json.dumps(gone).encode()
        assert (await web.post("/v1/meta/social", content=body, headers=signed(body))).status_code == 200
        assert (await web.get(place, headers=SERVICE)).status_code == 404
        assert await harness.rows("SELECT sha256 FROM blob") == []


def deletion(body: bytes) -> bytes:
    webhook = json.loads(body)
    webhook["entry"][0]["messaging"][0]["message"] = {"mid": "m_1", "is_deleted": True}
    return json.dumps(webhook).encode()


async def test_a_deletion_that_comes_before_its_message_keeps_its_file_out(
    calls: Calls, database: str, fetcher: Fetcher
) -> None:
    place = f"/v1/media/{message_id(META, 'm_1')}/0"
    async with client(calls) as web, Harness.open(database, "ingest") as harness:
        body = webhook(at(fetcher, "/file").url)
        for call in (deletion(body), body, body):
            assert (await web.post("/v1/meta/social", content=call, headers=signed(call))).status_code == 200
        await harness.effect(media.effect(fetcher), now=calls.opened().clock())
        assert (await web.get(place, headers=SERVICE)).status_code == 404
        assert await harness.rows("SELECT message_id FROM media") == []
        async with harness.database.transaction() as tx:
            await store.expire(tx, NOW, NOW, calls.opened().clock() + timedelta(seconds=1))
        assert (await web.post("/v1/meta/social", content=body, headers=signed(body))).status_code == 200
        assert len(await harness.rows("SELECT message_id FROM media")) == 1


async def test_a_file_is_asked_for_again_until_it_is_given_up(calls: Calls, database: str, fetcher: Fetcher) -> None:
    place = f"/v1/media/{message_id(META, 'm_1')}/0"
    worker = media.effect(fetcher)
    async with client(calls) as web, Harness.open(database, "ingest") as harness:
        body = webhook(at(fetcher, "/broken/500").url)
        await web.post("/v1/meta/social", content=body, headers=signed(body))
        now = calls.opened().clock()
        for tries in range(1, media.MOST_TRIES + 1):
            assert (await web.get(place, headers=SERVICE)).status_code == 503
            await harness.effect(worker, now=now)
            await harness.effect(worker, now=now)
            (row,) = await harness.rows("SELECT tries, failure FROM media")
            assert (row["tries"], row["failure"]) == (tries, "status 500")
            now += media.later(tries) + timedelta(seconds=1)
        assert (await web.get(place, headers=SERVICE)).status_code == 410


async def test_a_file_whose_fetching_never_ends_is_given_up(calls: Calls, database: str, fetcher: Fetcher) -> None:
    worker = media.effect(fetcher)
    async with client(calls) as web, Harness.open(database, "ingest") as harness:
        body = webhook(at(fetcher, "/file").url)
        await web.post("/v1/meta/social", content=body, headers=signed(body))
        now = calls.opened().clock()
        for _ in range(media.MOST_TRIES):
            async with harness.database.transaction() as tx:
                assert len(await worker.claim(tx, now, 10, uuid4())) == 1
            now += media.LEASE + timedelta(seconds=1)
        async with harness.database.transaction() as tx:
            assert await worker.claim(tx, now, 10, uuid4()) == []
        place = f"/v1/media/{message_id(META, 'm_1')}/0"
        assert (await web.get(place, headers=SERVICE)).status_code == 410


async def test_of_large_files_the_next_waits_until_one_is_stored(
    fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "LARGE", 2)
    first, second = (replace(at(fetcher, "/file"), number=number) for number in (0, 1))
    assert isinstance(await fetcher.fetch(first), Blob)
    waiting = asyncio.create_task(fetcher.fetch(second))
    done, _ = await asyncio.wait([waiting], timeout=0.5)
    assert not done
    fetcher.room.leave((first.message_id, 0))
    assert isinstance(await waiting, Blob)


async def test_a_file_that_comes_after_its_message_was_deleted_is_not_kept(
    calls: Calls, database: str, fetcher: Fetcher
) -> None:
    async with client(calls) as web, Harness.open(database, "ingest") as harness:
        body = webhook(at(fetcher, "/file").url)
        await web.post("/v1/meta/social", content=body, headers=signed(body))
        worker = media.effect(fetcher)
        async with harness.database.transaction() as tx:
            claimed = await worker.claim(tx, calls.opened().clock(), 10, uuid4())
        assert len(claimed) == 1
        deleted = json.loads(body)
        deleted["entry"][0]["messaging"][0]["message"] = {"mid": "m_1", "is_deleted": True}
        body = json.dumps(deleted).encode()
        await web.post("/v1/meta/social", content=body, headers=signed(body))
        result = await worker.perform(claimed[0], lambda: None)
        async with harness.database.transaction() as tx:
            await worker.settle(tx, [(claimed[0], result)], calls.opened().clock())
        assert await harness.rows("SELECT sha256 FROM blob") == []
