"""A web server that says exactly what a test tells it to, byte by byte, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support.streamserver import HOST, tcp_server

Handler = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Request:
    """One request: the target, headers by name in lower case, method and body."""

    target: str
    headers: dict[str, str]
    method: str = "GET"
    body: bytes = b""


@dataclass
class WebServer:
    """Pages by path; ``requests`` in the order they came."""

    host: str
    port: int
    scheme: str
    pages: dict[str, Handler] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"{self.scheme}://{self.host}:{self.port}{path}"

    def page(self, path: str, body: bytes | str, content_type: str = "text/html", **headers: str) -> str:
        """Serve ``body``; returns the URL."""
        data = body.encode() if isinstance(body, str) else body

        async def handler(_: Request, writer: asyncio.StreamWriter) -> None:
            writer.write(answer(data, content_type, **headers))

        return self.on(path, handler)

    def on(self, path: str, handler: Handler) -> str:
        self.pages[path] = handler
        return self.url(path)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _request(reader)
            self.requests.append(request)
            handler = self.pages.get(request.target.partition("?")[0], _missing)
            await handler(request, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # Clients that refuse an answer hang up.


def answer(body: bytes, content_type: str = "text/html", status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer; header names are written with ``_`` for ``-``."""
    fields = {"Content-Type": content_type, "Content-Length": str(len(body))}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


async def _request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, target, _ = head[0].split()
    return Request(target, headers, method, body)


async def _missing(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(b"nothing here", "text/plain", "404 Not Found"))


@asynccontextmanager
async def web_server(tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[WebServer]:
    """A server until the block ends, on a port of its own unless one is given."""
    site = WebServer(HOST, 0, "https" if tls else "http")
    async with tcp_server(site.serve, port=port, tls=tls) as site.port:
        yield site
