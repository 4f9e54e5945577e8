"""Engine.IO, with what python-engineio leaves open.

It waits for a client to fetch the news that its connection has ended, in the middle of that client's own request, and
answers requests for a connection that has ended with an error of the server's.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import parse_qs

import engineio
import engineio.async_socket
import engineio.packet
import engineio.payload

from sockethub.sessions.outbox import size_of

__all__ = ["Engine", "close"]

PACKETS_PER_PAYLOAD: Final = 64
"""Packets in one request of the polling transport."""

engineio.payload.Payload.max_decode_packets = PACKETS_PER_PAYLOAD


class Packets(asyncio.Queue[engineio.packet.Packet | None]):
    """What waits for one client; ``bytes`` is what that takes in memory."""

    bytes = 0

    def _put(self, item: engineio.packet.Packet | None) -> None:
        super()._put(item)
        self.bytes += _size_of(item)

    def _get(self) -> engineio.packet.Packet | None:
        item: engineio.packet.Packet | None = super()._get()
        self.bytes -= _size_of(item)
        return item


def _size_of(packet: engineio.packet.Packet | None) -> int:
    return 0 if packet is None or packet.data is None else size_of(packet.data)


class Engine(engineio.AsyncServer):  # type: ignore[misc]  # it has no types
    """The server of connections, by their id in ``sockets``."""

    def create_queue(self, *args: Any, **kwargs: Any) -> Packets:
        return Packets(*args, **kwargs)

    async def handle_request(self, scope: Any, receive: Any, send: Any) -> Any:
        """The ASGI application."""
        for sid in parse_qs(scope["query_string"].decode("ascii", "replace")).get("sid", ()):
            self._forget(sid)
        return await super().handle_request(scope, receive, send)

    def _forget(self, sid: str) -> None:
        """A connection that has ended is an unknown one, which is a mistake of the client's."""
        socket = self.sockets.get(sid)
        if socket is not None and socket.closed:
            del self.sockets[sid]

    async def disconnect(self, sid: str) -> None:
        """End a connection without waiting for its client."""
        socket = self.sockets.get(sid)
        if socket is not None:
            await close(socket)
            self.sockets.pop(sid, None)


async def close(socket: engineio.async_socket.AsyncSocket) -> None:
    """Say that it is over, and end a WebSocket then: clients of today wait for its end, and do not heed the words."""
    await socket.close(wait=False)
    if socket.upgraded:
        socket.queue.put_nowait(None)  # the end of what is to be written
