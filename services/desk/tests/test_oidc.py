"""Signing in at an issuer, over HTTP, by a desk that runs as a process."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import rsa
from desk_api import settings_of
from desk_process import running
from oidc_issuer import CLIENT, SECRET, issuing

from lotse.contracts.config import Config
from lotse.desk.auth import Caller
from lotse.desk.console.oidc import SignInFailed, caller_of, challenge
from lotse.local.process import free_port
from lotse.runtime.topics import create_topics

CONFIG = """
agents:
  mia: {name: Mia Kern, email: mia.kern@lotse.example, skills: {de: 5}}
  lars: {name: Lars Ode, role: lead, email: lars@lotse.example}
"""
MIA = {"sub": "4711", "agent": "mia", "realm": {"roles": ["offline_access", "support"]}}


@pytest.fixture(scope="module")
def issuer():
    with issuing() as made:
        yield made


@pytest.fixture(autouse=True)
def as_usual(issuer):
    """Each test begins with an issuer that does as it should."""
    issuer.person, issuer.userinfo = dict(MIA), {}
    issuer.twist, issuer.answer, issuer.extra = {}, {}, {}
    issuer.signs_with, issuer.away = None, False


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(issuer, lasting_database, kafka, tmp_path_factory):
    """Where the desk answers; people sign in at the issuer, with no other way in."""
    folder, port = tmp_path_factory.mktemp("oidc"), free_port()
    (folder / "lotse.yaml").write_text(CONFIG)
    await create_topics(kafka, "oidc", single=True)
    settings = settings_of(lasting_database, kafka, "oidc", config=folder / "lotse.yaml")
    more = {
        "LOTSE_HTTP_PORT": str(port),
        "LOTSE_CONSOLE_URL": f"http://127.0.0.1:{port}",
        "LOTSE_OIDC_ISSUER": issuer.url,
        "LOTSE_OIDC_JWKS_URL": f"{issuer.url}/keys",
        "LOTSE_OIDC_CLIENT_ID": CLIENT,
        "LOTSE_OIDC_CLIENT_SECRET": SECRET,
        "LOTSE_OIDC_AGENT_CLAIM": "agent",
        "LOTSE_OIDC_ROLE_CLAIM": "realm.roles",
        "LOTSE_OIDC_ROLES": '{"support": "agent", "support-lead": "lead"}',
    }
    async with running(settings, folder / "log", **more) as address:
        yield address


@pytest_asyncio.fixture
async def person(desk):
    """A browser with nobody signed in."""
    headers = {"Accept-Language": "en", "Accept": "text/html"}
    async with httpx.AsyncClient(base_url=desk, headers=headers, timeout=30) as client:
        yield client


async def to_issuer(person) -> httpx.Response:
    """As far as the issuer's answer, which the browser has not followed yet."""
    begun = await person.get("/oidc/login")
    assert begun.status_code == 303, begun.text
    return await person.get(begun.headers["location"])


async def signed_in(person) -> httpx.Response:
    answered = await to_issuer(person)
    return await person.get(answered.headers["location"])


async def test_the_sign_in_page_offers_the_company_account(person):
    page = await person.get("/")
    assert page.status_code == 200
    assert 'href="/oidc/login"' in page.text


async def test_a_person_comes_in_as_the_agent_and_role_that_the_claims_name(person):
    came = await signed_in(person)
    assert (came.status_code, came.headers["location"]) == (303, "/")
    page = await person.get("/")
    assert "Mia Kern" in page.text
    assert (await person.get("/operations")).status_code == 403


async def test_a_person_comes_back_to_the_page_he_wanted(person):
    wanted = await person.get("/conversations/0b6f6c1e-6c6f-5473-9a55-4c6f74736500?tab=notes")
    assert (wanted.status_code, wanted.headers["location"]) == (303, "/")
    came = await signed_in(person)
    assert came.headers["location"] == "/conversations/0b6f6c1e-6c6f-5473-9a55-4c6f74736500?tab=notes"


async def test_the_session_before_is_not_the_session_after(person):
    await person.get("/team")
    before = person.cookies["lotse_session"]
    await signed_in(person)
    assert person.cookies["lotse_session"] != before
    async with httpx.AsyncClient(base_url=str(person.base_url), cookies={"lotse_session": before}) as planted:
        assert "Mia Kern" not in (await planted.get("/")).text


async def test_state_nonce_and_challenge_are_new_each_time(person):
    first, second = [parse_qs(urlsplit((await person.get("/oidc/login")).headers["location"]).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
        assert len(first[name][0]) >= 32


async def test_claims_that_only_userinfo_has_are_asked_for_there(person, issuer):
    issuer.person = {"sub": "4711"}
    issuer.userinfo = MIA
    assert (await signed_in(person)).status_code == 303
    assert "Mia Kern" in (await person.get("/")).text


async def test_userinfo_of_somebody_else_is_not_believed(person, issuer):
    issuer.person = {"sub": "4711"}
    issuer.userinfo = MIA | {"sub": "4712"}
    failed = await signed_in(person)
    assert (failed.status_code, "no role" in failed.text) == (403, True)


async def test_signing_out_ends_the_session_at_the_issuer_too(person, issuer, desk):
    await signed_in(person)
    left = await person.post("/leave", headers={"Origin": desk})
    onwards = urlsplit(left.json()["to"])
    assert f"{onwards.scheme}://{onwards.netloc}{onwards.path}" == f"{issuer.url}/logout"
    assert parse_qs(onwards.query) == {"client_id": [CLIENT], "post_logout_redirect_uri": [f"{desk}/"]}
    assert "Mia Kern" not in (await person.get("/")).text


@pytest.mark.parametrize(
    ("twist", "why"),
    [
        ({"nonce": "another"}, "cannot be trusted"),
        ({"nonce": None}, "cannot be trusted"),
        ({"aud": "another client"}, "cannot be trusted"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "cannot be trusted"),
        ({"iss": "https://id.example"}, "cannot be trusted"),
        ({"exp": 1}, "cannot be trusted"),
        ({"exp": None}, "cannot be trusted"),
        ({"sub": None}, "cannot be trusted"),
        ({"realm": {"roles": ["another"]}}, "no role"),
        ({"realm": "support"}, "no role"),
        ({"agent": "nobody"}, "no agent"),
        ({"agent": ""}, "no agent"),
    ],
)
async def test_a_token_that_does_not_fit_lets_nobody_in(person, issuer, twist, why):
    issuer.twist = twist
    failed = await signed_in(person)
    assert (failed.status_code in (403, 502), why in failed.text) == (True, True), failed.text
    assert "Mia Kern" not in (await person.get("/")).text


async def test_a_token_that_another_key_signed_lets_nobody_in(person, issuer):
    issuer.signs_with = rsa.generate_private_key(65537, 2048)
    failed = await signed_in(person)
    assert (failed.status_code, "cannot be trusted" in failed.text) == (502, True)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"error": "access_denied"}, "refused"),
        ({"state": "another"}, "too long"),
        ({"iss": "https://id.example"}, "cannot be trusted"),
        ({"code": "another"}, "cannot be trusted"),
    ],
)
async def test_an_answer_that_does_not_fit_lets_nobody_in(person, issuer, answer, why):
    issuer.answer = answer
    failed = await signed_in(person)
    assert why in failed.text
    assert failed.status_code >= 400
    assert 'href="/oidc/login"' in failed.text


async def test_an_answer_counts_once_and_in_the_browser_that_asked(person, desk):
    answered = (await to_issuer(person)).headers["location"]
    async with httpx.AsyncClient(base_url=desk, timeout=30) as stranger:
        assert (await stranger.get(answered)).status_code == 400
    assert (await person.get(answered)).status_code == 303
    assert (await person.get(answered)).status_code == 400


async def test_two_windows_may_sign_in_at_once(person):
    first, second = await to_issuer(person), await to_issuer(person)
    assert (await person.get(first.headers["location"])).status_code == 303
    await person.post("/leave", headers={"Origin": str(person.base_url).rstrip("/")})
    third = await to_issuer(person)
    assert (await person.get(third.headers["location"])).status_code == 303
    assert (await person.get(second.headers["location"])).status_code == 400


async def test_an_error_of_the_issuers_never_comes_onto_the_page(person, issuer):
    issuer.answer = {"error": "<script>alert(1)</script>", "error_description": "call 0190"}
    failed = await signed_in(person)
    assert "alert(1)" not in failed.text
    assert "0190" not in failed.text


async def test_a_desk_whose_issuer_is_away_says_so(kafka, database, tmp_path, issuer):
    (tmp_path / "lotse.yaml").write_text(CONFIG)
    settings = settings_of(database, kafka, "oidc", config=tmp_path / "lotse.yaml")
    issuer.away = True
    given = {
        "LOTSE_OIDC_ISSUER": issuer.url,
        "LOTSE_OIDC_JWKS_URL": f"{issuer.url}/keys",
        "LOTSE_OIDC_CLIENT_ID": CLIENT,
    }
    async with running(settings, tmp_path / "log", **given) as address, httpx.AsyncClient(base_url=address) as person:
        failed = await person.get("/oidc/login")
        assert (failed.status_code, "nicht zu erreichen" in failed.text) == (503, True)
        issuer.away, issuer.extra = False, {"issuer": "https://id.example"}
        failed = await person.get("/oidc/login")
        assert (failed.status_code, "nicht zu trauen" in failed.text) == (502, True)
        issuer.extra = {}
        assert (await person.get("/oidc/login")).status_code == 303


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        ({"sub": "mia", "lotse_role": "agent"}, Caller("mia", "agent")),
        ({"sub": "mia", "lotse_role": ["agent", "lead", "other"]}, Caller("mia", "lead")),
        ({"sub": "mia.kern@lotse.example", "lotse_role": "agent"}, Caller("mia", "agent")),
        ({"sub": "Mia.Kern@lotse.example", "lotse_role": "lead", "email_verified": True}, Caller("mia", "lead")),
        ({"sub": "mia.kern@lotse.example", "lotse_role": "agent", "email_verified": False}, "no_agent"),
        ({"sub": "chief", "lotse_role": "admin"}, Caller("chief", "admin")),
        ({"sub": "chief", "lotse_role": "lead"}, "no_agent"),
        ({"sub": "", "lotse_role": "admin"}, "no_agent"),
        ({"sub": "mia", "lotse_role": "service"}, "no_role"),
        ({"sub": "mia"}, "no_role"),
    ],
)
def test_claims_stand_for_an_agent_and_a_role(claims, found):
    settings = settings_of("postgresql://nobody@127.0.0.1:1/none")
    config = Config.model_validate(
        {"agents": {"mia": {"name": "Mia", "email": "mia.kern@lotse.example"}, "lars": {"name": "Lars"}}}
    )
    if isinstance(found, Caller):
        assert caller_of(claims, settings, config) == found
        return
    with pytest.raises(SignInFailed) as failed:
        caller_of(claims, settings, config)
    assert failed.value.why == found


def test_a_claim_with_dots_in_its_name_is_found_before_a_path():
    settings = settings_of("postgresql://nobody@127.0.0.1:1/none", oidc_role_claim="https://lotse.example/role")
    config = Config.model_validate({"agents": {"mia": {"name": "Mia"}}})
    claims = {"sub": "mia", "https://lotse.example/role": "lead"}
    assert caller_of(claims, settings, config) == Caller("mia", "lead")


def test_the_challenge_is_that_of_rfc_7636():
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
