"""A gateway's inbox against a real Redis."""

from __future__ import annotations

import anyio
import pytest

from sockethub.jobs import connect, linked, read_inbox
from tests.support.jobs import until

pytestmark = pytest.mark.anyio


async def test_an_inbox_gives_what_arrives_and_keeps_nothing(redis_url: str) -> None:
    seen: list[bytes] = []
    async with (
        connect(redis_url) as client,
        linked(redis_url, blocking=True) as blocking,
        anyio.create_task_group() as tasks,
    ):

        async def read() -> None:
            async for batch in read_inbox(blocking, "inbox"):
                seen.extend(entry.fields[b"n"] for entry in batch)

        await client.xadd("inbox", {"n": "1"})
        tasks.start_soon(read)
        await until(lambda: seen == [b"1"])
        await client.xadd("inbox", {"n": "2"})
        await until(lambda: seen == [b"1", b"2"])
        await client.client_kill_filter(_type="normal", skipme=True)
        await client.xadd("inbox", {"n": "3"})
        await until(lambda: seen[-1] == b"3")
        assert await client.xlen("inbox") <= 1  # the last batch goes when the next is asked for
        tasks.cancel_scope.cancel()
