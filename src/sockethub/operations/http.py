"""The operations port: a few pages to read, by HTTP/1.1, and nothing that changes anything.

For the operator and for Prometheus alone. It is small on purpose: it serves the process that has no web framework, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import h11
import structlog

from sockethub.config.checks import is_loopback
from sockethub.errors import ConfigError

__all__ = ["Page", "Request", "Serve", "pages"]

MAX_HEAD_BYTES: Final = 8_192
REQUEST_SECONDS: Final = 15.0
"""For all of one request: reading it, answering it, and the client's reading that."""

MAX_CONNECTIONS: Final = 32
READ_BYTES: Final = 4_096
METHODS: Final = (b"GET", b"HEAD")
HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"connection", b"close"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
)


@dataclass(frozen=True, slots=True)
class Request:
    """What a page may look at."""

    accept: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered."""

    body: bytes
    media_type: str = "text/plain; charset=utf-8"
    status: int = 200


Serve = Callable[[Request], Awaitable[Page]]


@asynccontextmanager
async def pages(host: str, port: int, routes: Mapping[str, Serve], *, setting: str) -> AsyncIterator[int]:
    """Serve ``routes`` (by path) for as long as the block lasts; its value is the port.

    Raises :class:`~sockethub.errors.ConfigError`, which names ``setting``, where it cannot listen.
    """
    server = _Server(routes, local=is_loopback(host))
    try:
        listening = await asyncio.start_server(server.serve, host, port, limit=MAX_HEAD_BYTES)
    except OSError as error:
        raise ConfigError(f"{setting}: cannot listen on {host} port {port}: {error.strerror or error}") from None
    bound: int = listening.sockets[0].getsockname()[1]
    structlog.get_logger(__name__).info("operations port is listening", host=host, port=bound)
    try:
        yield bound
    finally:
        listening.close()
        await server.close()


class _Server:
    def __init__(self, routes: Mapping[str, Serve], *, local: bool) -> None:
        self._routes = routes
        self._local = local
        self._serving: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        for task in self._serving:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            if len(self._serving) <= MAX_CONNECTIONS:
                async with asyncio.timeout(REQUEST_SECONDS):
                    await self._exchange(reader, writer)
        except (TimeoutError, ConnectionError, h11.RemoteProtocolError):
            pass  # a client that is slow, gone, or speaks no HTTP: nobody to tell
        except asyncio.CancelledError:
            pass  # the process ends; a streams callback that raises would only be reported
        finally:
            self._serving.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        while (event := connection.next_event()) is h11.NEED_DATA:
            connection.receive_data(await reader.read(READ_BYTES))
        if not isinstance(event, h11.Request):
            return
        page = await self._page(event)
        headers = [
            (b"content-type", page.media_type.encode()),
            (b"content-length", str(len(page.body)).encode()),
            *HEADERS,
        ]
        head = connection.send(h11.Response(status_code=page.status, headers=headers))
        writer.write(head or b"")
        if event.method != b"HEAD":
            writer.write(page.body)
        await writer.drain()

    async def _page(self, request: h11.Request) -> Page:
        headers = dict(request.headers)
        if request.method not in METHODS:
            return Page(b"there is nothing to change here; `sockethub --help` has commands that do\n", status=405)
        if self._local and not is_loopback(_name(headers.get(b"host", b"").decode("latin-1"))):
            # A web page elsewhere whose name was pointed here (DNS rebinding).
            return Page(b"ask by a loopback name, such as 127.0.0.1\n", status=403)
        serve = self._routes.get(request.target.split(b"?")[0].decode("latin-1"))
        if serve is None:
            known = "\n".join(self._routes)
            return Page(f"no such page; there are\n{known}\n".encode(), status=404)
        return await serve(Request(headers.get(b"accept", b"").decode("latin-1")))


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
