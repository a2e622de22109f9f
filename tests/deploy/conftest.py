"""The package `deploy` is not installed anywhere: it is found beside the tests."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from deploy.render import CRDS, given_definitions  # noqa: E402
from deploy.schemas import Schemas  # noqa: E402
from deploy.tools import Command, ToolMissing, kustomize  # noqa: E402


@pytest.fixture(scope="session")
def command() -> Command:
    """How kustomize is called."""
    try:
        return kustomize(install=False)
    except ToolMissing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def schemas() -> Schemas:
    return Schemas(given_definitions())


@pytest.fixture(scope="session")
def every_schema(schemas: Schemas) -> Schemas:
    if schemas.defined is None:
        pytest.skip(f"the operators' resource definitions are not in {CRDS}")
    return schemas
