"""A connection of the ``irc`` package, made to carry lines of our codec and nothing else.

The package gives reactor, connection, protocol and connect factory. Three things of it are replaced: it registers at
once, before capabilities can be negotiated; its writer lets CR and LF through; and its reader has no bound and guesses
at encodings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from irc.client_aio import AioConnection, AioReactor, IrcProtocol

from sockethub_translators import irc
from sockethub_translators.errors import ParseError

__all__ = ["Connection", "open_connection"]

MAX_UNSENT: Final = 256 * 1024
"""Bytes waiting for a server that does not read. Commands wait for their outcome, so this is far more than honest
use needs; a server that asks (PING) without ever reading is cut off here."""


class _Protocol(IrcProtocol):  # type: ignore[misc]  # the package has no annotations
    """Hands what the transport tells to the connection."""

    def connection_lost(self, exc: Exception | None) -> None:
        self.connection.lost(exc)


class Connection(AioConnection):  # type: ignore[misc]  # the package has no annotations
    """Lines in, lines out. ``on_lines`` gets what one read gave, ``on_lost`` is called once when it is over."""

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
        self.buffer = self.buffer_class()
        self.connect_factory = connect_factory
        self.protocol = self.protocol_class(self, self.reactor.loop)
        self.transport, _ = await connect_factory(self.protocol, (server, port))
        # A server may have spoken, or hung up, before we come here.
        self.connected = not self.transport.is_closing()
        return self

    def process_data(self, new_data: bytes) -> None:
        lines = self.buffer.feed(new_data)
        if lines:
            self.on_lines(lines)

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
