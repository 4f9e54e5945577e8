"""A connection of the ``irc`` package, made to carry lines of our codec and nothing else.

The package gives reactor, connection, protocol and connect factory. Three things of it are replaced: it registers at
once, before capabilities can be negotiated; its writer lets CR and LF through; and its reader has no bound and guesses
at encodings.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from irc.client_aio import AioConnection, AioReactor, IrcProtocol

from sockethub_translators import irc
from sockethub_translators.errors import ParseError

__all__ = ["Connection", "open_connection"]

MAX_UNSENT: Final = 256 * 1024
"""Bytes waiting for a server that does not read. Commands wait for their outcome, so this is far more than honest
use needs; a server that asks (PING) without ever reading is cut off here."""

LINES_AT_ONCE: Final = 4
"""Between two turns of everything else. One read may bring thousands of names, each an event: were all taken in at
once, more would wait for the gateway than may, while what gives them to it has no turn."""


class _Protocol(IrcProtocol):  # type: ignore[misc]  # the package has no annotations
    """Hands what the transport tells to the connection."""

    def connection_lost(self, exc: Exception | None) -> None:
        self.connection.lost(exc)


class Connection(AioConnection):  # type: ignore[misc]  # the package has no annotations
    """Lines in, lines out. ``on_lines`` gets what was read, a few at a time, and nothing further is read meanwhile;
    ``on_lost`` is called once when it is over, and all was heard."""

    protocol_class = _Protocol
    buffer_class = irc.LineReader
    transport: asyncio.Transport | None = None

    def listen(
        self, on_lines: Callable[[list[irc.Line | ParseError]], None], on_lost: Callable[[Exception | None], None]
    ) -> None:
        self.on_lines = on_lines
        self.on_lost = on_lost

    async def connect(self, server: str, port: int, connect_factory: Any) -> Connection:
        """Connect, and send nothing: registering is the negotiation's affair."""
        self.server, self.port = server, port
        self._heard: deque[irc.Line | ParseError] = deque()
        self.buffer = self.buffer_class()
        self.connect_factory = connect_factory
        self.protocol = self.protocol_class(self, self.reactor.loop)
        self.transport, _ = await connect_factory(self.protocol, (server, port))
        # A server may have spoken, or hung up, before we come here.
        self.connected = not self.transport.is_closing()
        return self

    def process_data(self, new_data: bytes) -> None:
        waiting = bool(self._heard)
        self._heard += self.buffer.feed(new_data)
        if self._heard and not waiting:
            self._take(LINES_AT_ONCE)

    def _take(self, most: int) -> None:
        """Hand on some, and the others later."""
        lines = [self._heard.popleft() for _ in range(min(most, len(self._heard)))]
        try:
            if lines:
                self.on_lines(lines)
        except BaseException:  # what a transport does with a protocol that fails
            self.disconnect()
            raise
        if self._heard:
            self.reactor.loop.call_soon(self._take, most)
        if self.transport is None:
            return  # the server spoke at once, before the one who connects has it
        if self._heard:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def send(self, *lines: irc.Line) -> None:
        """Write lines in one piece. Raises :class:`EncodeError` before anything is written; a lost connection takes no
        more, which :meth:`lost` has told."""
        data = b"".join(irc.encode(line, max_body=irc.MAX_BODY_IN) for line in lines)
        if self.transport is None or self.transport.is_closing():
            return
        self.transport.write(data)
        if self.transport.get_write_buffer_size() > MAX_UNSENT:
            self.transport.abort()

    def send_raw(self, string: str) -> None:
        """What the package's own methods call: their text is one line, or an error."""
        self.send(irc.decode(string))

    def lost(self, exc: Exception | None) -> None:
        self.connected = False
        if self in self.reactor.connections:
            self.reactor.connections.remove(self)
        if self._heard:
            self.on_lines([self._heard.popleft() for _ in range(len(self._heard))])
        self.on_lost(exc)

    def disconnect(self, message: str = "") -> None:
        """Hang up without a word. QUIT is a line like any other."""
        self.connected = False
        if self.transport is not None:
            self.transport.abort()


class _Reactor(AioReactor):  # type: ignore[misc]  # the package has no annotations
    connection_class = Connection


def open_connection() -> Connection:
    """A connection on the running loop, not yet connected."""
    connection: Connection = _Reactor(loop=asyncio.get_running_loop()).server()
    return connection
