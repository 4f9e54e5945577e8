"""Fills the holes in the heap of a fork server, so that what its children make shares no page with what it has made.

CPython's allocator keeps blocks of one size together, in pools (``Objects/obmalloc.c``), and gives the free ones in
pools that are in use before it begins a new one. A parent that has imported and tried out all that its children need
leaves such blocks in hundreds of pools: a child's first thousand objects would be strewn over pages of the parent, each
of which is copied for the few that fit in. Where the parent fills them before it forks, a child begins new pools, one
behind the other.

Nothing depends on it but memory: where pools are made in another way, a bounded number of bytes is kept for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

__all__ = ["fill_holes"]

POOL_BYTES: Final = 16_384
HEADER_BYTES: Final = 48
"""Of a pool: its first block lies behind (64 bits, CPython 3.10 and newer)."""

STEP_BYTES: Final = 16
LARGEST_BYTES: Final = 512
"""Blocks are multiples of the one, up to the other; what is larger is malloc's."""

RUN: Final = 8
"""So many blocks one behind the other, from the first of a pool on: it is a new one. One alone may be a hole."""

MOST_BYTES: Final = 1024 * 1024
"""Of one size. Some have holes of 0.1 MiB after a platform was tried out."""

BYTES_OVERHEAD: Final = 33
"""What a bytes object takes besides its bytes."""

_filling: Final[list[object]] = []
"""What lies in the holes, for as long as the process lives."""


def fill_holes() -> int:
    """Fill them; with how many bytes. Call it when all is there that is to be, and before the first fork."""
    return sum(_fill(size) for size in range(STEP_BYTES, LARGEST_BYTES + 1, STEP_BYTES))


def _fill(size: int) -> int:
    make, run, made = _maker(size), 0, list[object]()
    while run < RUN and len(made) * size < MOST_BYTES:
        one = make()
        made.append(one)
        place = id(one) % POOL_BYTES - HEADER_BYTES
        run = run + 1 if place == run * size else int(place == 0)
    if run == RUN:
        del made[-RUN:]  # the new pool is for who comes next
    _filling.extend(made)
    return len(made) * size


def _maker(size: int) -> Callable[[], object]:
    """What makes an object of one block of so many bytes, each time a new one, and nothing else of that size."""
    if size <= STEP_BYTES:
        return object
    if size <= 2 * STEP_BYTES:
        numbers = iter(range(1 << 29, 1 << 30))
        return lambda: next(numbers)
    return lambda: bytes(size - BYTES_OVERHEAD)
