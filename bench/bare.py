"""Clients of IRC and XMPP with nothing between them and the server: what the server itself takes.

They know just enough: IRC in plain text; XMPP over TLS from the first byte, PLAIN, in one room.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import dataclass

from tests.support.ircd import IrcServer
from tests.support.prosody import XmppServer

LIMIT_BYTES = 2**20
WITHIN_SECONDS = 20.0


@dataclass
class Bare:
    """One connection of either."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, text: str) -> None:
        self.writer.write(text.encode())
        await self.writer.drain()

    async def until(self, mark: str) -> None:
        """Read on to the end of ``mark``."""
        async with asyncio.timeout(WITHIN_SECONDS):
            await self.reader.readuntil(mark.encode())

    async def close(self) -> None:
        self.writer.close()


async def irc(server: IrcServer, nick: str, room: str | None = None) -> Bare:
    """Welcome there, and in the room if there is one."""
    bare = Bare(*await asyncio.open_connection(server.host, server.port, limit=LIMIT_BYTES))
    await bare.say(f"NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n")
    await bare.until(" 001 ")
    if room is not None:
        await bare.say(f"JOIN {room}\r\n")
        await bare.until(" 366 ")
    return bare


async def xmpp(server: XmppServer, user: str, room: str | None = None) -> Bare:
    """Bound there, and in the room if there is one."""
    context = ssl.create_default_context(cafile=str(server.authority))
    streams = await asyncio.open_connection(
        server.host, server.tls_port, ssl=context, server_hostname=server.domain, limit=LIMIT_BYTES
    )
    bare = Bare(*streams)
    head = (
        f"<stream:stream to='{server.domain}' version='1.0' xmlns='jabber:client' "
        "xmlns:stream='http://etherx.jabber.org/streams'>"
    )
    await bare.say(head)
    await bare.until("</stream:features>")
    secret = base64.b64encode(f"\0{user}\0{server.password(user)}".encode()).decode()
    await bare.say(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>")
    await bare.until("<success")
    await bare.say(head)
    await bare.until("</stream:features>")
    await bare.say("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
    await bare.until("</iq>")
    if room is not None:
        await bare.say(f"<presence to='{room}/{user}'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
        await bare.until("<subject")
        await bare.say(  # a new room is locked until its owner has said how it is to be
            f"<iq type='set' id='open' to='{room}'><query xmlns='http://jabber.org/protocol/muc#owner'>"
            "<x xmlns='jabber:x:data' type='submit'/></query></iq>"
        )
        await bare.until("id='open'")
    return bare
