"""Hypercorn on connections of our own.

``hypercorn.asyncio.serve`` waits without end for a client that does not read, and leaves behind those that it has
accepted while it ends, to use what has been closed meanwhile. So :class:`~sockethub.accepting.Acceptor` accepts, and
each connection is Hypercorn's ``TCPServer``.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Final

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config

from sockethub.accepting import Acceptor

CLOSING_SECONDS: Final = 1.0
"""How long connections may take to end by themselves, once there is nothing more to say."""


class Serving:
    """Serves an ASGI application on ``listener`` until :meth:`aclose`."""

    def __init__(self, application: Any, config: Config, listener: socket.socket) -> None:
        self.config = config
        self._app = ASGIWrapper(application)
        self._context = WorkerContext(None)
        self._acceptor = Acceptor(
            self._serve, listener, tls=config.create_ssl_context(), handshake_seconds=config.ssl_handshake_timeout
        )

    async def aclose(self) -> None:
        """Accept no more, and end all there are."""
        await self._context.terminated.set()
        await self._acceptor.aclose(CLOSING_SECONDS)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        await TCPServer(self._app, loop, self.config, self._context, {}, reader, writer)
