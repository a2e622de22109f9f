"""What became of a conversation, from the spans that every service writes as Zipkin v2 JSON lines."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lotse.contracts.frozen import frozen

_SUBJECT = "cloudevents.event_subject"
_TYPE = "cloudevents.event_type"
_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_SHORTEST = 4


class _Endpoint(BaseModel):
    service: str = Field(default="", alias="serviceName")


class Span(BaseModel):
    """One span; times in microseconds."""

    model_config = ConfigDict(frozen=True)

    trace_id: str = Field(alias="traceId")
    id: str
    parent_id: str | None = Field(default=None, alias="parentId")
    name: str
    timestamp: int
    duration: int = 0
    endpoint: _Endpoint = Field(default=_Endpoint(), alias="localEndpoint")
    tags: dict[str, str] = {}

    @property
    def service(self) -> str:
        return self.endpoint.service.removeprefix("lotse-")

    @property
    def end(self) -> int:
        return self.timestamp + self.duration


@dataclass(slots=True)
class Node:
    """A span with what it led to, in order of time."""

    span: Span
    children: list["Node"] = field(default_factory=list["Node"])


@frozen
class Trace:
    id: str
    roots: Sequence[Node]
    begin: int
    end: int


def read(folder: Path) -> list[Span]:
    """Every span in the folder; a line that is being written is left out."""
    return [span for path in sorted(folder.glob("*.jsonl")) for span in _lines(path)]


def _lines(path: Path) -> Iterator[Span]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                yield Span.model_validate_json(line)
            except ValidationError:
                continue


def ids_of(spans: Collection[Span], wanted: str) -> set[str]:
    """The traces that handled events of the conversation, named whole or by at least four characters, or of a trace."""
    wanted = wanted.strip().lower().lstrip("#")
    if _TRACE_ID.fullmatch(wanted) and any(span.trace_id == wanted for span in spans):
        return {wanted}
    if len(wanted) < _SHORTEST:
        return set()
    return {span.trace_id for span in spans if span.tags.get(_SUBJECT, "").startswith(wanted)}


def trees(spans: Collection[Span], ids: Collection[str]) -> list[Trace]:
    """The traces as trees, the oldest first; a span whose parent is not known stands on its own."""
    by_trace: dict[str, dict[str, Span]] = defaultdict(dict)
    for span in spans:
        if span.trace_id in ids:
            by_trace[span.trace_id][span.id] = span
    found = [_trace(trace_id, list(own.values())) for trace_id, own in by_trace.items()]
    return sorted(found, key=lambda trace: trace.begin)


def _trace(trace_id: str, spans: Sequence[Span]) -> Trace:
    nodes = {span.id: Node(span) for span in sorted(spans, key=lambda span: (span.timestamp, span.id))}
    roots: list[Node] = []
    for node in nodes.values():
        parent = nodes.get(node.span.parent_id or "")
        (parent.children if parent else roots).append(node)
    return Trace(trace_id, roots, min(s.timestamp for s in spans), max(s.end for s in spans))


def shown(found: Sequence[Trace]) -> Iterator[str]:
    """Lines for a terminal: when (from the trace's begin), how long, which service, what."""
    for number, trace in enumerate(found):
        if number:
            yield ""
        begin = datetime.fromtimestamp(trace.begin / 1e6, UTC).astimezone()
        yield f"trace {trace.id}  {begin:%Y-%m-%d %H:%M:%S}  {_time(trace.end - trace.begin)}"
        for root in trace.roots:
            yield from _branch(root, trace.begin, "", "")


def _branch(node: Node, begin: int, lead: str, below: str) -> Iterator[str]:
    span = node.span
    about = span.tags.get(_TYPE, "").removeprefix("de.lotse.").removesuffix(".v1")
    failed = f"  ✗ {span.tags['error']}" if "error" in span.tags else ""
    when = f"+{_time(span.timestamp - begin)}"
    text = f"{lead}{span.service}  {span.name}" + (f"  {about}" if about else "") + failed
    yield f"{when:>10} {_time(span.duration):>9}  {text}"
    for number, child in enumerate(node.children):
        last = number == len(node.children) - 1
        yield from _branch(child, begin, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))


def _time(microseconds: int) -> str:
    if microseconds < 1_000_000:
        return f"{microseconds / 1000:.1f} ms"
    seconds = microseconds / 1_000_000
    return f"{seconds:.2f} s" if seconds < 60 else f"{int(seconds // 60)} min {seconds % 60:.0f} s"
