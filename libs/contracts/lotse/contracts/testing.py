"""For tests of what hostile text may cost."""

from collections.abc import Callable
from time import thread_time

LINEAR = 10
"""What `growth` stays under where the time rises with the size: 4, and room for caches; with its square it is 16."""

_SHORTEST = 0.002
"""Seconds of processor time; less is not told from nothing."""


def growth(work: Callable[[int], object], size: int) -> float:
    """How many times the processor time of `size` the fourfold size takes: the least of three runs each."""
    return _least(work, 4 * size) / max(_least(work, size), _SHORTEST)


def _least(work: Callable[[int], object], size: int) -> float:
    return min(_took(work, size) for _ in range(3))


def _took(work: Callable[[int], object], size: int) -> float:
    begun = thread_time()
    work(size)
    return thread_time() - begun
