"""How long to wait before the next try."""

from datetime import timedelta

from lotse.notifier.core.model import Kind, Outgoing

_ALERT = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Standard Webhooks' schedule, which the end of an alert's life cuts off."""

_LONGEST = timedelta(minutes=5)


def delay(row: Outgoing) -> timedelta:
    """Alerts by the schedule; messages to customers 1 s, 2 s, 4 s … 5 min, spread by a fifth."""
    tries = max(row.attempts, 1)
    if row.kind is Kind.ALERT:
        return _ALERT[min(tries, len(_ALERT)) - 1]
    plain = min(timedelta(seconds=2.0 ** min(tries - 1, 10)), _LONGEST)
    return plain * (0.9 + 0.2 * (row.id.int % 1000) / 1000)
