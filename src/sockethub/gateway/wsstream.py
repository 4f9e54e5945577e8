"""Hypercorn's WebSocket, with the limits it leaves open.

Hypercorn always accepts permessage-deflate and inflates without bound (61 kB on the wire became 180 MiB here), goes
on reading after a message that is too big, never looks whether its pings are answered, and waits for ever for a
client that does not read. It has no setting for any
of these, so :func:`install` puts this class in the place of its own.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import Any, Final

import hypercorn.protocol.h2
import hypercorn.protocol.h11
from hypercorn.protocol.events import Event, Request, StreamClosed
from hypercorn.protocol.ws_stream import ASGIWebsocketState, FrameTooLargeError, WSStream
from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection, Message, Ping
from wsproto.frame_protocol import CloseReason

CLOSE_SECONDS: Final = 2.0
"""How long a client may take to be told that its connection closes."""

_EXTENSIONS: Final = b"sec-websocket-extensions"


class BoundedStream(WSStream):
    """One WebSocket connection."""

    pong_seconds = 20.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._heard = monotonic()
        self._refused = False
        self._over = asyncio.Event()

    async def handle(self, event: Event) -> None:
        if isinstance(event, Request):
            headers = [(name, value) for name, value in event.headers if name.lower() != _EXTENSIONS]
            event = replace(event, headers=headers)
        elif isinstance(event, StreamClosed):
            self._over.set()
        elif self._refused:
            return  # nothing more is read of a client that sent too much
        await super().handle(event)

    async def app_send(self, message: Any) -> None:
        closing = message is None or message["type"] == "websocket.close"
        if closing:
            self._let_go()
        try:
            async with asyncio.timeout(CLOSE_SECONDS if closing else self.pong_seconds):
                await super().app_send(message)
        except TimeoutError:
            # The client does not read, and would have this wait for as long as TCP does.
            self.closed = self._refused = True
            self._over.set()
            self._abort()

    def _let_go(self) -> None:
        """Nobody takes messages any more: wait no longer, lest the connection be cancelled in the middle of that."""
        queue, self.app_put = getattr(self.app_put, "__self__", None), None
        if isinstance(queue, asyncio.Queue):
            while not queue.empty():
                queue.get_nowait()

    def _abort(self) -> None:
        protocol = getattr(self.send, "__self__", None)  # HTTP/1.1 or 2; what it sends by belongs to the TCP connection
        server = getattr(getattr(protocol, "send", None), "__self__", None)
        writer = getattr(server, "writer", None)
        if writer is not None:
            writer.transport.abort()

    async def _handle_events(self) -> None:
        for event in self.connection.events():
            self._heard = monotonic()
            if isinstance(event, Message):
                if not await self._take(event):
                    return
            elif isinstance(event, Ping):
                await self._send_wsproto_event(event.response())
            elif isinstance(event, CloseConnection):
                if self.connection.state == ConnectionState.REMOTE_CLOSING:
                    await self._send_wsproto_event(event.response())
                await self.send(StreamClosed(stream_id=self.stream_id))

    async def _take(self, event: Message[Any]) -> bool:
        try:
            self.buffer.extend(event)
        except FrameTooLargeError:
            await self._end(CloseReason.MESSAGE_TOO_BIG)
            return False
        if event.message_finished:
            if self.app_put is not None:
                await self.app_put(self.buffer.to_message())
            self.buffer.clear()
        return True

    async def _send_pings(self) -> None:
        interval = self.config.websocket_ping_interval
        assert interval is not None
        while True:
            # Hypercorn's own would sleep on after the end, and keep the connection in memory for as long.
            with suppress(TimeoutError):
                async with asyncio.timeout(interval):
                    await self._over.wait()
            if self._over.is_set():
                return
            if monotonic() - self._heard > interval + self.pong_seconds:
                await self._end(CloseReason.GOING_AWAY)
                return
            await self._send_wsproto_event(Ping())

    async def _end(self, reason: CloseReason) -> None:
        self._refused = True
        self._over.set()
        self.buffer.clear()
        await self._send_wsproto_event(CloseConnection(code=reason))
        self.state = ASGIWebsocketState.CLOSED
        await self.send(StreamClosed(stream_id=self.stream_id))


def install(pong_seconds: float) -> None:
    """Have Hypercorn use :class:`BoundedStream`. For the whole process; idempotent."""
    BoundedStream.pong_seconds = pong_seconds
    for module in (hypercorn.protocol.h11, hypercorn.protocol.h2):
        module.WSStream = BoundedStream  # type: ignore[attr-defined]
