"""Limits hold across gateways; where Redis is away each gateway's own still do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import anyio
import pytest
import redis.asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from sockethub.config.models import Declaration
from sockethub.crypto import KeyRing, RootKey
from sockethub.errors import QueueUnavailable
from sockethub.gateway import limitstore
from sockethub.gateway.limitstore import LimitStore
from sockethub.gateway.places import Places
from sockethub.jobs import connected, linked
from sockethub.sessions.place import Place
from sockethub.sessions.store import SessionStore
from tests.integration.gateway.conftest import Make, declare
from tests.integration.gateway.test_authentication import ALICE, BOB, ECHO, STATIC, bearer, closed
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio

KEYS = KeyRing(RootKey.new(0))
ONE = Place("connections-address", "203.0.113.7", "one")


async def test_redis_counts_for_all_and_learns_no_names(redis_url: str) -> None:
    async with redis.asyncio.from_url(redis_url) as client, linked(redis_url) as link:
        here, there = LimitStore(link, KEYS), LimitStore(link, KEYS)
        assert await here.count("commands", "203.0.113.7", 3, 60) == (3, 60)
        assert (await there.count("commands", "203.0.113.7", 4, 60))[0] == 7
        places = [Place(ONE.kind, ONE.subject, str(number)) for number in range(3)]
        assert [await store.hold(place, 2) for store, place in zip((here, there, here), places, strict=True)] == [
            True,
            True,
            False,
        ]
        assert await there.hold(places[0], 2)  # it has it already
        await here.give_back(places[0], 0)
        assert await here.hold(places[2], 2)
        keys = [key.decode() async for key in client.scan_iter()]
        assert len(keys) == 2
        assert not any("203" in key for key in keys)
        assert all([0 < await client.ttl(key) <= limitstore.HOLD_SECONDS for key in keys])


async def test_what_a_gateway_held_that_died_is_free_again(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limitstore, "HOLD_SECONDS", 1)
    async with redis.asyncio.from_url(redis_url) as client, linked(redis_url) as link:
        store = LimitStore(link, KEYS)
        living, dead = Places(store), Places(store)
        assert await living.take(Place("logins", "alice", "a"), 2)
        assert await dead.take(Place("logins", "alice", "b"), 2)
        assert not await living.take(Place("logins", "alice", "c"), 2)
        with anyio.fail_after(10):
            while not await living.take(Place("logins", "alice", "c"), 2):
                await living.renew()
                await anyio.sleep(0.2)
        assert not await dead.take(Place("logins", "alice", "d"), 2)
        await client.flushall()
        await living.renew()
        assert not await dead.take(Place("logins", "alice", "d"), 2)


async def test_what_lingers_counts(redis_url: str) -> None:
    async with linked(redis_url) as link:
        places = Places(LimitStore(link, KEYS))
        assert await places.take(ONE, 1)
        assert await places.take(ONE, 1)
        await places.give_back(ONE)
        other = Place(ONE.kind, ONE.subject, "other")
        assert not await places.take(other, 1)
        await places.give_back(ONE, linger_seconds=60)
        assert not await places.take(other, 1)
        assert await places.take(ONE, 1)
        await places.give_back(ONE)
        assert await places.take(other, 1)


async def test_without_redis_it_says_so() -> None:
    async with linked("redis://127.0.0.1:1") as link:
        places = Places(LimitStore(link, KEYS))
        for ask in (places.take(ONE, 1), places._store.count("commands", "a", 1, 1)):
            with pytest.raises(QueueUnavailable):
                await ask
        places.keep(ONE)
        await places.give_back(ONE)


async def test_connections_and_commands_of_a_user_hold_across_gateways(house_of: Make) -> None:
    settings = {"authentication": STATIC, "sockets_per_user": 2, "commands": {"count": 6, "seconds": 60}}
    root = RootKey.new(0)
    async with (
        house_of(root=root, **settings) as here,
        house_of(root=root, **settings) as there,
        ws_client(here.websocket, additional_headers=bearer(ALICE)) as first,
        ws_client(there.websocket, additional_headers=bearer(ALICE)) as second,
        ws_client(there.websocket, additional_headers=bearer(BOB)) as other,
    ):
        for client in (first, second, first, second, first, second):
            await client.ok("message", ECHO)
        for client in (first, second):
            told = [await client.request("message", ECHO) for _ in range(2)]
            # each gateway may grant one part more, of which Redis tells it that it was the last
            assert told[-1]["error"] == "the quota of commands is used up; try again later"
        await other.ok("message", ECHO)
        for house in (here, there):
            async with connect(house.websocket, additional_headers=bearer(ALICE)) as third:
                assert await closed(third) == (1013, "too many connections of yours")
        await first.socket.close()
        with anyio.fail_after(10):
            while True:
                async with connect(here.websocket, additional_headers=bearer(ALICE)) as fourth:
                    with anyio.move_on_after(0.5):
                        await fourth.recv()
                    if fourth.close_code is None:
                        break


async def test_while_redis_refuses_each_gateways_own_limits_hold(house_of: Make) -> None:
    async with house_of(sockets_per_address=2, connects={"count": 4}) as house, connected(house.redis_url) as client:
        await client.config_set("maxmemory", "1")
        try:
            async with ws_client(house.websocket) as first, ws_client(house.websocket) as second:
                await first.ok("schemas")
                await second.ok("schemas")
                async with connect(house.websocket) as third:
                    assert await closed(third) == (1013, "too many connections from your address")
            async with ws_client(house.websocket) as fourth:
                await fourth.ok("schemas")
            async with connect(house.websocket) as fifth:
                assert (await closed(fifth))[1] == "too many new connections from your address; try again later"
        finally:
            await client.config_set("maxmemory", "0")


async def test_new_connections_of_an_address_are_counted(house_of: Make) -> None:
    async with house_of(connects={"count": 2, "seconds": 60}) as house:
        for _ in range(2):
            async with ws_client(house.websocket) as client:
                await client.ok("message", ECHO)
        async with connect(house.websocket) as third:
            assert await closed(third) == (1013, "too many new connections from your address; try again later")


async def test_connections_that_never_join_are_counted_too(house_of: Make) -> None:
    async with house_of(sockets_per_address=2) as house:
        address = f"ws://127.0.0.1:{house.port}/sockethub/?EIO=4&transport=websocket"
        async with connect(address), connect(address) as second:
            with pytest.raises(InvalidStatus):
                async with connect(address):
                    pass
            await second.recv()
            await second.send("40")
            assert (await second.recv()).startswith("40")
            async with connect(address) as third:
                assert (await third.recv()).startswith("0")


def credentials(nick: str) -> dict[str, Any]:
    given = {"type": "credentials", "nick": nick, "server": "irc.example", "port": 6667, "secure": False}
    return {"type": "credentials", "context": "irc", "actor": {"id": nick, "type": "person"}, "object": given}


async def test_logins_of_users_addresses_and_platforms_are_counted_across_gateways(house_of: Make) -> None:
    policy = {"logins_per_user": 1, "logins_per_address": 2, "max_logins": 50}
    platforms = {"irc": {"policy": policy, "worker": {"linger_seconds": 0.1}}}
    settings = {"authentication": STATIC, "platforms": platforms}
    root = RootKey.new(0)
    async with (
        house_of(root=root, **settings) as here,
        house_of(root=root, **settings) as there,
        ws_client(here.websocket, additional_headers=bearer(ALICE)) as alice,
        ws_client(there.websocket, additional_headers=bearer(ALICE)) as elsewhere,
        ws_client(there.websocket, additional_headers=bearer(BOB)) as bob,
    ):
        await alice.ok("credentials", credentials("alice"))
        told = await elsewhere.request("credentials", credentials("alice2"))
        assert told["error"] == "you have 1 logins of irc already; end one of them first"
        await bob.ok("credentials", credentials("bob"))
        await alice.ok("credentials", credentials("alice"))
        await alice.socket.close()
        await until(lambda: elsewhere.request("credentials", credentials("alice2")))


ONE_LOGIN = {"authentication": STATIC, "platforms": {"irc": {"policy": {"max_logins": 1}}}}


async def test_a_login_beyond_those_of_a_session_takes_no_place(
    house_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sockethub.sessions.session.LOGINS", 0)
    async with house_of(**ONE_LOGIN) as house, ws_client(house.websocket, additional_headers=bearer(ALICE)) as alice:
        told = await alice.request("credentials", credentials("alice"))
        assert told["error"] == "a session may have 0 logins"
        monkeypatch.setattr("sockethub.sessions.session.LOGINS", 1)
        async with ws_client(house.websocket, additional_headers=bearer(BOB)) as bob:
            await bob.ok("credentials", credentials("bob"))


async def test_a_login_that_comes_to_nothing_gives_its_place_back(
    house_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = {"policy": {"max_logins": 1}, "worker": {"linger_seconds": 0.1}}
    async with (
        house_of(authentication=STATIC, platforms={"irc": policy}) as house,
        ws_client(house.websocket, additional_headers=bearer(ALICE)) as alice,
        ws_client(house.websocket, additional_headers=bearer(BOB)) as bob,
    ):
        with monkeypatch.context() as patch:
            patch.setattr(SessionStore, "record", AsyncMock(side_effect=QueueUnavailable("away")))
            assert (await alice.request("credentials", credentials("alice")))["error"] == "away"
        await until(lambda: bob.request("credentials", credentials("bob")))


async def until(ask: Callable[[], Awaitable[Any]]) -> None:
    """Ask until there is no error in the answer."""
    with anyio.fail_after(10):
        while True:
            if "error" not in (await ask() or {}):
                return
            await anyio.sleep(0.1)


def test_quotas_are_declared_for_each_platform(tmp_path: Path) -> None:
    declaration: Declaration = declare(tmp_path, platforms={"irc": {"policy": {"logins_per_user": 3}}})
    assert declaration.platforms["irc"].policy.logins_per_user == 3
    assert declaration.platforms["xmpp"].policy.logins_per_user is None
