"""Builds every overlay and every combination of components and holds them against schemas, each other and the code.

`python -m deploy.render` (`make render`) writes the generated files first; `--check` refuses stale ones instead.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy import checks, fits, generate, watched
from deploy.node import Build
from deploy.schemas import Definitions, Schemas, definitions
from deploy.tools import ROOT, Command, ToolMissing, build, kustomize

K8S = ROOT / "deploy" / "k8s"
CRDS = ROOT.parent / "shared" / "k8s" / "crds"

COMPONENTS = ("observability", "autoscaling", "strimzi", "topics", "network")
"""In the order in which they may stand."""
EXCLUSIVE = {"strimzi", "topics"}
"""Two ways to have topics."""


def overlays() -> list[str]:
    return sorted(path.name for path in (K8S / "overlays").iterdir() if (path / "kustomization.yaml").exists())


def combined() -> list[tuple[str, ...]]:
    """Every set of components that may stand together, none at all included."""
    sets = [chosen for size in range(len(COMPONENTS) + 1) for chosen in combinations(COMPONENTS, size)]
    return [chosen for chosen in sets if not set(chosen) >= EXCLUSIVE]


def overlay(command: Command, name: str) -> Build:
    return Build.of(f"overlay {name}", build(command, K8S / "overlays" / name))


def combination(command: Command, chosen: Sequence[str]) -> Build:
    """The base with components, built from a folder that is thrown away."""
    with TemporaryDirectory() as folder:
        up = Path(os.path.relpath(K8S, Path(folder).resolve()))
        lines = ["kind: Kustomization", f"resources: [{up / 'base'}]", "components:" if chosen else ""]
        lines += [f"  - {up / 'components' / name}" for name in chosen]
        (Path(folder) / "kustomization.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return Build.of(f"base with {', '.join(chosen) or 'nothing more'}", build(command, Path(folder)))


def mistakes(made: Build, schemas: Schemas) -> Iterator[str]:
    """Everything that is wrong with one build."""
    for one in made.objects:
        yield from schemas.mistakes(one)
    for check in (*checks.CHECKS, *fits.CHECKS):
        yield from check(made)


def given_definitions() -> Definitions | None:
    """Of the kinds that operators bring; None where their folder is absent."""
    return definitions(CRDS) if CRDS.is_dir() else None


def builds(command: Command) -> Iterator[Build]:
    for name in overlays():
        yield overlay(command, name)
    for chosen in combined():
        yield combination(command, chosen)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.render", description=__doc__)
    parser.add_argument("--check", action="store_true", help="refuse stale generated files instead of writing them")
    if parser.parse_args().check and (found := generate.stale()):
        sys.exit("stale, run `make render`: " + ", ".join(str(path.relative_to(ROOT)) for path in found))
    generate.write()
    try:
        command = kustomize(install=True)
    except ToolMissing as error:
        sys.exit(f"render: {error}")
    sys.exit(1 if _judged(command) else 0)


def _judged(command: Command) -> int:
    """Prints a line for each build and each mistake; how many mistakes."""
    schemas = Schemas(given_definitions())
    if schemas.defined is None:
        _say(f"Without {CRDS}: resources of KEDA, prometheus-operator and Strimzi are not held against their schemas.")
    wrong = list(watched.mistakes())
    for made in builds(command):
        found = list(mistakes(made, schemas))
        _say(f"{'bad ' if found else 'good'} {made.name}: {len(made.objects)} resources")
        wrong += [f"{made.name}: {word}" for word in found]
    for word in wrong:
        _say(f"  {word}")
    _say(f"{len(wrong)} mistakes")
    return len(wrong)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
