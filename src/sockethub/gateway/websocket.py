"""The plain WebSocket endpoint: one JSON object a frame (docs/reference/websocket.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, WebsocketScope

from sockethub.auth.user import User
from sockethub.errors import MalformedMessage, Unauthenticated
from sockethub.gateway import wire
from sockethub.gateway.admission import Visitor, shown, told
from sockethub.gateway.channel import Channel, Close, Connection, closing
from sockethub.gateway.commands import AUTHENTICATE, Commands
from sockethub.gateway.kept import UNKNOWN, KeptSessions
from sockethub.sessions.session import Answer, Session
from sockethub.sessions.table import TooManyConnections

__all__ = ["Close", "WebSocketEndpoint", "envelope"]

_OWN: Final = frozenset({"session", "resume", "end"})

FIRST: Final = "the first frame has to be authenticate, with a token"
EVENT_CHARACTERS: Final = 60
ID_CHARACTERS: Final = 200


class Gone(Exception):
    """The client has left."""


class Socket:
    """One client's WebSocket, by ASGI itself: what Quart keeps for each is a third of what an idle client takes."""

    __slots__ = ("_receive", "_send")

    def __init__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        self._receive = receive
        self._send = send

    async def accept(self) -> None:
        """Let the client in."""
        await self._receive()  # it connects
        await self._send({"type": "websocket.accept", "subprotocol": None, "headers": []})

    async def receive(self) -> str | bytes:
        """The next message, taken from the server when it is asked for: the server's queue, which has an end, is the
        only one. Raises :class:`Gone` at the end of the connection."""
        event = await self._receive()
        if event["type"] != "websocket.receive":
            raise Gone
        text = event.get("text")
        return text if text is not None else event.get("bytes") or b""

    async def send(self, text: str) -> None:
        await self._send({"type": "websocket.send", "bytes": None, "text": text})

    async def close(self, code: int, reason: str) -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": reason})


@dataclass(slots=True)
class Seat:
    """Whom a connection speaks for: its own session, or the one that it has resumed."""

    connection: Connection
    session: Session
    channel: Channel


class WebSocketEndpoint:
    """Serves clients after they have connected."""

    def __init__(
        self, commands: Commands, kept: KeptSessions, *, outbox_bytes: int, overflowed: Callable[[], None]
    ) -> None:
        self._commands = commands
        self._admission = commands.admission
        self._kept = kept
        self.outbox_bytes = outbox_bytes
        self._overflowed = overflowed
        self._connections: set[Connection] = set()
        self._emptied = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    async def empty(self) -> None:
        """Wait until the last connection is closed."""
        while self._connections:
            self._emptied.clear()
            await self._emptied.wait()

    def finish_all(self, code: int, reason: str) -> None:
        """Close every connection once its client has what it was sent, and was told when to come back."""
        for connection in self._connections:
            connection.finish(closing(code, reason), code, reason)

    def close_all(self, code: int, reason: str) -> None:
        """Close every connection now."""
        for connection in self._connections:
            connection.close(code, reason)

    def serve(self, scope: WebsocketScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> Awaitable[None]:
        """The ASGI application. Of the request nothing is kept but who made it."""
        return self._serve(Socket(receive, send), self._admission.visitor(scope))

    async def _serve(self, socket: Socket, visitor: Visitor) -> None:
        await socket.accept()
        if self._commands.stopping:
            await socket.close(Close.RESTART, "the gateway is restarting")
            return
        try:
            user, identifier = await self._identify(socket, visitor)
            connection = Connection(self.outbox_bytes, self._overflowed, socket.send)
            channel = Channel(connection)
            session = self._commands.connect(channel, visitor.address, user)
        except TooManyConnections as error:
            await socket.close(Close.TRY_LATER, str(error))
            return
        except Unauthenticated as error:
            await socket.close(Close.UNAUTHENTICATED, str(error))
            return
        except Gone:
            return
        del visitor  # and the token it may have shown
        seat = Seat(connection, session, channel)
        self._connections.add(connection)
        _tell(seat, identifier, told(user))
        try:
            code, reason = await self._converse(socket, seat)
            await socket.close(code, reason)
        finally:
            self._connections.discard(connection)
            self._kept.leave(seat.session, seat.channel, connection)
            self._emptied.set()

    async def _identify(self, socket: Socket, visitor: Visitor) -> tuple[User | None, str | int | None]:
        """Whose connection this is, and the id of the frame that says so, if one does.

        Raises :class:`~sockethub.errors.Unauthenticated` and :class:`~sockethub.sessions.table.TooManyConnections`.
        """
        self._commands.limits.arrive(visitor.address)
        if not self._admission.waits or visitor.evidence:
            return self._admission.user(visitor), None
        seconds = self._admission.seconds
        with self._commands.guest(visitor.address):
            try:
                async with asyncio.timeout(seconds):
                    text = await socket.receive()
            except TimeoutError:
                raise Unauthenticated(f"no token came within {seconds:g} seconds") from None
        try:
            frame = wire.parse(text) if isinstance(text, str) else None
            identifier, event = envelope(frame)
        except MalformedMessage:
            raise Unauthenticated(FIRST) from None
        token = shown(frame.get("data")) if event == AUTHENTICATE and isinstance(frame, dict) else None
        if token is None:
            raise Unauthenticated(FIRST)
        return self._admission.user(visitor, token), identifier

    async def _converse(self, socket: Socket, seat: Seat) -> tuple[int, str]:
        connection = seat.connection
        reading = asyncio.get_running_loop().create_task(self._read(socket, seat))
        reading.add_done_callback(connection.end_with)
        try:
            return await connection.closing
        finally:
            reading.cancel()
            await asyncio.wait([reading])
            await connection.stop()

    async def _read(self, socket: Socket, seat: Seat) -> None:
        while not seat.connection.closing.done():
            try:
                text = await socket.receive()
            except Gone:
                seat.connection.close(Close.OVER, "you have left")
                return
            if not isinstance(text, str):
                seat.connection.close(Close.UNSUPPORTED_DATA, "frames are text")
                return
            await self._frame(text, seat)

    async def _frame(self, text: str, seat: Seat) -> None:
        size = len(text) if text.isascii() else len(text.encode())
        try:
            frame = wire.parse(text)
            identifier, event = envelope(frame)
        except MalformedMessage as error:
            seat.channel.send({"error": await self._commands.malformed(seat.session, size, str(error))})
            return
        if event in _OWN and self._kept.enabled:
            await self._own(seat, event, frame.get("data"), identifier, size)
            return
        answer = _answer(seat.channel, identifier) if identifier is not None else None
        await self._commands.handle(seat.session, event, frame.get("data"), size, answer)

    # --- Resuming -----------------------------------------------------------------------------------------------------

    async def _own(self, seat: Seat, event: str, data: Any, identifier: str | int | None, size: int) -> None:
        """What is about the session itself. Counts as an event like any other."""
        refusal = await self._commands.refusal(seat.session, size)
        if refusal is not None:
            _tell(seat, identifier, {"error": refusal})
        elif event == "session":
            _tell(seat, identifier, self._kept.keep(seat.session, seat.channel))
        elif event == "resume":
            self._resume(seat, data, identifier)
        else:
            self._kept.forget(seat.session.id)
            _tell(seat, identifier, {})

    def _resume(self, seat: Seat, data: Any, identifier: str | int | None) -> None:
        asked = data if isinstance(data, dict) else {}
        kept = self._kept.find(asked.get("session"), asked.get("token"))
        if kept is None or kept.session is seat.session or not _same(kept.session.user, seat.session.user):
            _tell(seat, identifier, {"recovered": False, "reason": UNKNOWN})
            return
        obstacle = self._kept.obstacle(kept, asked.get("offset"))
        if obstacle is not None:
            _tell(seat, identifier, {"recovered": False, "reason": obstacle})
            return
        _tell(seat, identifier, {"recovered": True, "offset": kept.channel.last})
        self._kept.forget(seat.session.id)
        self._commands.disconnect(seat.session)
        self._kept.resume(kept, asked["offset"], seat.connection)
        self._admission.identified(kept.session, seat.session.user)
        seat.session, seat.channel = kept.session, kept.channel


def _same(one: User | None, other: User | None) -> bool:
    return (one.id if one else None) == (other.id if other else None)


def envelope(frame: Any) -> tuple[str | int | None, str]:
    """The id and the event of a frame; raises :class:`~sockethub.errors.MalformedMessage`."""
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


def _answer(channel: Channel, identifier: str | int) -> Answer:
    def answer(*values: Any) -> None:
        channel.acknowledge(identifier, values[0] if values else None)

    return answer


def _tell(seat: Seat, identifier: str | int | None, ack: dict[str, Any]) -> None:
    """Acknowledge what is about the session; it is not numbered, for it belongs to the connection."""
    if identifier is not None:
        seat.channel.send({"id": identifier, "ack": ack})
