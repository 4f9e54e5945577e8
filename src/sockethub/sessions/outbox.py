"""What waits to be sent to one client. A client that does not read is closed, and costs no memory until then."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from typing import Final

FRAME_BYTES: Final = 200
"""What a frame takes beside its text, in the queue that has most with each."""


class OutboxFull(Exception):
    """The client does not keep up."""


def size_of(text: str | bytes) -> int:
    """What a frame takes in memory while it waits, in bytes: not what it is on the wire."""
    return sys.getsizeof(text) + FRAME_BYTES


def overflows(waiting: int, size: int, limit: int) -> bool:
    """Whether ``size`` more is too much where ``waiting`` are there, in bytes of memory. One alone may be larger."""
    return waiting > 0 and waiting + size > limit


class Outbox:
    """Frames for one client, oldest first. One task takes; anyone puts, without waiting."""

    __slots__ = ("_bytes", "_frames", "_limit", "_waiter")

    def __init__(self, limit: int) -> None:
        """``limit`` is in bytes of memory; one frame alone may have more."""
        self._frames: deque[tuple[str, int]] | None = None
        """There is one while there are frames: an empty one takes 0.7 KiB, and most clients are idle."""
        self._limit = limit
        self._bytes = 0
        self._waiter: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return 0 if self._frames is None else len(self._frames)

    def put(self, frame: str, *, beyond: bool = False) -> None:
        """Raises :class:`OutboxFull`; the frame is not taken then. What is bounded elsewhere may go ``beyond``."""
        size = 0 if beyond else size_of(frame)
        if overflows(self._bytes, size, self._limit):
            raise OutboxFull
        if self._frames is None:
            self._frames = deque()
        self._frames.append((frame, size))
        self._bytes += size
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def take(self) -> str:
        """The oldest frame, once there is one."""
        while self._frames is None:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        frame, size = self._frames.popleft()
        self._bytes -= size
        if not self._frames:
            self._frames = None
        return frame
