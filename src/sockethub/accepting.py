"""Accepts connections, and owns them: each is a task that ends with the one who accepts.

``asyncio.start_server`` owns them loosely: closed, it goes on with those that are there, serves one that came a moment
before on and on, and leaves the socket of one that came in that very moment to the garbage collector.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

import structlog

from sockethub.errors import ConfigError

BACKLOG: Final = 1_024
"""Connections the kernel accepts before this process does: a page that many people reload at once."""

AT_ONCE: Final = 64
"""Accepted in one turn of the loop, which has others to serve too."""

NO_ROOM: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""The machine has nothing left to accept a connection with; those that end may make room."""

PAUSE_SECONDS: Final = 1.0
"""Until the next try then: the listener stays readable, and would be looked at all the time."""

FLUSH_SECONDS: Final = 5.0
"""How long a client may take to read the last of what it was sent."""

LIMIT_BYTES: Final = 65_536
"""What is read of a connection before somebody asks for it: asyncio's own."""

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def listening(host: str, port: int, *, setting: str) -> socket.socket:
    """A listening socket; raises :class:`~sockethub.errors.ConfigError`, which names ``setting``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        reason = error.strerror or error
        raise ConfigError(f"{setting}: cannot listen on {host} port {port}: {reason}; choose another one") from None
    return listener


class Acceptor:
    """Accepts until :meth:`aclose`."""

    def __init__(
        self,
        handle: Handle,
        listener: socket.socket,
        *,
        most: int | None = None,
        limit: int = LIMIT_BYTES,
        tls: ssl.SSLContext | None = None,
        handshake_seconds: float | None = None,
    ) -> None:
        """``handle`` serves one connection, which is closed when it returns. ``listener`` is closed at the end.

        More than ``most`` at once are closed unheard.
        """
        self._handle = handle
        self._listener = listener
        self._most = most
        self._limit = limit
        self._tls = tls
        self._handshake_seconds = None if tls is None else handshake_seconds
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._transports: set[asyncio.Transport] = set()
        self._log = structlog.get_logger(__name__)
        listener.setblocking(False)
        self._listen()

    def __len__(self) -> int:
        """How many connections there are."""
        return len(self._tasks)

    async def aclose(self, seconds: float = 0.0) -> None:
        """Accept no more. Connections may end by themselves within ``seconds``, then they are cut, and may take as long
        again to notice; what is left is cancelled."""
        if not self._closed:
            self._closed = True
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
        if await self._ended(seconds):
            return
        for transport in self._transports:
            transport.abort()
        if await self._ended(seconds):
            return
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    async def _ended(self, seconds: float) -> bool:
        if self._tasks and seconds:
            await asyncio.wait(self._tasks, timeout=seconds)
        return not self._tasks

    def _listen(self) -> None:
        if not self._closed:
            asyncio.get_running_loop().add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                if error.errno in NO_ROOM:
                    self._pause(error)
                return  # there is none, or it has gone again
            if self._most is not None and len(self._tasks) >= self._most:
                connection.close()
                continue
            connection.setblocking(False)
            task = asyncio.get_running_loop().create_task(self._serve(connection))
            self._tasks.add(task)
            task.add_done_callback(partial(self._done, connection))

    def _pause(self, error: OSError) -> None:
        self._log.error("no connection can be accepted", error=error.strerror)
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listener)
        loop.call_later(PAUSE_SECONDS, self._listen)

    async def _serve(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(self._limit)
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol, connection, ssl=self._tls, ssl_handshake_timeout=self._handshake_seconds
            )
        except OSError:
            return  # it has gone, or did not agree on TLS: nobody to tell
        self._transports.add(transport)
        try:
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)
            await self._handle(reader, writer)
            writer.close()
            with suppress(OSError):  # the time is over, or the client has gone
                async with asyncio.timeout(FLUSH_SECONDS):
                    await writer.wait_closed()
        finally:
            self._transports.discard(transport)
            transport.abort()

    def _done(self, connection: socket.socket, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        connection.close()  # it may have ended before it began
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("a connection failed", exc_info=error)
