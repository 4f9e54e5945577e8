"""The Socket.IO endpoint that existing clients speak (docs/reference/socketio.md).

python-socketio would either run the events of one client in any order and number, or make each wait for the reply of
the one before. Here they are taken in order, and acknowledged when their reply comes.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import anyio
import engineio.packet
import socketio
import socketio.exceptions
import socketio.packet
import structlog

from sockethub.config.gateway import Gateway
from sockethub.errors import MalformedMessage, Unauthenticated
from sockethub.gateway import wire
from sockethub.gateway.admission import shown
from sockethub.gateway.channel import closing
from sockethub.gateway.commands import Commands
from sockethub.gateway.engine import Engine, close
from sockethub.gateway.middleware.rate import server_error
from sockethub.gateway.tasks import Tasks
from sockethub.sessions.addresses import subscriber
from sockethub.sessions.outbox import overflows, size_of
from sockethub.sessions.session import Answer, Session
from sockethub.sessions.table import TooManyConnections

PROTOCOL_ERROR: Final = 1002
"""Close code for what is no Engine.IO packet (RFC 6455 §7.4.1)."""

FINISHED_SECONDS: Final = 0.02
"""Between two looks whether a connection is closed."""

FINISH_SECONDS: Final = 2.0
"""How long a client may take to fetch why its connection ends."""

CONNECT_SECONDS: Final = 20.0
"""How long a client may take between opening a connection and joining the namespace."""


class Json:
    """What python-socketio parses and writes packets with."""

    @staticmethod
    def loads(text: str, **_: Any) -> Any:
        try:
            return wire.parse(text)
        except MalformedMessage as error:
            raise ValueError(str(error)) from None  # what is expected of a JSON module

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return wire.write(value)


class SocketIoTransport:
    """How one session reaches its client over Socket.IO."""

    name = "socketio"

    def __init__(self, server: SocketIoServer, connection: str, outbox_bytes: int) -> None:
        self._server = server
        self._connection = connection
        self._outbox_bytes = outbox_bytes
        self._closing = False

    def deliver(self, event: str, data: Any) -> None:
        self.send(socketio.packet.Packet(socketio.packet.EVENT, data=[event, data], binary=False))

    def acknowledge(self, number: int, values: tuple[Any, ...]) -> None:
        self.send(socketio.packet.Packet(socketio.packet.ACK, id=number, data=list(values), binary=False))

    def send(self, packet: socketio.packet.Packet) -> None:
        """Queue one packet; Engine.IO's own queue has no bound, so it is watched here."""
        socket = self._server.eio.sockets.get(self._connection)
        if socket is None or socket.closed or self._closing:
            return
        text = packet.encode()
        if overflows(socket.queue.bytes, size_of(text), self._outbox_bytes):
            self._server.overflowed()
            self.close(0, "")
            return
        socket.queue.put_nowait(engineio.packet.Packet(engineio.packet.MESSAGE, data=text))

    def close(self, code: int, reason: str) -> None:
        """Socket.IO has no close codes: the reason comes as an ``error``, where it is one that helps."""
        if self._closing:
            return
        if reason:
            self.deliver("error", server_error(reason))
        self._closing = True
        self._server.drop(self._connection, finish=bool(reason))


class SocketIoServer(socketio.AsyncServer):  # type: ignore[misc]
    """Takes the events of one client in order and hands them to ``commands``."""

    def __init__(self, gateway: Gateway, commands: Commands, tasks: Tasks, overflowed: Callable[[], None]) -> None:
        quiet = logging.getLogger("sockethub.socketio")
        quiet.setLevel(logging.CRITICAL)  # its messages hold what clients say
        super().__init__(
            async_mode="asgi",
            async_handlers=False,
            json=Json,
            logger=quiet,
            engineio_logger=quiet,
            cors_allowed_origins=lambda origin, environ: True,  # decided before a request comes here
            cors_credentials=False,
            max_http_buffer_size=gateway.max_message_bytes,
            ping_interval=gateway.ping_seconds,
            ping_timeout=gateway.pong_seconds,
            namespaces=["/"],
        )
        self.overflowed = overflowed
        self._commands = commands
        self._admission = commands.admission
        self._tasks = tasks
        self._outbox_bytes = gateway.outbox_bytes
        self._sessions: dict[str, tuple[Session, SocketIoTransport]] = {}
        self._guests: dict[str, str] = {}
        self._guests_of: Counter[str] = Counter()
        self._guests_per_address = gateway.sockets_per_address
        self._connect_seconds = self._admission.seconds if self._admission.required else CONNECT_SECONDS
        self._size = 0
        self._log = structlog.get_logger(__name__)
        self.on("connect", self._connected)
        self.on("disconnect", self._disconnected)

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    def declare(self, gateway: Gateway) -> None:
        """From now on these are the limits of whoever connects."""
        self._outbox_bytes = gateway.outbox_bytes
        self.eio.max_http_buffer_size = gateway.max_message_bytes

    def drop(self, connection: str, *, finish: bool = False) -> None:
        """Close one connection soon; with ``finish`` once its client has what it was sent."""
        self._tasks.start(self._finish_soon(connection) if finish else self._drop(connection))

    async def finish_all(self, code: int, reason: str) -> None:
        """Close every connection once its client has what it was sent, and was told when to come back."""
        async with anyio.create_task_group() as tasks:
            for connection, (_, transport) in list(self._sessions.items()):
                last = closing(code, reason)
                transport.deliver(last["event"], last["data"])
                tasks.start_soon(self._finish, connection)

    async def _finish(self, connection: str) -> None:
        socket = self.eio.sockets.get(connection)
        if socket is None:
            return
        if not socket.upgraded:
            # Once it is closed nobody may ask for what is left; and what comes in one response with the end of a
            # connection is read after that end by socket.io-client 4.8, which knows of no commands under way then.
            await socket.queue.join()
            socket.queue.put_nowait(engineio.packet.Packet(engineio.packet.CLOSE))
            await socket.queue.join()
            await socket.close(wait=False, abort=True)
            return
        await close(socket)
        while connection in self.eio.sockets:  # noqa: ASYNC110 - until its request has ended, which tells nobody
            await anyio.sleep(FINISHED_SECONDS)

    async def _finish_soon(self, connection: str) -> None:
        with anyio.move_on_after(FINISH_SECONDS):
            await self._finish(connection)
        await self._drop(connection)

    async def _drop(self, connection: str) -> None:
        await self.eio.disconnect(connection)

    async def _connected(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        connection = self.manager.eio_sid_from_sid(sid, "/")
        visitor = self._admission.visitor(environ["asgi.scope"])
        transport = SocketIoTransport(self, connection, self._outbox_bytes)
        try:
            self._commands.limits.arrive(visitor.address)
            user = self._admission.user(visitor, shown(auth))
            session = self._commands.connect(transport, visitor.address, user)
        except TooManyConnections as error:
            self._tasks.start(self._refuse(sid, str(error)))
            return
        except Unauthenticated as error:
            self.drop(connection, finish=True)
            raise socketio.exceptions.ConnectionRefusedError(str(error), {"code": "unauthenticated"}) from None
        self._is_no_guest(connection)
        self._sessions[connection] = (session, transport)

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> bool | None:
        network = subscriber(self._admission.visitor(environ["asgi.scope"]).address)
        if self._guests_of[network] >= self._guests_per_address:
            return False
        self._guests[eio_sid] = network
        self._guests_of[network] += 1
        await super()._handle_eio_connect(eio_sid, environ)
        asyncio.get_running_loop().call_later(self._connect_seconds, self._expect, eio_sid)
        return None

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self._is_no_guest(eio_sid)
        await super()._handle_eio_disconnect(eio_sid, reason)

    def _is_no_guest(self, connection: str) -> None:
        """It has joined the namespace, or is gone."""
        network = self._guests.pop(connection, None)
        if network is not None:
            self._guests_of[network] -= 1
            if not self._guests_of[network]:
                del self._guests_of[network]

    def _expect(self, connection: str) -> None:
        if connection not in self._sessions and connection in self.eio.sockets:
            self.drop(connection)

    async def _refuse(self, sid: str, text: str) -> None:
        await self.emit("error", server_error(text), to=sid)
        await self.disconnect(sid)

    async def _disconnected(self, sid: str, reason: str = "") -> None:
        found = self._sessions.pop(self.manager.eio_sid_from_sid(sid, "/"), None)
        if found is not None:
            self._commands.disconnect(found[0])

    async def handle_request(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI application."""
        try:
            await super().handle_request(scope, receive, send)
        except (ValueError, IndexError) as error:
            # Engine.IO lets pass what packets that are none raise; the connection is at its end.
            self._log.info("not an Engine.IO packet", error=type(error).__name__)
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": PROTOCOL_ERROR})

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:
        self._size = len(data) if isinstance(data, bytes) or data.isascii() else len(data.encode())
        try:
            await super()._handle_eio_message(eio_sid, data)
        except (ValueError, IndexError, TypeError):
            # Not a Socket.IO packet: there is nothing to acknowledge, and nothing of this client can be trusted.
            await self._drop(eio_sid)

    async def _handle_event(self, eio_sid: str, namespace: str | None, id: int | None, data: Any) -> None:
        size = self._size
        found = self._sessions.get(eio_sid)
        if found is None:
            return
        session, transport = found
        event, payload = str(data[0]), data[1] if len(data) > 1 else None
        answer = _answer(transport, id) if id is not None else None
        await self._commands.handle(session, event, payload, size, answer)


def _answer(transport: SocketIoTransport, number: int) -> Answer:
    def answer(*values: Any) -> None:
        transport.acknowledge(number, values)

    return answer
