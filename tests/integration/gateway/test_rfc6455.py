"""RFC 6455 frame by frame, against the running gateway: the categories of the Autobahn test suite, as a table.

(Autobahn's own fuzzing client runs on Python 2 alone.) What the gateway answers is read with a parser of this file's
own: neither side's library judges the other.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import anyio
import pytest

from tests.integration.gateway.conftest import House, Make

pytestmark = pytest.mark.anyio

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
WITHIN_SECONDS: Final = 10.0
LIMIT: Final = 100_000
ASKED: Final = json.dumps({"id": 7, "event": "nothing", "data": "κόσμε \U0001f600"}, ensure_ascii=False).encode()
NO_CODE: Final = 1005
"""What a close without a code is called (§7.4.1); it is never sent."""

ANSWER: Final = "answer"
"""The frame's text was read, for its id comes back."""


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes | None = b"\1\2\3\4"
) -> bytes:
    first, masked = (0x80 if fin else 0) | rsv << 4 | opcode, 0x80 if mask else 0
    if len(payload) < 126:
        head = bytes([first, masked | len(payload)])
    elif len(payload) < 65_536:
        head = bytes([first, masked | 126]) + len(payload).to_bytes(2, "big")
    else:
        head = bytes([first, masked | 127]) + len(payload).to_bytes(8, "big")
    if mask is None:
        return head + payload
    return head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


def pieces(payload: bytes, *sizes: int) -> bytes:
    """A text in fragments of these sizes, and the rest."""
    said, opcode = b"", TEXT
    for size in sizes:
        said += frame(opcode, payload[:size], fin=False)
        payload, opcode = payload[size:], CONT
    return said + frame(opcode, payload)


def padded(size: int) -> bytes:
    """A frame's payload of so many bytes."""
    return ASKED[:-1] + b" " * (size - len(ASKED)) + b"}"


def close(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, code.to_bytes(2, "big") + reason)


@dataclass(frozen=True)
class Case:
    """What is said, and what comes back; a number is the code of a close."""

    said: bytes
    expected: tuple[Any, ...]


GOOD_CODES: Final = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
BAD_CODES: Final = (0, 999, 1004, 1005, 1006, 1015, 2**16 - 1)

CASES: Final[dict[str, Case]] = {
    # Lengths (§5.2)
    **{
        f"a text of {size} bytes": Case(frame(TEXT, padded(size)), (ANSWER,))
        for size in (80, 125, 126, 127, 128, 65_535, 65_536)
    },
    "an empty text": Case(frame(TEXT), ("error",)),
    "a binary message": Case(frame(BINARY, b"x"), (1003,)),
    "more than is allowed": Case(frame(TEXT, padded(LIMIT + 1_000)), (1009,)),
    # Pings and pongs (§5.5)
    "a ping without a payload": Case(frame(PING), (("pong", b""),)),
    "a ping of 125 bytes": Case(frame(PING, b"p" * 125), (("pong", b"p" * 125),)),
    "a ping of 126 bytes": Case(frame(PING, b"p" * 126), (1002,)),
    "a ping in fragments": Case(frame(PING, b"p", fin=False), (1002,)),
    "a pong that nobody asked for": Case(frame(PONG, b"p") + frame(TEXT, ASKED), (ANSWER,)),
    "ten pings": Case(
        b"".join(frame(PING, bytes([n])) for n in range(10)), tuple(("pong", bytes([n])) for n in range(10))
    ),
    # Reserved bits (§5.2)
    **{f"reserved bits {rsv:03b}": Case(frame(TEXT, ASKED, rsv=rsv), (1002,)) for rsv in range(1, 8)},
    "a reserved bit in a ping": Case(frame(PING, rsv=4), (1002,)),
    # Opcodes (§5.2)
    **{f"opcode {opcode}": Case(frame(opcode, b"x"), (1002,)) for opcode in (*range(3, 8), *range(11, 16))},
    # Masks (§5.1)
    "no mask": Case(frame(TEXT, ASKED, mask=None), (1002,)),
    # Fragmentation (§5.4)
    "two fragments": Case(pieces(ASKED, 10), (ANSWER,)),
    "fragments of a byte": Case(pieces(ASKED, *[1] * (len(ASKED) - 1)), (ANSWER,)),
    "empty fragments around it": Case(pieces(ASKED, 0, 0, 10, 0), (ANSWER,)),
    "a ping between fragments": Case(
        frame(TEXT, ASKED[:10], fin=False) + frame(PING, b"p") + frame(CONT, ASKED[10:]), (("pong", b"p"), ANSWER)
    ),
    "a continuation of nothing": Case(frame(CONT, ASKED), (1002,)),
    "a text within another": Case(frame(TEXT, b"{", fin=False) + frame(TEXT, ASKED), (1002,)),
    "thousands of fragments": Case(frame(TEXT, b"", fin=False) + frame(CONT, b"", fin=False) * 20_000, (1008,)),
    # UTF-8 (§8.1)
    "a character in two fragments": Case(pieces(ASKED, ASKED.index(b"\xf0") + 2), (ANSWER,)),
    **{
        f"not UTF-8: {raw.hex()}": Case(frame(TEXT, b'{"id": 7, "event": "' + raw + b'"}'), (1007,))
        for raw in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe0\x80\x80", b"\x80")
    },
    "a character that is not finished": Case(frame(TEXT, b'"\xe2\x82'), (1007,)),
    # Closing (§5.5.1, §7.4)
    "a close without a code": Case(frame(CLOSE), (NO_CODE,)),
    **{f"close {code}": Case(close(code), (code,)) for code in GOOD_CODES},
    **{f"no close code: {code}": Case(close(code), (1002,)) for code in BAD_CODES},
    "half a close code": Case(frame(CLOSE, b"\x03"), (1002,)),
    "a reason of 123 bytes": Case(close(1000, b"r" * 123), (1000,)),
    "a reason of 124 bytes": Case(close(1000, b"r" * 124), (1002,)),
    "a reason that is not UTF-8": Case(close(1000, b"\xff"), (1007,)),
    "a text after the close": Case(close(1000) + frame(TEXT, ASKED), (1000,)),
}


@pytest.fixture
async def house(house_of: Make) -> AsyncIterator[House]:
    async with house_of(
        max_message_bytes=LIMIT, rate={"events": 100_000}, sockets_per_address=len(CASES) + 10
    ) as running:
        yield running


async def test_every_frame_is_answered_as_the_standard_says(house: House) -> None:
    """All in one go, beside each other: a gateway for each would take its time."""
    outcomes: dict[str, tuple[Any, ...]] = {}

    async def run(name: str) -> None:
        outcomes[name] = await said(house, CASES[name])

    async with anyio.create_task_group() as tasks:
        for name in CASES:
            tasks.start_soon(run, name)
    assert outcomes == {name: case.expected for name, case in CASES.items()}


async def said(house: House, case: Case) -> tuple[Any, ...]:
    """What comes back; after a close, the connection ends too."""
    heard: list[Any] = []
    with anyio.move_on_after(WITHIN_SECONDS) as scope:
        async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
            await stream.send(
                f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{house.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            reader = Reader(stream)
            assert b" 101 " in await reader.until(b"\r\n\r\n")
            with suppress(anyio.BrokenResourceError):  # it may be closed before it is all sent
                await stream.send(case.said)
            with suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                while len(heard) < len(case.expected) or not isinstance(case.expected[-1], tuple | str):
                    told = await reader.frame()
                    if told is not None:
                        heard.append(told)
    return (*heard, "nothing more") if scope.cancelled_caught else tuple(heard)


class Reader:
    """Reads what a server may send."""

    def __init__(self, stream: anyio.abc.ByteStream) -> None:
        self._stream = stream
        self._data = b""

    async def until(self, end: bytes) -> bytes:
        while end not in self._data:
            self._data += await self._stream.receive()
        found, _, self._data = self._data.partition(end)
        return found

    async def frame(self) -> Any:
        """An answer, an error, a pong or the code of a close; None for what came on its own."""
        first, length = await self._take(2)
        assert first & 0xF0 == 0x80, "whole, and no reserved bits"
        if length == 126:
            length = int.from_bytes(await self._take(2), "big")
        payload = await self._take(length)
        match first & 0x0F:
            case 1:
                told = json.loads(payload)
                return ANSWER if told.get("id") == 7 else "error" if "error" in told else None
            case 8:
                return int.from_bytes(payload[:2], "big") if payload else NO_CODE
            case 9:
                return "ping", payload
            case 10:
                return "pong", payload
        raise AssertionError(f"opcode {first & 0x0F}")

    async def _take(self, count: int) -> bytes:
        while len(self._data) < count:
            self._data += await self._stream.receive()
        taken, self._data = self._data[:count], self._data[count:]
        return taken
