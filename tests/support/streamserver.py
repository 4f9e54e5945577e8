"""A server of a test, by TCP or a Unix socket: when the block ends, so has each connection of it."""

from __future__ import annotations

import socket
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from sockethub.accepting import LIMIT_BYTES, Acceptor, Handle, listening

HOST: Final = "127.0.0.1"


@asynccontextmanager
async def tcp_server(
    handle: Handle, *, port: int = 0, limit: int = LIMIT_BYTES, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """``handle`` is given each connection, at :data:`HOST` and the port that is the block's value."""
    with listening(HOST, port, setting="a test's server") as listener:
        acceptor = Acceptor(handle, listener, limit=limit, tls=tls)
        try:
            yield listener.getsockname()[1]
        finally:
            await acceptor.aclose()


@asynccontextmanager
async def unix_server(handle: Handle, *, limit: int = LIMIT_BYTES) -> AsyncIterator[Path]:
    """``handle`` is given each connection to the path that is the block's value; at the end there is no such path."""
    with tempfile.TemporaryDirectory(prefix="sockethub-") as directory, socket.socket(socket.AF_UNIX) as listener:
        path = Path(directory) / "test.sock"
        listener.bind(str(path))
        listener.listen()
        acceptor = Acceptor(handle, listener, limit=limit)
        try:
            yield path
        finally:
            await acceptor.aclose()
