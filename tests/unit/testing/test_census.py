"""What is counted of this process, and what is not."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

import pytest

from sockethub.testing import census
from sockethub.testing.census import Census

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "SETTLE_SECONDS", 0.0)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


async def test_what_was_opened_since_is_counted() -> None:
    before = Census.taken()
    reading, writing = os.pipe()
    assert before.sockets() == []
    left = await before.left_behind()
    os.close(reading)
    os.close(writing)
    assert len(left) == 2
    assert all("pipe:" in each for each in left)
    assert await before.left_behind() == []


async def test_a_connection_is_counted_once_though_its_server_is_here(listener: socket.socket) -> None:
    before = Census.taken()
    with socket.create_connection(listener.getsockname()) as client:
        connected = Census.taken()
        accepted, _ = listener.accept()
        with accepted:
            assert await connected.left_behind() == []
            [left] = await before.left_behind()
            assert left.startswith(f"descriptor {client.fileno()} (socket:")
            [copy] = before.sockets()
            with copy:
                assert copy.getpeername() == listener.getsockname()


async def test_what_a_server_here_has_accepted_is_not_counted_when_its_client_reset_it(
    listener: socket.socket,
) -> None:
    before = Census.taken()
    client = socket.create_connection(listener.getsockname())
    accepted, _ = listener.accept()
    with accepted:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        with pytest.raises(OSError, match="not connected"):
            accepted.getpeername()
        assert await before.left_behind() == []


async def test_a_socket_that_leads_nowhere_is_no_connection() -> None:
    before = Census.taken()
    with socket.socket(), socket.socket(socket.AF_UNIX):
        assert before.sockets() == []
        assert len(await before.left_behind()) == 2
