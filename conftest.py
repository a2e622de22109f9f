"""Where several processes share the tests, those of a file stay together, and those of the console share one stack."""

from pathlib import Path

import pytest

_CONSOLE = Path(__file__).parent / "tests" / "console"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        group = _CONSOLE if _CONSOLE in item.path.parents else item.path
        item.add_marker(pytest.mark.xdist_group(str(group)))
