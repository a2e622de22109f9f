"""`python -m lotse.local.standin`: run it in a process of its own, by the configuration in LOTSE_CONFIG."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path

import uvloop

from lotse.contracts.config_file import ConfigError, load
from lotse.local.standin.app import serve
from lotse.runtime.errors import SettingsError
from lotse.runtime.telemetry import set_up_logs


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lotse.local.standin", description="The providers' side.")
    parser.add_argument("--port", type=int, required=True, help="Graph API, /alerts, /seen, /behave")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen")
    parser.add_argument("--ingest", required=True, help="where echoes and receipts are posted")
    parser.add_argument("--silent", action="store_true", help="send no echoes and receipts")
    asked = parser.parse_args()
    set_up_logs("standin", "INFO")
    path = Path(os.environ.get("LOTSE_CONFIG", "config/lotse.yaml"))
    try:
        config = load(path.read_text(encoding="utf-8"), str(path))
        serving = serve(config, asked.port, asked.smtp_port, asked.ingest, telling=not asked.silent, host=asked.host)
        uvloop.run(_until_signal(serving))
    except (OSError, ConfigError, SettingsError) as error:
        sys.exit(f"lotse-standin: {error}")


async def _until_signal(work: Coroutine[None, None, None]) -> None:
    serving, loop = asyncio.ensure_future(work), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


if __name__ == "__main__":
    main()
