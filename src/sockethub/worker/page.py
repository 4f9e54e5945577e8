"""A page of memory that a worker shares with its supervisor: neither has to wake the other to tell it something.

Each worker has one of its own: no worker can say anything in the name of another. It holds two numbers, each written by
one side alone, and in one piece, for it is eight bytes on a boundary of eight:

- :data:`DUE`: the worker's. When it says something new at the latest, by :func:`time.monotonic`, which all processes of
  a machine share: while its loop runs, when that turn began; while the loop waits, when its next timer is due.
- :data:`HELD`: the supervisor's. Until when the login's lease was renewed (:func:`sockethub.leases.now`).
"""

from __future__ import annotations

import fcntl
import mmap
import os
from typing import Final

PAGE_BYTES: Final = mmap.PAGESIZE
"""Less cannot be mapped."""

DUE: Final = 0
HELD: Final = 1

_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
"""A page cut off by one side would kill the other as it looks (SIGBUS)."""


class Page:
    """One side's hold of it."""

    def __init__(self, descriptor: int) -> None:
        """``descriptor`` may be closed then. Raises OSError."""
        self._map = mmap.mmap(descriptor, PAGE_BYTES)
        self.words = memoryview(self._map).cast("d")

    @property
    def due(self) -> float:
        return self.words[DUE]

    @due.setter
    def due(self, when: float) -> None:
        self.words[DUE] = when

    @property
    def held(self) -> float:
        return self.words[HELD]

    @held.setter
    def held(self, until: float) -> None:
        self.words[HELD] = until

    def close(self) -> None:
        self.words.release()
        self._map.close()


def blank() -> int:
    """A descriptor of a new page, all zeros. Raises OSError."""
    descriptor = os.memfd_create("sockethub-page", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(descriptor, PAGE_BYTES)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
