"""`make bench`: what one machine sustains, how fast it is, and how far that is from plain Kafka.

Prints, and writes `.lotse/bench.json`. Everything is measured in one run on the embedded stack.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import httpx
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench import console, limit, machine, plain, samples, stacks
from bench.load import Links, Sample, at_rate, links
from bench.watching import Watch, send, watching
from lotse.contracts.topics import TOPICS
from lotse.local.engines import Places, engines, state_folder
from lotse.local.stack import Stack
from lotse.local.webhooks import Meta

WINDOW = 400
"""Messages under way at the most while the sustained rate is measured."""

_SENDERS = 16


@dataclass(frozen=True, slots=True)
class Seconds:
    """How long each part takes."""

    warm: float
    sustain: float
    latency: float
    limit: float
    console: float


@dataclass(frozen=True, slots=True)
class Sustained:
    """The closed loop's outcome."""

    per_s: float
    messages: int
    cpu_us: dict[str, int]
    rss_mb: dict[str, int]
    written: float
    read: float


async def _changed(watch: Watch) -> None:
    watch.changed.clear()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(watch.changed.wait(), 0.2)


async def closed_loop(stream: Iterator[Sample], to: Links, watch: Watch, seconds: float) -> float:
    """Messages a second that got all they are owed, with at most WINDOW under way."""
    begun, finished = perf_counter(), watch.completed

    async def sender() -> None:
        while perf_counter() < begun + seconds:
            if watch.in_flight >= WINDOW:
                await _changed(watch)
            else:
                await send(to, watch, next(stream))

    async with asyncio.TaskGroup() as group:
        for _ in range(_SENDERS):
            group.create_task(sender())
    return (watch.completed - finished) / (perf_counter() - begun)


async def quiet(watch: Watch, seconds: float = 120) -> None:
    """Wait until every message has all it is owed. Raises RuntimeError saying what is missing."""
    try:
        async with asyncio.timeout(seconds):
            while watch.in_flight:
                await _changed(watch)
    except TimeoutError:
        raise RuntimeError(f"after {seconds:.0f} s: {watch.missing()}") from None


async def sustain(stack: Stack, stream: Iterator[Sample], to: Links, watch: Watch, seconds: float) -> Sustained:
    """The sustained rate, with what it cost each process and how many records it took."""
    start, cpu = len(watch.messages), machine.read(stack, {}).cpu
    writes, reads = await written(stack), await records_read(stack)
    rate = await closed_loop(stream, to, watch, seconds)
    await quiet(watch)
    after, messages = machine.read(stack, {}), len(watch.messages) - start
    return Sustained(
        per_s=rate,
        messages=messages,
        cpu_us={name: round(1e6 * (used - cpu.get(name, 0)) / messages) for name, used in after.cpu.items()},
        rss_mb={name: round(rss / 1e6) for name, rss in after.rss.items()},
        written=(await written(stack) - writes) / messages,
        read=(await records_read(stack) - reads) / messages,
    )


async def latency(
    stream: Iterator[Sample], to: Links, watch: Watch, rate: float, seconds: float
) -> tuple[float, float]:
    """p50 and p99 in milliseconds from the accepted webhook to the assignment, at a steady rate."""
    watch.forget()
    await at_rate(stream, rate, seconds, lambda sample: send(to, watch, sample))
    await quiet(watch)
    found = watch.latencies()
    return 1000 * found[len(found) // 2], 1000 * found[int(len(found) * 0.99)]


async def written(stack: Stack) -> int:
    """Records on all topics so far."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.engines.kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        prefix = stack.plan.prefix
        partitions = [TopicPartition(t.full_name(prefix), n) for t, s in TOPICS.items() for n in range(s.partitions)]
        return sum((await consumer.end_offsets(partitions)).values())
    finally:
        await consumer.stop()


async def records_read(stack: Stack) -> float:
    """Records that the services took, by their own count."""
    total = 0.0
    async with httpx.AsyncClient() as client:
        for instance in stack.instances:
            for line in (await client.get(f"{instance.url}/metrics")).text.splitlines():
                if line.startswith("lotse_records_read_total{"):
                    total += float(line.rsplit(" ", 1)[1])
    return total


async def measure(seconds: Seconds, folder: Path) -> dict[str, object]:
    """All figures, by the keys of `.lotse/bench.json`."""
    wires = folder / "wires.json"
    async with engines(Places(folder, state_folder() / "kafka"), print) as started:
        async with (
            stacks.stack(folder, echoes=False, given=started) as stack,
            watching(started.kafka, stack.plan.prefix) as watch,
            links(stack.urls("ingest")) as to,
        ):
            meta = Meta.of(stack.config, stack.secrets["LOTSE_META_APP_SECRET"])
            stream = samples.messenger(meta, str(abs(hash(folder.name)) % 10_000))
            say(f"warming up for {seconds.warm:.0f} s")
            await closed_loop(stream, to, watch, seconds.warm)
            await quiet(watch)
            say(f"sustained rate, {seconds.sustain:.0f} s")
            found = await sustain(stack, stream, to, watch, seconds.sustain)
            plain.save(watch.samples, limit.PREFIX, wires)
            say(f"{found.per_s:.0f} messages/s; latency at 50/s, {seconds.latency:.0f} s")
            at_50 = await latency(stream, to, watch, 50, seconds.latency)
            say(f"latency at {found.per_s / 2:.0f}/s, {seconds.latency:.0f} s")
            at_half = await latency(stream, to, watch, found.per_s / 2, seconds.latency)
        say(f"the limit: plain aiokafka, {seconds.limit:.0f} s")
        most = await limit.measure(started.kafka, wires, folder, WINDOW, seconds.limit)
        result = _result(found, most, at_50, at_half)
        keep(result)
        result |= await console.measure(folder / "console", seconds.console, started)
    return result


def keep(result: Mapping[str, object]) -> None:
    """Write `.lotse/bench.json`."""
    path = state_folder() / "bench.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _result(
    found: Sustained, most: float, at_50: tuple[float, float], at_half: tuple[float, float]
) -> dict[str, object]:
    return {
        "messages_per_s": round(found.per_s, 1),
        "limit_per_s": round(most, 1),
        "limit_ratio": round(found.per_s / most, 3),
        "records_written_per_message": round(found.written, 2),
        "records_read_per_message": round(found.read, 2),
        "p50_ms_at_50": round(at_50[0], 1),
        "p99_ms_at_50": round(at_50[1], 1),
        "p50_ms_at_half": round(at_half[0], 1),
        "p99_ms_at_half": round(at_half[1], 1),
        "cpu_us_per_message": found.cpu_us,
        "rss_mb": found.rss_mb,
        "messages": found.messages,
    }


def say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--warm", type=float, default=10, help="seconds of warming up")
    parser.add_argument("--sustain", type=float, default=40, help="seconds of the sustained rate")
    parser.add_argument("--latency", type=float, default=20, help="seconds of each latency")
    parser.add_argument("--limit", type=float, default=20, help="seconds of the limit")
    parser.add_argument("--console", type=float, default=20, help="seconds of walking through the console's list")
    given = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix="lotse-bench-"))
    try:
        result = uvloop.run(
            measure(Seconds(given.warm, given.sustain, given.latency, given.limit, given.console), folder)
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    keep(result)
    say(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
