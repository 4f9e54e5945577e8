"""Live events from the workers of this machine, over a Unix socket (:mod:`sockethub.ipc`)."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import orjson
import structlog

from sockethub.accepting import BACKLOG, Acceptor
from sockethub.activity.platforms import Platforms
from sockethub.crypto import KeyRing, unseal
from sockethub.errors import CryptoError
from sockethub.gateway.router import Router
from sockethub.ipc import LENGTH_BYTES, MAX_FRAME_BYTES, NONCE_BYTES, event_binding

MAX_HEADER_BYTES: Final = 1_024
HEADER_SECONDS: Final = 5.0
"""How long a worker may take to say who it is."""

MAX_WORKERS: Final = 4_096
"""Connections at once; each is one login of this machine."""


class EventServer:
    """Listens on a socket that only this user can reach."""

    def __init__(self, platforms: Platforms, keys: KeyRing, router: Router) -> None:
        self._platforms = platforms
        self._keys = keys
        self._router = router
        self._log = structlog.get_logger(__name__)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Path]:
        """The path of the socket; serves until the block ends."""
        # Not below the state directory: its path may be longer than a socket's path can be.
        directory = Path(tempfile.mkdtemp(prefix="sockethub-gateway-"))
        path = directory / "events.sock"
        try:
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(path))
                path.chmod(0o600)
                listener.listen(BACKLOG)
                acceptor = Acceptor(self._serve, listener, most=MAX_WORKERS, limit=MAX_FRAME_BYTES)
                try:
                    yield path
                finally:
                    await acceptor.aclose()
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._hear(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the worker has ended
        except (TimeoutError, ValueError, CryptoError) as error:
            self._log.error("a worker's connection is refused", error=str(error) or type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a bug of ours; it ends this connection and nothing else
            self._log.error("a worker's event was not taken", error=type(error).__name__)

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonce = os.urandom(NONCE_BYTES)
        writer.write(nonce)
        async with asyncio.timeout(HEADER_SECONDS):
            header = orjson.loads(await _frame(reader, MAX_HEADER_BYTES))
        platform, login = (header.get(name) if isinstance(header, dict) else None for name in ("platform", "login"))
        if not isinstance(login, str) or not isinstance(platform, str) or platform not in self._platforms:
            raise ValueError("not a worker's header")
        key = self._keys.login_key(platform, login)
        sequence = 0
        while True:
            sealed = await _frame(reader, MAX_FRAME_BYTES)
            self._router.event(platform, login, unseal(key, sealed, event_binding(login, nonce, sequence)))
            sequence += 1


async def _frame(reader: asyncio.StreamReader, limit: int) -> bytes:
    length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
    if length > limit:
        raise ValueError(f"a frame of {length} bytes, at most {limit} are allowed")
    return await reader.readexactly(length)
