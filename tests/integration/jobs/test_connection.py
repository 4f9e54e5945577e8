"""redis-py's client with the settings of this project."""

from __future__ import annotations

import asyncio

import pytest
import redis

from sockethub.jobs import connect
from sockethub.jobs.link import NotDone

pytestmark = pytest.mark.anyio


def _clients(url: str) -> int:
    """How many there are, but for the one that asks."""
    with redis.Redis.from_url(url) as client:
        return len(client.client_list()) - 1


async def test_one_that_was_closed_connects_no_more(redis_url: str) -> None:
    before = _clients(redis_url)
    client = connect(redis_url)
    await client.ping()
    await client.aclose()
    with pytest.raises(NotDone, match="closed"):
        await client.ping()
    assert _clients(redis_url) == before


async def test_what_connects_while_it_is_closed_is_closed_too(redis_url: str) -> None:
    for steps in range(25):  # of the loop: closed at each step of connecting, and of the first command
        before = _clients(redis_url)
        client = connect(redis_url)
        ping = asyncio.create_task(client.ping())
        for _ in range(steps):
            await asyncio.sleep(0)
        await client.aclose()
        await asyncio.wait([ping])
        ping.exception()  # whatever redis-py makes of a connection that is closed under it
        assert _clients(redis_url) == before, f"closed after {steps} steps"
