"""The operations port: a few pages to read, by HTTP/1.1, and nothing that changes anything.

For the operator and for Prometheus alone. It is small on purpose: it serves the process that has no web framework, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import h11
import structlog

from sockethub.accepting import Acceptor, listening
from sockethub.config.checks import is_loopback

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
    with listening(host, port, setting=setting) as listener:
        bound: int = listener.getsockname()[1]
        acceptor = Acceptor(server.serve, listener, most=MAX_CONNECTIONS, limit=MAX_HEAD_BYTES)
        structlog.get_logger(__name__).info("operations port is listening", host=host, port=bound)
        try:
            yield bound
        finally:
            await acceptor.aclose()


class _Server:
    def __init__(self, routes: Mapping[str, Serve], *, local: bool) -> None:
        self._routes = routes
        self._local = local

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, h11.RemoteProtocolError):  # slow, gone, or no HTTP: nobody to tell
            async with asyncio.timeout(REQUEST_SECONDS):
                await self._exchange(reader, writer)

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
