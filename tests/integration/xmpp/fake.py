"""A server that logs anybody in with SCRAM-SHA-1 and then does as a test says: for what no honest server does."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

HEADER = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>"
SALT = b"salt"

Then = Callable[["FakeServer"], Awaitable[None]]


class FakeServer:
    """One connection: without TLS, for the platform's ``require_tls`` may be off, and SCRAM hides the password."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, password: str) -> None:
        self._reader, self._writer, self._password = reader, writer, password
        self._unread = ""

    def say(self, text: str) -> None:
        self._writer.write(text.encode())

    async def flush(self) -> None:
        await self._writer.drain()

    async def hear(self, pattern: str) -> re.Match[str]:
        """Wait for what matches; what comes before is dropped."""
        while (found := re.search(pattern, self._unread, re.DOTALL)) is None:
            data = await self._reader.read(65_536)
            if not data:
                raise ConnectionError("the client has gone")
            self._unread += data.decode()
        self._unread = self._unread[found.end() :]
        return found

    async def log_in(self) -> None:
        await self.hear("<stream:stream[^>]*>")
        mechanism = "<mechanism>SCRAM-SHA-1</mechanism>"
        self.say(f"{HEADER}<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{mechanism}")
        self.say("</mechanisms></stream:features>")
        first = base64.b64decode((await self.hear(r"<auth[^>]*>([^<]*)</auth>"))[1]).decode().partition(",,")[2]
        nonce = first.partition("r=")[2] + "server"
        challenge = f"r={nonce},s={base64.b64encode(SALT).decode()},i=1"
        self.say(_sasl("challenge", challenge))
        final = base64.b64decode((await self.hear(r"<response[^>]*>([^<]*)</response>"))[1]).decode()
        signed = ",".join((first, challenge, final.partition(",p=")[0]))
        salted = hashlib.pbkdf2_hmac("sha1", self._password.encode(), SALT, 1)
        key = hmac.digest(salted, b"Server Key", "sha1")
        signature = base64.b64encode(hmac.digest(key, signed.encode(), "sha1")).decode()
        self.say(_sasl("success", f"v={signature}"))
        await self.hear("<stream:stream[^>]*>")
        self.say(f"{HEADER}<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>")
        id_ = (await self.hear(r"<iq[^>]*id=[\"']([^\"']+)[\"'].*?</iq>"))[1]
        jid = "<jid>alice@localhost/fake</jid>"
        self.say(f"<iq type='result' id='{id_}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{jid}</bind></iq>")

    async def stay(self) -> None:
        """Hear what comes, say nothing, until the client goes."""
        while await self._reader.read(65_536):
            pass


def _sasl(name: str, text: str) -> str:
    said = base64.b64encode(text.encode()).decode()
    return f"<{name} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{said}</{name}>"


@asynccontextmanager
async def fake_server(then: Then, password: str = "pw-alice") -> AsyncIterator[int]:
    """A server on loopback that logs each client in, and then does as ``then`` says; its port."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        it = FakeServer(reader, writer, password)
        try:
            await it.log_in()
            await then(it)
        except (OSError, asyncio.CancelledError):
            pass
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
