"""The control socket between a worker and its supervisor: a packet socket, one JSON object a packet.

Supervisor to worker: the spec first, then ``{"do": "stop"}``, ``{"do": "forget", "gateway": id}``, ``{"do": "held",
"until": seconds}`` (the lease, :mod:`sockethub.leases`) and ``{"do": "rewrite"}`` (Redis has lost what it
had). Worker to supervisor: ``{"alive": true}``. The end of the socket is the end of the worker.
"""

from __future__ import annotations

import asyncio
import json
import select
import socket
from collections.abc import AsyncIterator
from typing import Any, Final

PACKET_BYTES: Final = 262_144
"""Largest packet; the spec is the largest and holds the operator's options."""

ALIVE: Final = b'{"alive": true}'

SUPERSEDED: Final = 75
"""Exit status of a worker whose login another one has (``EX_TEMPFAIL``): it is not replaced."""

HEARTBEAT_SECONDS: Final = 2.0
"""How often a worker shows that its loop runs; a few of them missed, and it is taken for hung."""


class Control:
    """One end of the socket."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._socket = connection

    async def receive(self) -> AsyncIterator[dict[str, Any]]:
        """Messages until the other end is gone."""
        while packet := await self.packet():
            yield json.loads(packet)

    async def packet(self) -> bytes:
        """The next packet as it is; empty when the other end is gone."""
        try:
            return await asyncio.get_running_loop().sock_recv(self._socket, PACKET_BYTES)
        except ConnectionError:
            return b""

    def waiting(self) -> bool:
        """Whether a packet, or the end, is there to be read."""
        look = select.poll()
        look.register(self._socket, select.POLLIN)
        return bool(look.poll(0))

    def beat(self) -> None:
        """Say that one is alive."""
        self._offer(ALIVE)

    def offer(self, message: dict[str, Any]) -> None:
        """Send one message without waiting: whoever does not read what came before has no use for another."""
        self._offer(json.dumps(message).encode())

    def _offer(self, packet: bytes) -> None:
        if self._socket.fileno() < 0:
            return
        try:
            self._socket.send(packet)
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            return

    async def send(self, message: dict[str, Any]) -> None:
        """Send one message; silence when the other end is gone, for then its end is noticed elsewhere."""
        await self.send_raw(json.dumps(message).encode())

    async def send_raw(self, packet: bytes) -> None:
        if self._socket.fileno() < 0:
            return
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, packet)
        except (BrokenPipeError, ConnectionResetError):
            return

    def close(self) -> None:
        self._socket.close()


def pair() -> tuple[socket.socket, socket.socket]:
    """Two connected ends."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PACKET_BYTES)
    return ends
