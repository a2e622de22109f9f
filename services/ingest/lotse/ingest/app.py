"""The service: edges publish, the inside uses the outbox."""

import sys
from datetime import datetime, timedelta

import httpx

from lotse.ingest import media, store
from lotse.ingest.accounts import Accounts
from lotse.ingest.edge import Edge
from lotse.ingest.ledger import Ledger
from lotse.ingest.media import Fetcher, Room
from lotse.ingest.settings import IngestSettings
from lotse.ingest.web.api import build
from lotse.ingest.web.calls import Calls
from lotse.runtime import clock
from lotse.runtime.errors import SettingsError
from lotse.runtime.fold import Job, Made
from lotse.runtime.postgres import Tx
from lotse.runtime.service import Context, Service, run
from lotse.runtime.settings import secret

GONE_FOR = timedelta(days=8)
"""As long as providers send a message again, a deleted one stays deleted."""


def service(settings: IngestSettings) -> Service:
    """Everything wired.

    Raises:
        SettingsError: The configuration cannot be read or a secret in it is missing; the text names it.
    """
    config = settings.read_config()
    calls = Calls(settings, ledger=Ledger(config.accounts, clock.now))
    accounts = Accounts.of(config, secret)
    fetcher = Fetcher(accounts.meta, settings.media_hosts, settings.media_limit, httpx.AsyncClient(timeout=20), Room())

    async def opened(context: Context) -> None:
        await context.publisher.connect()
        calls.edge = Edge(context.publisher, context.database, clock.now)

    async def closed(_: Context) -> None:
        await fetcher.client.aclose()

    gone_for = max(GONE_FOR, settings.unparsed_retention)

    async def expire(tx: Tx, now: datetime) -> Made:
        await store.expire(tx, now - settings.unparsed_retention, now - settings.blob_retention, now - gone_for)
        return Made()

    return Service(
        name="ingest",
        settings=settings,
        jobs=(Job("expire", timedelta(hours=1), after_fold=False, run=expire),),
        effects=(media.effect(fetcher),),
        http=build(accounts, calls, config),
        open=opened,
        close=closed,
    )


def main() -> None:
    try:
        made = service(IngestSettings.read())
    except SettingsError as error:
        sys.exit(f"lotse-ingest: {error}")
    run(made)
