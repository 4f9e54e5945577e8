"""The plain WebSocket endpoint: one JSON object a frame (docs/reference/websocket.md)."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final

import quart
import structlog
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, WebsocketScope
from quart.asgi import ASGIWebsocketConnection

from sockethub.errors import MalformedMessage
from sockethub.gateway import wire
from sockethub.gateway.commands import Commands
from sockethub.sessions.outbox import Outbox, OutboxFull
from sockethub.sessions.session import Answer, Session
from sockethub.sessions.table import TooManyConnections

EVENT_CHARACTERS: Final = 60
ID_CHARACTERS: Final = 200


class Close(IntEnum):
    """Close codes (RFC 6455 §7.4; 4000-4999 are the application's)."""

    UNSUPPORTED_DATA = 1003
    TOO_BIG = 1009
    RESTART = 1012
    TRY_LATER = 1013
    """Too many connections from this address."""

    TOO_SLOW = 4008
    """The client did not read what it was sent."""


class BoundedConnection(ASGIWebsocketConnection):
    """Quart's connection with a queue that has an end: what is not handled yet is not read from the socket either."""

    inbound_messages = 64

    def __init__(self, app: quart.Quart, scope: WebsocketScope) -> None:
        super().__init__(app, scope)
        self.queue: asyncio.Queue[Any] = asyncio.Queue(self.inbound_messages)

    async def handle_messages(self, receive: ASGIReceiveCallable) -> None:
        while True:
            event = await receive()
            if event["type"] == "websocket.receive":
                text = event.get("text")
                await self.queue.put(text if text is not None else event.get("bytes") or b"")
            elif event["type"] == "websocket.disconnect":
                return

    async def send_data(self, send: ASGISendCallable, data: str | bytes) -> None:
        await send({"type": "websocket.send", "bytes": None, "text": str(data)})


def bounded(inbound_messages: int) -> type[BoundedConnection]:
    """The connection class for ``app.asgi_websocket_class``."""
    return type("BoundedConnection", (BoundedConnection,), {"inbound_messages": inbound_messages})


class WebSocketTransport:
    """How one session reaches its client over a plain WebSocket."""

    def __init__(self, outbox_messages: int) -> None:
        self._outbox = Outbox(outbox_messages)
        self._offsets = itertools.count(1)
        self.closing: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    def deliver(self, event: str, data: Any) -> None:
        self.send({"event": event, "data": data, "offset": next(self._offsets)})

    def send(self, frame: dict[str, Any]) -> None:
        """Queue one frame."""
        if self.closing.done():
            return
        try:
            self._outbox.put(wire.write(frame))
        except OutboxFull:
            self.close(Close.TOO_SLOW, "you do not read what you are sent")

    def close(self, code: int, reason: str) -> None:
        if not self.closing.done():
            self.closing.set_result((code, reason))

    async def write(self, send: Callable[[str], Any]) -> None:
        """Send what is queued, for ever."""
        while True:
            await send(await self._outbox.take())


class WebSocketEndpoint:
    """Serves one client after it has connected."""

    def __init__(self, commands: Commands, *, outbox_messages: int) -> None:
        self._commands = commands
        self._outbox_messages = outbox_messages
        self._connections: set[WebSocketTransport] = set()
        self._emptied = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    async def empty(self) -> None:
        """Wait until the last connection is closed."""
        while self._connections:
            self._emptied.clear()
            await self._emptied.wait()

    def close_all(self, code: int, reason: str) -> None:
        """Close every connection."""
        for transport in self._connections:
            transport.close(code, reason)

    async def serve(self) -> None:
        """The Quart handler."""
        socket = quart.websocket
        await socket.accept()
        transport = WebSocketTransport(self._outbox_messages)
        address = (socket.scope.get("client") or ("",))[0]
        try:
            session = self._commands.connect(transport, address)
        except TooManyConnections:
            await socket.close(Close.TRY_LATER, "too many connections from your address")
            return
        self._connections.add(transport)
        try:
            code, reason = await self._converse(session, transport)
            await socket.close(code, reason)
        finally:
            self._connections.discard(transport)
            self._emptied.set()
            self._commands.disconnect(session)

    async def _converse(self, session: Session, transport: WebSocketTransport) -> tuple[int, str]:
        socket = quart.websocket
        reading = asyncio.ensure_future(self._read(socket.receive, session, transport))
        writing = asyncio.ensure_future(transport.write(socket.send))
        tasks: set[asyncio.Future[Any]] = {reading, writing, transport.closing}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in (reading, writing):
                if task.done() and not task.cancelled():
                    task.result()
            return transport.closing.result()
        finally:
            for task in (reading, writing):
                task.cancel()
            await asyncio.gather(reading, writing, return_exceptions=True)

    async def _read(self, receive: Callable[[], Any], session: Session, transport: WebSocketTransport) -> None:
        while not transport.closing.done():
            text = await receive()
            if not isinstance(text, str):
                transport.close(Close.UNSUPPORTED_DATA, "frames are text")
                return
            await self._frame(text, session, transport)

    async def _frame(self, text: str, session: Session, transport: WebSocketTransport) -> None:
        size = len(text) if text.isascii() else len(text.encode())
        try:
            frame = wire.parse(text)
            identifier, event = _envelope(frame)
        except MalformedMessage as error:
            transport.send({"error": await self._commands.malformed(session, size, str(error))})
            return
        answer = _answer(transport, identifier) if identifier is not None else None
        await self._commands.handle(session, event, frame.get("data"), size, answer)


def _envelope(frame: Any) -> tuple[str | int | None, str]:
    if not isinstance(frame, dict):
        raise MalformedMessage('a frame is a JSON object such as {"id": 1, "event": "message", "data": {}}')
    identifier, event = frame.get("id"), frame.get("event")
    if isinstance(identifier, bool) or not isinstance(identifier, str | int | None):
        raise MalformedMessage("/id: must be a string or an integer")
    if isinstance(identifier, str) and len(identifier) > ID_CHARACTERS:
        raise MalformedMessage(f"/id: must NOT have more than {ID_CHARACTERS} characters")
    if not isinstance(event, str) or not event or len(event) > EVENT_CHARACTERS:
        raise MalformedMessage("/event: must name an event, such as message")
    return identifier, event


def _answer(transport: WebSocketTransport, identifier: str | int) -> Answer:
    def answer(*values: Any) -> None:
        transport.send({"id": identifier, "ack": values[0] if values else None})

    return answer
