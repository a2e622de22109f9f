"""The desk's wiring, and its command line."""

import argparse
import sys

from lotse.desk import rebuilding, store
from lotse.desk.api import app as api
from lotse.desk.api.parts import Parts, parts_of
from lotse.desk.auth import Guard
from lotse.desk.console.console import mount
from lotse.desk.settings import DeskSettings
from lotse.desk.waiting import Waiting
from lotse.runtime import clock
from lotse.runtime.errors import RuntimeFault
from lotse.runtime.service import Context, Service, run


def service(settings: DeskSettings) -> Service:
    """One fold into the projections, one job that wakes who waits for an outcome, and the API."""
    waiting, http = Waiting(), api.create()
    config, guard = settings.read_config(), Guard(settings)

    async def start(context: Context) -> None:
        http.state.desk = Parts(settings, config, guard, context.database, context.publisher, waiting, clock.now)
        await context.publisher.connect()

    mount(http, settings, lambda: parts_of(http))
    return Service(name="desk", settings=settings, folds=(store.fold(),), jobs=(waiting.job(),), http=http, open=start)


def main() -> None:
    """`lotse-desk` runs the service; `lotse-desk rebuild` has its projections read again from the start."""
    parser = argparse.ArgumentParser(prog="lotse-desk", description="Read side, API for commands and console.")
    parser.add_argument(
        "action", nargs="?", choices=("run", "rebuild"), default="run", help="rebuild: read the projections again"
    )
    action = parser.parse_args().action
    try:
        settings = DeskSettings.read()
        run(rebuilding.service(settings) if action == "rebuild" else service(settings))
    except RuntimeFault as error:
        sys.stderr.write(f"lotse-desk: {error}\n")
        sys.exit(1)
