"""Which calls a process has begun, in memory that outlives it: a mapped file in a folder of its own replica.

A claim is committed before its calls are made. When the process is killed in between, the table cannot tell a call
that was never begun from one that the other side may have heard. The journal can: a call is noted in it right before
its first byte leaves, and the kernel keeps a mapped page when the process that wrote it is killed. Where the page is
lost too (the node died), nothing is known, and nothing is taken for granted.
"""

import fcntl
import logging
import mmap
import os
from collections.abc import Collection
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

log = logging.getLogger(__name__)

_KEY: Final = 16
_NONE: Final = bytes(_KEY)
_CALLS: Final = 4096
"""Calls at once that one journal holds; those left to their lease stay in it until the next start."""
_SIZE: Final = _KEY * (1 + _CALLS)
_FILES: Final = 64
"""Processes that may share a folder."""


class Journal:
    """The calls of one process under one name. The file: 16 bytes of id, then 16 bytes a call, zeros where free."""

    def __init__(self, page: mmap.mmap | None = None) -> None:
        self._page = page
        self._free = list(range(_CALLS, 0, -1))
        self._begun: dict[int, UUID] = {}
        self.id = uuid4()
        """Under which calls are claimed."""
        self.inherited = False
        """It is still that of the process before."""
        if page is not None:
            self._read(page)
            if not self.inherited:
                self.renew()

    @classmethod
    def opened(cls, folder: Path, name: str) -> "Journal":
        """The first file of that name which no living process holds; without a file where there can be none."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for number in range(_FILES):
                page = _locked(folder / f"{name}.{number}")
                if page is not None:
                    return cls(page)
            problem = f"{_FILES} processes hold theirs"
        except OSError as error:
            problem = error.strerror or str(error)
        log.warning("no journal of calls in %s (%s): after a kill, claimed calls are in doubt", folder, problem)
        return cls()

    @property
    def begun(self) -> Collection[UUID]:
        """Calls that were begun and not settled."""
        return self._begun.values()

    def begin(self, key: UUID) -> int:
        """Note that a call is made now; the place to give to `end`. Raises RuntimeError where it is full."""
        if not self._free:
            raise RuntimeError("the journal of calls is full: restart the service")
        place = self._free.pop()
        self._begun[place] = key
        self._write(place, key.bytes)
        return place

    def end(self, place: int) -> None:
        """The call is settled."""
        self._write(place, _NONE)
        del self._begun[place]
        self._free.append(place)

    def renew(self) -> None:
        """Begin anew under a new id. The old id goes first: what bears it is never taken for not begun again."""
        self._write(0, _NONE)
        if self._page is not None:
            self._page[:] = bytes(_SIZE)
        self.id, self.inherited = uuid4(), False
        self._begun.clear()
        self._free = list(range(_CALLS, 0, -1))
        self._write(0, self.id.bytes)

    def close(self) -> None:
        if self._page is not None:
            self._page.close()
            self._page = None

    def _write(self, place: int, value: bytes) -> None:
        if self._page is not None:
            self._page[place * _KEY : (place + 1) * _KEY] = value

    def _read(self, page: mmap.mmap) -> None:
        found = bytes(page[:_KEY])
        if found == _NONE:
            return
        self.id, self.inherited = UUID(bytes=found), True
        for place in range(1, _CALLS + 1):
            key = bytes(page[place * _KEY : (place + 1) * _KEY])
            if key != _NONE:
                self._begun[place] = UUID(bytes=key)


def _locked(path: Path) -> mmap.mmap | None:
    """The file mapped; None where another process holds it. The lock lasts as long as the mapping's descriptor."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(handle, _SIZE)
        return mmap.mmap(handle, _SIZE)
    except BlockingIOError:
        return None
    finally:
        os.close(handle)
