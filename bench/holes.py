"""What hostile clients cost: stock Quart on Hypercorn, and the gateway, with the same limits, attacked alike.

For each attack: how much the server's memory grew at most, after how many seconds it ended the connection, and how.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from tests.support.deployment import deployment
from tests.support.processes import accepts, eventually, free_port, stop

LIMIT_BYTES: Final = 65_536
PING_SECONDS: Final = 2
PONG_SECONDS: Final = 2
BODY_SECONDS: Final = 3
WATCHED_SECONDS: Final = 15.0
"""How long an attack is looked at."""

BOMB_BYTES: Final = 60 * 1024 * 1024
FLOOD: Final = 50_000
CONT, TEXT, CLOSE, PING, PONG = 0, 1, 8, 9, 10

STOCK = f"""
import asyncio, sys
from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, request, websocket

app = Quart("stock")

@app.websocket("/ws")
async def ws():
    while True:
        await websocket.receive()
        await asyncio.sleep(1)

@app.post("/body")
async def body():
    return str(len(await request.get_data()))

config = Config()
config.bind = ["127.0.0.1:" + sys.argv[1]]
config.websocket_max_message_size = {LIMIT_BYTES}
config.websocket_ping_interval = {PING_SECONDS}
config.accesslog = config.errorlog = None
app.config["BODY_TIMEOUT"] = {BODY_SECONDS}
asyncio.run(serve(app, config))
"""


@dataclass(frozen=True)
class Server:
    """What is attacked."""

    name: str
    pid: int
    port: int
    body_path: str


@dataclass
class Connection:
    """A raw one."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    agreed: bytes = b""

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def ended(self) -> None:
        """When the server has closed it."""
        with suppress(ConnectionError):
            while await self.reader.read(65_536):
                pass


Attack = Callable[[Server], Awaitable[str]]


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0) -> bytes:
    """One of a client's, masked with zeros (RFC 6455 §5.2)."""
    first = (0x80 if fin else 0) | rsv | opcode
    if len(payload) < 126:
        head = bytes([first, 0x80 | len(payload)])
    elif len(payload) < 65_536:
        head = bytes([first, 0xFE]) + len(payload).to_bytes(2, "big")
    else:
        head = bytes([first, 0xFF]) + len(payload).to_bytes(8, "big")
    return head + bytes(4) + payload


async def connection(server: Server) -> Connection:
    return Connection(*await asyncio.open_connection("127.0.0.1", server.port, limit=2**20))


async def websocket(server: Server, more: str = "") -> Connection:
    opened = await connection(server)
    await opened.send(
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n".encode()
    )
    opened.agreed = await opened.reader.readuntil(b"\r\n\r\n")
    return opened


async def bomb(server: Server) -> str:
    """60 MiB of zeros, deflated to 61 kB."""
    opened = await websocket(server, "Sec-WebSocket-Extensions: permessage-deflate\r\n")
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(bytes(BOMB_BYTES)) + packer.flush(zlib.Z_SYNC_FLUSH)
    await opened.send(frame(TEXT, packed[:-4], rsv=0x40))
    await opened.ended()
    return "compression agreed to" if b"deflate" in opened.agreed else "no compression"


async def after_the_limit(server: Server) -> str:
    """A message without an end, in frames of 60 kB, from a client that does not heed its close."""
    opened = await websocket(server)
    sent = 0
    try:
        for number in range(400):
            await opened.send(frame(CONT if number else TEXT, b"x" * 60_000, fin=False))
            sent += 60_000
        await opened.ended()
    except ConnectionError:
        pass
    return f"{sent / 1e6:.1f} MB taken"


async def flood(server: Server, data: bytes, *, first: bytes = b"", most: int = FLOOD) -> str:
    """``data`` so often, a hundred at once."""
    opened = await websocket(server)
    sent = 0
    try:
        await opened.send(first)
        for _ in range(most // 100):
            await opened.send(data * 100)
            sent += 100
        await opened.ended()
    except ConnectionError:
        pass
    return f"{sent} sent"


async def messages(server: Server) -> str:
    """Faster than they are handled."""
    return await flood(server, frame(TEXT, b'{"event": "message", "data": "' + b"x" * 200 + b'"}'))


async def pings(server: Server) -> str:
    """By a client that does not read what comes back."""
    opened = await websocket(server)
    opened.reader._transport.pause_reading()  # type: ignore[attr-defined]
    sent = 0
    try:
        for _ in range(FLOOD // 100):
            await opened.send(frame(PING, b"x" * 125) * 100)
            sent += 100
        opened.reader._transport.resume_reading()  # type: ignore[attr-defined]
        await opened.ended()
    except ConnectionError:
        pass
    return f"{sent} sent"


async def pongs(server: Server) -> str:
    """That nobody asked for."""
    return await flood(server, frame(PONG, b"x" * 125))


async def fragments(server: Server) -> str:
    """One byte each, without an end."""
    return await flood(server, frame(CONT, b"x", fin=False), first=frame(TEXT, b"x", fin=False), most=20_000)


async def empty_fragments(server: Server) -> str:
    """Of no byte: no limit of size counts them."""
    return await flood(server, frame(CONT, b"", fin=False), first=frame(TEXT, b"", fin=False))


async def silence(server: Server) -> str:
    """Pings are not answered."""
    opened = await websocket(server)
    await opened.ended()
    return "closed"


async def slowly(server: Server, head: str) -> str:
    opened = await connection(server)
    ended = asyncio.ensure_future(opened.ended())
    sent = 0
    for byte in head.encode() + b"x" * 1_000:
        if ended.done():
            break
        with suppress(ConnectionError):
            await opened.send(bytes([byte]))
        sent += 1
        await asyncio.wait([ended], timeout=1)
    return f"{sent} bytes"


async def slow_head(server: Server) -> str:
    """A byte a second."""
    return await slowly(server, "GET / HTTP/1.1\r\nHost: h\r\nX-Long: ")


async def slow_body(server: Server) -> str:
    """After a head that comes at once."""
    opened = await connection(server)
    await opened.send(
        f"POST {server.body_path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n".encode()
    )
    ended = asyncio.ensure_future(opened.reader.read(65_536))
    sent = 0
    while not ended.done():
        with suppress(ConnectionError):
            await opened.send(b"[")
        sent += 1
        await asyncio.wait([ended], timeout=1)
    answer = ended.result()
    return f"{sent} bytes, then {answer.split(b' ')[1].decode() if answer else 'closed'}"


async def slow_head_after_a_request(server: Server) -> str:
    """On a connection that is kept."""
    opened = await connection(server)
    await opened.send(f"GET /nothing HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
    await opened.reader.readuntil(b"\r\n\r\n")
    ended = asyncio.ensure_future(opened.ended())
    sent = 0
    for byte in b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 1_000:
        if ended.done():
            break
        with suppress(ConnectionError):
            await opened.send(bytes([byte]))
        sent += 1
        await asyncio.wait([ended], timeout=1)
    return f"{sent} bytes"


ATTACKS: Final[dict[str, Attack]] = {
    "61 kB that inflate to 60 MiB": bomb,
    "24 MB after the limit of 64 KiB": after_the_limit,
    "50,000 messages at once": messages,
    "20,000 fragments of one byte": fragments,
    "50,000 empty fragments": empty_fragments,
    "50,000 pings, nothing read": pings,
    "50,000 pongs": pongs,
    "pings not answered": silence,
    "head, 1 B/s": slow_head,
    "head after a request, 1 B/s": slow_head_after_a_request,
    "body, 1 B/s": slow_body,
}


def resident(pid: int, field: str) -> float:
    """MiB."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def _begin_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


async def measured(server: Server, attack: Attack) -> str:
    _begin_peak(server.pid)
    before, began = resident(server.pid, "VmRSS"), time.monotonic()
    try:
        async with asyncio.timeout(WATCHED_SECONDS):
            how = await attack(server)
        ended = f"ended after {time.monotonic() - began:4.1f} s, {how}"
    except TimeoutError:
        ended = f"goes on after {WATCHED_SECONDS:.0f} s"
    except (ConnectionError, asyncio.IncompleteReadError) as error:
        ended = f"ended after {time.monotonic() - began:4.1f} s, {type(error).__name__}"
    return f"{max(0.0, resident(server.pid, 'VmHWM') - before):6.1f} MiB  {ended}"


@contextmanager
def stock() -> Iterator[Server]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", STOCK, str(port)], stdin=subprocess.DEVNULL)
    try:
        eventually(lambda: accepts(("127.0.0.1", port)), "stock Quart")
        yield Server("stock", process.pid, port, "/body")
    finally:
        stop(process)


@contextmanager
def ours() -> Iterator[Server]:
    limits = {
        "max_message_bytes": LIMIT_BYTES,
        "ping_seconds": PING_SECONDS,
        "pong_seconds": PONG_SECONDS,
        "rate": {"events": 10_000_000},
        "sockets_per_address": 1_000,
    }
    http = {"enabled": True, "body_seconds": BODY_SECONDS, "requests": 10_000}
    with (
        tempfile.TemporaryDirectory() as folder,
        deployment(Path(folder), {"gateway": limits, "http": http, "log": {"level": "error"}}) as house,
    ):
        yield Server("gateway", house.process.pid, house.port, "/sockethub-http")


def main() -> None:
    """Print the table; ``--only WORD`` for the attacks that have it in their name."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", default="")
    chosen = arguments.parse_args()
    print(", ".join(f"{name} {version(name)}" for name in ("hypercorn", "quart", "wsproto", "h11")), os.uname().release)
    with ours() as gateway:
        for name, attack in ATTACKS.items():
            if chosen.only in name:
                with stock() as other:  # a new one each time: what an attack leaves there is no start for the next
                    for server in (other, gateway):
                        print(f"{name:<34}{server.name:<9}{asyncio.run(measured(server, attack))}", flush=True)
