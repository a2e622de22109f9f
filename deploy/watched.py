"""Whether dashboards and alerts ask for metrics that somebody counts, and alerts say what to do."""

import re
from collections.abc import Iterator
from pathlib import Path

from deploy.grafana import queries
from deploy.signals import ALERTS, DASHBOARDS
from deploy.tools import ROOT
from lotse.contracts.events import all_types
from lotse.runtime.telemetry import METRICS

RUNBOOK = ROOT / "docs" / "runbook.md"

_NAME = re.compile(r"\b(?:lotse|process|python|kube|container)_[a-z_]+|\bup\b")
_MATCHED = re.compile(r"([a-z_]+)\{([^}]*)\}")
_LABEL = re.compile(r'([a-z_]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
_BY = re.compile(r"by \(([^)]*)\)")
_COUNTED = re.compile(r'telemetry\.(?:count|observe|gauge)\(\s*"([a-z_]+)"')

_OF_EVERY_PROCESS = {"process_cpu_seconds_total", "process_resident_memory_bytes", "up"}
_OF_EVERY_POD = {"service", "le", "job"}
_PARTS = ("_bucket", "_sum", "_count")


def asked() -> dict[str, str]:
    """Every query, by where it stands."""
    panels = {f"dashboard {name}: {query}": query for name, one in DASHBOARDS.items() for query in queries(one)}
    return {**panels, **{f"alert {alert.name}": alert.query for alert in ALERTS}}


def mistakes() -> Iterator[str]:
    counted = _counted()
    for where, query in asked().items():
        for name in _NAME.findall(query):
            yield from (f"{where}: {word}" for word in _metric(name, counted))
        yield from (f"{where}: {word}" for word in _labels(query))
        yield from (f"{where}: there is no event {kind}" for kind in _kinds(query) if kind not in _types())
    yield from without_runbook()


def _metric(name: str, counted: set[str]) -> Iterator[str]:
    base = next((name.removesuffix(part) for part in _PARTS if name.endswith(part)), name)
    known = METRICS.get(base)
    if known is None:
        if name not in _OF_EVERY_PROCESS:
            yield f"nobody has the metric {name}"
    elif (base != name) != (known.kind == "histogram"):
        yield f"{name} is no {known.kind}"
    elif base not in counted:
        yield f"nothing counts {name}"


def _labels(query: str) -> Iterator[str]:
    """Labels that are grouped by or matched on are labels of a metric in the query."""
    named = [METRICS[base] for name in _NAME.findall(query) if (base := _base(name)) in METRICS]
    known = _OF_EVERY_POD.union(*(metric.labels for metric in named))
    grouped = {label.strip() for group in _BY.findall(query) for label in group.split(",")}
    matched = {label for _, inside in _MATCHED.findall(query) for label, _ in _LABEL.findall(inside)}
    yield from (f"no metric in it has the label {label}" for label in sorted((grouped | matched) - known))


def _base(name: str) -> str:
    return next((name.removesuffix(part) for part in _PARTS if name.endswith(part)), name)


def _kinds(query: str) -> list[str]:
    return [
        value for _, inside in _MATCHED.findall(query) for label, value in _LABEL.findall(inside) if label == "type"
    ]


def _types() -> set[str]:
    return {model.TYPE for model in all_types()}


def _counted() -> set[str]:
    """Names in the code's own calls."""
    sources = [path for folder in ("libs", "services") for path in (ROOT / folder).glob("*/lotse/**/*.py")]
    return {name for path in sources for name in _COUNTED.findall(path.read_text(encoding="utf-8"))}


def headings(text: str) -> dict[str, str]:
    """The runbook's sections of the second level with their text."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def without_runbook(runbook: Path = RUNBOOK) -> Iterator[str]:
    """Every alert has its heading, which says what it means, where to look and what to do; no heading is left over."""
    found = headings(runbook.read_text(encoding="utf-8")) if runbook.exists() else {}
    names = {alert.name for alert in ALERTS}
    yield from (f"docs/runbook.md has no heading {name}" for name in sorted(names - found.keys()))
    yield from (f"docs/runbook.md: nothing raises {name}" for name in sorted(found.keys() - names))
    for name in sorted(names & found.keys()):
        missing = [word for word in ("**Means.**", "**Look.**", "**Do.**") if word not in found[name]]
        if missing:
            yield f"docs/runbook.md: {name} lacks {' '.join(missing)}"
