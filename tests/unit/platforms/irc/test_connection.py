"""The ``irc`` package's connection, as we changed it: nothing but whole lines gets out, and nothing goes unasked."""

from __future__ import annotations

import asyncio

import pytest

from sockethub.platforms.irc.connection import LINES_AT_ONCE, Connection, open_connection
from sockethub_translators import irc
from sockethub_translators.errors import EncodeError, ParseError

pytestmark = pytest.mark.anyio


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.unsent = 0
        self.aborted = False
        self.reading = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return self.aborted

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def abort(self) -> None:
        self.aborted = True


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def connection(wire: Wire) -> Connection:
    async def factory(protocol: asyncio.Protocol, address: tuple[str, int]) -> tuple[Wire, asyncio.Protocol]:
        return wire, protocol

    it = open_connection()
    it.listen(lambda lines: None, lambda error: None)
    await it.connect("irc.example", 6667, factory)
    return it


async def test_connecting_says_nothing(connection: Connection, wire: Wire) -> None:
    assert wire.written == b""
    assert connection.connected


async def test_lines_go_out_together(connection: Connection, wire: Wire) -> None:
    connection.send(irc.Line("PRIVMSG", ("#a", "hi")), irc.Line("PING", ("x",)))
    assert wire.written == b"PRIVMSG #a :hi\r\nPING x\r\n"


@pytest.mark.parametrize("text", ["hi\r\nQUIT", "hi\nQUIT", "hi\rQUIT", "hi\0"])
async def test_no_way_to_slip_in_a_line(connection: Connection, wire: Wire, text: str) -> None:
    with pytest.raises(EncodeError):
        connection.send(irc.Line("PING", ("x",)), irc.Line("PRIVMSG", ("#a", text)))
    with pytest.raises(ParseError):
        connection.send_raw(f"PRIVMSG #a :{text}")
    with pytest.raises(ParseError):
        connection.privmsg("#a", text)
    assert wire.written == b""


async def test_a_server_that_does_not_read_is_cut_off(connection: Connection, wire: Wire) -> None:
    wire.unsent = 1024 * 1024
    connection.send(irc.Line("PONG", ("x",)))
    assert wire.aborted
    connection.send(irc.Line("PONG", ("x",)))
    assert wire.written.count(b"PONG") == 1


async def test_loss_is_told(wire: Wire) -> None:
    told: list[Exception | None] = []
    it = open_connection()
    it.listen(lambda lines: None, told.append)

    async def factory(protocol: asyncio.Protocol, address: tuple[str, int]) -> tuple[Wire, asyncio.Protocol]:
        return wire, protocol

    await it.connect("irc.example", 6667, factory)
    it.protocol.connection_lost(None)
    assert told == [None]
    assert not it.connected
    assert it.reactor.connections == []


def listening(told: list[str]) -> Connection:
    it = open_connection()
    it.listen(
        lambda lines: told.extend(line.params[-1] for line in lines if isinstance(line, irc.Line)),
        lambda error: told.append("lost"),
    )
    return it


async def connected(it: Connection, wire: Wire) -> Connection:
    async def factory(protocol: asyncio.Protocol, address: tuple[str, int]) -> tuple[Wire, asyncio.Protocol]:
        return wire, protocol

    return await it.connect("irc.example", 6667, factory)


FLOOD = b"".join(b":a!b@c PRIVMSG #a :%d\r\n" % number for number in range(50))


async def test_others_have_their_turn_while_many_lines_are_heard(wire: Wire) -> None:
    """What gives events to the gateway, above all: its queue has an end."""
    told: list[str] = []
    it = await connected(listening(told), wire)
    it.protocol.data_received(FLOOD)
    assert (len(told), wire.reading) == (LINES_AT_ONCE, False)
    turns = 0
    while not wire.reading:
        turns += 1
        await asyncio.sleep(0)
    assert turns >= 50 / LINES_AT_ONCE - 1
    assert told == [str(number) for number in range(50)]


async def test_what_was_read_is_heard_before_the_loss(wire: Wire) -> None:
    told: list[str] = []
    it = await connected(listening(told), wire)
    it.protocol.data_received(FLOOD)
    it.protocol.connection_lost(None)
    assert told == [*map(str, range(50)), "lost"]
    await asyncio.sleep(0)
    assert len(told) == 51


async def test_a_server_that_speaks_before_we_are_told_that_we_are_connected(wire: Wire) -> None:
    told: list[str] = []
    it = listening(told)

    async def factory(protocol: asyncio.Protocol, address: tuple[str, int]) -> tuple[Wire, asyncio.Protocol]:
        protocol.data_received(FLOOD)
        return wire, protocol

    await it.connect("irc.example", 6667, factory)
    while len(told) < 50:  # noqa: ASYNC110 - it takes turns of the loop, and no time
        await asyncio.sleep(0)
    assert told == [str(number) for number in range(50)]
    assert wire.reading
