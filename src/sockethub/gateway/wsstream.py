"""Hypercorn's WebSocket, with the limits it leaves open.

Hypercorn always accepts permessage-deflate and inflates without bound (61 kB on the wire became 180 MiB here), goes
on reading after a message that is too big, never looks whether its pings are answered, waits for ever for a client
that does not read, and takes any number of frames that no limit of size counts. It has no setting for any of these, so
:func:`install` puts this class in the place of its own.

It also writes each frame by itself; here those of one loop tick leave together, which is a quarter of what a message
costs the gateway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Any, Final, cast

import hypercorn.protocol.h2
import hypercorn.protocol.h11
from hypercorn.asyncio.task_group import _handle
from hypercorn.config import Config
from hypercorn.protocol.events import Event, Request, StreamClosed
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.ws_stream import ASGIWebsocketState, FrameTooLargeError, Handshake, WSStream
from hypercorn.typing import AppWrapper, ASGIReceiveEvent, Scope, TaskGroup
from wsproto.connection import ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Message, Ping, TextMessage
from wsproto.frame_protocol import CloseReason

FULL_BYTES: Final = 65_536
"""What may wait for a client that reads slowly before whoever sends to it waits too."""

CLOSE_SECONDS: Final = 2.0
"""How long a client may take to be told that its connection closes."""

SMALL_FRAMES: Final = 1_000
"""Control frames, and small pieces of messages, in any second. A browser splits messages at 100 KiB and more, and sends
control frames when it is asked; who sends thousands keeps the loop from everybody else."""

SMALL_BYTES: Final = 256
"""Smaller pieces of a message count as such: less than what a network makes of a large one."""

_EXTENSIONS: Final = b"sec-websocket-extensions"


_SHAKEN: Final = Handshake([], "1.1")
"""What is asked of a handshake once it is over, the same for all."""
_SHAKEN.accepted = True


class BoundedStream(WSStream):
    """One WebSocket connection."""

    pong_seconds = 20.0
    inbound_messages = 64

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.task_group = cast(TaskGroup, _WithQueue(self.task_group, self.inbound_messages))
        self._heard = monotonic()
        self._refused = False
        self._over = False
        self._ping: asyncio.TimerHandle | None = None
        self._frames: list[bytes] = []
        """Those that leave with this tick."""
        self._waiting = 0
        """Their bytes."""
        self._second = 0
        self._small_frames = 0

    async def handle(self, event: Event) -> None:
        if isinstance(event, Request):
            headers = [(name, value) for name, value in event.headers if name.lower() != _EXTENSIONS]
            event = replace(event, headers=headers)
        elif isinstance(event, StreamClosed):
            self._stop_pings()
        elif self._refused:
            return  # nothing more is read of a client that sent too much
        await super().handle(event)

    async def _accept(self, message: Any) -> None:
        await super()._accept(message)
        # The application looks at a copy (forwarding.as_asked); a browser's headers are kilobytes.
        cast(dict[str, Any], self.scope).clear()
        self.handshake = _SHAKEN

    async def app_send(self, message: Any) -> None:
        if self._add(message):
            return
        self._flush()
        closing = message is None or message["type"] == "websocket.close"
        if closing:
            self._let_go()
        try:
            async with asyncio.timeout(CLOSE_SECONDS if closing else self.pong_seconds):
                await super().app_send(message)
        except TimeoutError:
            # The client does not read, and would have this wait for as long as TCP does.
            self.closed = self._refused = True
            self._stop_pings()
            self._abort()

    def _add(self, message: Any) -> bool:
        """Have a frame leave with this tick; False where its sender has to wait, or it is none."""
        if message is None or message["type"] != "websocket.send" or self.closed:
            return False
        transport = self._transport()
        if (
            transport is None
            or self.state != ASGIWebsocketState.CONNECTED
            or self.connection.state != ConnectionState.OPEN
            or transport.get_write_buffer_size() + self._waiting > FULL_BYTES
        ):
            return False
        text = message["text"]
        frame = self.connection.send(BytesMessage(message["bytes"]) if text is None else TextMessage(text))
        if not self._frames:
            asyncio.get_running_loop().call_soon(self._flush)
        self._frames.append(frame)
        self._waiting += len(frame)
        return True

    def _flush(self) -> None:
        if not self._frames:
            return
        data, self._frames, self._waiting = b"".join(self._frames), [], 0
        transport = self._transport()
        if transport is not None:
            transport.write(data)

    async def _send_wsproto_event(self, event: Any) -> None:
        self._flush()
        await super()._send_wsproto_event(event)

    def _transport(self) -> asyncio.WriteTransport | None:
        """What frames may be written to as they are: over HTTP/2 they may not, nor once it closes."""
        protocol = getattr(self.send, "__self__", None)
        if not isinstance(protocol, H11Protocol):
            return None
        writer = getattr(getattr(protocol.send, "__self__", None), "writer", None)
        transport = None if writer is None else writer.transport
        return None if transport is None or transport.is_closing() else transport

    def _let_go(self) -> None:
        """Nobody takes messages any more: wait no longer, lest the connection be cancelled in the middle of that."""
        inbound, self.app_put = getattr(self.app_put, "__self__", None), None
        if isinstance(inbound, Inbound):
            inbound.clear()

    def _abort(self) -> None:
        protocol = getattr(self.send, "__self__", None)  # HTTP/1.1 or 2; what it sends by belongs to the TCP connection
        server = getattr(getattr(protocol, "send", None), "__self__", None)
        writer = getattr(server, "writer", None)
        if writer is not None:
            writer.transport.abort()

    async def _handle_events(self) -> None:
        for event in self.connection.events():
            self._heard = monotonic()
            if self._is_flood(event):
                await self._end(CloseReason.POLICY_VIOLATION)
                return
            if isinstance(event, Message):
                if not await self._take(event):
                    return
            elif isinstance(event, Ping):
                await self._send_wsproto_event(event.response())
            elif isinstance(event, CloseConnection):
                if self.connection.state == ConnectionState.OPEN:
                    await self._end(event.code)  # what came is no frame; this is how one says so (RFC 6455 §7.1.7)
                    return
                if self.connection.state == ConnectionState.REMOTE_CLOSING:
                    await self._send_wsproto_event(event.response())
                await self.send(StreamClosed(stream_id=self.stream_id))

    def _is_flood(self, event: Any) -> bool:
        if isinstance(event, Message) and (event.message_finished or len(event.data) >= SMALL_BYTES):
            return False
        if int(self._heard) != self._second:
            self._second, self._small_frames = int(self._heard), 0
        self._small_frames += 1
        return self._small_frames > SMALL_FRAMES

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
        """Hypercorn has this as a task of each client, which sleeps; here it is over at once, and a timer is left."""
        if not self._over:
            self._ping = asyncio.get_running_loop().call_later(self._interval, self.task_group.spawn, self._ask)

    @property
    def _interval(self) -> float:
        interval = self.config.websocket_ping_interval
        assert interval is not None
        return interval

    async def _ask(self) -> None:
        """Whether the client is still there."""
        if self._over:
            return
        if monotonic() - self._heard > self._interval + self.pong_seconds:
            await self._end(CloseReason.GOING_AWAY)
            return
        await self._send_wsproto_event(Ping())
        await self._send_pings()

    def _stop_pings(self) -> None:
        self._over = True
        if self._ping is not None:
            self._ping.cancel()
            self._ping = None

    async def _end(self, code: int) -> None:
        self._refused = True
        self._stop_pings()
        self.buffer.clear()
        await self._send_wsproto_event(CloseConnection(code=code))
        self.state = ASGIWebsocketState.CLOSED
        await self.send(StreamClosed(stream_id=self.stream_id))


class Inbound:
    """What a client has said and nobody has taken yet; who brings more than ``most`` waits. One takes.

    ``asyncio.Queue`` can do more, and takes 3 KiB when it is empty.
    """

    __slots__ = ("_events", "_most", "_room", "_taker")

    def __init__(self, most: int) -> None:
        self._most = most
        self._events: list[ASGIReceiveEvent] = []
        self._taker: asyncio.Future[None] | None = None
        self._room: asyncio.Event | None = None
        """Set once there is some, for those that wait for it."""

    async def put(self, event: ASGIReceiveEvent) -> None:
        while len(self._events) >= self._most:
            if self._room is None:
                self._room = asyncio.Event()
            await self._room.wait()
        self._events.append(event)
        if self._taker is not None and not self._taker.done():
            self._taker.set_result(None)

    async def get(self) -> ASGIReceiveEvent:
        while not self._events:
            self._taker = asyncio.get_running_loop().create_future()
            try:
                await self._taker
            finally:
                self._taker = None
        self._make_room()
        return self._events.pop(0)

    def clear(self) -> None:
        """Drop what is there."""
        self._events.clear()
        self._make_room()

    def _make_room(self) -> None:
        if self._room is not None:
            self._room.set()
            self._room = None


class _WithQueue:
    """Hypercorn's task group, with another queue for what waits to be handled, and a bound of its own: Hypercorn's is
    for pieces of 64 KiB of a request."""

    __slots__ = ("_group", "_most")

    def __init__(self, group: TaskGroup, most: int) -> None:
        self._group = group
        self._most = most

    def spawn(self, func: Callable[..., Any], *args: Any) -> None:
        self._group.spawn(func, *args)

    async def spawn_app(self, app: AppWrapper, config: Config, scope: Scope, send: Any) -> Any:
        inbound = Inbound(self._most)
        for_wsgi: Any = None
        self._group.spawn(_handle, app, config, scope, inbound.get, send, for_wsgi, for_wsgi)
        return inbound.put


def install(*, pong_seconds: float, inbound_messages: int) -> None:
    """Have Hypercorn use :class:`BoundedStream`. For the whole process; idempotent."""
    BoundedStream.pong_seconds, BoundedStream.inbound_messages = pong_seconds, inbound_messages
    for module in (hypercorn.protocol.h11, hypercorn.protocol.h2):
        module.WSStream = BoundedStream  # type: ignore[attr-defined]
