"""Names of every metric and the way spans are made.

Traces follow W3C Trace Context; sampling is decided where a trace begins and carried in the flag.
An unsampled record opens no span and only passes its `traceparent` on.
"""

import json
import logging
import random
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from prometheus_client import Counter, Gauge, Histogram

from lotse.contracts.frozen import frozen

SpanKindName = Literal["server", "client", "producer", "consumer", "internal"]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


@frozen
class Metric:
    """One metric: what it counts, by which labels. Histograms are in seconds."""

    kind: Literal["counter", "gauge", "histogram"]
    text: str
    labels: tuple[str, ...] = ()


METRICS: dict[str, Metric] = {
    "lotse_records_read_total": Metric("counter", "Records taken from a topic", ("topic",)),
    "lotse_records_repeated_total": Metric("counter", "Records dropped because they were read before", ("topic",)),
    "lotse_records_parked_total": Metric("counter", "Records and timers parked", ("topic", "reason")),
    "lotse_records_missing_total": Metric("counter", "Records that retention took before they were read", ("topic",)),
    "lotse_sequence_jumps_total": Metric("counter", "Keys whose ce_sequence jumped", ("topic",)),
    "lotse_events_published_total": Metric("counter", "Events acknowledged by Kafka", ("topic", "type")),
    "lotse_outbox_rows": Metric("gauge", "Events waiting in the outbox"),
    "lotse_outbox_age_seconds": Metric("gauge", "Age of the oldest event waiting in the outbox"),
    "lotse_parked_rows": Metric("gauge", "Records parked"),
    "lotse_consumer_lag_records": Metric("gauge", "Records not yet applied", ("topic",)),
    "lotse_batch_seconds": Metric("histogram", "Time of one batch from its begin to its commit", ("topic",)),
    "lotse_batch_retries_total": Metric("counter", "Batches tried again after a passing fault", ("reason",)),
    "lotse_commit_refused_total": Metric("counter", "Offset commits refused after a rebalance"),
    "lotse_timers_fired_total": Metric("counter", "Timers decided", ("timer",)),
    "lotse_timers_due": Metric("gauge", "Owners with something due at the last look, 200 at most", ("timer",)),
    "lotse_timer_delay_seconds": Metric("histogram", "How late timers fired", ("timer",)),
    "lotse_effects_total": Metric("counter", "Calls to the outside", ("effect",)),
    "lotse_relay_active": Metric("gauge", "1 where this replica's relay is the active one"),
    "lotse_publish_seconds": Metric("histogram", "Time from publishing to the acknowledgement of an edge"),
    "lotse_conversations_waiting": Metric("gauge", "Conversations that wait for an agent"),
    "lotse_conversations_waiting_seconds": Metric("gauge", "How long the oldest of them has waited"),
    "lotse_readings_total": Metric("counter", "Messages read for tone", ("sentiment", "triage", "situation")),
    "lotse_calls_total": Metric("counter", "Calls of providers taken or refused", ("kind", "status")),
    "lotse_unparsed_total": Metric("counter", "Authentic parts that were not understood", ("kind", "reason")),
    "lotse_sends_total": Metric("counter", "Calls that carry replies, notices and alerts", ("sink", "outcome")),
    "lotse_accounts_stopped_total": Metric("counter", "Accounts that began to stand still", ("account", "reason")),
    "lotse_webhook_to_assignment_seconds": Metric("histogram", "From accepted webhook to assignment", ("channel",)),
    "lotse_webhook_to_notice_seconds": Metric("histogram", "From accepted webhook to the notice sent", ("channel",)),
}
"""Every metric of every service; a name that is not here cannot be used."""

_T = TypeVar("_T", Counter, Gauge, Histogram)
_made: dict[str, Counter | Gauge | Histogram] = {}


def _metric(name: str, kind: type[_T], labels: dict[str, str]) -> _T:
    made = _made.get(name)
    if made is None:
        spec = METRICS[name]
        if kind is Histogram:
            made = Histogram(name, spec.text, spec.labels, buckets=_SECONDS)
        else:
            made = kind(name.removesuffix("_total"), spec.text, spec.labels)
        _made[name] = made
    if not isinstance(made, kind):
        raise TypeError(f"{name} is no {kind.__name__.lower()}")
    return made.labels(**labels) if labels else made


def count(name: str, amount: float = 1, **labels: str) -> None:
    """Add to a counter. Raises KeyError for a name that is not in METRICS."""
    _metric(name, Counter, labels).inc(amount)


def observe(name: str, seconds: float, **labels: str) -> None:
    """Put a time into a histogram."""
    _metric(name, Histogram, labels).observe(seconds)


def gauge(name: str, value: float, **labels: str) -> None:
    """Set a gauge."""
    _metric(name, Gauge, labels).set(value)


_KINDS = {
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
    "internal": SpanKind.INTERNAL,
}


def is_sampled(traceparent: str | None) -> bool:
    """Whether whoever began the trace records it."""
    return traceparent is not None and traceparent[-1:] in "13579bdf" and len(traceparent) == 55


def parse(traceparent: str | None) -> SpanContext | None:
    """The span that a `traceparent` names, None where it names none."""
    if traceparent is None or len(traceparent) != 55 or not traceparent.startswith("00-"):
        return None
    try:
        trace_id, span_id = int(traceparent[3:35], 16), int(traceparent[36:52], 16)
        flags = int(traceparent[53:55], 16)
    except ValueError:
        return None
    found = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return found if found.is_valid else None


def format_traceparent(context: SpanContext) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def trace_id(traceparent: str | None) -> str | None:
    """The 32 hexadecimal digits that `lotse trace` takes."""
    return traceparent[3:35] if traceparent is not None and parse(traceparent) else None


def begin_trace(ratio: float) -> str | None:
    """For a trace that begins here: None when it is to be recorded, else an unsampled `traceparent`."""
    return None if random.random() < ratio else _unsampled()  # noqa: S311


def _unsampled() -> str:
    return f"00-{random.getrandbits(128) or 1:032x}-{random.getrandbits(64) or 1:016x}-00"  # noqa: S311


class Span:
    """A span in hand; `traceparent` is what to pass on."""

    __slots__ = ("_span", "traceparent")

    def __init__(self, traceparent: str | None, span: trace.Span | None) -> None:
        self.traceparent = traceparent
        self._span = span

    def fail(self, reason: str) -> None:
        """Mark the span as failed, with a word and no content."""
        if self._span is not None:
            self._span.set_status(Status(StatusCode.ERROR, reason))

    def end(self) -> None:
        if self._span is not None:
            self._span.end()


def start(name: str, kind: SpanKindName, traceparent: str | None, attributes: dict[str, str | int]) -> Span:
    """Open a span below `traceparent` (None: a new trace); where that is unsampled, only pass it on."""
    parent = parse(traceparent)
    if parent is not None and not parent.trace_flags.sampled:
        return Span(traceparent, None)
    context = trace.set_span_in_context(NonRecordingSpan(parent), Context()) if parent else Context()
    span = trace.get_tracer("lotse").start_span(name, context=context, kind=_KINDS[kind], attributes=attributes)
    made = span.get_span_context()
    if not made.is_valid:  # no tracer is installed
        return Span(traceparent or _unsampled(), None)
    return Span(format_traceparent(made), span)


@contextmanager
def span(
    name: str, kind: SpanKindName = "internal", traceparent: str | None = None, **attributes: str | int
) -> Generator[Span]:
    """A span around a block; an exception marks it as failed by its type alone."""
    opened = start(name, kind, traceparent, attributes)
    try:
        yield opened
    except BaseException as error:
        opened.fail(type(error).__name__)
        raise
    finally:
        opened.end()


class ZipkinFile(SpanExporter):
    """Spans as Zipkin v2 JSON, one array a line, in a file of the service: what `lotse trace` reads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        for item in spans:
            self._file.write(json.dumps(zipkin(item), separators=(",", ":")) + "\n")
        self._file.flush()
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        self._file.close()


def zipkin(item: ReadableSpan) -> dict[str, object]:
    """One span in Zipkin's v2 form; times in microseconds."""
    context, parent = item.get_span_context(), item.parent
    begin, end = item.start_time or 0, item.end_time or 0
    tags = {key: str(value) for key, value in (item.attributes or {}).items()}
    if item.status.status_code is StatusCode.ERROR:
        tags["error"] = item.status.description or "error"
    made: dict[str, object] = {
        "traceId": f"{context.trace_id:032x}" if context else "",
        "id": f"{context.span_id:016x}" if context else "",
        "name": item.name,
        "timestamp": begin // 1000,
        "duration": max(1, (end - begin) // 1000),
        "localEndpoint": {"serviceName": str(item.resource.attributes.get("service.name", "lotse"))},
        "tags": tags,
    }
    if parent is not None:
        made["parentId"] = f"{parent.span_id:016x}"
    if item.kind is not SpanKind.INTERNAL:
        made["kind"] = item.kind.name
    return made


def set_up(service: str, traces_dir: Path | None, otlp_endpoint: str | None) -> TracerProvider:
    """Install the tracer of a process; shut the provider down at the end to flush it."""
    provider = TracerProvider(resource=Resource.create({"service.name": f"lotse-{service}"}), sampler=ALWAYS_ON)
    if traces_dir is not None:
        provider.add_span_processor(
            BatchSpanProcessor(ZipkinFile(traces_dir / f"{service}.jsonl"), schedule_delay_millis=500)
        )
    if otlp_endpoint is not None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{otlp_endpoint}/v1/traces")))
    trace.set_tracer_provider(provider)
    return provider


class JsonLines(logging.Formatter):
    """A log line as JSON: time, level, logger, text, and the type and place of an exception, never its content."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "text": _text(record),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            frame = record.exc_info[2]
            while frame and frame.tb_next:
                frame = frame.tb_next
            if frame:
                line["at"] = f"{frame.tb_frame.f_code.co_filename.rpartition('/lotse/')[2]}:{frame.tb_lineno}"
        return json.dumps(line, ensure_ascii=False)


def _text(record: logging.LogRecord) -> str:
    """asyncio tells of a task that nobody awaited with all that its exception says: the first line alone is its own."""
    text = record.getMessage()
    return text.partition("\n")[0] if record.name == "asyncio" else text


def set_up_logs(service: str, level: str) -> None:
    """JSON lines on standard error for everything from `level` up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(service))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("aiokafka", "httpx", "httpcore", "faststream", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
