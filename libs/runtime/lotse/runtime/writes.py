"""What a round writes, sent to PostgreSQL as one statement: each statement is a round trip through two processes."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from lotse.contracts.frozen import frozen
from lotse.runtime.postgres import Row, Tx

_PARAMETER = re.compile(r"\$(\d+)")
_MARGIN = re.compile(r"\s*\n\s*")


@frozen
class Write:
    """A statement that changes one table, and an array of equal length for each of its parameters.

    The writes of a round go to different tables, since they do not see each other; one that is to be seen by the rest
    goes `first`, by itself. What has no rows is sent all the same, so that the round's statement is nearly always one
    that is prepared already; a `rare` one is left out then.
    """

    statement: str
    values: Sequence[Sequence[object]]
    rare: bool = False
    first: bool = False

    def __bool__(self) -> bool:
        return bool(self.values[0])


def by_column(rows: Iterable[Sequence[object]], width: int) -> Sequence[Sequence[object]]:
    """Rows as one array a column, for `unnest`; `width` empty ones where there are none."""
    return list(zip(*rows, strict=True)) or [()] * width


async def send(
    tx: Tx, writes: Iterable[Write], last: str | None = None, values: Sequence[Sequence[object]] = ()
) -> list[Row]:
    """Write all of it together with the statement `last`, whose rows are the answer."""
    found = list[Write]()
    for write in writes:
        if write.first:
            await tx.execute(write.statement, *write.values)
        else:
            found.append(write)
    taken = [write for write in found if write or not write.rare] if any(found) else []
    if not taken and last is None:
        return []
    statement = _together(tuple(write.statement for write in taken), last or "SELECT 1")
    return await tx.fetch(statement, *(array for write in taken for array in write.values), *values)


@lru_cache(maxsize=512)
def _together(statements: tuple[str, ...], last: str) -> str:
    """One statement of several: each but the last a part of its WITH, parameters counted on."""
    after, parts = 0, list[str]()
    for statement in (*statements, last):
        line = _MARGIN.sub(" ", statement.strip())
        parts.append(_PARAMETER.sub(lambda found, after=after: f"${int(found[1]) + after}", line))
        after += max((int(number) for number in _PARAMETER.findall(statement)), default=0)
    *before, end = parts
    if not before:
        return end
    heads = [f"w{number} AS ({part})" for number, part in enumerate(before)]
    if end.startswith("WITH "):
        heads.append(end.removeprefix("WITH "))
        return "WITH " + ", ".join(heads)
    return "WITH " + ", ".join(heads) + " " + end
