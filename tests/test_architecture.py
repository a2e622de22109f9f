"""The shape of the tree: rules that a reader can rely on, checked."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if (path / "pyproject.toml").exists())
SOURCES = sorted(
    p for folder in ("libs", "services", "bench") for p in (ROOT / folder).rglob("*.py") if "tests" not in p.parts
)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_shape(service):
    package = ROOT / "services" / service / "lotse" / service
    for name in ("app.py", "settings.py", "__main__.py"):
        assert (package / name).exists(), f"{service} has no {name}"
    assert (ROOT / "services" / service / "tests").is_dir()
    assert (ROOT / "services" / service / "README.md").exists()


def test_the_namespace_has_no_init():
    assert [relative(p) for p in ROOT.glob("*/*/lotse/__init__.py")] == []


def calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


CORES = [p for p in SOURCES if "core" in p.parts or p.name == "core.py"]
IMPURE = re.compile(
    r"^(datetime\.(now|utcnow|today)|date\.today|time\.(time|monotonic)|uuid4|uuid1|random\.|secrets\.|os\.|logging\.|log\.|print|open)"
)


@pytest.mark.parametrize("path", CORES, ids=relative)
def test_a_core_has_no_clock_no_chance_no_log_no_await(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not any(isinstance(node, ast.Await | ast.AsyncFunctionDef) for node in ast.walk(tree))
    assert [name for name in calls(tree) if IMPURE.match(name)] == []


def test_only_the_runtime_knows_kafka():
    allowed = {"runtime", "local", "bench"}
    found = [
        relative(path)
        for path in SOURCES
        if not allowed & set(path.parts)
        and re.search(r"^\s*(import|from) (aiokafka|faststream)", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert found == []


def test_no_exception_is_swallowed_and_nothing_is_left_undone():
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler) and all(isinstance(s, ast.Pass) for s in node.body):
                kind = ast.unparse(node.type) if node.type else "everything"
                if kind in ("everything", "Exception", "BaseException"):
                    found.append(f"{relative(path)}:{node.lineno}")
            if isinstance(node, ast.Raise) and node.exc and "NotImplementedError" in ast.unparse(node.exc):
                found.append(f"{relative(path)}:{node.lineno}")
    assert found == []


def test_migrations_are_named_and_numbered():
    for path in ROOT.glob("*/*/lotse/*/migrations/*.sql"):
        assert re.fullmatch(r"\d{4}_(pre|post)_[a-z0-9_]+\.sql", path.name), relative(path)


def test_every_metric_used_is_in_the_registry():
    from lotse.runtime.telemetry import METRICS

    used = {
        name
        for path in SOURCES
        for name in re.findall(
            r"telemetry\.(?:count|observe|gauge)\(\s*\"([a-z_]+)\"", path.read_text(encoding="utf-8")
        )
    }
    assert used <= set(METRICS)


def test_every_decision_has_its_page_in_order():
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
