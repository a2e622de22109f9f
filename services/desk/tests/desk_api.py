"""The API over real PostgreSQL and Kafka, and tokens to call it with."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import jwt
from aiokafka import AIOKafkaConsumer
from desk_history import at

from lotse.contracts.config import Config
from lotse.contracts.envelope import Event, Fact, decode
from lotse.contracts.topics import Topic
from lotse.desk import store
from lotse.desk.api import app as api
from lotse.desk.api.parts import Parts
from lotse.desk.auth import Guard
from lotse.desk.settings import DeskSettings
from lotse.desk.waiting import Waiting
from lotse.runtime.publish import Publisher
from lotse.runtime.testing import Harness

SECRET = "a secret of at least thirty-two bytes"
SERVICE_TOKEN = "the services' own"
CONFIG = Config.model_validate(
    {
        "teams": {"service": {"name": "Service"}},
        "agents": {
            "mia": {"name": "Mia Kern", "initials": "MK", "teams": ["service"], "skills": {"de": 5}},
            "lars": {"name": "Lars Ode", "role": "lead"},
        },
    }
)


def token(subject: str = "mia", role: str = "agent", lifetime: timedelta = timedelta(hours=1), **claims) -> str:
    said = {"sub": subject, "lotse_role": role, "exp": datetime.now(UTC) + lifetime} | claims
    return jwt.encode({name: value for name, value in said.items() if value is not None}, SECRET, "HS256")


def bearer(subject: str = "mia", role: str = "agent") -> dict[str, str]:
    return {"Authorization": f"Bearer {token(subject, role)}"}


@dataclass
class Desk:
    """The API of one replica, the tables behind it, and the hand that moves its clock."""

    harness: Harness
    parts: Parts
    client: httpx.AsyncClient
    commands: list[Fact[Event]] = field(default_factory=list)

    async def get(self, path: str, who: dict[str, str] | None = None, **params) -> httpx.Response:
        return await self.client.get(path, headers=who or bearer(), params=params or None)

    async def items(self, path: str, who: dict[str, str] | None = None, **params) -> list[dict]:
        answer = await self.get(path, who, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def post(self, path: str, body: dict | None = None, who=None, key: str | None = None, method="POST"):
        headers = (who or bearer()) | {"Idempotency-Key": key or uuid4().hex}
        return await self.client.request(method, path, json=body or {}, headers=headers)


def settings_of(database: str, kafka: str = "127.0.0.1:1", prefix: str = "none-", **extra) -> DeskSettings:
    given = {
        "jwt_secret": SECRET,
        "session_secret": SECRET,
        "config": "none.yaml",
        "outcome_wait": timedelta(seconds=10),
        "sample_ratio": 0,
    }
    return DeskSettings(kafka=kafka, postgres=database, topic_prefix=prefix, **(given | extra))


@asynccontextmanager
async def desk_over(settings: DeskSettings) -> AsyncGenerator[Desk]:
    publisher, http = Publisher(settings, "test-desk"), api.create()
    url = settings.postgres.get_secret_value()
    async with Harness.open(url, "desk", folds=(store.fold(),)) as harness:
        harness.clock.at = at(30)
        parts = Parts(settings, CONFIG, Guard(settings), harness.database, publisher, Waiting(), harness.clock)
        http.state.desk = parts
        try:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(http), base_url="http://desk") as client:
                yield Desk(harness, parts, client)
        finally:
            await publisher.close()


@asynccontextmanager
async def commands_of(settings: DeskSettings) -> AsyncGenerator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        Topic.COMMANDS.full_name(settings.topic_prefix),
        bootstrap_servers=settings.kafka,
        auto_offset_reset="earliest",
        group_id=None,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def next_command(consumer: AIOKafkaConsumer) -> Fact[Event]:
    record = await consumer.getone()
    return decode(record.headers, record.value)
