"""One-time links, sessions and what other sites may not do: two replicas of the desk over one database."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import httpx
import jwt
import pytest
import pytest_asyncio
import websockets
from desk_api import SECRET, bearer, settings_of, token
from desk_process import running

from lotse.local.tokens import link
from lotse.runtime.topics import create_topics

CONFIG = """
agents:
  mia: {name: Mia Kern, initials: MK, skills: {de: 5}}
  lars: {name: Lars Ode, role: lead}
"""
MANY = 12


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desks(lasting_database, kafka, tmp_path_factory):
    """Two replicas; the second is reached over TLS from outside."""
    folder = tmp_path_factory.mktemp("signin")
    (folder / "lotse.yaml").write_text(CONFIG)
    await create_topics(kafka, "signin", single=True)
    settings = settings_of(lasting_database, kafka, "signin", config=folder / "lotse.yaml")
    outside = {"LOTSE_CONSOLE_URL": "https://desk.lotse.example"}
    async with running(settings, folder / "one") as one, running(settings, folder / "two", **outside) as two:
        yield one, two


@pytest_asyncio.fixture
async def person(desks):
    headers = {"Accept-Language": "en"}
    async with httpx.AsyncClient(base_url=desks[0], headers=headers, timeout=30) as client:
        yield client


def token_of(agent: str = "mia") -> str:
    return link("", SECRET, agent, datetime.now(UTC)).partition("token=")[2]


def made_by_hand(**twist: object) -> str:
    exp = datetime.now(UTC) + timedelta(minutes=5)
    claims = {"sub": "mia", "jti": str(uuid4()), "aud": "lotse-console-link", "exp": exp} | twist
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, SECRET, "HS256")


async def press(person, given: str) -> httpx.Response:
    """The button of the link's page."""
    origin = str(person.base_url).rstrip("/")
    return await person.post("/enter", data={"token": given}, headers={"Origin": origin})


@pytest.mark.parametrize(
    ("language", "words"),
    [("de", ("Anmelden", "lotse link", "API-Dokumentation")), ("en", ("Sign in", "lotse link", "API documentation"))],
)
async def test_who_is_not_signed_in_is_told_how_to_get_in(person, language, words):
    page = await person.get("/", headers={"Accept-Language": language})
    assert (page.status_code, page.headers["content-language"]) == (200, language)
    assert all(word in page.text for word in words)
    assert 'href="/docs"' in page.text


async def test_a_link_signs_in_as_the_agent_with_his_role(person):
    given = token_of("lars")
    looked = await person.get("/enter", params={"token": given})
    assert (looked.status_code, "Lars Ode" in looked.text) == (200, True)
    came = await press(person, given)
    assert (came.status_code, came.headers["location"]) == (303, "/")
    assert "Lars Ode" in (await person.get("/")).text


async def test_looking_at_a_link_leaves_it_good(person):
    given = token_of()
    for _ in range(3):
        assert (await person.get("/enter", params={"token": given})).status_code == 200
    assert (await press(person, given)).status_code == 303


async def test_a_link_counts_once_on_all_replicas_together(desks):
    given = token_of()
    async with httpx.AsyncClient(timeout=60) as client:
        answers = await asyncio.gather(
            *(
                client.post(f"{desks[n % 2]}/enter", data={"token": given}, headers={"Origin": desks[n % 2]})
                for n in range(MANY)
            )
        )
        looked = await client.get(f"{desks[1]}/enter", params={"token": given})
    assert sorted(answer.status_code for answer in answers) == [303] + [410] * (MANY - 1)
    assert (looked.status_code, "lotse link" in looked.text) == (410, True)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "nonsense",
        token_of()[:-4] + "AAAA",
        token(),
        made_by_hand(exp=datetime(2020, 1, 1, tzinfo=UTC)),
        made_by_hand(exp=None),
        made_by_hand(sub="nobody"),
        made_by_hand(jti=None),
        made_by_hand(jti="one"),
        made_by_hand(aud=None),
        made_by_hand(aud="another"),
    ],
)
async def test_what_is_no_good_link_lets_nobody_in(person, given):
    assert (await person.get("/enter", params={"token": given})).status_code == 410
    assert (await press(person, given)).status_code == 410
    assert "Mia Kern" not in (await person.get("/")).text


async def test_a_link_is_no_token_of_the_api(person):
    answer = await person.get("/v1/me", headers={"Authorization": f"Bearer {token_of()}"})
    assert answer.status_code == 401


async def test_a_cookie_opens_nothing_of_the_api(person):
    await press(person, token_of())
    assert (await person.get("/v1/me")).status_code == 401


async def test_used_links_are_swept_when_they_could_not_be_used_any_more(person, lasting_database):
    connection = await asyncpg.connect(lasting_database)
    try:
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        await connection.execute("INSERT INTO desk.link (id, expires_at) VALUES ($1, $2)", uuid4(), long_ago)
        await press(person, token_of())
        assert not await connection.fetchval("SELECT count(*) FROM desk.link WHERE expires_at <= $1", long_ago)
    finally:
        await connection.close()


async def test_the_cookie_is_for_this_site_alone_and_no_script_reads_it(desks, person):
    came = await press(person, token_of())
    said = came.headers["set-cookie"].lower()
    assert all(word in said for word in ("lotse_session=", "httponly", "samesite=lax", "path=/"))
    assert "secure" not in said
    async with httpx.AsyncClient(base_url=desks[1], timeout=30) as outside:
        headers = {"Origin": "https://desk.lotse.example"}
        came = await outside.post("/enter", data={"token": token_of()}, headers=headers)
    assert "secure" in came.headers["set-cookie"].lower()


async def test_signing_in_begins_a_new_session(person):
    await person.get("/team")
    planted = person.cookies["lotse_session"]
    assert (await press(person, token_of())).headers["location"] == "/team"
    async with httpx.AsyncClient(base_url=person.base_url, cookies={"lotse_session": planted}, timeout=30) as other:
        assert "Mia Kern" not in (await other.get("/")).text


async def test_a_copied_cookie_is_worth_nothing_after_signing_out_on_any_replica(desks, person):
    await press(person, token_of())
    copied = {"lotse_session": person.cookies["lotse_session"]}
    left = await person.post("/leave", headers={"Origin": desks[0]})
    assert left.json() == {"to": "/"}
    for desk in desks:
        async with httpx.AsyncClient(base_url=desk, cookies=copied, timeout=30) as thief:
            assert "Mia Kern" not in (await thief.get("/")).text


async def test_a_cookie_that_was_changed_is_no_cookie(person):
    await press(person, token_of())
    forged = {"lotse_session": "e30=" + person.cookies["lotse_session"]}
    async with httpx.AsyncClient(base_url=person.base_url, cookies=forged, timeout=30) as other:
        page = await other.get("/", headers={"Accept-Language": "en"})
    assert "Sign in" in page.text


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "evil"])
async def test_nobody_is_sent_to_another_site_after_signing_in(person, back):
    assert (await person.get("/ended", params={"back": back})).status_code == 200
    assert (await press(person, token_of())).headers["location"] == "/"


async def test_whose_session_ended_comes_back_to_where_he_was(person):
    page = await person.get("/ended", params={"back": "/team?view=queue"})
    assert "session has ended" in page.text
    assert (await press(person, token_of())).headers["location"] == "/team?view=queue"


@pytest.mark.parametrize("path", ["/enter", "/leave"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {},
    ],
)
async def test_another_site_changes_nothing(person, path, headers):
    answer = await person.post(path, data={"token": token_of()}, headers=headers)
    assert answer.status_code == 403


async def knocks(desk: str, origin: str | None) -> int:
    """The status that a WebSocket handshake is answered with."""
    url = f"{desk.replace('http', 'ws')}/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    try:
        async with websockets.connect(url, origin=origin, open_timeout=30):
            return 101
    except websockets.InvalidStatus as refused:
        return refused.response.status_code


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://evil.example", 403), ("null", 403), ("https://desk.lotse.example", 101), ("own", 101)],
)
async def test_another_site_opens_no_socket(desks, origin, status):
    assert await knocks(desks[1], desks[1] if origin == "own" else origin) == status


async def test_another_site_does_not_poll_either(person):
    address = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
    foreign = await person.get(address, headers={"Origin": "https://evil.example"})
    own = await person.get(address)
    assert (foreign.status_code, own.status_code) == (403, 200)
    assert "access-control-allow-origin" not in own.headers


async def test_a_page_runs_its_own_scripts_alone_and_stands_in_no_frame(person):
    await press(person, token_of())
    page = await person.get("/")
    policy = dict(part.strip().partition(" ")[::2] for part in page.headers["content-security-policy"].split(";"))
    nonce = re.search(r"'nonce-([^']+)'", policy["script-src"])[1]
    assert "unsafe-inline" not in policy["script-src"]
    assert re.findall(r"<script(?! nonce=\")[\s>]", page.text) == []
    assert page.text.count(f'nonce="{nonce}"') > 3
    assert (policy["default-src"], policy["frame-ancestors"], policy["base-uri"]) == ("'none'", "'none'", "'none'")
    assert f"'nonce-{nonce}'" not in (await person.get("/")).headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/docs", "/v1/me", "/static/console.css", "/enter?token=x", "/nowhere"])
async def test_every_answer_bears_the_security_headers(person, path):
    answer = await person.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in answer.headers.get("content-security-policy", "frame-ancestors 'none'")


async def test_pages_are_kept_by_no_cache(person):
    assert (await person.get("/")).headers["cache-control"] == "no-store"
    await press(person, token_of())
    assert (await person.get("/")).headers["cache-control"] == "no-store"


async def test_the_api_is_called_from_anywhere_with_a_token(person):
    headers = bearer() | {"Origin": "https://intranet.example", "Idempotency-Key": uuid4().hex}
    answer = await person.post(f"/v1/conversations/{uuid4()}/notes", json={"text": "x"}, headers=headers)
    assert answer.status_code in (202, 409)


async def test_the_console_shows_no_page_of_the_api_document(person):
    paths = (await person.get("/openapi.json")).json()["paths"]
    assert all(path.startswith("/v1/") for path in paths)
