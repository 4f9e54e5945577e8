"""Hypercorn on connections of our own, and how it treats what comes in by them.

``hypercorn.asyncio.serve`` waits without end for a client that does not read, and leaves behind those that it has
accepted while it ends, to use what has been closed meanwhile. So :class:`~sockethub.accepting.Acceptor` accepts, and
each connection is Hypercorn's ``TCPServer``.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable
from typing import Any, Final, cast

from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.typing import AppWrapper

from sockethub.accepting import Acceptor
from sockethub.certificate import Certificate
from sockethub.config.gateway import Gateway

READ_MARGIN_SECONDS: Final = 15.0
"""Beyond ping and pong, how long a connection may be silent before it is closed, whatever it speaks."""

CLOSING_SECONDS: Final = 1.0
"""How long connections may take to end by themselves, once there is nothing more to say."""


class Flag:
    """Hypercorn's event, which each connection has for requests that follow each other. What is waited on is made when
    somebody waits: a WebSocket never does."""

    __slots__ = ("_event", "_is_set")

    def __init__(self) -> None:
        self._is_set = False
        self._event: asyncio.Event | None = None

    async def clear(self) -> None:
        self._is_set = False
        if self._event is not None:
            self._event.clear()

    async def wait(self) -> None:
        if not self._is_set:
            if self._event is None:
                self._event = asyncio.Event()
            await self._event.wait()

    async def set(self) -> None:
        self._is_set = True
        if self._event is not None:
            self._event.set()

    def is_set(self) -> bool:
        return self._is_set


class Context(WorkerContext):
    """What the connections have in common."""

    event_class = Flag


class Serving:
    """Serves an ASGI application on ``listener`` until :meth:`aclose`; by TLS, where there is a ``certificate``."""

    def __init__(
        self, application: Any, declared: Gateway, listener: socket.socket, certificate: Certificate | None
    ) -> None:
        self._app = _without_wsgi(application)
        self._config = _hypercorn_config(declared)
        self._context = Context(None)
        self._acceptor = Acceptor(
            self._serve,
            listener,
            tls=None if certificate is None else certificate.context,
            handshake_seconds=None if declared.tls is None else declared.tls.handshake_seconds,
        )

    def redeclare(self, declared: Gateway) -> None:
        """From now on this is declared, of what can change."""
        self._config.websocket_max_message_size = declared.max_message_bytes

    async def aclose(self) -> None:
        """Accept no more, and end all there are."""
        await self._context.terminated.set()
        await self._acceptor.aclose(CLOSING_SECONDS)

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Awaitable[None]:
        loop = asyncio.get_running_loop()
        return TCPServer(self._app, loop, self._config, self._context, {}, reader, writer).run()


def _without_wsgi(application: Any) -> AppWrapper:
    """Hypercorn's ``ASGIWrapper``, which is a coroutine for as long as a connection lasts, and keeps the request."""

    def wrapped(scope: Any, receive: Any, send: Any, *_: Any) -> Awaitable[None]:
        it: Awaitable[None] = application(scope, receive, send)
        return it

    return cast(AppWrapper, wrapped)


def certificate_of(declared: Gateway) -> Certificate | None:
    """The certificate to show, where one is declared. Raises :class:`~sockethub.errors.ConfigError`."""
    tls = declared.tls
    return None if tls is None else Certificate(tls.certificate, tls.key, tls.minimum_version)


def _hypercorn_config(declared: Gateway) -> Config:
    """What the declaration means to Hypercorn."""
    config = Config()
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    config.include_server_header = False
    config.websocket_max_message_size = declared.max_message_bytes
    config.websocket_ping_interval = declared.ping_seconds
    config.read_timeout = round(declared.ping_seconds + declared.pong_seconds + READ_MARGIN_SECONDS)
    return config
