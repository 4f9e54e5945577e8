"""Live events from the workers of this machine, over a Unix socket (:mod:`sockethub.ipc`)."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import orjson
import structlog

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
        self._workers: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger(__name__)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Path]:
        """The path of the socket; serves until the block ends."""
        # Not below the state directory: its path may be longer than a socket's path can be.
        directory = Path(tempfile.mkdtemp(prefix="sockethub-gateway-"))
        path = directory / "events.sock"
        server = await asyncio.start_unix_server(self._serve, path, limit=MAX_FRAME_BYTES)
        try:
            path.chmod(0o600)
            yield path
        finally:
            server.close()
            for task in list(self._workers):
                task.cancel()
            if self._workers:
                await asyncio.wait(self._workers)
            shutil.rmtree(directory, ignore_errors=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._workers.add(task)
        try:
            if len(self._workers) <= MAX_WORKERS:
                await self._hear(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the worker has ended
        except asyncio.CancelledError:
            pass  # the gateway ends; a streams callback that raises would only be reported
        except (TimeoutError, ValueError, CryptoError) as error:
            self._log.error("a worker's connection is refused", error=str(error) or type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a bug of ours; it ends this connection and nothing else
            self._log.error("a worker's event was not taken", error=type(error).__name__)
        finally:
            self._workers.discard(task)
            writer.close()

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
