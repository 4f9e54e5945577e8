"""What waits for a client of Socket.IO has an end, in bytes: Engine.IO's own queue has none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import engineio.async_socket
import pytest

from sockethub.gateway.engine import Engine
from sockethub.gateway.socketio import SocketIoTransport

pytestmark = pytest.mark.anyio

LIMIT = 100_000


class Stage:
    """One client that does not read, on doubles of all but Engine.IO."""

    def __init__(self) -> None:
        engine = Engine(async_mode="asgi")
        self.socket = engine.sockets["x"] = engineio.async_socket.AsyncSocket(engine, "x")
        self.server = SimpleNamespace(eio=engine, overflowed=Mock(), drop=Mock())
        self.transport = SocketIoTransport(cast(Any, self.server), "x", LIMIT)

    def deliver(self, text: str) -> None:
        self.transport.deliver("message", {"content": text})


async def test_who_does_not_read_is_closed_and_given_nothing_more() -> None:
    stage = Stage()
    for number in range(1_000):
        stage.deliver(f"{number}" * 100)
    stage.server.overflowed.assert_called_once_with()
    stage.server.drop.assert_called_once_with("x", finish=False)
    assert LIMIT / 2 < stage.socket.queue.bytes <= LIMIT
    await stage.socket.poll()
    assert stage.socket.queue.bytes == 0


async def test_one_alone_may_be_larger() -> None:
    stage = Stage()
    stage.deliver("x" * 2 * LIMIT)
    assert not stage.server.overflowed.called
    stage.deliver("x")
    stage.server.overflowed.assert_called_once_with()


async def test_what_was_taken_makes_room() -> None:
    stage = Stage()
    for _ in range(10):
        stage.deliver("\N{SNOWMAN}" * 40_000)  # two bytes each, in memory
        await stage.socket.poll()
    assert not stage.server.overflowed.called
