"""`lotse-sla recompute`: computes every deadline again and prints what is stored otherwise."""

import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from typing import Final
from uuid import UUID

from lotse.contracts.envelope import EnvelopeError, decode
from lotse.contracts.ids import ConversationId
from lotse.contracts.topics import Topic
from lotse.runtime import log
from lotse.runtime.postgres import Database
from lotse.runtime.record import Record
from lotse.sla import store
from lotse.sla.core.entries import Entry, conversation_of, read
from lotse.sla.core.history import versions
from lotse.sla.core.recompute import differences, from_log, with_log
from lotse.sla.settings import SlaSettings

PAGE: Final = 500
_NOTHING: Final = UUID(int=0)

Log = Mapping[ConversationId, list[Entry]]


async def recompute(settings: SlaSettings, *, with_topics: bool) -> bool:
    """Print every difference, with `with_topics` against the topics as well; whether there is none."""
    database = await Database.open(settings.postgres.get_secret_value(), "sla", 1)
    try:
        heard: Log = await _read_log(settings, database) if with_topics else {}
        wrong = 0
        async for line in found_wrong(database, heard):
            sys.stdout.write(line + "\n")
            wrong += 1
    finally:
        await database.close()
    sys.stdout.write(f"{wrong} differences\n")
    return wrong == 0


async def found_wrong(database: Database, heard: Log) -> AsyncIterator[str]:
    """A line for each thing that is stored otherwise than it is computed."""
    after, unseen = _NOTHING, {id for id, entries in heard.items() if entries}
    while True:
        async with database.transaction() as tx:
            page = await store.page(tx, after, PAGE)
            named = {version for found in page.values() for version in versions(found.history)}
            rulebook = {rules.version: rules for rules in await store.find_rules(tx, named)}
        for id, found in page.items():
            for line in from_log(id, found, heard.get(id, ())):
                yield line
            for line in differences(id, with_log(found, heard.get(id, ())), rulebook):
                yield line
        unseen -= page.keys()
        if len(page) < PAGE:
            break
        after = max(page)
    for id in sorted(unseen):
        yield f"{id}: the log knows it, nothing is stored"


async def _read_log(settings: SlaSettings, database: Database) -> Log:
    """The topics' facts, from their start to where the service stands now."""
    names = [topic.full_name(settings.topic_prefix) for topic in (Topic.CONVERSATIONS, Topic.NOTICES)]
    async with database.connection() as connection:
        ends = await store.read_so_far(connection, names)
    found: dict[ConversationId, list[Entry]] = defaultdict(list)
    async for record in log.until(settings, ends, "lotse-sla-recompute"):
        _collect(found, record)
    return found


def _collect(found: dict[ConversationId, list[Entry]], record: Record) -> None:
    try:
        fact = decode(record.headers, record.value)
    except EnvelopeError:
        return
    id = conversation_of(fact.data)
    if id is not None:
        found[id] += read(fact)
