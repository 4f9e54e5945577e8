"""Compressed bodies (RFC 9110 §8.4), with an end: nothing larger than the limit is ever held. Pure.

``gzip`` and ``deflate`` are asked for; with a limit, a bomb costs as much as an honest body of that size.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from typing import Final

from sockethub.errors import PlatformError
from sockethub.web.limits import CHUNK_BYTES

ACCEPTED: Final = "gzip, deflate"
"""Also brotli is common, but no decoder in the standard library has it, and gzip is understood by all."""

_GZIP: Final = zlib.MAX_WBITS | 16
_FULL: Final = "the answer is larger than {} bytes"


class Body:
    """A body that grows up to ``limit`` bytes; with ``cut`` it is then full, without it too large."""

    def __init__(self, encoding: str, limit: int, *, cut: bool = False) -> None:
        """Raises :class:`~sockethub.errors.PlatformError`, condition ``bad-response``, for an unknown encoding."""
        self._decoder = _decoder(encoding)
        self._limit = limit
        self._cut = cut
        self._parts: list[bytes] = []
        self._size = 0
        self._wire = 0
        self.full = False

    def feed(self, data: bytes) -> None:
        """What came over the wire; raises :class:`~sockethub.errors.PlatformError`: ``too-large``, ``bad-response``."""
        self._wire += len(data)
        if self._wire > self._limit and not self._cut:
            raise _too_large(self._limit)
        while data and not self.full:
            piece, data = self._decoder.step(data, min(CHUNK_BYTES, self._limit - self._size + 1))
            self._take(piece)
        if self._wire > self._limit:
            self.full = True

    def finish(self) -> bytes:
        """The whole; raises :class:`~sockethub.errors.PlatformError` (``cut-off``) when the stream has no end."""
        if not self.full and not self._decoder.ended:
            raise PlatformError("the answer ends in the middle", condition="cut-off")
        return b"".join(self._parts)

    def _take(self, piece: bytes) -> None:
        room = self._limit - self._size
        if len(piece) > room:
            if not self._cut:
                raise _too_large(self._limit)
            self.full = True
            piece = piece[:room]
        self._size += len(piece)
        self._parts.append(piece)


class _Decoder(ABC):
    ended: bool

    @abstractmethod
    def step(self, data: bytes, room: int) -> tuple[bytes, bytes]:
        """At most ``room`` bytes, and what of ``data`` is not yet used."""


class _Identity(_Decoder):
    ended = True

    def step(self, data: bytes, room: int) -> tuple[bytes, bytes]:
        return data[:room], data[room:]


class _Zlib(_Decoder):
    """``gzip`` in one member or several (RFC 1952 §2.2), or ``deflate``, with or without the wrapper it should have."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._machine = zlib.decompressobj(_GZIP if gzip else zlib.MAX_WBITS)
        self._fresh = True
        self._head = b""
        self.ended = False

    def step(self, data: bytes, room: int) -> tuple[bytes, bytes]:
        if self.ended:
            return self._after(data)
        if self._fresh:  # two bytes tell whether the wrapper is there
            self._head = data = self._head + data
            if len(data) < 2:
                return b"", b""
        try:
            piece = self._machine.decompress(data, room)
        except zlib.error:
            if self._gzip or not self._fresh:
                raise PlatformError("the answer is not compressed as it says", condition="bad-response") from None
            # Some servers send raw deflate; RFC 9110 §8.4.1.2 tells recipients to expect it.
            self._machine = zlib.decompressobj(-zlib.MAX_WBITS)
            self._fresh = False
            return self.step(data, room)
        self._fresh = False
        self.ended = self._machine.eof
        return piece, self._machine.unused_data if self.ended else self._machine.unconsumed_tail

    def _after(self, data: bytes) -> tuple[bytes, bytes]:
        if not self._gzip or not data.startswith(b"\x1f"):
            return b"", b""  # padding; RFC 1952 leaves it open, everybody ignores it
        self._machine = zlib.decompressobj(_GZIP)
        self.ended = False
        return b"", data


def _decoder(encoding: str) -> _Decoder:
    match encoding.strip().lower():
        case "" | "identity":
            return _Identity()
        case "gzip" | "x-gzip":
            return _Zlib(gzip=True)
        case "deflate":
            return _Zlib(gzip=False)
    raise PlatformError("the answer is compressed in a way that was not asked for", condition="bad-response")


def _too_large(limit: int) -> PlatformError:
    return PlatformError(_FULL.format(limit), condition="too-large")
