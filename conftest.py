"""How tests are shared out among processes."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

_CONSOLE = "tests/console/"


class _Sharing(LoadFileScheduling):
    """A file stays together; all that need the whole stack and a browser share one of each."""

    def _split_scope(self, nodeid: str) -> str:
        return _CONSOLE if nodeid.startswith(_CONSOLE) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Sharing:
    return _Sharing(config, log)
