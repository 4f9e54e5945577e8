"""What clients are told when their commands cannot be queued."""

from __future__ import annotations

import pytest

from sockethub.jobs import connect
from tests.integration.gateway.conftest import House
from tests.integration.gateway.test_bad_input import said
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio


async def test_a_full_redis_is_an_error_for_nothing_was_queued(house: House) -> None:
    """Not an outcome that is unknown: the client may send it again."""
    async with ws_client(house.websocket) as client, connect(house.redis_url) as redis:
        await client.ok("message", said())
        await redis.config_set("maxmemory", "1")
        try:
            ack = await client.request("message", said())
        finally:
            await redis.config_set("maxmemory", "0")
        assert "OOM" in ack["error"]
        assert "outcome" not in ack
        await client.ok("message", said())
