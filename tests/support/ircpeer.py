"""Another person on the IRC server: a raw connection that shows exactly what is on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio

from tests.support.processes import PATIENCE

WITHIN_SECONDS = 15.0 * PATIENCE


class IrcPeer:
    """Sends raw lines and keeps every line that arrives."""

    def __init__(self, nick: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.nick = nick
        self.lines: list[str] = []
        self._reader = reader
        self._writer = writer
        self._arrived = asyncio.Condition()

    async def send(self, line: str) -> None:
        self._writer.write(line.encode() + b"\r\n")
        await self._writer.drain()

    async def line(self, wanted: Callable[[str], bool], within: float = WITHIN_SECONDS) -> str:
        """The first line, past or to come, that is ``wanted``."""
        with anyio.fail_after(within):
            async with self._arrived:
                while True:
                    for line in self.lines:
                        if wanted(line):
                            return line
                    await self._arrived.wait()

    async def join(self, room: str) -> None:
        await self.send(f"JOIN {room}")
        await self.line(lambda line: f" 366 {self.nick} {room} " in line)

    async def _read(self) -> None:
        while raw := await self._reader.readline():
            line = raw.decode(errors="replace").rstrip("\r\n")
            if line.startswith("PING"):
                await self.send("PONG" + line[4:])
            async with self._arrived:
                self.lines.append(line)
                self._arrived.notify_all()


@asynccontextmanager
async def irc_peer(nick: str, host: str, port: int, password: str | None = None) -> AsyncIterator[IrcPeer]:
    """Log in as ``nick``; leave at the end of the block."""
    reader, writer = await asyncio.open_connection(host, port)
    peer = IrcPeer(nick, reader, writer)
    task = asyncio.create_task(peer._read())
    try:
        if password is not None:
            await peer.send(f"PASS {password}")
        await peer.send(f"NICK {nick}")
        await peer.send(f"USER {nick} 0 * :{nick}")
        await peer.line(lambda line: f" 001 {nick} " in line)
        yield peer
    finally:
        task.cancel()
        writer.close()
