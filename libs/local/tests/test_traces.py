"""Traces as a tree, from the lines that services write."""

import json
from pathlib import Path

from lotse.local import traces

TALK = "61c52081-c16c-5441-b83e-e5d679a171cf"
FIRST, SECOND, OTHER = ("a" * 32, "b" * 32, "c" * 32)


def span(trace: str, own: str, parent: str | None, at: int, took: int, service: str, name: str, **tags: str) -> str:
    made = {"traceId": trace, "id": own, "name": name, "timestamp": at, "duration": took, "tags": tags}
    made["localEndpoint"] = {"serviceName": f"lotse-{service}"}
    return json.dumps(made if parent is None else {**made, "parentId": parent})


def subject(kind: str) -> dict[str, str]:
    return {"cloudevents.event_subject": TALK, "cloudevents.event_type": f"de.lotse.{kind}.v1"}


def write(folder: Path) -> None:
    ingest = [span(FIRST, "1", None, 1_000_000, 12_900, "ingest", "POST /v1/meta")]
    router = [
        span(FIRST, "2", "1", 1_020_000, 5_000, "router", "process lotse-inbound"),
        span(SECOND, "8", None, 9_000_000, 2_000_000, "router", "late", **subject("x"), error="Refused"),
    ]
    desk = [
        span(FIRST, "4", "2", 1_090_000, 900, "desk", "process", **subject("message.added")),
        span(FIRST, "3", "2", 1_080_000, 1_000, "sla", "process", **subject("message.added")),
        span(OTHER, "9", None, 5, 5, "desk", "process", **{"cloudevents.event_subject": "somebody else"}),
    ]
    for name, lines in (("ingest", ingest), ("router", router), ("desk", desk)):
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")


def test_a_conversation_is_a_tree_with_times_for_each_of_its_traces(tmp_path: Path):
    write(tmp_path)
    spans = traces.read(tmp_path)
    found = traces.trees(spans, traces.ids_of(spans, TALK))
    lines = [line.strip() for line in traces.shown(found)]
    assert lines[0].startswith(f"trace {FIRST}")
    assert lines[0].endswith("90.9 ms")
    assert lines[1:5] == [
        "+0.0 ms   12.9 ms  ingest  POST /v1/meta",
        "+20.0 ms    5.0 ms  └─ router  process lotse-inbound",
        "+80.0 ms    1.0 ms     ├─ sla  process  message.added",
        "+90.0 ms    0.9 ms     └─ desk  process  message.added",
    ]
    assert lines[6].startswith(f"trace {SECOND}")
    assert lines[7] == "+0.0 ms    2.00 s  router  late  x  ✗ Refused"
    assert len(lines) == 8


def test_the_beginning_of_an_id_is_enough_and_a_trace_id_does_too(tmp_path: Path):
    write(tmp_path)
    spans = traces.read(tmp_path)
    assert traces.ids_of(spans, "#61C5") == {FIRST, SECOND}
    assert traces.ids_of(spans, OTHER) == {OTHER}
    assert traces.ids_of(spans, "61c") == set()
    assert traces.ids_of(spans, "61c6") == set()


def test_a_span_whose_parent_was_not_written_yet_stands_on_its_own(tmp_path: Path):
    (tmp_path / "desk.jsonl").write_text(span(FIRST, "4", "missing", 5, 5, "desk", "process", **subject("x")) + "\n")
    spans = traces.read(tmp_path)
    (trace,) = traces.trees(spans, {FIRST})
    assert [root.span.id for root in trace.roots] == ["4"]


def test_a_line_that_is_being_written_is_left_out(tmp_path: Path):
    whole = span(FIRST, "1", None, 5, 5, "desk", "process")
    (tmp_path / "desk.jsonl").write_text(whole + "\n" + whole[:40])
    assert len(traces.read(tmp_path)) == 1
