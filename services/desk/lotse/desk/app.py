"""The desk's wiring, and its command line."""

import argparse
import sys
from datetime import timedelta

from lotse.desk import changes, drafts, rebuilding, store
from lotse.desk.api import app as api
from lotse.desk.api.downloads import Cookieless
from lotse.desk.api.parts import Parts, parts_of
from lotse.desk.auth import Guard
from lotse.desk.console.console import mount
from lotse.desk.files import Files
from lotse.desk.settings import DeskSettings
from lotse.desk.waiting import Waiting
from lotse.runtime import clock
from lotse.runtime.errors import RuntimeFault
from lotse.runtime.service import Context, Service, run


def service(settings: DeskSettings) -> Service:
    """One fold into the projections, who waits for it and who follows it, the API and the console."""
    waiting, http = Waiting(), api.create()
    config, guard = settings.read_config(), Guard(settings)
    files = Files.of(settings, clock.now)

    async def start(context: Context) -> None:
        await files.open()
        http.state.desk = Parts(
            settings, config, guard, context.database, context.publisher, waiting, clock.now, files=files
        )
        await context.publisher.connect()

    async def stop(_: Context) -> None:
        await files.close()

    console = mount(http, settings, lambda: parts_of(http))
    http.add_middleware(Cookieless)
    return Service(
        name="desk",
        gather=timedelta(milliseconds=90),
        settings=settings,
        folds=(store.fold(),),
        jobs=(waiting.job(), changes.sweeping(), drafts.sweeping()),
        http=http,
        open=start,
        close=stop,
        background=(console.hub.run, console.typing.run),
    )


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
