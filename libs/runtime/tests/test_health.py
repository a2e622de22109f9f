"""What a process says of itself, and to whom."""

import httpx
import pytest
from fastapi import FastAPI

from lotse.runtime.health import UNTRACED, Health


@pytest.fixture
def asking() -> httpx.AsyncClient:
    app = FastAPI(openapi_url=None, telemetry=UNTRACED)
    Health(live=[lambda: None], ready=[lambda: "no partitions are assigned yet", lambda: None]).mount(app)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def test_what_is_not_ready_says_why_and_lives_on(asking: httpx.AsyncClient):
    assert ((await asking.get("/livez")).status_code, (await asking.get("/livez")).text) == (200, "ok\n")
    assert (await asking.get("/readyz")).status_code == 503
    assert (await asking.get("/readyz")).text == "no partitions are assigned yet\n"


async def test_metrics_are_for_whoever_asks_the_process_itself(asking: httpx.AsyncClient):
    assert "# HELP" in (await asking.get("/metrics")).text


@pytest.mark.parametrize("header", [{"X-Forwarded-For": "198.51.100.7"}, {"Forwarded": "for=198.51.100.7"}])
async def test_nobody_reads_metrics_through_an_ingress(asking: httpx.AsyncClient, header: dict[str, str]):
    """The desk's ingress passes on every path."""
    assert (await asking.get("/metrics", headers=header)).status_code == 404
