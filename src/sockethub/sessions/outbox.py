"""What waits to be sent to one client. A client that does not read is closed, and costs no memory until then."""

from __future__ import annotations

import asyncio
from collections import deque


class OutboxFull(Exception):
    """The client does not keep up."""


class Outbox:
    """Frames for one client, oldest first. One task takes; anyone puts, without waiting."""

    __slots__ = ("_beyond", "_frames", "_limit", "_waiter")

    def __init__(self, limit: int) -> None:
        self._frames: deque[str] | None = None
        """There is one while there are frames: an empty one takes 0.7 KiB, and most clients are idle."""
        self._limit = limit
        self._beyond = 0
        self._waiter: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return 0 if self._frames is None else len(self._frames)

    def put(self, frame: str, *, beyond: bool = False) -> None:
        """Raises :class:`OutboxFull`; the frame is not taken then. What is bounded elsewhere may go ``beyond``."""
        if beyond:
            self._beyond += 1
        elif len(self) - self._beyond >= self._limit:
            raise OutboxFull
        if self._frames is None:
            self._frames = deque()
        self._frames.append(frame)
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
        self._beyond = max(0, self._beyond - 1)  # what went beyond came first
        frame = self._frames.popleft()
        if not self._frames:
            self._frames = None
        return frame
