"""Dashboards in Grafana's form and alerts in Prometheus's, from the one definition in signals.py."""

from collections.abc import Sequence
from itertools import chain

from deploy.signals import Alert, Dashboard, Panel, Row

Json = dict[str, object]

_WIDTH, _HEIGHT, _COLUMNS = 8, 8, 3
RUNBOOK = "docs/runbook.md"
_SOURCE: Json = {"type": "prometheus", "uid": "${source}"}


def dashboard(made: Dashboard) -> Json:
    """The JSON model; panels stand three in a row under their heading."""
    panels: list[Json] = []
    top = 0
    for row in made.rows:
        panels += _row(row, top, len(panels))
        top += 1 + _HEIGHT * -(-len(row.panels) // _COLUMNS)
    return {
        "uid": made.uid,
        "title": made.title,
        "tags": ["lotse"],
        "timezone": "browser",
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus", "label": "Source"}]},
        "panels": panels,
    }


def _row(row: Row, top: int, number: int) -> list[Json]:
    heading: Json = {
        "id": number + 1,
        "type": "row",
        "title": row.title,
        "collapsed": False,
        "panels": [],
        "gridPos": {"x": 0, "y": top, "w": _WIDTH * _COLUMNS, "h": 1},
    }
    return [heading, *(_panel(panel, number + 2 + n, n, top + 1) for n, panel in enumerate(row.panels))]


def _panel(panel: Panel, number: int, place: int, top: int) -> Json:
    down, right = divmod(place, _COLUMNS)
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.help,
        "datasource": _SOURCE,
        "gridPos": {"x": right * _WIDTH, "y": top + down * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + n), "expr": line.query, "legendFormat": line.legend, "datasource": _SOURCE}
            for n, line in enumerate(panel.lines)
        ],
    }


def queries(made: Dashboard) -> list[str]:
    """Every query of a dashboard."""
    panels = chain.from_iterable(row.panels for row in made.rows)
    return [line.query for panel in panels for line in panel.lines]


def rules(alerts: Sequence[Alert]) -> Json:
    """Prometheus's rule file."""
    return {"groups": [{"name": "lotse", "rules": [_rule(alert) for alert in alerts]}]}


def _rule(alert: Alert) -> Json:
    return {
        "alert": f"Lotse{alert.name}",
        "expr": alert.query,
        "for": alert.lasts,
        "labels": {"severity": alert.severity},
        "annotations": {"summary": alert.summary, "runbook_url": f"{RUNBOOK}#{alert.name.lower()}"},
    }


def prometheus_rule(alerts: Sequence[Alert]) -> Json:
    """The same as prometheus-operator's resource."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "lotse", "labels": {"app.kubernetes.io/part-of": "lotse"}},
        "spec": rules(alerts),
    }
