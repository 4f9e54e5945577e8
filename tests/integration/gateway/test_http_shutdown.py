"""A gateway that stops while an HTTP request is at work keeps what is known of it."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest
import redis.asyncio

from tests.integration.gateway.conftest import Make
from tests.integration.gateway.test_sse import echo, request

pytestmark = pytest.mark.anyio


async def test_what_was_under_way_is_kept_as_unknown(house_of: Make) -> None:
    async with house_of(http=True) as house, redis.asyncio.Redis.from_url(house.redis_url) as client:
        house.worker.hold = anyio.Event()
        async with request(house, "POST", "/sockethub-http", [echo("slow")], X_Request_Id="stopped") as answer:
            assert answer.status == 200
            (key,) = [key async for key in client.scan_iter("http:*:results")]
            assert await client.get(key) == b"running"
            house.stop()
            with anyio.fail_after(20):
                while await client.get(key) == b"running":
                    await anyio.lowlevel.checkpoint()
        kept = await client.get(key)
        # Sealed: that it is no longer under way is all that Redis knows.
        assert kept is not None
        assert b"slow" not in kept
        house.worker.hold.set()
