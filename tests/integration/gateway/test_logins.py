"""Logins without a secret: who comes back from the same address gets the same one, who comes besides another."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
import redis.asyncio

from sockethub.sessions.store import SessionStore
from tests.integration.gateway.conftest import House
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio

GIVEN = {
    "type": "credentials",
    "context": "irc",
    "actor": {"id": "ann", "type": "person"},
    "object": {"type": "credentials", "nick": "ann", "server": "irc.example"},
}


async def attached(house: House) -> dict[bytes, int]:
    """How many sessions each login has."""
    async with redis.asyncio.from_url(house.redis_url) as client:
        return {key: await client.hlen(key) async for key in client.scan_iter("login:*:attached")}


async def test_who_returns_before_the_last_session_was_released_gets_its_login(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that is loaded again is here sooner than Redis has answered what the one before has left."""
    releasing, may_release, release = anyio.Event(), anyio.Event(), SessionStore.release

    async def later(*arguments: Any) -> None:
        releasing.set()
        await may_release.wait()
        await release(*arguments)

    async with ws_client(house.websocket) as client:
        await client.ok("credentials", GIVEN)
        (login,) = await attached(house)
        monkeypatch.setattr(SessionStore, "release", later)
    with anyio.fail_after(10):
        await releasing.wait()
    async with ws_client(house.websocket) as client:
        await client.ok("credentials", GIVEN)
        assert await attached(house) == {login: 1}
        may_release.set()
        monkeypatch.undo()
        await client.ok("credentials", GIVEN)
        assert await attached(house) == {login: 1}


async def test_a_login_that_a_client_holds_is_not_given_to_another(house: House) -> None:
    async with ws_client(house.websocket) as client, ws_client(house.websocket) as other:
        await client.ok("credentials", GIVEN)
        await other.ok("credentials", GIVEN)
        assert list((await attached(house)).values()) == [1, 1]


async def test_what_a_dead_gateway_has_left_holds_no_login_whatever_it_is(house: House) -> None:
    async with ws_client(house.websocket) as client:
        await client.ok("credentials", GIVEN)
        (login,) = await attached(house)
    with anyio.fail_after(10):
        while await attached(house):  # noqa: ASYNC110 - Redis tells nobody
            await anyio.sleep(0.01)
    async with redis.asyncio.from_url(house.redis_url) as redis_client:
        await redis_client.hset(login, mapping={b"\xff": b"\xfe"})
    async with ws_client(house.websocket) as client:
        await client.ok("credentials", GIVEN)
        assert await attached(house) == {login: 1}
