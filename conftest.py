"""How tests are shared out among processes."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

_CONSOLE = "tests/console/test_"
_TALKS = ("composer", "conversation", "inbox", "live", "signin", "team")


class _Sharing(LoadFileScheduling):
    """A file stays together. What needs the whole stack and a browser is two parts, as long as each other."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        if not file.startswith(_CONSOLE):
            return file
        return f"{_CONSOLE}{file.removeprefix(_CONSOLE).removesuffix('.py') in _TALKS}"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Sharing:
    return _Sharing(config, log)
