"""Kustomize, found or installed, and asked to build."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KUSTOMIZE = "v5.7.1"
_MODULE = f"sigs.k8s.io/kustomize/kustomize/v5@{KUSTOMIZE}"
_OWN = ROOT / ".lotse" / "bin" / f"kustomize-{KUSTOMIZE}"

Command = Sequence[str]


class ToolMissing(Exception):
    """A tool is not here; the text says how to get it."""


def kustomize(*, install: bool) -> Command:
    """How to call `kustomize build`. Raises ToolMissing."""
    if _OWN.exists():
        return (str(_OWN), "build")
    if install and shutil.which("go"):
        return _installed()
    if shutil.which("kustomize"):
        return ("kustomize", "build")
    if shutil.which("kubectl"):
        return ("kubectl", "kustomize")
    raise ToolMissing(
        "kustomize is not here: install Go 1.24 or newer and run `make render`, or put kubectl on the PATH"
    )


def _installed() -> Command:
    sys.stderr.write(f"Installing kustomize {KUSTOMIZE} by Go into {_OWN.parent} (once, about two minutes)\n")
    _OWN.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(  # noqa: S603
        ["go", "install", _MODULE],  # noqa: S607
        env={**os.environ, "GOBIN": str(_OWN.parent), "GOFLAGS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ToolMissing(f"`go install {_MODULE}` failed; is the network up?\n{done.stderr.strip()[-500:]}")
    return (str((_OWN.parent / "kustomize").rename(_OWN)), "build")


def build(command: Command, folder: Path) -> str:
    """The rendered manifests. Raises RuntimeError with kustomize's own words."""
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return done.stdout
