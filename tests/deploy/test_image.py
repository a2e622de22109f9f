"""The image's recipe, as far as it can be judged without an engine."""

import re
import runpy
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
SLIM = runpy.run_path(str(ROOT / "deploy/image/slim.py"))
INSTALLED = Path(site.getsitepackages()[0])
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


def test_libraries_without_what_no_process_reads_are_small_and_work(tmp_path: Path) -> None:
    for name in ("uvloop", "asyncpg", "yaml", "numpy", "numpy.libs"):
        shutil.copytree(INSTALLED / name, tmp_path / name)
    gone = SLIM["slim"](tmp_path)
    assert gone > 20_000_000
    assert not list(tmp_path.rglob("*.pyx"))
    program = """
import asyncio, asyncpg.protocol.protocol, numpy, uvloop, yaml, yaml._yaml
print(uvloop.run(asyncio.sleep(0, yaml.load("[7]", yaml.CSafeLoader))), numpy.linalg.solve([[2.0]], [4.0]), yaml.__file__)
"""
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["[7]", "[2.]", str(tmp_path / "yaml/__init__.py")]


@given(st.binary(max_size=200), st.booleans())
def test_what_is_no_library_or_a_damaged_one_is_left_alone(rest: bytes, elf: bool) -> None:
    """Nothing that is cut is longer than it was, and nothing raises."""
    given_bytes = (b"\x7fELF\x02\x01" if elf else b"") + rest
    assert len(SLIM["loaded"](given_bytes)) <= len(given_bytes)
    assert elf or SLIM["loaded"](rest) == rest


def test_what_is_taken_out_is_there_and_no_page_has_it() -> None:
    """The list names what the locked packages hold; the desk's pages use none of it."""
    absent = [name for name in SLIM["UNREAD"] if not (INSTALLED / name).exists()]
    assert absent == []
    elements = "|".join(re.findall(r"elements/(\w+)/", " ".join(SLIM["UNREAD"])))
    pages = (ROOT / "services/desk/lotse/desk").rglob("*.py")
    used = [page.name for page in pages if re.search(rf"\bui\.({elements})\b", page.read_text(encoding="utf-8"))]
    assert used == []
