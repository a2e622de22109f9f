"""Which language is spoken, and what is said before there is anything to say."""

import httpx
import pytest

from lotse.desk.api import app as api
from lotse.desk.language import language_of


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


async def test_before_the_desk_has_started_calls_are_told_to_come_again():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api.create()), base_url="http://desk") as client:
        answer = await client.get("/v1/me")
    assert (answer.status_code, answer.json()["reason"]) == (503, "starting")
