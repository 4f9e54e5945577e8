"""The proxy of the fault tests keeps nothing of a connection that has ended."""

from __future__ import annotations

import asyncio

import pytest

from sockethub.testing.census import Census
from tests.support.streamserver import HOST, tcp_server
from tests.support.tcpproxy import tcp_proxy

pytestmark = pytest.mark.anyio


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.read())
    writer.close()


async def test_a_connection_that_both_have_ended_is_closed() -> None:
    async with tcp_server(_echo) as port, tcp_proxy(HOST, port) as proxy:
        before = Census.taken()
        reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
        writer.write(b"hello")
        writer.write_eof()
        assert await reader.read() == b"hello"
        writer.close()
        await writer.wait_closed()
        assert await before.left_behind() == []


async def test_one_that_is_being_made_at_the_end_is_closed() -> None:
    """At whatever step of it the end comes."""
    async with tcp_server(_echo) as port:
        for steps in range(16):
            before = Census.taken()
            async with tcp_proxy(HOST, port) as proxy:
                connecting = asyncio.create_task(asyncio.open_connection(proxy.host, proxy.port))
                for _ in range(steps):
                    await asyncio.sleep(0)
            try:
                _, writer = await connecting
            except ConnectionError:
                continue
            writer.transport.abort()
            assert await before.left_behind() == [], f"after {steps} steps"
