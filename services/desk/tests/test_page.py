"""The page on `/`."""

import httpx
import pytest

from lotse.desk.api import app as api
from lotse.desk.api.page import language_of


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "de"),
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,en;q=0.9,de;q=0.5", "en"),
        ("fr", "de"),
        ("fr,en;q=0.3", "en"),
        ("en;q=0.5,de;q=0.5", "de"),
        ("en;q=x,de;q=0.1", "de"),
        ("*", "de"),
    ],
)
def test_the_page_speaks_the_callers_language(accept, language):
    assert language_of(accept) == language


@pytest.mark.parametrize(("accept", "word"), [("de", "Zugang"), ("en", "Access")])
async def test_the_page_says_what_is_here_and_how_to_get_in(accept, word):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api.create()), base_url="http://desk") as client:
        answer = await client.get("/", headers={"Accept-Language": accept})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == accept
    assert all(found in answer.text for found in (word, 'href="docs"', "lotse token", "/v1/conversations"))


async def test_before_the_desk_has_started_calls_are_told_to_come_again():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api.create()), base_url="http://desk") as client:
        answer = await client.get("/v1/me")
    assert (answer.status_code, answer.json()["reason"]) == (503, "starting")
