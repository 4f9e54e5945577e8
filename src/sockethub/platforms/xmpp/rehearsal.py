"""A server that logs one user in with SCRAM-SHA-1 (RFC 5802) and then says what it is told to.

For the rehearsal before the fork, and for tests of what no honest server does. Without TLS: SCRAM shows no password.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

__all__ = ["Host", "hosting"]

HEADER: Final = (
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>"
)
SASL: Final = "urn:ietf:params:xml:ns:xmpp-sasl"
BIND: Final = "urn:ietf:params:xml:ns:xmpp-bind"
END: Final = "</stream:stream>"
SALT: Final = b"salt"
CHUNK: Final = 65_536


class Host:
    """One connection of the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, jid: str, password: str) -> None:
        self._reader, self._writer = reader, writer
        self._jid, self._password = jid, password
        self._unread = ""

    def say(self, text: str) -> None:
        """Write."""
        self._writer.write(text.encode())

    async def flush(self) -> None:
        """Wait until the client has read most of it."""
        await self._writer.drain()

    async def hear(self, pattern: str) -> re.Match[str]:
        """Wait for what matches; what comes before is dropped. Raises ConnectionError when the client goes."""
        while (found := re.search(pattern, self._unread, re.DOTALL)) is None:
            data = await self._reader.read(CHUNK)
            if not data:
                raise ConnectionError("the client has gone")
            self._unread += data.decode()
        self._unread = self._unread[found.end() :]
        return found

    async def stay(self) -> None:
        """Hear what comes, say nothing, until the client goes."""
        await self.hear(END)

    async def log_in(self) -> None:
        """Authenticate the client and bind its resource."""
        await self.hear("<stream:stream[^>]*>")
        mechanism = f"<mechanisms xmlns='{SASL}'><mechanism>SCRAM-SHA-1</mechanism></mechanisms>"
        self.say(f"{HEADER}<stream:features>{mechanism}</stream:features>")
        first = _decoded(await self.hear(r"<auth[^>]*>([^<]*)</auth>")).partition(",,")[2]
        challenge = f"r={first.partition('r=')[2]}server,s={base64.b64encode(SALT).decode()},i=1"
        self.say(_sasl("challenge", challenge))
        proven = _decoded(await self.hear(r"<response[^>]*>([^<]*)</response>")).partition(",p=")[0]
        salted = hashlib.pbkdf2_hmac("sha1", self._password.encode(), SALT, 1)
        key = hmac.digest(salted, b"Server Key", "sha1")
        signature = hmac.digest(key, f"{first},{challenge},{proven}".encode(), "sha1")
        self.say(_sasl("success", f"v={base64.b64encode(signature).decode()}"))
        await self.hear("<stream:stream[^>]*>")
        self.say(f"{HEADER}<stream:features><bind xmlns='{BIND}'/></stream:features>")
        id_ = (await self.hear(r"<iq[^>]*id=[\"']([^\"']+)[\"'].*?</iq>"))[1]
        self.say(f"<iq type='result' id='{id_}'><bind xmlns='{BIND}'><jid>{self._jid}</jid></bind></iq>")


def _decoded(heard: re.Match[str]) -> str:
    return base64.b64decode(heard[1]).decode()


def _sasl(name: str, text: str) -> str:
    return f"<{name} xmlns='{SASL}'>{base64.b64encode(text.encode()).decode()}</{name}>"


@asynccontextmanager
async def hosting(then: Callable[[Host], Awaitable[None]], jid: str, password: str) -> AsyncIterator[int]:
    """A server on loopback that logs each client in, and then does as ``then`` says; its port."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        host = Host(reader, writer, jid, password)
        try:
            await host.log_in()
            await then(host)
        except (OSError, asyncio.CancelledError):
            pass  # the client has gone, or the server is done with
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
