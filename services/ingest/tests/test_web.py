"""Who is refused and how, before anything is taken."""

import json

import httpx
import pytest
from ingest_stack import BEARER, client, settings, signed
from ingest_worlds import own

from lotse.ingest.web.calls import Calls

BODY = own("meta-two-messages.json")
LETTER = {"external_id": "L-1", "channel": "letter", "sender": {"id": "K-1"}, "text": "Hallo"}
TOKEN = {"Authorization": BEARER["letters"]}


@pytest.fixture
async def web():
    async with client(Calls(settings())) as found:
        yield found


def is_problem(answer: httpx.Response, status: int) -> bool:
    body = answer.json()
    return (
        answer.status_code == body["status"] == status
        and answer.headers["content-type"] == "application/problem+json"
        and bool(body["detail"])
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/meta/nobody", 404),
        ("POST", "/v1/meta/mail", 404),
        ("POST", "/v1/mail/nobody", 404),
        ("POST", "/v1/messages/nobody", 404),
        ("POST", "/v1/meta/social", 401),
        ("POST", "/v1/mail/mail", 401),
        ("POST", "/v1/messages/letters", 401),
        ("PUT", "/v1/messages/letters/L-1", 401),
        ("DELETE", "/v1/messages/letters/L-1?channel=letter&thread=K-1", 401),
        ("GET", f"/v1/blobs/{'0' * 64}", 401),
        ("GET", f"/v1/blobs/{'0' * 64}/text", 401),
        ("PUT", f"/v1/blobs/{'0' * 64}", 401),
        ("GET", f"/v1/blobs/{'0' * 64}/html", 401),
        ("GET", "/v1/blobs/xyz", 422),
        ("GET", "/v1/meta/social", 422),
        ("GET", "/v2", 404),
        ("PATCH", "/v1/mail/mail", 405),
    ],
)
async def test_a_call_that_may_not_come_in_is_told_why(
    web: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    assert is_problem(await web.request(method, path, content=b"{}" if method in ("POST", "PUT") else None), status)


async def test_a_refused_token_names_the_scheme(web: httpx.AsyncClient) -> None:
    answer = await web.post("/v1/mail/mail", headers={"Authorization": "Bearer wrong"})
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_forged_webhook_is_refused(web: httpx.AsyncClient) -> None:
    assert is_problem(await web.post("/v1/meta/social", content=BODY + b" ", headers=signed(BODY)), 401)


async def test_the_handshake_answers_with_the_challenge(web: httpx.AsyncClient) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "verify_token", "hub.challenge": "1158201444"}
    answer = await web.get("/v1/meta/social", params=query)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")
    assert is_problem(await web.get("/v1/meta/social", params={**query, "hub.verify_token": "x"}), 401)


async def test_an_authentic_body_that_is_no_json_is_refused(web: httpx.AsyncClient) -> None:
    assert is_problem(await web.post("/v1/meta/social", content=b"a=b", headers=signed(b"a=b")), 400)
    assert is_problem(await web.post("/v1/messages/letters", content=b"a=b", headers=TOKEN), 400)


async def test_a_mail_without_headers_is_refused(web: httpx.AsyncClient) -> None:
    assert is_problem(await web.post("/v1/mail/mail", content=b"x", headers={"Authorization": BEARER["mail"]}), 400)


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_limit_is_refused_by_what_it_declares_and_by_what_comes(
    web: httpx.AsyncClient, declared: bool
) -> None:
    async def endless():
        for _ in range(1000):
            yield b" " * 1000

    content = b" " * 300_000 if declared else endless()
    assert is_problem(await web.post("/v1/meta/social", content=content), 413)
    content = b" " * 300_000 if declared else endless()
    assert is_problem(await web.post("/v1/messages/letters", content=content, headers=TOKEN), 413)


@pytest.mark.parametrize(
    "wrong", [{"channel": "whatsapp"}, {"sender": {}}, {"text": None}, {"external_id": None}, {"external_id": ""}]
)
async def test_a_typed_message_that_breaks_the_schema_says_which_field_and_not_what_stood_there(
    web: httpx.AsyncClient, wrong: dict[str, object]
) -> None:
    answer = await web.post("/v1/messages/letters", json={**LETTER, **wrong}, headers=TOKEN)
    assert is_problem(answer, 422)
    assert "K-1" not in answer.text


async def test_a_service_that_is_starting_asks_to_come_again(web: httpx.AsyncClient) -> None:
    answer = await web.post("/v1/messages/letters", content=json.dumps(LETTER), headers=TOKEN)
    assert is_problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0


async def test_the_document_describes_every_endpoint_with_its_refusals(web: httpx.AsyncClient) -> None:
    document = (await web.get("/openapi.json")).json()
    answers = {
        (path, method): set(it["responses"]) for path, its in document["paths"].items() for method, it in its.items()
    }
    assert answers["/v1/meta/{account}", "post"] == {"200", "400", "401", "404", "413", "503"}
    assert answers["/v1/messages/{account}", "post"] == {"202", "400", "401", "404", "413", "422", "503"}
    assert {"NewMessage", "Edit", "Sender", "File"} <= set(document["components"]["schemas"])
