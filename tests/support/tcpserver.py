"""A TCP server of a test: when the block ends, so has each connection of it."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
