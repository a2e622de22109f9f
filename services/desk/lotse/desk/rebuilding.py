"""`lotse-desk rebuild`: the projections from the log, beside a running service or alone."""

import sys

from lotse.desk import store
from lotse.desk.settings import DeskSettings
from lotse.desk.store import anew
from lotse.runtime.service import Context, Service
from lotse.runtime.ticking import wait

_EVERY = 0.5
"""Seconds between two looks at what is left."""


def service(settings: DeskSettings) -> Service:
    """One more replica, for as long as it takes. Joining the group makes every replica look up its positions."""
    stood: list[tuple[str, int, int]] = []

    async def begin(context: Context) -> None:
        async with context.database.transaction() as tx:
            stood.extend(await anew.begin(tx))
        sys.stderr.write(f"lotse-desk: {sum(offset for _, _, offset in stood)} records are read again\n")

    async def until_read(context: Context) -> None:
        while not context.stopping.is_set():
            async with context.database.connection() as connection:
                left = await anew.behind(connection, stood)
            if left == 0:
                sys.stderr.write("lotse-desk: the projections are rebuilt\n")
                context.stopping.set()
            await wait(context.stopping, _EVERY)

    alone = settings.model_copy(update={"http_host": "127.0.0.1", "http_port": 0})
    return Service(name="desk", settings=alone, folds=(store.fold(),), open=begin, background=(until_read,))
