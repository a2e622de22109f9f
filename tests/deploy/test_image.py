"""The image's recipe, as far as it can be judged without an engine."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECIPE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LAST = RECIPE[RECIPE.rindex("\nFROM ") :]


def test_the_recipe_builds_without_a_front_end_from_a_registry() -> None:
    assert not re.search(r"^#\s*syntax", RECIPE, re.MULTILINE)
    assert "--mount" not in RECIPE
    assert set(re.findall(r"^FROM (\S+)", RECIPE, re.MULTILINE)) == {"${PYTHON}"}


def test_the_last_stage_has_no_tool_to_install_with_and_runs_as_nobody() -> None:
    assert not re.search(r"\b(uv|apt-get|gcc)\b|pip install", LAST)
    assert "pip uninstall" in LAST
    assert re.search(r"^USER 10001:10001$", LAST, re.MULTILINE)


def test_the_image_runs_as_the_user_that_the_manifests_name() -> None:
    manifest = (ROOT / "deploy/k8s/base/common/defaults.yaml").read_text(encoding="utf-8")
    assert "runAsUser: 10001" in manifest


@pytest.mark.parametrize("service", ["ingest", "sentiment", "router", "sla", "notifier", "desk"])
def test_every_service_has_the_command_that_the_image_starts(service: str) -> None:
    manifest = (ROOT / "services" / service / "pyproject.toml").read_text(encoding="utf-8")
    assert f'lotse-{service} = "lotse.{service}.app:main"' in manifest


def test_what_is_sent_to_the_engine_is_what_the_recipe_copies() -> None:
    copied = {word for line in re.findall(r"^COPY (?!--from)(.+)$", RECIPE, re.MULTILINE) for word in line.split()[:-1]}
    let_in = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    assert copied == set(let_in)
