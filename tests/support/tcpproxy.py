"""A TCP proxy that cuts, holds back, delays or looks at what passes through it: faults of a network, at will."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.support.streamserver import HOST, tcp_server

CHUNK = 65_536

Address = tuple[str, int] | str
"""A host and a port, or the path of a Unix socket."""

Watch = Callable[[bool, bytes], Awaitable[bytes]]
"""Is given what is about to pass, with whether it goes to the server; what it returns passes instead."""


class TcpProxy:
    """Between clients and one address.

    ``to`` is where new connections lead. ``delay`` is how many seconds what passes is late, each way.
    """

    host = HOST

    def __init__(self, to: Address) -> None:
        self.to = to
        self.delay = 0.0
        self.watch: Watch | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self.port = 0
        self.connections = 0
        self.attempts: list[float] = []
        """When each connection was made, also those that were refused: seconds of the loop's clock."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.attempts.append(asyncio.get_running_loop().time())
        if self._refusing:
            writer.transport.abort()
            return
        self.connections += 1
        try:
            theirs, ours = await self._open()
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, ours}
        self._writers |= ends
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, ours, outward=True))
                pumps.create_task(self._pump(theirs, writer, outward=False))
            ours.close()  # it may still be open: an end of file is passed on, and closes nothing
        except asyncio.CancelledError:
            ours.transport.abort()
            raise
        finally:
            self._writers -= ends

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.to, str):
            return await asyncio.open_unix_connection(self.to)
        return await asyncio.open_connection(*self.to)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, outward: bool) -> None:
        try:
            while data := await source.read(CHUNK):
                if self.watch is not None:
                    data = await self.watch(outward, data)
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
            sink.write_eof()
        except (OSError, RuntimeError):
            sink.transport.abort()

    def cut(self) -> None:
        """Reset every connection."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def refuse(self, refusing: bool) -> None:
        """Let nobody in any more, or again."""
        self._refusing = refusing

    def hold(self) -> None:
        """Let nothing through, with every connection open: what a silent network looks like."""
        self._flowing.clear()

    def release(self) -> None:
        self._flowing.set()


@asynccontextmanager
async def tcp_proxy(host: str, port: int) -> AsyncIterator[TcpProxy]:
    """A proxy to an address, on a port of its own."""
    async with proxy_to((host, port)) as proxy:
        yield proxy


@asynccontextmanager
async def proxy_to(address: Address) -> AsyncIterator[TcpProxy]:
    """A proxy to an address, on a port of its own."""
    proxy = TcpProxy(address)
    async with tcp_server(proxy.serve) as proxy.port:
        yield proxy
