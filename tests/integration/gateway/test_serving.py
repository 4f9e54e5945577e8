"""The connections that Hypercorn speaks on: when serving ends there is none, whatever they were doing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from sockethub.accepting import listening
from sockethub.gateway.serving import CLOSING_SECONDS, Serving
from tests.integration.gateway.conftest import declare

pytestmark = pytest.mark.anyio

HOST = "127.0.0.1"
REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
MARGIN_SECONDS = 2.0


async def _hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


class _Stubborn:
    """An application that does not return, whatever it is told; ``ended`` when it is made to."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            self.ended.set()


class _Talkative:
    """It sends more than anybody takes."""

    def __init__(self) -> None:
        self.sent = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
            self.sent += 1


@asynccontextmanager
async def _serving(tmp_path: Path, application: Any) -> AsyncIterator[tuple[Serving, int]]:
    with listening(HOST, 0, setting="here") as listener:
        serving = Serving(application, declare(tmp_path).gateway, listener, None)
        yield serving, listener.getsockname()[1]
        await serving.aclose()


async def test_requests_are_answered(tmp_path: Path) -> None:
    async with _serving(tmp_path, _hello) as (_, port):
        reader, writer = await asyncio.open_connection(HOST, port)
        for _ in range(2):
            writer.write(REQUEST)
            assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_a_connection_that_is_idle_is_closed_at_once(tmp_path: Path) -> None:
    async with _serving(tmp_path, _hello) as (serving, port):
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(REQUEST)
        await reader.readuntil(b"hello")
        with anyio.fail_after(CLOSING_SECONDS / 2):
            await serving.aclose()
        assert await reader.read() == b""
        writer.close()


async def test_who_does_not_read_is_cut(tmp_path: Path) -> None:
    application = _Talkative()
    async with _serving(tmp_path, application) as (serving, port):
        _, writer = await asyncio.open_connection(HOST, port, limit=1)
        writer.write(REQUEST)
        with anyio.fail_after(MARGIN_SECONDS):
            before = -1
            while before != application.sent or before == 0:  # until nobody takes any more of it
                before = application.sent
                await anyio.sleep(0.05)
        with anyio.fail_after(2 * CLOSING_SECONDS + MARGIN_SECONDS):
            await serving.aclose()
        writer.transport.abort()


async def test_an_application_that_does_not_end_is_ended(tmp_path: Path) -> None:
    application = _Stubborn()
    async with _serving(tmp_path, application) as (serving, port):
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(REQUEST)
        await application.begun.wait()
        with anyio.fail_after(3 * CLOSING_SECONDS + MARGIN_SECONDS):
            await serving.aclose()
        assert application.ended.is_set()
        assert await reader.read() == b""
        writer.close()
