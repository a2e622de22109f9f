"""`make chaos`: kills every service twice and restarts both engines under load, then counts what was lost.

The last line is `accepted N, lost N, doubled N, republished N, out of order N`; the exit code is 1
where anything was lost, doubled or out of order.
"""

import argparse
import asyncio
import itertools
import logging
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvloop

from bench import samples, stacks
from bench.ledger import Ledger, Reader, by_reply
from bench.load import Links, Sample, at_rate, links
from lotse.local.engines import Places, engines, state_folder
from lotse.local.stack import Stack
from lotse.local.webhooks import Meta

_QUIET_WITHIN = 120.0
_RETRY = 0.3
_REPLY_EVERY = 0.25


@dataclass(slots=True)
class Run:
    """What was asked for, and accepted, so far."""

    accepted: set[str] = field(default_factory=set[str])
    refused: int = 0
    replies: set[str] = field(default_factory=set[str])


async def deliver(run: Run, to: Links, sample: Sample, until: float) -> None:
    """As a provider does: the same webhook again until it is answered with 200."""
    while time.monotonic() < until:
        if await to.post(sample.call) == 200:
            run.accepted.add(sample.id)
            return
        run.refused += 1
        await asyncio.sleep(_RETRY)


async def kills(stack: Stack, seconds: float, chosen: random.Random) -> None:
    """SIGKILL for each service process twice, at random moments; the supervisor starts them again."""
    names = [i.name for i in stack.instances] * 2
    moments = sorted((chosen.uniform(0.05, 0.95) * seconds, name) for name in names)
    begun = time.monotonic()
    for moment, name in moments:
        await asyncio.sleep(max(0.0, begun + moment - time.monotonic()))
        if name in stack.supervisor.pids:
            say(f"{moment:5.1f} s  kill {name}")
            await stack.supervisor.kill(name)


async def restarts(stack: Stack, seconds: float, chosen: random.Random) -> None:
    """Kafka and PostgreSQL once each."""
    engine, begun = stack.engines, time.monotonic()
    for at, name, control in (
        (chosen.uniform(0.25, 0.4), "Kafka", engine.kafka_control),
        (chosen.uniform(0.6, 0.75), "PostgreSQL", engine.postgres_control),
    ):
        await asyncio.sleep(max(0.0, begun + at * seconds - time.monotonic()))
        if control is None:
            say(f"{name} is not ours to restart")
            continue
        say(f"{at * seconds:5.1f} s  restart {name}")
        await control.restart()


async def replies(
    run: Run, stack: Stack, ledger: Ledger, reader: Reader, seconds: float, chosen: random.Random
) -> None:
    """Agents answer some of the conversations that they have, each command until it is taken."""
    end = time.monotonic() + seconds
    answered: set[str] = set()
    async with httpx.AsyncClient(base_url=stack.desk, timeout=5) as desk:
        while time.monotonic() < end:
            await asyncio.sleep(_REPLY_EVERY)
            try:
                async with asyncio.timeout(5):
                    await reader.into(ledger)
            except Exception as error:  # the engines are being restarted
                say(f"the ledger waits: {type(error).__name__}")
                continue
            free = [c for c, agent in ledger.assigned.items() if agent and c not in answered]
            for conversation in chosen.sample(free, min(2, len(free))):
                answered.add(conversation)
                await reply(run, stack, desk, conversation, ledger.assigned[conversation], end + 60)


async def reply(run: Run, stack: Stack, desk: httpx.AsyncClient, conversation: str, agent: str, until: float) -> None:
    """One answer; the same `Idempotency-Key` until desk has it."""
    headers = stacks.headers(stack, agent, "agent", f"reply-{conversation}")
    body = {"text": f"Vielen Dank für Ihre Geduld, wir kümmern uns darum. Vorgang {conversation[:8]}"}
    while time.monotonic() < until:
        try:
            answer = await desk.post(f"/v1/conversations/{conversation}/reply", json=body, headers=headers)
        except httpx.HTTPError:
            await asyncio.sleep(_RETRY)
            continue
        if answer.status_code in (200, 202):
            run.replies.add(answer.json()["command_id"])
            return
        if answer.status_code == 409:
            say(f"a reply was refused: {answer.text[:200]}")
            return
        await asyncio.sleep(_RETRY)


async def settled(run: Run, stack: Stack, ledger: Ledger, reader: Reader) -> Counter[str]:
    """Wait for quiet: everything owed is there, or the time is over. What the stand-in saw by reply."""
    end = time.monotonic() + _QUIET_WITHIN
    seen: Counter[str] = Counter()
    async with httpx.AsyncClient(timeout=30) as client:
        while True:
            await reader.into(ledger)
            seen = by_reply((await client.get(f"{stack.standin_url}/seen?since=0")).json()["sends"])
            verdict = ledger.verdict(run.accepted, run.replies, seen)
            if verdict.lost == 0 or time.monotonic() > end:
                return seen
            say(
                "waiting: "
                + ", ".join(f"{n} {what}" for what, n in verdict.parts.items() if what.endswith("lost") and n)
            )
            await asyncio.sleep(2)


async def play(seconds: float, rate: float, seed: int, folder: Path) -> int:
    """The whole run; the exit code."""
    chosen, run, ledger = random.Random(seed), Run(), Ledger()  # noqa: S311
    async with (
        engines(Places(folder, state_folder() / "kafka"), say) as started,
        stacks.stack(folder, echoes=True, given=started) as stack,
        links(stack.urls("ingest")) as to,
    ):
        meta = Meta.of(stack.config, stack.secrets["LOTSE_META_APP_SECRET"])
        reader = Reader(started.kafka, stack.plan.prefix)
        await reader.start()
        until = time.monotonic() + seconds + 60
        say(f"{rate:.0f} messages/s for {seconds:.0f} s")
        async with asyncio.TaskGroup() as group:
            group.create_task(kills(stack, seconds, chosen))
            group.create_task(restarts(stack, seconds, chosen))
            group.create_task(replies(run, stack, ledger, reader, seconds, chosen))
            stream = both_channels(meta, f"{seed}{int(time.time()) % 100_000}")
            group.create_task(at_rate(stream, rate, seconds, lambda sample: deliver(run, to, sample, until)))
        seen = await settled(run, stack, ledger, reader)
        await reader.stop()
    verdict = ledger.verdict(run.accepted, run.replies, seen)
    for what, number in verdict.parts.items():
        say(f"{what}: {number}")
    say(f"webhooks refused and delivered again: {run.refused}")
    say(str(verdict))
    return 0 if verdict.holds and run.accepted else 1


def both_channels(meta: Meta, run: str) -> Iterator[Sample]:
    """Messenger and WhatsApp in turn; every tenth is delivered twice."""
    for number, pair in enumerate(zip(samples.messenger(meta, run), samples.whatsapp(meta, run), strict=False)):
        sample = pair[number % 2]
        yield from itertools.repeat(sample, 2 if number % 10 == 0 else 1)


def say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="how long messages are sent")
    parser.add_argument("--rate", type=float, default=200, help="messages a second")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which something is killed")
    given = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it is away because we restart it
    folder = Path(tempfile.mkdtemp(prefix="lotse-chaos-"))
    try:
        code = uvloop.run(play(given.seconds, given.rate, given.seed, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
