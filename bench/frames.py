"""A WebSocket client that costs little (RFC 6455): what is to be measured shares the machine with it.

Text frames, unfragmented, uncompressed. The masking key is zero: browsers must draw it at random, to keep pages from
choosing what proxies see (RFC 6455 §10.3); there is no page here.
"""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from collections.abc import Callable
from typing import Final, cast
from urllib.parse import urlsplit

TEXT: Final = 0x1
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA
_FINAL: Final = 0x80
_MASKED: Final = 0x80
_ZERO_MASK: Final = b"\0\0\0\0"

Heard = Callable[[bytes], None]


class FrameClient(asyncio.Protocol):
    """One connection; ``heard`` is called with the text of each frame. Frames of one loop tick leave as one write."""

    def __init__(self, heard: Heard, lost: Callable[[], None] = lambda: None) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._heard = heard
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._out: list[bytes] = []
        self._shaken = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def greet(self, host: str, target: str) -> None:
        assert self._transport is not None
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET {target} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def send(self, text: bytes) -> None:
        """Queue one text frame."""
        self._write(TEXT, text)

    def close(self) -> None:
        if self._transport is not None:
            self._write(CLOSE, struct.pack(">H", 1000))
            self._flush()
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed before it was open"))
        self._lost()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._shaken:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self._buffer.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(ConnectionError(self._buffer[:end].decode("latin-1")))
                return
            del self._buffer[: end + 4]
            self._shaken = True
            self.opened.set_result(None)
        self._take_frames()

    def _take_frames(self) -> None:
        buffer, start = self._buffer, 0
        while len(buffer) - start >= 2:
            opcode, length, head = buffer[start] & 0x0F, buffer[start + 1] & 0x7F, 2
            if length == 126:
                head = 4
                length = int.from_bytes(buffer[start + 2 : start + 4], "big")
            elif length == 127:
                head = 10
                length = int.from_bytes(buffer[start + 2 : start + 10], "big")
            end = start + head + length
            if len(buffer) < end:
                break
            payload = bytes(buffer[start + head : end])
            start = end
            if opcode == TEXT:
                self._heard(payload)
            elif opcode == PING:
                self._write(PONG, payload)
        del buffer[:start]

    def _write(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = bytes((_FINAL | opcode, _MASKED | size))
        elif size < 1 << 16:
            head = struct.pack(">BBH", _FINAL | opcode, _MASKED | 126, size)
        else:
            head = struct.pack(">BBQ", _FINAL | opcode, _MASKED | 127, size)
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out += (head, _ZERO_MASK, payload)

    def _flush(self) -> None:
        data, self._out = b"".join(self._out), []
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


async def open_frames(url: str, target: str, heard: Heard, lost: Callable[[], None] = lambda: None) -> FrameClient:
    """Connect to ``target`` (path and query) at the host of ``url``."""
    place = urlsplit(url)
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: FrameClient(heard, lost), place.hostname, place.port)
    client.greet(place.netloc, target)
    await asyncio.wait_for(client.opened, 10)
    return client
