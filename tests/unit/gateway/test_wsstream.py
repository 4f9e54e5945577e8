"""What leaves when, over a connection whose other end is played."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypercorn.config import Config
from hypercorn.protocol.events import Data
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.ws_stream import ASGIWebsocketState
from hypercorn.typing import WebsocketReceiveEvent
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import Ping, TextMessage

from sockethub.gateway.wsstream import FULL_BYTES, BoundedStream, Inbound

pytestmark = pytest.mark.anyio


class Transport:
    """Writes down what it is given."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.unsent = 0
        self.closing = False

    def write(self, data: bytes) -> None:
        self.writes.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.closing


class Server:
    """As much of Hypercorn's as a stream reaches for."""

    def __init__(self, transport: Transport) -> None:
        self.writer = SimpleNamespace(transport=transport)

    async def protocol_send(self, event: Any) -> None:
        raise AssertionError("not by this way")


class Http1(H11Protocol):
    """Sends at once what the stream does not batch."""

    def __init__(self, server: Server) -> None:
        self.send = server.protocol_send

    async def stream_send(self, event: Any) -> None:
        if isinstance(event, Data):
            self.send.__self__.writer.transport.write(event.data)  # type: ignore[attr-defined]


def connected(transport: Transport) -> BoundedStream:
    protocol = Http1(Server(transport))
    nothing: Any = None
    stream = BoundedStream(nothing, Config(), nothing, nothing, False, None, None, protocol.stream_send, 1)
    stream.connection = Connection(ConnectionType.SERVER)
    stream.state = ASGIWebsocketState.CONNECTED
    return stream


def frame(text: str) -> bytes:
    return Connection(ConnectionType.SERVER).send(TextMessage(text))


async def say(stream: BoundedStream, text: str) -> None:
    await stream.app_send({"type": "websocket.send", "bytes": None, "text": text})


def event(text: str) -> WebsocketReceiveEvent:
    return {"type": "websocket.receive", "bytes": None, "text": text}


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_frames_of_one_tick_leave_as_one_write() -> None:
    transport = Transport()
    stream = connected(transport)
    for text in ("one", "two", "three"):
        await say(stream, text)
    assert transport.writes == []
    await asyncio.sleep(0)
    assert transport.writes == [frame("one") + frame("two") + frame("three")]
    await say(stream, "four")
    await asyncio.sleep(0)
    assert transport.writes[1:] == [frame("four")]


async def test_what_is_about_the_connection_overtakes_nothing() -> None:
    transport = Transport()
    stream = connected(transport)
    await say(stream, "before")
    await stream._send_wsproto_event(Ping())
    assert b"".join(transport.writes) == frame("before") + Connection(ConnectionType.SERVER).send(Ping())


async def test_a_client_that_does_not_keep_up_is_waited_for() -> None:
    transport = Transport()
    stream = connected(transport)
    await say(stream, "early")
    transport.unsent = FULL_BYTES
    await say(stream, "late")
    assert b"".join(transport.writes) == frame("early") + frame("late"), "by Hypercorn's way, which waits"
    assert len(transport.writes) == 2


async def test_who_brings_more_than_may_wait_waits_until_some_is_taken() -> None:
    inbound = Inbound(2)
    bringing = [asyncio.create_task(inbound.put(event(text))) for text in "abcd"]
    await _settled()
    assert [task.done() for task in bringing] == [True, True, False, False]
    assert [(await inbound.get())["text"] for _ in range(4)] == list("abcd")  # type: ignore[typeddict-item]
    assert all(task.done() for task in bringing)


async def test_what_may_wait_is_declared_and_settings_are_those_of_now() -> None:
    stream = connected(Transport())
    taken: list[Any] = []

    def spawn(_handle: Any, _app: Any, _config: Any, _scope: Any, receive: Any, *_: Any) -> None:
        taken.append(receive)

    cast(Any, stream.task_group)._group = SimpleNamespace(spawn=spawn)
    put = await stream.task_group.spawn_app(*[cast(Any, None)] * 4)
    bringing = [asyncio.create_task(put(event("a"))) for _ in range(BoundedStream.inbound_messages + 1)]
    await _settled()
    assert [task.done() for task in bringing] == [True] * BoundedStream.inbound_messages + [False]
    await taken[0]()
    await bringing[-1]
    stream.config.websocket_ping_interval = 7.5
    assert stream._interval == 7.5


async def test_what_is_dropped_makes_room() -> None:
    inbound = Inbound(1)
    await inbound.put(event("a"))
    bringing = asyncio.create_task(inbound.put(event("b")))
    await _settled()
    inbound.clear()
    await bringing
    assert (await inbound.get())["text"] == "b"  # type: ignore[typeddict-item]


async def test_who_takes_waits_for_what_comes_and_may_give_up() -> None:
    inbound = Inbound(1)
    taking = asyncio.create_task(inbound.get())
    await _settled()
    taking.cancel()
    await asyncio.wait([taking])
    await inbound.put(event("a"))
    assert (await inbound.get())["text"] == "a"  # type: ignore[typeddict-item]
    taking = asyncio.create_task(inbound.get())
    await _settled()
    await inbound.put(event("b"))
    assert (await taking)["text"] == "b"  # type: ignore[typeddict-item]


async def test_nothing_is_written_to_what_closes() -> None:
    transport = Transport()
    stream = connected(transport)
    await say(stream, "gone")
    transport.closing = True
    await asyncio.sleep(0)
    assert transport.writes == []
