"""The one definition of what operators look at and are woken by: two dashboards, and alerts on symptoms.

Queries name only metrics of `lotse.runtime.telemetry.METRICS` and what every Prometheus client tells of its process.
`service` is the label that the scrape configuration gives each pod.
"""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["s", "ops", "short", "percentunit", "bytes"]


@dataclass(frozen=True, slots=True)
class Line:
    query: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture. `help` says what a reader should make of it."""

    title: str
    unit: Unit
    lines: tuple[Line, ...]
    help: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    uid: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """A symptom. Its runbook is the heading of the same name in docs/runbook.md; `lasts` in Prometheus's form."""

    name: str
    query: str
    lasts: str
    severity: Literal["page", "ticket"]
    summary: str


def rate(metric: str, by: str = "service", where: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{{{where}}}[$__rate_interval]))"


def quantile(share: float, metric: str, by: str = "service") -> str:
    return f"histogram_quantile({share}, sum by (le, {by}) (rate({metric}_bucket[$__rate_interval])))"


def slow(metric: str, by: str, legend: str) -> tuple[Line, ...]:
    """Half of all, and all but one in a hundred."""
    return (Line(quantile(0.5, metric, by), f"{legend} p50"), Line(quantile(0.99, metric, by), f"{legend} p99"))


OPERATIONS = Dashboard(
    "lotse-operations",
    "Lotse: operations",
    (
        Row(
            "The way of a message",
            (
                Panel(
                    "Webhook to assignment",
                    "s",
                    slow("lotse_webhook_to_assignment_seconds", "channel", "{{channel}}"),
                    "From the accepted webhook to the agent. Grows with lag, and with agents who are not there.",
                ),
                Panel(
                    "Lag",
                    "short",
                    (
                        Line(
                            "sum by (service, topic) (lotse_consumer_lag_records)",
                            "{{service}} {{topic}}",
                        ),
                    ),
                    "Records not yet applied. Back-pressure shows here first.",
                ),
                Panel(
                    "Outbox age",
                    "s",
                    (Line("max by (service) (lotse_outbox_age_seconds)", "{{service}}"),),
                    "Age of the oldest event that Kafka has not acknowledged.",
                ),
                Panel(
                    "Parked",
                    "short",
                    (Line("max by (service) (lotse_parked_rows)", "{{service}}"),),
                    "Records that could not be applied, and those behind them.",
                ),
                Panel(
                    "Overdue timers",
                    "short",
                    (Line("max by (service, timer) (lotse_timers_due)", "{{service}} {{timer}}"),),
                    "Due at the last look; a line that stays up is work that time asked for and nobody did.",
                ),
                Panel(
                    "Lateness of deadlines",
                    "s",
                    slow("lotse_timer_delay_seconds", "timer", "{{timer}}"),
                ),
            ),
        ),
        Row(
            "Traffic",
            (
                Panel("Calls of providers", "ops", (Line(rate("lotse_calls_total", "kind"), "{{kind}}"),)),
                Panel(
                    "Records read",
                    "ops",
                    (Line(rate("lotse_records_read_total", "service, topic"), "{{service}} {{topic}}"),),
                ),
                Panel(
                    "Events published", "ops", (Line(rate("lotse_events_published_total", "service"), "{{service}}"),)
                ),
                Panel("Sends", "ops", (Line(rate("lotse_sends_total", "sink, outcome"), "{{sink}} {{outcome}}"),)),
            ),
        ),
        Row(
            "Latency",
            (
                Panel("Acknowledged by Kafka, edges", "s", slow("lotse_publish_seconds", "service", "{{service}}")),
                Panel("One batch", "s", slow("lotse_batch_seconds", "service", "{{service}}")),
            ),
        ),
        Row(
            "Errors",
            (
                Panel(
                    "Calls not taken",
                    "ops",
                    (Line(rate("lotse_calls_total", "kind, status", 'status!~"2.."'), "{{kind}} {{status}}"),),
                ),
                Panel(
                    "Parked and not understood",
                    "ops",
                    (
                        Line(rate("lotse_records_parked_total", "service, reason"), "{{service}} {{reason}}"),
                        Line(rate("lotse_unparsed_total", "kind, reason"), "{{kind}} {{reason}}"),
                    ),
                ),
                Panel(
                    "Tried again",
                    "ops",
                    (
                        Line(rate("lotse_batch_retries_total", "service, reason"), "{{service}} {{reason}}"),
                        Line(rate("lotse_commit_refused_total"), "{{service}} commit refused"),
                        Line(rate("lotse_records_repeated_total", "service"), "{{service}} repeated"),
                    ),
                ),
            ),
        ),
        Row(
            "Saturation",
            (
                Panel("CPU", "short", (Line(rate("process_cpu_seconds_total"), "{{service}}"),), "Cores in use."),
                Panel("Memory", "bytes", (Line("max by (service) (process_resident_memory_bytes)", "{{service}}"),)),
                Panel("Outbox", "short", (Line("max by (service) (lotse_outbox_rows)", "{{service}}"),)),
                Panel("Active relays", "short", (Line("sum by (service) (lotse_relay_active)", "{{service}}"),)),
            ),
        ),
    ),
)


def events(kind: str) -> str:
    return f'sum(rate(lotse_events_published_total{{type="de.lotse.{kind}.v1"}}[1h]))'


def readings(where: str) -> str:
    return f"sum(rate(lotse_readings_total{{{where}}}[10m]))"


SERVICE = Dashboard(
    "lotse-service",
    "Lotse: service to customers",
    (
        Row(
            "Promises",
            (
                Panel(
                    "Service level",
                    "percentunit",
                    (Line(f"1 - ({events('deadline.missed')} / {events('deadline.started')})", "kept, last hour"),),
                    "Share of the promises made in the last hour that were not missed.",
                ),
                Panel(
                    "Promises",
                    "ops",
                    tuple(Line(events(f"deadline.{word}"), word) for word in ("started", "met", "warned", "missed")),
                ),
            ),
        ),
        Row(
            "Waiting",
            (
                Panel("Waiting for an agent", "short", (Line("max(lotse_conversations_waiting)", "conversations"),)),
                Panel("Longest wait", "s", (Line("max(lotse_conversations_waiting_seconds)", "oldest"),)),
                Panel(
                    "Wait until assigned",
                    "s",
                    (
                        Line(
                            quantile(0.9, "lotse_webhook_to_assignment_seconds", "channel"),
                            "{{channel}} p90",
                        ),
                    ),
                ),
                Panel(
                    "Conversations",
                    "ops",
                    tuple(Line(events(f"conversation.{word}"), word) for word in ("opened", "queued", "resolved")),
                ),
            ),
        ),
        Row(
            "Tone",
            (
                Panel(
                    "Sentiment",
                    "ops",
                    (Line("sum by (sentiment) (rate(lotse_readings_total[10m]))", "{{sentiment}}"),),
                ),
                Panel(
                    "Share of negative messages",
                    "percentunit",
                    (Line(readings('sentiment="negative"') + " / " + readings(""), "negative"),),
                ),
                Panel("Triage", "ops", (Line("sum by (triage) (rate(lotse_readings_total[10m]))", "{{triage}}"),)),
                Panel(
                    "Crisis",
                    "ops",
                    (Line(readings('situation="crisis"'), "messages that speak of a crisis"),),
                ),
            ),
        ),
    ),
)

DASHBOARDS = {"operations": OPERATIONS, "service": SERVICE}

ALERTS = (
    Alert(
        "ServiceDown",
        'sum by (service) (up{job="lotse"}) == 0',
        "2m",
        "page",
        "No replica of {{ $labels.service }} answers.",
    ),
    Alert(
        "IngestRefuses",
        'sum(rate(lotse_calls_total{status=~"5.."}[5m])) / sum(rate(lotse_calls_total[5m])) > 0.01',
        "2m",
        "page",
        "More than one in a hundred webhooks is answered with 5xx.",
    ),
    Alert(
        "ConsumerStands",
        "sum by (service, topic) (lotse_consumer_lag_records) > 0"
        " unless on (service, topic) sum by (service, topic) (rate(lotse_records_read_total[5m])) > 0",
        "5m",
        "page",
        "{{ $labels.service }} reads nothing of {{ $labels.topic }} although records wait.",
    ),
    Alert(
        "ConsumerLag",
        "sum by (service, topic) (lotse_consumer_lag_records) > 5000",
        "10m",
        "page",
        "{{ $labels.service }} is {{ $value }} records behind on {{ $labels.topic }}.",
    ),
    Alert(
        "OutboxStands",
        "max by (service) (lotse_outbox_age_seconds) > 30",
        "2m",
        "page",
        "{{ $labels.service }} has decided events that Kafka has not acknowledged for {{ $value }} s.",
    ),
    Alert(
        "RelayMissing",
        "sum by (service) (lotse_relay_active) == 0",
        "2m",
        "page",
        "No replica of {{ $labels.service }} carries its outbox to Kafka.",
    ),
    Alert(
        "TimersLate",
        "histogram_quantile(0.99, sum by (le, service, timer) (rate(lotse_timer_delay_seconds_bucket[5m]))) > 5"
        " or max by (service, timer) (min_over_time(lotse_timers_due[5m])) >= 200",
        "5m",
        "page",
        "{{ $labels.service }} does what time asks for ({{ $labels.timer }}) too late.",
    ),
    Alert(
        "RecordsParked",
        "sum by (service, reason) (increase(lotse_records_parked_total[10m])) > 0",
        "0m",
        "ticket",
        "{{ $labels.service }} has parked records: {{ $labels.reason }}.",
    ),
    Alert(
        "RecordsMissing",
        "sum by (service, topic) (increase(lotse_records_missing_total[1h])) > 0",
        "0m",
        "page",
        "Retention took records of {{ $labels.topic }} before {{ $labels.service }} had read them.",
    ),
    Alert(
        "SequenceJumps",
        "sum by (service, topic) (increase(lotse_sequence_jumps_total[1h])) > 0",
        "0m",
        "page",
        "{{ $labels.service }} saw a gap in the numbers of {{ $labels.topic }}.",
    ),
    Alert(
        "PublishSlow",
        "histogram_quantile(0.99, sum by (le, service) (rate(lotse_publish_seconds_bucket[5m]))) > 1",
        "5m",
        "ticket",
        "Kafka takes more than a second to acknowledge what {{ $labels.service }} publishes.",
    ),
    Alert(
        "SendsFail",
        'sum by (sink) (rate(lotse_sends_total{outcome!="Accepted"}[15m]))'
        " / sum by (sink) (rate(lotse_sends_total[15m])) > 0.2",
        "10m",
        "page",
        "One in five replies or alerts by {{ $labels.sink }} is not accepted.",
    ),
    Alert(
        "AccountStopped",
        "sum by (account, reason) (increase(lotse_accounts_stopped_total[15m])) > 0",
        "0m",
        "page",
        "Account {{ $labels.account }} stands still: {{ $labels.reason }}.",
    ),
    Alert(
        "WebhooksNotUnderstood",
        "sum by (kind, reason) (increase(lotse_unparsed_total[1h])) > 0",
        "0m",
        "ticket",
        "Authentic parts of {{ $labels.kind }} webhooks were not understood: {{ $labels.reason }}.",
    ),
    Alert(
        "PromisesMissed",
        'sum(increase(lotse_events_published_total{type="de.lotse.deadline.missed.v1"}[30m]))'
        ' / sum(increase(lotse_events_published_total{type="de.lotse.deadline.started.v1"}[30m])) > 0.2',
        "15m",
        "ticket",
        "One in five customers did not get the answer in time that was promised.",
    ),
    Alert(
        "CustomersWait",
        "max(lotse_conversations_waiting_seconds) > 1800",
        "5m",
        "ticket",
        "A conversation has waited for an agent for {{ $value }} s.",
    ),
)
