"""The proxy of the fault tests keeps nothing of a connection that has ended."""

from __future__ import annotations

import asyncio

import pytest

from sockethub.testing.census import Census
from tests.support.tcpproxy import TcpProxy, tcp_proxy

pytestmark = pytest.mark.anyio


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.read())
    writer.close()


async def test_a_connection_that_both_have_ended_is_closed() -> None:
    server = await asyncio.start_server(_echo, TcpProxy.host, 0)
    async with server, tcp_proxy(TcpProxy.host, server.sockets[0].getsockname()[1]) as proxy:
        before = Census.taken()
        reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
        writer.write(b"hello")
        writer.write_eof()
        assert await reader.read() == b"hello"
        writer.close()
        await writer.wait_closed()
        assert await before.left_behind() == []
