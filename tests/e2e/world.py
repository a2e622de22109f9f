"""The whole system as its neighbours meet it: HTTP in front, Kafka behind, nothing inside."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx
import jwt
from aiokafka import AIOKafkaConsumer, TopicPartition

from lotse.contracts.envelope import Event, Fact, decode
from lotse.contracts.events import all_types
from lotse.contracts.topics import TOPICS, Topic
from lotse.local.stack import Stack
from lotse.local.webhooks import Call, Meta

E = TypeVar("E", bound=Event)


@dataclass(slots=True)
class Facts:
    """Everything on the topics since the start, read by a subscriber of our own."""

    all: list[Fact[Event]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def one(self, kind: type[E], where: Callable[[E], bool] = lambda _: True, seconds: float = 30) -> Fact[E]:
        """The first fact of a kind that holds; waits for it."""
        return (await self.some(1, kind, where, seconds))[0]

    async def some(
        self, number: int, kind: type[E], where: Callable[[E], bool] = lambda _: True, seconds: float = 30
    ) -> list[Fact[E]]:
        """At least so many facts of a kind; waits for them."""

        def found() -> list[Fact[E]]:
            return [f for f in self.all if isinstance(f.data, kind) and where(f.data)]

        async with self.changed:
            try:
                async with asyncio.timeout(seconds):
                    await self.changed.wait_for(lambda: len(found()) >= number)
            except TimeoutError:
                came = f"{len(found())} of {number} {kind.__name__} came in {seconds} s, {len(self.all)} facts in all"
                raise AssertionError(came) from None
        return found()

    def of(self, key: object) -> list[Fact[Event]]:
        """Everything under one key, in the order of each topic."""
        return [fact for fact in self.all if fact.key == str(key)]


@asynccontextmanager
async def listening(stack: Stack) -> AsyncGenerator[Facts]:
    assert all_types(), "a type that nobody imported cannot be read"
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.engines.kafka, enable_auto_commit=False)
    await consumer.start()
    prefix = stack.plan.prefix
    partitions = [
        TopicPartition(topic.full_name(prefix), number)
        for topic in Topic
        for number in range(
            len(consumer.partitions_for_topic(topic.full_name(prefix)) or range(TOPICS[topic].partitions))
        )
    ]
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    facts = Facts()
    task = asyncio.create_task(_listen(consumer, facts))
    try:
        yield facts
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await consumer.stop()


async def _listen(consumer: AIOKafkaConsumer, facts: Facts) -> None:
    while True:
        batch = await consumer.getmany(timeout_ms=100)
        async with facts.changed:
            for records in batch.values():
                facts.all += [decode(record.headers, record.value) for record in records]
            facts.changed.notify_all()


@dataclass(slots=True)
class World:
    """Customers, agents and providers of one installation."""

    stack: Stack
    facts: Facts
    http: httpx.AsyncClient
    number: int = 0

    @property
    def meta(self) -> Meta:
        return Meta.of(self.stack.config, self.stack.secrets["LOTSE_META_APP_SECRET"])

    def fresh(self, word: str) -> str:
        """An id that no other test uses."""
        self.number += 1
        return f"{word}{time.time_ns()}{self.number}"

    async def call(self, call: Call, replica: int = 0, headers: dict[str, str] | None = None) -> httpx.Response:
        url = self.stack.urls("ingest")[replica] + call.path
        return await self.http.post(url, content=call.body, headers={**call.headers, **(headers or {})})

    async def customer_writes(self, call: Call, **more: dict[str, str]) -> None:
        answer = await self.call(call, **more)
        assert answer.status_code == 200, answer.text

    async def desk(
        self, method: str, path: str, who: str = "anna", role: str = "lead", **more: object
    ) -> httpx.Response:
        """A call of somebody's to the desk."""
        claims = {"sub": who, "lotse_role": role, "exp": int(time.time()) + 600}
        token = jwt.encode(claims, self.stack.secrets["LOTSE_JWT_SECRET"], algorithm="HS256")
        key = str(more.pop("key", None) or self.fresh("key"))
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key} | dict(more.pop("headers", {}))
        return await self.http.request(method, self.stack.desk + path, headers=headers, **more)

    async def comes(self, agent: str) -> None:
        answer = await self.desk("PUT", f"/v1/agents/{agent}/status", who=agent, json={"status": "online"})
        assert answer.status_code in (200, 202, 409), answer.text

    async def seen(self) -> list[dict[str, object]]:
        """What the providers' stand-in accepted of us."""
        return (await self.http.get(f"{self.stack.standin_url}/seen?since=0")).json()["sends"]

    async def alerts(self) -> list[dict[str, object]]:
        return (await self.http.get(f"{self.stack.standin_url}/seen?since=0")).json()["alert_list"]

    async def until(self, holds: Callable[[], object], seconds: float = 20) -> object:
        """Wait for a fact outside Kafka; what `holds` gives once it is true."""
        async with asyncio.timeout(seconds):
            while not (found := await holds()):
                await asyncio.sleep(0.1)
        return found

    def spans(self, trace_id: str) -> list[dict[str, object]]:
        """The spans of a trace that the services have written so far."""
        found = []
        for path in sorted((self.stack.plan.folder / "traces").glob("*.jsonl")):
            found += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if trace_id in line]
        return found


def config_with_haste(source: Path, target: Path) -> Path:
    """The German example with a promise of 2 s for in-app messages, so that one is missed soon."""
    text = source.read_text(encoding="utf-8").replace(
        "  policies:\n",
        "  policies:\n    - name: eilig\n      when: {channel: [in-app]}\n      targets: {first_response: 2 s}\n",
        1,
    )
    target.write_text(text, encoding="utf-8")
    return target
