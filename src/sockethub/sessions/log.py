"""What one session was sent, kept for as long as its client may ask for it again. Pure but for what it keeps."""

from __future__ import annotations

from collections import deque

__all__ = ["SessionLog"]


class SessionLog:
    """Frames by their offsets: consecutive numbers from ``after`` + 1. Bounded by number and by size.

    >>> log = SessionLog(frames=2, characters=100, after=7)
    >>> [log.add(text) for text in ("a", "b", "c")]
    [8, 9, 10]
    >>> log.since(8), log.since(7)
    (['b', 'c'], None)
    """

    __slots__ = ("_characters", "_frames", "_kept", "_size", "last")

    def __init__(self, *, frames: int, characters: int, after: int = 0) -> None:
        self._frames = frames
        self._characters = characters
        self._kept: deque[str] = deque()
        self._size = 0
        self.last = after
        """The newest offset."""

    def add(self, text: str) -> int:
        """Keep a frame; its offset. The oldest are let go of where there is no room."""
        self.last += 1
        self._kept.append(text)
        self._size += len(text)
        while len(self._kept) > self._frames or self._size > self._characters:
            self._size -= len(self._kept.popleft())
        return self.last

    def since(self, offset: int) -> list[str] | None:
        """What came after ``offset``, oldest first; None where some of it is gone, or it never was."""
        missing = self.last - offset
        if not 0 <= missing <= len(self._kept):
            return None
        return list(self._kept)[len(self._kept) - missing :]
