"""Dashboards and alerts ask for what is counted, and every alert says what to do."""

from pathlib import Path

import pytest
from deploy import watched
from deploy.grafana import dashboard
from deploy.signals import DASHBOARDS


def test_every_query_asks_for_metrics_that_the_code_counts_and_every_alert_has_its_runbook() -> None:
    assert list(watched.mistakes()) == []


@pytest.mark.parametrize(
    "query",
    [
        "rate(lotse_invented_total[5m])",
        "rate(lotse_batch_seconds[5m])",
        "rate(lotse_parked_rows_bucket[5m])",
        "sum by (channel) (lotse_parked_rows)",
        'lotse_events_published_total{type="de.lotse.deadline.forgotten.v1"}',
        'lotse_events_published_total{kind="x"}',
        "node_load1 + lotse_unheard",
    ],
)
def test_a_query_for_what_nobody_counts_is_noticed(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "asked", lambda: {"here": query})
    assert list(watched.mistakes())


def test_an_alert_without_a_heading_and_a_heading_without_its_parts_are_noticed(tmp_path: Path) -> None:
    text = watched.RUNBOOK.read_text(encoding="utf-8")
    runbook = tmp_path / "runbook.md"
    runbook.write_text(
        text.replace("## ServiceDown", "## ServiceGone").replace("**Do.** Let a restart", "Let a restart")
    )
    assert list(watched.without_runbook(runbook)) == [
        "docs/runbook.md has no heading ServiceDown",
        "docs/runbook.md: nothing raises ServiceGone",
        "docs/runbook.md: PublishSlow lacks **Do.**",
    ]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_have_numbers_of_their_own_and_do_not_lie_on_each_other(name: str) -> None:
    panels = dashboard(DASHBOARDS[name])["panels"]
    assert isinstance(panels, list)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len({panel["id"] for panel in panels}) == len(set(places)) == len(panels)
    for row, below in zip(panels, panels[1:], strict=False):
        assert row["gridPos"]["y"] <= below["gridPos"]["y"]
