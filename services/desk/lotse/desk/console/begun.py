"""Who has begun to write somewhere: an agent's open pages hear of it from each other."""

from collections import defaultdict
from collections.abc import Callable

Told = Callable[[], None]


class Begun:
    """Tells an agent's pages that the conversations in which he has a draft may be others now."""

    def __init__(self) -> None:
        self._told: dict[str, set[Told]] = defaultdict(set)

    def follow(self, agent: str, told: Told) -> Callable[[], None]:
        """Tell it from now on; what is given back ends it."""
        self._told[agent].add(told)
        return lambda: self._leave(agent, told)

    def tell(self, agent: str) -> None:
        for told in tuple(self._told.get(agent, ())):
            told()

    def _leave(self, agent: str, told: Told) -> None:
        self._told[agent].discard(told)
        if not self._told[agent]:
            del self._told[agent]
