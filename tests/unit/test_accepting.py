"""Accepting connections: each has an owner, and none is left."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from sockethub import accepting
from sockethub.accepting import Acceptor, listening
from sockethub.errors import ConfigError

pytestmark = pytest.mark.anyio

HOST = "127.0.0.1"
SECONDS = 0.2
WITHIN_SECONDS = 5.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)


async def _connect(listener: socket.socket) -> Streams:
    return await asyncio.open_connection(*listener.getsockname())


async def _closed(streams: Streams) -> bool:
    """Whether the other side has ended it."""
    reader, writer = streams
    try:
        with anyio.fail_after(WITHIN_SECONDS):
            return await reader.read() == b""
    except ConnectionError:
        return True
    finally:
        writer.transport.abort()


async def test_a_port_that_is_taken_is_told_with_its_setting() -> None:
    with (
        listening(HOST, 0, setting="gateway.port") as listener,
        pytest.raises(ConfigError, match=r"gateway\.port: .*choose another"),
    ):
        listening(HOST, listener.getsockname()[1], setting="gateway.port")


async def test_a_connection_is_served_and_closed_when_that_returns() -> None:
    with listening(HOST, 0, setting="here") as listener:
        acceptor = Acceptor(_echo, listener)
        reader, writer = await _connect(listener)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        assert len(acceptor) == 1
        writer.write_eof()
        assert await _closed((reader, writer))
        await acceptor.aclose()
        assert len(acceptor) == 0


async def test_the_last_of_it_is_sent() -> None:
    async def much(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * 10_000_000)

    with listening(HOST, 0, setting="here") as listener:
        acceptor = Acceptor(much, listener)
        reader, writer = await _connect(listener)
        assert len(await reader.read()) == 10_000_000
        writer.close()
        await acceptor.aclose()


async def test_who_does_not_read_the_last_of_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "FLUSH_SECONDS", SECONDS)

    async def much(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * 10_000_000)

    with listening(HOST, 0, setting="here") as listener:
        acceptor = Acceptor(much, listener)
        _, writer = await asyncio.open_connection(*listener.getsockname(), limit=1)
        with anyio.fail_after(WITHIN_SECONDS):
            while not len(acceptor):  # noqa: ASYNC110 - nobody tells
                await anyio.sleep(0.01)
            while len(acceptor):  # noqa: ASYNC110
                await anyio.sleep(0.01)
        writer.transport.abort()
        await acceptor.aclose()


async def test_more_than_there_may_be_are_closed_unheard() -> None:
    with listening(HOST, 0, setting="here") as listener:
        acceptor = Acceptor(_echo, listener, most=2)
        kept = [await _connect(listener) for _ in range(2)]
        for reader, writer in kept:
            writer.write(b"x")
            await reader.readexactly(1)
        assert await _closed(await _connect(listener))
        kept[0][1].transport.abort()
        with anyio.fail_after(WITHIN_SECONDS):
            while len(acceptor) == 2:  # noqa: ASYNC110 - nobody tells
                await anyio.sleep(0.01)
        reader, writer = await _connect(listener)
        writer.write(b"x")
        assert await reader.readexactly(1) == b"x"
        await acceptor.aclose()
        writer.close()
        assert await _closed(kept[1])


@pytest.mark.parametrize("seconds", [0.0, SECONDS])
async def test_those_that_come_at_the_end_are_not_left_alone(seconds: float) -> None:
    """At whatever step of being accepted the end finds them."""
    for steps in range(8):
        with listening(HOST, 0, setting="here") as listener:
            acceptor = Acceptor(_echo, listener)
            connecting = [asyncio.create_task(_connect(listener)) for _ in range(20)]
            for _ in range(steps):
                await asyncio.sleep(0)
            await acceptor.aclose(seconds)
            assert len(acceptor) == 0
            for each in await asyncio.gather(*connecting, return_exceptions=True):
                assert isinstance(each, OSError) or await _closed(each)  # type: ignore[arg-type]


async def test_one_that_does_not_end_is_cut_and_then_cancelled() -> None:
    told: list[str] = []

    async def stubborn(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""
        told.append("cut")
        try:
            await anyio.sleep_forever()
        finally:
            told.append("cancelled")

    with listening(HOST, 0, setting="here") as listener:
        acceptor = Acceptor(stubborn, listener)
        streams = await _connect(listener)
        while not len(acceptor):
            await anyio.lowlevel.checkpoint()
        with anyio.fail_after(WITHIN_SECONDS):
            await acceptor.aclose(SECONDS)
        assert told == ["cut", "cancelled"]
        assert await _closed(streams)


async def test_without_a_file_left_it_waits_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(accepting, "PAUSE_SECONDS", SECONDS)

    class Poor(socket.socket):
        failures = 1

        def accept(self) -> Any:
            if self.failures:
                self.failures -= 1
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    with Poor() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        acceptor = Acceptor(_echo, listener)
        began = anyio.current_time()
        reader, writer = await _connect(listener)
        writer.write(b"x")
        assert await reader.readexactly(1) == b"x"
        assert anyio.current_time() - began >= SECONDS
        writer.close()
        await acceptor.aclose()
    assert "no connection can be accepted" in capsys.readouterr().out


async def test_a_bug_ends_its_connection_and_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    async def wrong(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        raise KeyError("a bug")

    with listening(HOST, 0, setting="here") as listener:
        acceptor = Acceptor(wrong, listener)
        assert await _closed(await _connect(listener))
        assert await _closed(await _connect(listener)), "the next one is served"
        await acceptor.aclose()
    assert "a connection failed" in capsys.readouterr().out
