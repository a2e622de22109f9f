"""The desk as a process of its own."""

import asyncio
import os
import re
import sys
from contextlib import asynccontextmanager
from pathlib import Path

from desk_api import SECRET, SERVICE_TOKEN


async def until(fact, seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        while not await fact():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def environment(settings, **more: str) -> dict[str, str]:
    return (
        os.environ
        | {
            "LOTSE_KAFKA": settings.kafka,
            "LOTSE_POSTGRES": settings.postgres.get_secret_value(),
            "LOTSE_TOPIC_PREFIX": settings.topic_prefix,
            "LOTSE_CONFIG": str(settings.config),
            "LOTSE_JWT_SECRET": SECRET,
            "LOTSE_HTTP_PORT": "0",
        }
        | more
    )


def said(log: Path) -> str:
    return log.read_text(encoding="utf-8")


@asynccontextmanager
async def running(settings, log: Path, **more: str):
    """The service; gives its address and ends it as an orchestrator would."""
    async with process_of("desk", environment(settings, **more), log) as address:
        yield address


@asynccontextmanager
async def ingest_running(kafka: str, database: str, folder: Path):
    """Ingest beside the desk, for the files that it keeps; gives its address."""
    config = folder / "ingest.yaml"
    config.write_text("language: de\n", encoding="utf-8")
    given = os.environ | {
        "LOTSE_KAFKA": kafka,
        "LOTSE_POSTGRES": database,
        "LOTSE_CONFIG": str(config),
        "LOTSE_SERVICE_TOKEN": SERVICE_TOKEN,
        "LOTSE_HTTP_PORT": "0",
    }
    async with process_of("ingest", given, folder / "ingest.log") as address:
        yield address


@asynccontextmanager
async def process_of(service: str, given: dict[str, str], log: Path):
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", f"lotse.{service}", env=given, stdout=out, stderr=out
        )

    async def ready() -> bool:
        assert process.returncode is None, said(log)
        return "ready for work on port" in said(log)

    try:
        await until(ready, 120)
        port = re.search(r"ready for work on port (\d+)", said(log))[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        assert await asyncio.wait_for(process.wait(), 40) == 0, said(log)[-3000:]
