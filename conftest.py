"""How the tests are dealt out to processes."""

from collections.abc import Callable

import pytest
from xdist.scheduler import LoadFileScheduling

TOGETHER = ("tests/console/", "tests/e2e/")
"""Folders whose tests share a stack of services: in one process each, so that it is started once."""


class ByStack(LoadFileScheduling):
    """A file after another, in the order of `testpaths`: those that take long first, so that all end together."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Callable[..., None]) -> ByStack:
    config.option.loadscopereorder = False
    return ByStack(config, log)
