"""The service's wiring, and its command line."""

import argparse
import asyncio
import sys
from datetime import timedelta

from lotse.runtime import clock
from lotse.runtime.errors import RuntimeFault
from lotse.runtime.service import Context, Service, run
from lotse.sla.closing import closing
from lotse.sla.core.rules import Rules
from lotse.sla.recompute import recompute
from lotse.sla.settings import SlaSettings
from lotse.sla.watch import Watch


def service(settings: SlaSettings) -> Service:
    """One fold over what was said and sent, a timer for what time brings, one for rules that changed."""
    watch = Watch(read_rules(settings))

    async def begin(context: Context) -> None:
        async with context.database.transaction() as tx:
            await watch.begin(tx, clock.now())

    return Service(
        name="sla",
        gather=timedelta(milliseconds=100),
        settings=settings,
        folds=(watch.fold(),),
        timers=(watch.alarms(), watch.adoption()),
        jobs=(watch.presence(), closing()),
        open=begin,
    )


def read_rules(settings: SlaSettings) -> Rules:
    """The operator's policies and calendars. Raises SettingsError saying what is wrong with the file."""
    return Rules.of(settings.read_config())


def main() -> None:
    """`lotse-sla` runs the service; `lotse-sla recompute` says whether what is stored is what the history says."""
    parser = argparse.ArgumentParser(
        prog="lotse-sla", description="Watches the deadlines that a customer was promised."
    )
    actions = parser.add_subparsers(dest="action")
    again = actions.add_parser("recompute", help="compute every deadline again; exit 1 where any is stored otherwise")
    again.add_argument("--from-log", action="store_true", help="compare with the topics from their start as well")
    given = parser.parse_args()
    try:
        settings = SlaSettings.read()
        if given.action == "recompute":
            sys.exit(0 if asyncio.run(recompute(settings, with_topics=given.from_log)) else 1)
        run(service(settings))
    except RuntimeFault as error:
        sys.stderr.write(f"lotse-sla: {error}\n")
        sys.exit(1)
