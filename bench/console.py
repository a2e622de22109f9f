"""The inbox in a real Chromium with 2,000 open conversations and 50 messages a second coming in.

Two figures, both measured in the page: from a key to the paint that shows it, and from the accepted webhook to the row
on the screen. `python -m bench.console` prints them alone; `make bench` puts them into `.lotse/bench.json`.
"""

import argparse
import asyncio
import itertools
import json
import logging
import shutil
import tempfile
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter, time
from typing import cast

import httpx
import uvloop
from playwright.async_api import Page, async_playwright

from bench import browser, samples, stacks
from bench.load import Links, Sample, at_rate, links
from bench.watching import Watch, send, watching
from lotse.local.engines import Engines
from lotse.local.stack import Stack
from lotse.local.tokens import link
from lotse.local.webhooks import Meta
from lotse.runtime import clock

OPEN = 2_000
RATE = 50

_WARM = 8.0
"""Seconds of load before anything is measured: what was just opened is still being written away."""

_BETWEEN_KEYS = 0.12
"""Seconds; a person who walks quickly through a list."""

_STOPWATCH = """() => {
    const painted = (then) => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => then(performance.now());
        channel.port2.postMessage(0);
    });
    window.bench = { keys: [], rows: {} };
    addEventListener("keydown", (event) => painted((at) => bench.keys.push(at - event.timeStamp)), true);
    const seen = (row) => painted((at) => (bench.rows[row.dataset.id] ??= performance.timeOrigin + at));
    new MutationObserver((found) => {
        for (const one of found) for (const node of one.addedNodes) if (node.dataset?.id) seen(node);
    }).observe(document.querySelector(".ib-space"), { childList: true });
}"""
"""Paint is taken as the first task after the frame in which the change is drawn."""


async def measure(folder: Path, seconds: float, given: Engines | None = None) -> dict[str, float]:
    """The figures by their keys in `.lotse/bench.json`; none where no Chromium is installed."""
    found = browser.find()
    if found is None:
        say(f"{browser.MISSING}: the console is not measured")
        return {}
    async with (
        stacks.stack(folder, echoes=False, given=given, name="console") as stack,
        watching(stack.engines.kafka, stack.plan.prefix) as watch,
        links(stack.urls("ingest")) as to,
    ):
        stream = samples.messenger(
            Meta.of(stack.config, stack.secrets["LOTSE_META_APP_SECRET"]), str(abs(hash(folder.name)) % 10_000)
        )
        say(f"{OPEN} conversations are opened")
        await _opened(stack, stream, to, watch)
        async with _page(stack, found) as page:
            say(f"{RATE} messages/s: {seconds:.0f} s at the top of the list, as long walking, half as long searching")
            return await _watched(page, stream, to, watch, seconds)


async def _opened(stack: Stack, stream: Iterator[Sample], to: Links, watch: Watch) -> None:
    """Have so many open conversations, all read by the desk."""
    for _ in range(OPEN // 50):
        await asyncio.gather(*(send(to, watch, sample) for sample in itertools.islice(stream, 50)))
    async with asyncio.timeout(180), httpx.AsyncClient(base_url=stack.desk, timeout=15) as desk:
        headers = stacks.headers(stack, "agent-0", "lead", "bench")
        while True:
            metrics = (await desk.get("/metrics")).text.splitlines()
            lag = sum(
                float(line.rsplit(" ", 1)[1]) for line in metrics if line.startswith("lotse_consumer_lag_records{")
            )
            if lag == 0 and not watch.in_flight:
                break
            await asyncio.sleep(0.5)
        assert (await desk.get("/v1/conversations?view=unanswered&limit=200", headers=headers)).json()["next_cursor"]


@asynccontextmanager
async def _page(stack: Stack, executable: str) -> AsyncGenerator[Page]:
    """An open inbox of everything, newest first, with the stopwatch in it."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=executable, args=list(browser.FLAGS))
        page = await chromium.new_page(base_url=stack.desk, viewport={"width": 1280, "height": 860})
        page.set_default_timeout(60_000)
        await page.goto(link(stack.desk, stack.secrets["LOTSE_JWT_SECRET"], "agent-0", clock.now()))
        await page.locator("form button").click()
        await page.wait_for_url("**/")
        await page.goto("/?view=all")
        await page.locator(".ib-row").first.wait_for()
        await page.evaluate(_STOPWATCH)
        yield page
        await chromium.close()


async def _watched(page: Page, stream: Iterator[Sample], to: Links, watch: Watch, seconds: float) -> dict[str, float]:
    watch.forget()
    loading = asyncio.create_task(at_rate(stream, RATE, _WARM + seconds * 2.5, lambda sample: send(to, watch, sample)))
    await asyncio.sleep(_WARM)
    since = perf_counter()
    await asyncio.sleep(seconds)
    until = perf_counter() - 2
    rows = _rows(watch, cast("dict[str, float]", await page.evaluate("bench.rows")), since, until)
    await _walk(page, seconds)
    await _search(page, seconds / 2)
    await loading
    keys = sorted(cast("list[float]", await page.evaluate("bench.keys")))
    say(f"{len(keys)} keys, {len(rows)} rows, p50 {rows[len(rows) // 2]:.0f} ms")
    return {
        "console_input_to_paint_ms_p50": round(keys[len(keys) // 2], 1),
        "console_row_p99_ms": round(rows[int(len(rows) * 0.99)], 1),
    }


async def _walk(page: Page, seconds: float) -> None:
    """Down and up again."""
    end = perf_counter() + seconds
    for key in itertools.cycle("jjjkkk"):
        if perf_counter() > end:
            return
        await page.keyboard.press(key)
        await asyncio.sleep(_BETWEEN_KEYS)


async def _search(page: Page, seconds: float) -> None:
    end = perf_counter() + seconds
    await page.keyboard.press("/")
    for key in itertools.cycle("bestellung"):
        if perf_counter() > end:
            return
        await page.keyboard.press(key)
        await asyncio.sleep(_BETWEEN_KEYS)


def _rows(watch: Watch, rows: dict[str, float], since: float, until: float) -> Sequence[float]:
    """Milliseconds from the accepted webhook to the painted row; a row that never came counts as endless."""
    wall = time() - perf_counter()
    conversations = {message: conversation for conversation, message in watch.conversation.items()}
    return sorted(
        max(0.0, rows.get(conversations.get(message, ""), float("inf")) - 1000 * (one.accepted + wall))
        for message, one in watch.messages.items()
        if one.accepted is not None and since < one.accepted < until
    )


def say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20, help="of walking through the list")
    given = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix="lotse-bench-"))
    try:
        say(json.dumps(uvloop.run(measure(folder, given.seconds)), indent=2))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
