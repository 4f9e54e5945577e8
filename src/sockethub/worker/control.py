"""The control socket between a worker and its supervisor: a packet socket, one JSON object a packet.

Supervisor to worker: the spec first, then ``{"do": "stop"}``, ``{"do": "forget", "gateway": id}``, ``{"do":
"rewrite"}`` (Redis has lost what it had) and ``{"do": "log", "level": name}``. Worker to supervisor: how a login stands
(``{"connected": bool, "sessions": number}``) when that has changed, and what it logs (:mod:`sockethub.logrecords`). The
end of the socket is the end of the worker. That it lives, and has its lease, is told without waking anybody
(:mod:`~sockethub.worker.page`).
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final

PACKET_BYTES: Final = 262_144
"""Largest packet; the spec is the largest and holds the operator's options."""

SUPERSEDED: Final = 75
"""Exit status of a worker whose login another one has (``EX_TEMPFAIL``): it is not replaced."""

TELL_SECONDS: Final = 2.0
"""How a login stands is told at most once in this time, and so is a number of log records."""


class Control:
    """One end of the socket."""

    def __init__(self, connection: socket.socket, largest: int = PACKET_BYTES) -> None:
        """``largest``: what comes is no longer, in bytes."""
        connection.setblocking(False)
        self._socket = connection
        self._largest = largest
        self._sending = asyncio.Lock()

    async def receive(self) -> AsyncIterator[dict[str, Any]]:
        """Messages until the other end is gone."""
        while packet := await self.packet():
            yield json.loads(packet)

    async def packet(self) -> bytes:
        """The next packet as it is; empty when the other end is gone."""
        try:
            return await asyncio.get_running_loop().sock_recv(self._socket, self._largest)
        except ConnectionError:
            return b""

    def offer(self, message: dict[str, Any]) -> None:
        """Send one message without waiting: whoever does not read what came before has no use for another."""
        self.tell(json.dumps(message).encode())

    def tell(self, packet: bytes) -> bool:
        """Send one packet without waiting; whether it could be."""
        if self._socket.fileno() < 0:
            return False
        try:
            self._socket.send(packet)
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            return False
        return True

    async def send(self, message: dict[str, Any]) -> None:
        """Send one message; silence when the other end is gone, for then its end is noticed elsewhere."""
        await self.send_raw(json.dumps(message).encode())

    async def send_raw(self, packet: bytes) -> None:
        if self._socket.fileno() < 0:
            return
        with suppress(BrokenPipeError, ConnectionResetError):
            async with self._sending:  # one loop waits for one writer of a socket
                await asyncio.get_running_loop().sock_sendall(self._socket, packet)

    def close(self) -> None:
        self._socket.close()


def pair() -> tuple[socket.socket, socket.socket]:
    """Two connected ends."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PACKET_BYTES)
    return ends
