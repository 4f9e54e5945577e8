"""What Quart and Hypercorn leave open, as clients would use it (docs/explanation/hostile-clients.md)."""

from __future__ import annotations

import socket
from contextlib import suppress

import anyio
import pytest

from sockethub.gateway.command import Command
from sockethub.gateway.pipeline import Middleware
from sockethub.gateway.wsstream import SMALL_FRAMES
from tests.integration.gateway.conftest import House, Make
from tests.integration.gateway.test_rfc6455 import ASKED, CONT, PING, PONG, TEXT, Reader, frame

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024
MESSAGE_BYTES = 65_536
STALLED_SECONDS = 0.5
MOST_TAKEN = 16 * MIB
"""With what the kernel's buffers hold."""


class Stuck(Middleware):
    """Takes for ever about a client's first message."""

    async def process(self, command: Command) -> None:
        await anyio.sleep_forever()


async def opened(house: House) -> tuple[anyio.abc.SocketStream, Reader]:
    stream = await anyio.connect_tcp("127.0.0.1", house.port)
    await stream.send(
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{house.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    reader = Reader(stream)
    assert b" 101 " in await reader.until(b"\r\n\r\n")
    return stream, reader


@pytest.mark.parametrize("path", ["/livez", "/sockethub-http", "/sockethub/?EIO=4&transport=polling"])
async def test_a_request_that_ends_in_two_ways_is_refused_and_the_connection_closed(house: House, path: str) -> None:
    stream = await anyio.connect_tcp("127.0.0.1", house.port)
    async with stream:
        host = f"Host: 127.0.0.1:{house.port}\r\n"
        await stream.send(
            f"POST {path} HTTP/1.1\r\n{host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            f"GET /livez HTTP/1.1\r\n{host}\r\n".encode()
        )
        said = b""
        with anyio.fail_after(5), suppress(anyio.EndOfStream, anyio.BrokenResourceError):
            while True:
                said += await stream.receive()
    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"either Content-Length or Transfer-Encoding" in said
    assert said.count(b"HTTP/1.1") == 1


async def test_a_client_that_does_not_answer_pings_is_closed(house_of: Make) -> None:
    async with house_of(ping_seconds=0.2, pong_seconds=0.2) as house:
        stream, reader = await opened(house)
        async with stream:
            with anyio.fail_after(5):
                while (told := await reader.frame()) == ("ping", b""):
                    pass
            assert told == 1001


async def test_a_client_that_answers_them_stays(house_of: Make) -> None:
    async with house_of(ping_seconds=0.1, pong_seconds=0.3) as house:
        stream, reader = await opened(house)
        async with stream:
            with anyio.move_on_after(1):
                while await reader.frame() == ("ping", b""):
                    await stream.send(frame(PONG))
            await stream.send(frame(TEXT, ASKED))
            with anyio.fail_after(5):
                while (told := await reader.frame()) == ("ping", b""):
                    await stream.send(frame(PONG))
            assert told == "answer"


async def test_what_is_not_handled_is_not_read(house_of: Make) -> None:
    async with house_of(pipeline=[f"{__name__}:Stuck"], inbound_messages=4, max_message_bytes=MESSAGE_BYTES) as house:
        stream, _ = await opened(house)
        async with stream:
            stream.extra(anyio.abc.SocketAttribute.raw_socket).setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
            message, taken, stalled = frame(TEXT, b"x" * MESSAGE_BYTES), 0, False
            while not stalled and taken < 4 * MOST_TAKEN:
                with anyio.move_on_after(STALLED_SECONDS) as scope:
                    await stream.send(message)
                    taken += MESSAGE_BYTES
                stalled = scope.cancelled_caught
            assert stalled
            assert taken < MOST_TAKEN


@pytest.mark.parametrize("small", [frame(PING), frame(PONG), frame(CONT, fin=False)], ids=["ping", "pong", "fragment"])
async def test_floods_of_small_frames_end_the_connection(house: House, small: bytes) -> None:
    stream, reader = await opened(house)
    async with stream:
        begun = frame(TEXT, fin=False) if small == frame(CONT, fin=False) else b""
        with anyio.fail_after(10):
            await stream.send(begun + small * (SMALL_FRAMES * 5))
            answered = 0
            while (told := await reader.frame()) == ("pong", b""):
                answered += 1
        assert told == 1008
        assert answered <= SMALL_FRAMES * 2  # a second may have ended meanwhile
