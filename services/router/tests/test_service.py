"""The service as it is started."""

from pathlib import Path

import pytest

from lotse.contracts.topics import TOPICS
from lotse.router.app import service
from lotse.router.settings import Settings
from lotse.runtime.errors import SettingsError


def settings(config: Path) -> Settings:
    return Settings(kafka="127.0.0.1:9", postgres="postgresql://127.0.0.1:9/x", config=config)


def test_it_reads_the_topics_that_name_it_as_reader(tmp_path: Path) -> None:
    file = tmp_path / "lotse.yaml"
    file.write_text("agents:\n  anna:\n    name: Anna\n    skills: {de: 3}\n", encoding="utf-8")
    (fold,) = service(settings(file)).folds
    assert {reads.topic for reads in fold.reads} == {t for t, spec in TOPICS.items() if "router" in spec.readers}
    for reads in fold.reads:
        assert reads.once == (not TOPICS[reads.topic].sequenced)


@pytest.mark.parametrize(("text", "named"), [("agents: [", "lotse.yaml"), ("agent: {}", "line 1")])
def test_a_wrong_file_stops_the_start_and_says_where(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "lotse.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=named):
        service(settings(file))


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="LOTSE_CONFIG"):
        service(settings(tmp_path / "none.yaml"))
