"""Who is let in, and by which signature."""

import base64
import hmac
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from desk_api import SECRET, desk_over, settings_of, token

from lotse.runtime.errors import SettingsError

ISSUER = "https://id.example"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(lasting_database):
    async with desk_over(settings_of(lasting_database)) as made:
        yield made


async def knock(desk, authorization: str | None):
    return await desk.client.get("/v1/me", headers={"Authorization": authorization} if authorization else {})


async def test_a_token_of_ours_is_let_in(desk):
    answer = await knock(desk, f"Bearer {token('lars', 'lead')}")
    assert (answer.status_code, answer.json()["role"]) == (200, "lead")


def other_secret() -> str:
    claims = {"sub": "mia", "lotse_role": "agent", "exp": datetime.now(UTC) + timedelta(hours=1)}
    return jwt.encode(claims, "another secret of thirty-two bytes!", "HS256")


def unsigned() -> str:
    return jwt.encode(
        {"sub": "mia", "lotse_role": "admin", "exp": datetime.now(UTC) + timedelta(hours=1)}, None, "none"
    )


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic bWlhOm1pYQ==",
        "Bearer nonsense",
        f"Bearer {token(lifetime=timedelta(hours=-1))}",
        f"Bearer {token(role='king')}",
        f"Bearer {token(subject='')}",
        f"Bearer {token(lotse_role=None)}",
        f"Bearer {token(exp=None)}",
        f"Bearer {token()[:-6]}AAAAAA",
        f"Bearer {other_secret()}",
        f"Bearer {unsigned()}",
    ],
)
async def test_whoever_cannot_be_trusted_is_told_to_sign_in(desk, given):
    answer = await knock(desk, given)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
async def test_what_explains_the_desk_is_public(desk, path):
    assert (await desk.client.get(path)).status_code == 200


def signed_by_hand(claims: dict[str, str], key: bytes) -> str:
    """HS256 over any key, also over one that no library would take."""

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    header = part(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "rsa"}).encode())
    body = part(json.dumps(claims | {"exp": int(datetime.now(UTC).timestamp()) + 3600}).encode())
    return f"{header}.{body}.{part(hmac.digest(key, f'{header}.{body}'.encode(), 'sha256'))}"


class Issuer:
    """An identity provider's keys over HTTP, and tokens signed by them."""

    def __init__(self) -> None:
        self.keys = {
            "rsa": ("RS256", rsa.generate_private_key(public_exponent=65537, key_size=2048)),
            "ec": ("ES256", ec.generate_private_key(ec.SECP256R1())),
        }
        self.asked = 0

    def jwks(self) -> bytes:
        self.asked += 1
        found = []
        for name, (algorithm, key) in self.keys.items():
            kind = jwt.algorithms.RSAAlgorithm if algorithm == "RS256" else jwt.algorithms.ECAlgorithm
            found.append(kind.to_jwk(key.public_key(), as_dict=True) | {"kid": name, "use": "sig", "alg": algorithm})
        return json.dumps({"keys": found}).encode()

    def token(self, name: str, algorithm: str | None = None, **claims) -> str:
        said = {"sub": "mia", "lotse_role": "agent", "iss": ISSUER, "aud": "lotse"} | claims
        said.setdefault("exp", datetime.now(UTC) + timedelta(minutes=5))
        own, key = self.keys[name]
        return jwt.encode(said, key, algorithm or own, headers={"kid": name})


@pytest.fixture
def issuer():
    made = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = made.jwks()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/jwks"
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
async def guarded(lasting_database, issuer):
    by_issuer = {"oidc_issuer": ISSUER, "oidc_jwks_url": issuer.url, "oidc_audience": "lotse", "jwt_secret": None}
    async with desk_over(settings_of(lasting_database, **by_issuer)) as made:
        yield made


@pytest.mark.parametrize("name", ["rsa", "ec"])
async def test_a_token_of_the_issuer_is_let_in_and_its_keys_are_kept(guarded, issuer, name):
    for _ in range(3):
        assert (await knock(guarded, f"Bearer {issuer.token(name)}")).status_code == 200
    assert issuer.asked == 1


@pytest.mark.parametrize(
    "claims", [{"iss": "https://other.example"}, {"aud": "other"}, {"exp": datetime(2026, 1, 1, tzinfo=UTC)}]
)
async def test_a_token_of_the_issuer_for_others_is_refused(guarded, issuer, claims):
    assert (await knock(guarded, f"Bearer {issuer.token('rsa', **claims)}")).status_code == 401


async def test_our_secret_opens_nothing_where_only_the_issuer_counts(guarded):
    assert (await knock(guarded, f"Bearer {token()}")).status_code == 401


async def test_the_issuers_public_key_is_no_secret_to_sign_with(lasting_database, issuer):
    by_both = {"oidc_issuer": ISSUER, "oidc_jwks_url": issuer.url, "jwt_secret": SECRET}
    async with desk_over(settings_of(lasting_database, **by_both)) as desk:
        forged = signed_by_hand({"sub": "mia", "lotse_role": "admin", "iss": ISSUER}, issuer.jwks())
        assert (await knock(desk, f"Bearer {forged}")).status_code == 401
        assert (await knock(desk, f"Bearer {token()}")).status_code == 200
        assert (await knock(desk, f"Bearer {issuer.token('ec')}")).status_code == 200


async def test_keys_that_cannot_be_had_are_no_fault_of_the_caller(lasting_database, issuer, unused_tcp_port):
    away = {
        "oidc_issuer": ISSUER,
        "oidc_jwks_url": f"http://127.0.0.1:{unused_tcp_port}/jwks",
        "jwt_secret": None,
    }
    async with desk_over(settings_of(lasting_database, **away)) as desk:
        answer = await knock(desk, f"Bearer {issuer.token('rsa')}")
    assert (answer.status_code, answer.json()["reason"]) == (503, "issuer_away")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"LOTSE_JWT_SECRET": "short"}, "LOTSE_JWT_SECRET"),
        ({}, "LOTSE_JWT_SECRET"),
        ({"LOTSE_OIDC_ISSUER": ISSUER}, "LOTSE_OIDC_JWKS_URL"),
    ],
)
def test_a_desk_that_nobody_could_enter_does_not_start(monkeypatch, given, named):
    from lotse.desk.settings import DeskSettings

    for name, value in ({"LOTSE_KAFKA": "x", "LOTSE_POSTGRES": "x", "LOTSE_CONFIG": "x"} | given).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=named):
        DeskSettings.read()
