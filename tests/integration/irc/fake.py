"""A server that does as it is told: for what no honest one does, and for SASL, which none here has."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio

from tests.support.streamserver import tcp_server

Handler = Callable[["FakeServer", str], Awaitable[None]]


class FakeServer:
    """Keeps the lines it gets; ``handle`` says what to do about each."""

    def __init__(self, handle: Handler) -> None:
        self.handle = handle
        self.lines: list[str] = []
        self._arrived = asyncio.Condition()
        self._taken = 0
        self.connections = 0
        self.scram: str | None = None
        """What was said before the proof, where a test authenticates."""
        self.writer: asyncio.StreamWriter
        self.host, self.port = "127.0.0.1", 0

    def say(self, *lines: str) -> None:
        self.writer.write("".join(line + "\r\n" for line in lines).encode())

    async def got(self, wanted: str) -> None:
        """Wait for this line; each call looks behind the one found before."""
        with anyio.fail_after(10):
            async with self._arrived:
                await self._arrived.wait_for(lambda: wanted in self.lines[self._taken :])
                self._taken += self.lines[self._taken :].index(wanted) + 1

    def hang_up(self) -> None:
        self.writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.connections += 1
        try:
            while raw := await reader.readline():
                line = raw.decode(errors="surrogateescape").rstrip("\r\n")
                async with self._arrived:
                    self.lines.append(line)
                    self._arrived.notify_all()
                await self.handle(self, line)
        except ConnectionError:
            pass


async def welcome(server: FakeServer, line: str) -> None:
    """What any server does."""
    command, _, rest = line.partition(" ")
    if command == "CAP" and rest.startswith("LS"):
        server.say(":irc.fake CAP * LS :multi-prefix")
    elif command == "CAP" and rest.startswith("REQ"):
        server.say(f":irc.fake CAP * ACK {rest[4:]}")
    elif command == "USER":
        server.say(":irc.fake 001 ann :Welcome", ":irc.fake 005 ann CHANTYPES=# :are supported", ":irc.fake 422 ann :-")
    elif command == "PING":
        server.say(f":irc.fake PONG irc.fake {rest}")
    elif command == "JOIN":
        server.say(f":ann!a@h JOIN {rest}", f":irc.fake 353 ann = {rest} :ann", f":irc.fake 366 ann {rest} :End")
    elif command == "QUIT":
        server.say("ERROR :Bye")
        server.hang_up()


@asynccontextmanager
async def fake_server(handle: Handler = welcome, tls: ssl.SSLContext | None = None) -> AsyncIterator[FakeServer]:
    """A fake server on a free port; for a ``driver``, ``(fake.host, fake.port)``."""
    fake = FakeServer(handle)
    async with tcp_server(fake.serve, limit=2**20, tls=tls) as fake.port:
        yield fake
