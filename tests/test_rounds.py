"""Every service's round of writes is a statement that PostgreSQL may keep prepared, and names each table once."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from lotse.contracts.config import Config
from lotse.desk import changes
from lotse.desk.core import state as desk_state
from lotse.desk.store import saving as desk
from lotse.notifier import store as notifier
from lotse.notifier.core import model as notifier_state
from lotse.router.core import state as router_state
from lotse.router.store import batch as router
from lotse.runtime import inbox, outbox, writes
from lotse.runtime.writes import Write
from lotse.sla import store as sla
from lotse.sla import tallies

CACHED = 15 * 1024
"""asyncpg's `max_cacheable_statement_size`: a longer statement would be parsed and planned anew each time."""

ROUNDS = {
    "router": router.save(router_state.State(Config())),
    "notifier": notifier.save(notifier_state.State()),
    "desk": (*desk.save(desk_state.State(generation=0)), Write(changes._MARK, [()] * 8)),
    "sla": (sla.save({}), tallies.add(datetime(2026, 3, 2, tzinfo=UTC), {}), tallies.save_agents({})),
}
SAME_TABLE = {"router": {"kept"}}
"""Written and deleted from in one round: never the same rows."""


@pytest.mark.parametrize("service", ROUNDS)
@pytest.mark.parametrize("last", [inbox._MOVE, outbox._APPEND])
def test_the_whole_round_stays_prepared(service: str, last: str) -> None:
    assert len(writes._together(tuple(write.statement for write in ROUNDS[service]), last)) < CACHED


@pytest.mark.parametrize("service", ROUNDS)
def test_a_table_is_written_once_a_round(service: str) -> None:
    tables = _tables(ROUNDS[service])
    assert len(tables) == len(ROUNDS[service])
    assert {table for table in tables if tables.count(table) > 1} == SAME_TABLE.get(service, set())


def _tables(round: Sequence[Write]) -> list[str]:
    pattern = re.compile(r"^\s*(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)")
    return [found[1] for write in round if (found := pattern.match(write.statement))]
