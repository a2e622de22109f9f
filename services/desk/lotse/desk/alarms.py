"""What is wrong now: channels that are slower than usual, crises that nobody has answered, and who knows already."""

from collections.abc import Mapping
from datetime import datetime

from lotse.contracts.channels import Channel
from lotse.desk.api import models as m
from lotse.runtime.postgres import Tx

_DEGRADED = """
SELECT channel, degraded_at, since, p90, baseline, share_met, volume_change, staffed, topic
FROM service_level WHERE degraded_at IS NOT NULL ORDER BY degraded_at, channel
"""

_CRISIS = """
SELECT count(*) AS unanswered, min(waiting_since) AS oldest,
       max(greatest(waiting_since, crisis_since)) AS newest,
       (array_agg(id ORDER BY waiting_since, id))[1] AS first
FROM conversation
WHERE status IN ('new', 'queued', 'assigned') AND waiting_since IS NOT NULL AND reading ->> 'situation' = 'crisis'
"""

_DISMISSED = "SELECT alarm, until FROM dismissal WHERE person = $1"

_DISMISS = """
INSERT INTO dismissal (person, alarm, until) VALUES ($1, $2, $3)
ON CONFLICT (person, alarm) DO UPDATE SET until = greatest(dismissal.until, excluded.until)
"""


async def standing(tx: Tx) -> m.Alarms:
    """Every alarm that is open."""
    levels = tuple(
        m.ServiceLevel(
            channel=Channel(row["channel"]),
            degraded_at=row["degraded_at"],
            since=row["since"],
            p90_seconds=row["p90"].total_seconds(),
            baseline_seconds=row["baseline"].total_seconds(),
            share_met=row["share_met"],
            volume_change=row["volume_change"],
            staffed=row["staffed"],
            topic=row["topic"],
        )
        for row in await tx.fetch(_DEGRADED)
    )
    row = await tx.fetchrow(_CRISIS)
    crisis = m.Crisis() if row is None else m.Crisis(**{name: row[name] for name in m.Crisis.model_fields})
    return m.Alarms(service_levels=levels, crisis=crisis)


async def dismissed(tx: Tx, person: str) -> Mapping[str, datetime]:
    """Alarms that a person wants to see no more, each with how young it was when he said so."""
    return {row["alarm"]: row["until"] for row in await tx.fetch(_DISMISSED, person)}


async def dismiss(tx: Tx, person: str, alarm: str, until: datetime) -> None:
    await tx.execute(_DISMISS, person, alarm, until)
