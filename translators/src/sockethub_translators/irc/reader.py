"""Bytes as they arrive to lines: incremental, bounded, and the same however the bytes are cut."""

from __future__ import annotations

from typing import Final

from ..errors import ParseError
from .line import MAX_BODY_IN, MAX_TAGS, Line, decode

__all__ = ["MAX_LINE_IN", "LineReader"]

MAX_LINE_IN: Final = MAX_TAGS + MAX_BODY_IN
"""The longest line read, tags included: what :func:`decode` accepts at most."""


class LineReader:
    """Collects bytes and gives out lines. Never holds more than ``limit`` bytes.

    A line that is too long, or is no line, appears in its place as a :class:`ParseError`; the rest of it is skipped
    and reading goes on with the next one. Empty lines are skipped, as RFC 1459 §2.3 asks.
    """

    __slots__ = ("_limit", "_pending", "_skipping")

    def __init__(self, limit: int = MAX_LINE_IN) -> None:
        self._limit = limit
        self._pending = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[Line | ParseError]:
        """Take what the socket gave; return the lines that are now complete, in order."""
        out: list[Line | ParseError] = []
        *ended, rest = data.split(b"\n")
        for piece in ended:
            self._take(piece, out)
            if not self._skipping:
                self._finish(out)
            self._skipping = False
            self._pending.clear()
        self._take(rest, out)
        return out

    def _take(self, piece: bytes, out: list[Line | ParseError]) -> None:
        if self._skipping:
            return
        if len(self._pending) + len(piece) > self._limit:
            self._pending.clear()
            self._skipping = True
            out.append(ParseError(f"a line of more than {self._limit} bytes"))
            return
        self._pending += piece

    def _finish(self, out: list[Line | ParseError]) -> None:
        if not self._pending.strip(b"\r "):
            return
        try:
            out.append(decode(self._pending))
        except ParseError as error:
            out.append(error)
